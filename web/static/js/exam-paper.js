// The paper on the page: one question at a time, its answer, flag and struck-out options, and the overview.

import { byId, body, say, words } from "./exam-page.js";

export const questions = [...document.querySelectorAll(".question")].map((element, index) => ({
  element,
  number: Number(element.id.slice(2)),
  item: element.dataset.item,
  section: element.closest(".exam-section"),
  inputs: [...element.querySelectorAll("input")],
  cell: document.querySelectorAll(".palette .cells .cell")[index],
  response: [],
  flagged: false,
  struck: [],
}));
const byItem = new Map(questions.map((question) => [question.item, question]));

export const paper = {
  current: 0,
  locked: true,
  // Called with the question after every change: the first for what is sent, the second for what stays here.
  changed() {},
  arranged() {},
};

export const questionOf = (item) => byItem.get(item);
export const unanswered = () => questions.filter((question) => !question.response.length);
export const flagged = () => questions.filter((question) => question.flagged);

export function mark(question) {
  for (const input of question.inputs) {
    const choice = input.closest(".choice");
    input.checked = question.response.includes(input.value);
    choice.classList.toggle("chosen", input.checked);
    const struck = question.struck.includes(input.value);
    choice.classList.toggle("struck", struck);
    const strike = choice.querySelector(".strike");
    strike.setAttribute("aria-pressed", String(struck));
    strike.textContent = words[struck ? "unstrike" : "strike"];
  }
  const answered = question.response.length > 0;
  question.cell.classList.toggle("cell-answered", answered);
  question.cell.classList.toggle("cell-flagged", question.flagged);
  const states = [say("question", { n: question.number }), words[answered ? "answered" : "unanswered"]];
  if (question.flagged) states.push(words.flagged);
  question.cell.setAttribute("aria-label", states.join(", "));
  if (question === questions[paper.current]) markFlag(question);
}

function markFlag(question) {
  byId("flag").setAttribute("aria-pressed", String(question.flagged));
  byId("flag").querySelector("span").textContent = words[question.flagged ? "unflag" : "flag"];
}

export function progress() {
  const answered = questions.length - unanswered().length;
  byId("progress").textContent = say("progress", { answered, total: questions.length });
}

// Of an adaptive examination: the next question is not here yet, the button at the top asks for it.
const oneByOne = body.dataset.kind === "item" && !body.dataset.last;
byId("previous").hidden = body.dataset.kind === "item";

export function show(index, focus) {
  if (index < 0 || index >= questions.length) return;
  const before = questions[paper.current];
  const question = questions[index];
  before.element.classList.remove("current");
  before.section.classList.remove("current");
  before.cell.removeAttribute("aria-current");
  paper.current = index;
  question.element.classList.add("current");
  question.section.classList.add("current");
  question.cell.setAttribute("aria-current", "true");
  const area = question.cell.closest(".palette-scroll");
  if (question.cell.offsetTop < area.scrollTop + area.offsetTop || question.cell.offsetTop + 40 > area.scrollTop + area.offsetTop + area.clientHeight) {
    area.scrollTop = question.cell.offsetTop - area.offsetTop - 60;
  }
  byId("main").scrollTop = 0;
  byId("previous").disabled = index === 0;
  byId("next").disabled = index === questions.length - 1 && !oneByOne;
  markFlag(question);
  if (focus) question.element.focus({ preventScroll: true });
}

export const step = (by) => show(paper.current + by, true);

export function lock(wanted) {
  const on = wanted || body.dataset.kind === "break";
  paper.locked = on;
  body.classList.toggle("locked", on);
  for (const question of questions) for (const input of question.inputs) input.disabled = on;
  for (const control of [...document.querySelectorAll(".strike"), ...["flag", "clear", "hand-in"].map(byId)]) control.disabled = on;
}

function change(question) {
  mark(question);
  progress();
  paper.changed(question);
}

// By key: the option at `index` of the question shown.
export function choose(index) {
  const question = questions[paper.current];
  const input = question && question.inputs[index];
  if (paper.locked || !input) return;
  if (input.type === "radio") question.response = [input.value];
  else question.response = (input.checked ? question.response.filter((label) => label !== input.value) : [...question.response, input.value]).sort();
  input.focus({ preventScroll: true });
  change(question);
}

export function strike(question, index) {
  const input = question && question.inputs[index];
  if (paper.locked || !input) return;
  const on = question.struck.includes(input.value);
  question.struck = on ? question.struck.filter((label) => label !== input.value) : [...question.struck, input.value];
  mark(question);
  paper.arranged(question);
}

export function flag() {
  if (paper.locked) return;
  const question = questions[paper.current];
  question.flagged = !question.flagged;
  change(question);
}

export function clearAnswer() {
  if (paper.locked) return;
  questions[paper.current].response = [];
  change(questions[paper.current]);
}

// One button in each option, for all questions alike: made here, since without script nothing can be struck out.
for (const question of questions) {
  question.inputs.forEach((input, index) => {
    const control = Object.assign(document.createElement("button"), { type: "button", className: "strike link", disabled: true });
    control.addEventListener("click", () => strike(question, index));
    const row = document.createElement("div");
    const label = input.closest("label");
    row.className = "choice";
    label.className = "choice-text";
    label.before(row);
    row.append(label, control);
    label.id = label.id || `option-${question.number}-${index}`;
    control.id = `strike-${question.number}-${index}`;
    control.setAttribute("aria-describedby", label.id);
  });
}
byId("paper").addEventListener("change", (event) => {
  const question = byItem.get(event.target.closest(".question").dataset.item);
  question.response = question.inputs.filter((input) => input.checked).map((input) => input.value).sort();
  change(question);
});
byId("paper").addEventListener("submit", (event) => event.preventDefault());
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => (oneByOne ? byId("hand-in").click() : step(1)));
byId("flag").addEventListener("click", flag);
byId("clear").addEventListener("click", clearAnswer);
document.querySelector(".palette").addEventListener("click", (event) => {
  const index = questions.findIndex((question) => question.cell === event.target.closest(".cell"));
  if (index >= 0) { event.preventDefault(); show(index, true); }
});
