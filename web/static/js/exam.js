// The examination page: every change goes into the local queue first, and leaves it when the server has committed it.

import { asClock, Clock } from "./exam-clock.js";
import { keepLook } from "./exam-look.js";
import { Queue } from "./exam-queue.js";
import { ask } from "./exam-server.js";

const byId = (id) => document.getElementById(id);
const body = document.body;
const attempt = body.dataset.attempt;
const words = JSON.parse(byId("words").textContent);
const say = (key, facts) => Object.entries(facts || {}).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[key]);
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const SEND_AFTER = 200;
const HEARTBEAT = 30000;
const PER_SAVE = 100;

// ---- the paper as it stands on the page

const questions = [...document.querySelectorAll(".question")].map((element, index) => ({
  element,
  number: index + 1,
  item: element.dataset.item,
  section: element.closest(".exam-section"),
  inputs: [...element.querySelectorAll("input")],
  cell: document.querySelectorAll(".palette .cells .cell")[index],
  response: [],
  flagged: false,
}));
const byItem = new Map(questions.map((question) => [question.item, question]));

let current = 0;
let queue;
let token = "";
let epoch = 0;
let revision = 0;
let locked = true;
let finished = false;
let stopped = false;
let sending = null;
let timer = 0;
let failures = 0;
let offlineSince = null;

function mark(question) {
  for (const input of question.inputs) {
    input.checked = question.response.includes(input.value);
    input.parentElement.classList.toggle("chosen", input.checked);
  }
  const answered = question.response.length > 0;
  question.cell.classList.toggle("cell-answered", answered);
  question.cell.classList.toggle("cell-flagged", question.flagged);
  const states = [say("question", { n: question.number }), words[answered ? "answered" : "unanswered"]];
  if (question.flagged) states.push(words.flagged);
  question.cell.setAttribute("aria-label", states.join(", "));
  if (question.number === current + 1) markFlag(question);
}

function markFlag(question) {
  byId("flag").setAttribute("aria-pressed", String(question.flagged));
  byId("flag").querySelector("span").textContent = words[question.flagged ? "unflag" : "flag"];
}

function progress() {
  const answered = questions.filter((question) => question.response.length).length;
  byId("progress").textContent = say("progress", { answered, total: questions.length });
}

function show(index, focus) {
  if (index < 0 || index >= questions.length) return;
  const before = questions[current];
  const question = questions[index];
  before.element.classList.remove("current");
  before.section.classList.remove("current");
  before.cell.removeAttribute("aria-current");
  current = index;
  question.element.classList.add("current");
  question.section.classList.add("current");
  question.cell.setAttribute("aria-current", "true");
  const area = question.cell.closest(".palette-scroll");
  if (question.cell.offsetTop < area.scrollTop + area.offsetTop || question.cell.offsetTop + 40 > area.scrollTop + area.offsetTop + area.clientHeight) {
    area.scrollTop = question.cell.offsetTop - area.offsetTop - 60;
  }
  byId("main").scrollTop = 0;
  byId("previous").disabled = index === 0;
  byId("next").disabled = index === questions.length - 1;
  markFlag(question);
  if (focus) question.element.focus({ preventScroll: true });
}

function lock(on) {
  locked = on;
  body.classList.toggle("locked", on);
  for (const question of questions) for (const input of question.inputs) input.disabled = on;
  for (const id of ["flag", "clear", "hand-in"]) byId(id).disabled = on;
}

function notice(text, label, action) {
  const place = byId("notice");
  place.textContent = text;
  place.hidden = !text;
  if (label) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = label;
    button.addEventListener("click", action);
    place.append(button);
  }
}

// ---- the state of saving, in words

function state() {
  const place = byId("save-state");
  const n = queue ? queue.size : 0;
  if (stopped) {
    place.textContent = n ? say("stopped_unsent", { n }) : words.stopped;
    place.dataset.state = n ? "unsaved" : "stopped";
    return;
  }
  let name = "saved";
  let text = words.saved;
  if (n && offlineSince) { name = "offline"; text = say("offline", { time: offlineSince }); }
  else if (n && failures) { name = "unsaved"; text = say("unsaved", { n }); }
  else if (n) { name = "saving"; text = words.saving; }
  else if (offlineSince) { name = "offline"; text = say("offline", { time: offlineSince }); }
  if (n && failures && queue.kind === "memory") text += ` ${words.memory}`;
  if (place.textContent !== text) place.textContent = text;
  place.dataset.state = name;
}

function reached() { failures = 0; offlineSince = null; }

function missed(network) {
  failures += 1;
  if (network && !offlineSince) {
    offlineSince = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  }
}

// ---- talking to the server

const withToken = () => ({ Authorization: `Bearer ${token}`, "Content-Type": "application/json" });

// What the server said to a save or a heartbeat; true when it was taken.
async function understand(reply) {
  if (reply.status === 200) {
    reached();
    clock.sync(reply.facts.remaining, reply.roundTrip, false);
    if (body.dataset.paused) { delete body.dataset.paused; lock(false); notice(""); }
    return true;
  }
  const code = reply.facts.code;
  if (code === "attempt_closed") await closed();
  else if (code === "taken_over" || code === "not_your_attempt") takenOver(reply.facts.message);
  else if (code === "attempt_paused") { reached(); body.dataset.paused = "1"; lock(true); notice(reply.facts.message); }
  else missed(reply.status === 0);
  return false;
}

function takenOver(text) {
  finished = true;
  stopped = true;
  lock(true);
  notice(text, words.here, () => window.location.reload());
  state();
}

async function closed() {
  if (finished) return;
  finished = true;
  lock(true);
  const late = queue.size;
  await queue.clear();
  if (!late) { window.location.replace(`/exam/attempts/${attempt}/receipt`); return; }
  byId("over-text").textContent = say("closed", { n: late });
  byId("over-on").hidden = false;
  if (!byId("over").open) byId("over").showModal();
}

async function sendBatch() {
  const batch = [...queue.entries.values()].slice(0, PER_SAVE);
  const answers = batch.map(({ item, revision: number, response, flagged }) => ({ item, revision: number, response, flagged }));
  const reply = await ask("PUT", `/exam/attempts/${attempt}/answers`, JSON.stringify({ answers }), withToken());
  if (reply.status === 422 && batch.length === 1) {
    await queue.settle(batch[0].item, batch[0].revision);
    refusedAnswer(batch[0].item, reply.facts.message);
  } else if (reply.status === 422) {
    // None of several was taken: find the one at fault by sending each alone.
    reached();
    for (const entry of batch) {
      const alone = await ask("PUT", `/exam/attempts/${attempt}/answers`, JSON.stringify({ answers: [{ item: entry.item, revision: entry.revision, response: entry.response, flagged: entry.flagged }] }), withToken());
      if (alone.status === 422) { await queue.settle(entry.item, entry.revision); refusedAnswer(entry.item, alone.facts.message); }
      else if (await understand(alone)) await queue.settle(entry.item, entry.revision);
      else break;
    }
  } else if (await understand(reply)) {
    for (const [item, number] of reply.facts.accepted || []) await queue.settle(item, number);
    for (const refused of reply.facts.refused || []) {
      await queue.settle(refused.item, refused.revision);
      refusedAnswer(refused.item, refused.message);
    }
  }
  return reply;
}

function refusedAnswer(item, text) {
  const question = byItem.get(item);
  notice(question ? `${say("question", { n: question.number })}: ${text}` : text);
}

// Sends until nothing waits or something is in the way; only one at a time.
function send() {
  clearTimeout(timer);
  if (sending) return sending;
  if (finished || !queue || !queue.size || !token) return Promise.resolve();
  sending = (async () => {
    let reply = { status: 0, retryAfter: 0 };
    try {
      do {
        state();
        reply = await sendBatch();
      } while (reply.status === 200 && queue.size && !finished);
    } catch (error) {
      missed(false);
    }
    sending = null;
    state();
    if (queue.size && !finished) {
      const pause = failures ? Math.max(reply.retryAfter, Math.min(20, 2 ** Math.min(failures, 5) / 2)) : 1;
      later(pause * 1000 * (0.6 + 0.8 * Math.random()));
    }
  })();
  return sending;
}

function later(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(send, milliseconds);
}

function changed(question) {
  revision += 1;
  mark(question);
  progress();
  const kept = queue.put({ item: question.item, epoch, revision, response: question.response, flagged: question.flagged });
  state();
  kept.then(() => { if (!failures || !timer) later(SEND_AFTER); });
}

async function heartbeat() {
  if (!finished && token) {
    const reply = await ask("GET", `/exam/attempts/${attempt}/heartbeat`, undefined, withToken());
    if (!finished && await understand(reply) && queue.size) send();
    state();
  }
  setTimeout(heartbeat, HEARTBEAT * (0.85 + 0.3 * Math.random()));
}

// ---- opening: this page takes over, and what an earlier page left unsent goes first

async function open() {
  for (;;) {
    const reply = await ask("POST", `/exam/attempts/${attempt}/open`, undefined, { "X-CSRF-Token": body.dataset.csrf });
    if (reply.status === 200) { reached(); return reply; }
    if (reply.facts.code === "attempt_closed") { await queue.clear(); window.location.replace(`/exam/attempts/${attempt}/receipt`); return null; }
    if (reply.status === 401 || reply.status === 403) { notice(words.session_over); window.location.assign("/exam/login"); return null; }
    missed(reply.status === 0);
    state();
    await wait(1000 * Math.min(10, failures) * (0.6 + 0.8 * Math.random()));
  }
}

async function begin() {
  lock(true);
  show(0, false);
  queue = await Queue.open(attempt);
  const reply = await open();
  if (!reply) return;
  ({ token, epoch } = reply.facts);
  const stored = new Map(reply.facts.answers.map((answer) => [answer.item, answer]));
  for (const question of questions) {
    const answer = stored.get(question.item);
    question.response = answer ? answer.response : [];
    question.flagged = answer ? answer.flagged : false;
  }
  for (const entry of queue.left) {
    const answer = stored.get(entry.item);
    const question = byItem.get(entry.item);
    // Another device may have answered since: the newer (epoch, revision) stands.
    const newer = !answer || entry.epoch > answer.epoch || (entry.epoch === answer.epoch && entry.revision > answer.revision);
    if (question && newer) {
      revision += 1;
      question.response = entry.response;
      question.flagged = entry.flagged;
      await queue.put({ item: entry.item, epoch, revision, response: entry.response, flagged: entry.flagged });
    } else await queue.forget(entry.item);
  }
  queue.left = [];
  questions.forEach(mark);
  progress();
  const unanswered = questions.findIndex((question) => !question.response.length);
  show(window.location.hash.startsWith("#q-") ? Number(window.location.hash.slice(3)) - 1 : Math.max(0, unanswered), false);
  lock(Boolean(reply.facts.paused));
  if (reply.facts.paused) body.dataset.paused = "1";
  clock.sync(reply.facts.remaining, reply.roundTrip, reply.facts.paused);
  state();
  send();
  setTimeout(heartbeat, reply.facts.paused ? 1000 : HEARTBEAT * Math.random());
}

// ---- handing in

function numbers(list, heading) {
  const part = document.createElement("div");
  const line = document.createElement("p");
  line.textContent = say(heading, { n: list.length });
  const cells = document.createElement("div");
  cells.className = "go-to";
  for (const question of list) {
    const cell = document.createElement("button");
    cell.type = "button";
    cell.className = "cell";
    cell.textContent = question.number;
    cell.addEventListener("click", () => { byId("confirm").close(); show(question.number - 1, true); });
    cells.append(cell);
  }
  part.append(line, cells);
  return part;
}

function confirmHandIn() {
  if (locked) return;
  const facts = byId("confirm-facts");
  facts.textContent = "";
  const unanswered = questions.filter((question) => !question.response.length);
  const flagged = questions.filter((question) => question.flagged);
  if (unanswered.length) facts.append(numbers(unanswered, "some_unanswered"));
  else facts.append(Object.assign(document.createElement("p"), { textContent: words.all_answered }));
  if (flagged.length) facts.append(numbers(flagged, "some_flagged"));
  byId("confirm-problem").textContent = "";
  byId("confirm").showModal();
  byId("confirm-back").focus();
}

async function flush(milliseconds) {
  const until = performance.now() + milliseconds;
  while (queue.size && !finished && performance.now() < until) {
    await send();
    if (queue.size) await wait(400);
  }
}

async function submit() {
  const form = new URLSearchParams({ epoch: String(epoch), _csrf: body.dataset.csrf });
  const reply = await ask("POST", `/exam/attempts/${attempt}/submit`, form, { "X-CSRF-Token": body.dataset.csrf });
  if (reply.status === 200) {
    finished = true;
    await queue.clear();
    window.location.replace(reply.facts.url);
    return "";
  }
  if (reply.facts.code === "taken_over") { takenOver(reply.facts.message); byId("confirm").close(); return ""; }
  return reply.status === 0 || reply.status >= 500 ? words.not_handed_in : reply.facts.message || words.session_over;
}

async function handIn() {
  const problem = byId("confirm-problem");
  byId("confirm-yes").disabled = true;
  if (queue.size) problem.textContent = words.sending_before;
  await flush(15000);
  problem.textContent = queue.size ? say("not_all_saved", { n: queue.size }) : await submit();
  byId("confirm-yes").disabled = false;
}

async function timeOver() {
  if (finished) return;
  lock(true);
  if (byId("confirm").open) byId("confirm").close();
  byId("over-text").textContent = words.time_over;
  if (!byId("over").open) byId("over").showModal();
  await flush(9000);
  while (!finished) {
    if (queue.size) {
      byId("over-text").textContent = say("time_over_unsaved", { n: queue.size });
      failures = 0;
      await send();
    } else await submit();
    if (clock.seconds > 0 && !finished) { byId("over").close(); lock(false); return; } // extra time was given
    await wait(2500);
  }
}

// ---- clock and keys

const clock = new Clock({
  show(seconds) {
    byId("timer-value").textContent = asClock(seconds);
    byId("timer").classList.toggle("short", seconds <= 300);
  },
  announce(seconds) { byId("announcer").textContent = say("minutes_left", { n: seconds / 60 }); },
  zero: timeOver,
});

function choose(index) {
  const question = questions[current];
  const input = question.inputs[index];
  if (locked || !input) return;
  const single = input.type === "radio";
  if (single) question.response = [input.value];
  else question.response = (input.checked ? question.response.filter((label) => label !== input.value) : [...question.response, input.value]).sort();
  input.focus({ preventScroll: true });
  changed(question);
}

function flag() {
  if (locked) return;
  const question = questions[current];
  question.flagged = !question.flagged;
  changed(question);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || byId("confirm").open || byId("over").open) return;
  const key = event.key.toLowerCase();
  if (key === "arrowleft" || key === "pageup") show(current - 1, true);
  else if (key === "arrowright" || key === "pagedown") show(current + 1, true);
  else if (key === "f") flag();
  else if (/^[a-h]$/.test(key)) choose(key.charCodeAt(0) - 97);
  else if (/^[1-8]$/.test(key)) choose(Number(key) - 1);
  else return;
  event.preventDefault();
});

byId("paper").addEventListener("change", (event) => {
  const question = byItem.get(event.target.closest(".question").dataset.item);
  question.response = question.inputs.filter((input) => input.checked).map((input) => input.value).sort();
  changed(question);
});
byId("paper").addEventListener("submit", (event) => event.preventDefault());
byId("previous").addEventListener("click", () => show(current - 1, true));
byId("next").addEventListener("click", () => show(current + 1, true));
byId("flag").addEventListener("click", flag);
byId("clear").addEventListener("click", () => { questions[current].response = []; changed(questions[current]); });
byId("hand-in").addEventListener("click", confirmHandIn);
byId("confirm-back").addEventListener("click", () => byId("confirm").close());
byId("confirm-yes").addEventListener("click", handIn);
byId("over").addEventListener("cancel", (event) => event.preventDefault());
document.querySelector(".palette").addEventListener("click", (event) => {
  const index = questions.findIndex((question) => question.cell === event.target.closest(".cell"));
  if (index >= 0) { event.preventDefault(); show(index, true); }
});

// ---- the window

window.addEventListener("online", () => later(Math.random() * 2000));
window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
window.addEventListener("beforeunload", (event) => { if (queue && queue.size && !finished) { event.preventDefault(); event.returnValue = ""; } });
document.addEventListener("visibilitychange", () => { if (queue && queue.size) send(); });

keepLook();
begin();
