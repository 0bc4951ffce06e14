// The whole examination by keyboard; the help panel lists these keys.

import { byId } from "./exam-page.js";
import { choose, flag, paper, questions, step, strike } from "./exam-paper.js";
import { closePanels, toggle } from "./exam-tools.js";

const writing = (target) => target.matches("textarea, input:not([type=radio]):not([type=checkbox])");
const pressing = (target) => target.closest("button, a, summary, dialog");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || byId("confirm").open || byId("over").open) return;
  const key = event.key.toLowerCase();
  if (key === "escape" && closePanels()) { event.preventDefault(); return; }
  if (writing(event.target)) return;
  const option = /^[a-h]$/.test(key) ? key.charCodeAt(0) - 97 : /^[1-8]$/.test(key) ? Number(key) - 1 : -1;
  if (key === "arrowleft" || key === "pageup") step(-1);
  else if (key === "arrowright" || key === "pagedown") step(1);
  else if (key === "enter" && !pressing(event.target)) step(1);
  else if (key === "?" || key === "？") toggle("help");
  else if (key === "f" && !event.shiftKey) flag();
  else if (option >= 0 && event.shiftKey) strike(questions[paper.current], option);
  else if (option >= 0) choose(option);
  else return;
  event.preventDefault();
});
