// Tools beside the paper: calculator, scratch notes, help with the keys, full screen.

import { byId, words } from "./exam-page.js";
import { calculate } from "./exam-sums.js";

const panels = ["calculator", "notes", "help"];

export function closePanels() {
  const open = panels.filter((name) => byId(name).open);
  for (const name of open) toggle(name);
  return open.length > 0;
}

export function toggle(name) {
  const panel = byId(name);
  const opener = byId(`${name}-open`);
  if (panel.open) { panel.close(); opener.focus(); } else {
    panel.show(); // not modal: the question stays in sight and can be answered
    (panel.querySelector("[data-first]") || panel).focus();
  }
  opener.setAttribute("aria-expanded", String(panel.open));
}

function keepCalculator() {
  const input = byId("sum");
  const result = byId("sum-result");
  const work = () => {
    if (!input.value.trim()) { result.textContent = ""; return; }
    try { result.textContent = `= ${calculate(input.value)}`; } catch (error) { result.textContent = words.no_sum; }
  };
  byId("calculator").querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); work(); });
  byId("calculator").addEventListener("click", (event) => {
    const { sign } = event.target.dataset;
    if (!sign) return;
    if (sign === "clear") { input.value = ""; result.textContent = ""; }
    else if (sign === "back") input.value = input.value.slice(0, -1);
    else input.value += sign;
  });
}

function keepFullScreen() {
  const control = byId("full-screen");
  control.hidden = !document.fullscreenEnabled;
  control.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => { /* forbidden by the machine's rules */ });
  });
  document.addEventListener("fullscreenchange", () => control.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement))));
}

// `noted` is called when the scratch notes have changed.
export function keepTools(noted) {
  for (const name of panels) {
    byId(`${name}-open`).addEventListener("click", () => toggle(name));
    byId(name).querySelector(".panel-close").addEventListener("click", () => toggle(name));
  }
  byId("scratch").addEventListener("input", noted);
  keepCalculator();
  keepFullScreen();
}
