// The examination page: every change goes into the local queue first, and leaves it when the server has committed it.

import { announce, attempt, body, button, byId, jitter, notice, original, say, wait, words } from "./exam-page.js";
import { Box } from "./exam-box.js";
import { asClock, Clock } from "./exam-clock.js";
import { saveFile } from "./exam-file.js";
import "./exam-keys.js";
import { keepLook } from "./exam-look.js";
import { keepPage } from "./exam-offline.js";
import { flagged, lock, mark, paper, progress, questionOf, questions, show, unanswered } from "./exam-paper.js";
import { Queue } from "./exam-queue.js";
import { ask } from "./exam-server.js";
import { tab } from "./exam-store.js";
import { Sync } from "./exam-sync.js";
import { hear, hearFirst } from "./exam-told.js";
import { keepTools } from "./exam-tools.js";
import { Watch } from "./exam-watch.js";

let queue;
let sync;
let revision = 0;
let keeping = 0;
let filed = false;
let breaks = null;
let going = false;
// How many seconds the whole lasts longer than the present part.
let beyond = 0;

// ---- the end: handed in, taken over

function stop(text, ...buttons) {
  clearTimeout(keeping);
  sync.finished = true;
  sync.stopped = true;
  lock(true);
  if (byId("confirm").open) byId("confirm").close();
  notice(text, ...buttons);
  sync.state();
}

function takenOver(text, label) {
  const here = button(label || words.here, () => window.location.reload());
  stop(text, here, ...(queue.size ? [button(words.save_file, giveFile)] : []));
}

async function giveFile() {
  await saveFile(queue, clock.seconds);
  filed = true;
  byId("over-note").textContent = words.file_saved;
}

function offerFile(text) {
  const again = !byId("over-file").hidden;
  byId("over-text").textContent = text;
  byId("over-file").hidden = false;
  byId("over-note").textContent = words[filed ? "file_saved" : "file_how"];
  if (!byId("over").open) byId("over").showModal();
  if (!again) byId("over-file").focus();
}

async function closed() {
  if (sync.finished) return;
  sync.finished = true;
  lock(true);
  if (!queue.size && !queue.late.length) { await queue.clear(); window.location.replace(`/exam/attempts/${attempt}/receipt`); return; }
  offerFile(say("closed", { n: queue.size + queue.late.length }));
  byId("over-on").hidden = false;
}

// ---- what this machine keeps beside the queue: enough to go on without the server

function state() {
  const answers = questions.map(({ item, response, flagged: marked, struck }) => [item, response, marked, struck]);
  const { token, epoch } = sync;
  return { token, epoch, revision, remaining: clock.seconds, paused: Boolean(body.dataset.paused), at: Date.now(), answers, notes: byId("scratch").value };
}

const until = () => Date.now() + (clock.seconds || 0) * 1000;

function keep() {
  clearTimeout(keeping);
  keeping = 0;
  return queue.keep("state", state(), { until: until() });
}

function keepSoon() { if (!keeping) keeping = setTimeout(keep, 400); }

paper.changed = (question) => {
  revision += 1;
  keepSoon();
  sync.changed({ item: question.item, epoch: sync.epoch, revision, response: question.response, flagged: question.flagged });
};
paper.arranged = keepSoon;

// ---- opening: this page takes over, and what an earlier page left unsent goes first

function restore(held) {
  revision = held.revision;
  byId("scratch").value = held.notes;
  for (const [item, response, marked, struck] of held.answers) {
    const question = questionOf(item);
    if (question) Object.assign(question, { response, flagged: marked, struck });
  }
}

async function open(held) {
  for (let first = true; ; first = false) {
    const reply = await ask("POST", `/exam/attempts/${attempt}/open`, undefined, { "X-CSRF-Token": body.dataset.csrf });
    if (reply.status === 200) { sync.reached(); return reply; }
    if (reply.facts.code === "attempt_closed") { await closed(); return null; }
    // Without network the page goes on with what this machine has kept; the server decides when it is back.
    const away = reply.status === 0 || reply.status >= 500;
    if (held && (body.dataset.restored || reply.status === 0)) { if (away) sync.missed(true); return { held }; }
    if (reply.status === 401 || reply.status === 403) { notice(words.session_over); window.location.assign("/exam/login"); return null; }
    sync.missed(reply.status === 0);
    sync.state();
    await wait(jitter(1000 * Math.min(10, first ? 1 : sync.failures)));
  }
}

// The server's answers, then those left here which are newer: the newer (epoch, revision) stands.
async function takeServers({ token, epoch, answers, seal }, held) {
  Object.assign(sync, { token, epoch });
  tab.set(attempt, seal);
  if (!queue.box) await queue.unlock(new Box(seal));
  restore(Object.assign({ notes: "", answers: [] }, held || await queue.recall("state"), { revision: 0 }));
  const stored = new Map(answers.map((answer) => [answer.item, answer]));
  for (const question of questions) {
    const answer = stored.get(question.item);
    question.response = answer ? answer.response : [];
    question.flagged = answer ? answer.flagged : false;
  }
  for (const entry of queue.left) {
    const answer = stored.get(entry.item);
    const newer = !answer || entry.epoch > answer.epoch || (entry.epoch === answer.epoch && entry.revision > answer.revision);
    if (newer && questionOf(entry.item)) {
      revision += 1;
      takeLeft(entry, { epoch, revision });
    } else if (newer && body.dataset.step) queue.late.push(entry);
    else await queue.forget(entry.item);
  }
  tellLate();
}

function tellLate() {
  if (queue.late.length) notice(say("part_missed", { n: queue.late.length }), button(words.save_file, giveFile));
}

function takeLeft(entry, order) {
  const { response, flagged: marked } = entry;
  Object.assign(questionOf(entry.item), { response, flagged: marked });
  queue.put(Object.assign({}, entry, order));
}

function takeHeld(held) {
  restore(held);
  Object.assign(sync, { token: held.token, epoch: held.epoch });
  for (const entry of queue.left.filter((one) => questionOf(one.item))) {
    revision = Math.max(revision, entry.revision);
    takeLeft(entry, {});
  }
  return held.paused ? held.remaining : Math.max(0, held.remaining - Math.max(0, Date.now() - held.at) / 1000);
}

function prepare() {
  lock(true);
  show(0, false);
  keepLook();
  keepTools(keepSoon);
}

async function begin() {
  queue = await Queue.open(attempt);
  sync = new Sync(queue, {
    heard(remaining, roundTrip) { clock.sync(remaining, roundTrip, false); },
    paused(text) {
      if (breaks && breaks.on) { if (text) return; breaks.uncover(); }
      if (text) clock.sync(clock.seconds, 0, true);
      lock(Boolean(text));
      notice(text);
      if (!text) tellLate();
    },
    closed,
    partOver,
    takenOver,
    kept: keep,
    told(newest) { hear(sync, newest); },
  });
  const seal = tab.get(attempt);
  if (seal) await queue.unlock(new Box(seal));
  const held = seal && await queue.recall("state");
  const reply = await open(held);
  if (!reply) return;
  const at = reply.facts && reply.facts.step;
  if (at && String(at.number) !== body.dataset.step) { leave(); return; } // the server has gone on meanwhile
  if (at) beyond = at.beyond;
  let remaining;
  let paused = false;
  if (reply.held) { remaining = takeHeld(held); ({ paused } = held); } else {
    await takeServers(reply.facts, held);
    ({ remaining, paused } = reply.facts);
  }
  queue.left = [];
  if (byId("break")) import("./exam-break.js").then(({ Breaks }) => { breaks = new Breaks(sync, clock, lock); return breaks.recall(); }).catch(() => { /* without network: the invigilator pauses */ });
  if (paused) body.dataset.paused = "1";
  lock(Boolean(paused));
  clock.sync(remaining, reply.roundTrip || 0, paused);
  questions.forEach(mark);
  progress();
  const first = unanswered()[0];
  const named = questions.findIndex((question) => `#${question.element.id}` === window.location.hash);
  show(named >= 0 ? named : first ? questions.indexOf(first) : 0, false);
  sync.state();
  sync.send();
  new Watch(sync);
  speakUp();
  hearFirst(sync);
  sync.beat(paused || reply.held ? 1000 : 30000 * Math.random());
  await keep();
  if (!body.dataset.restored) await keepPage(queue, tab.get(attempt), original, until());
  body.dataset.kept = "1";
}

// Another tab of this machine learns at once that it is the older one; both share what is unsent.
function speakUp() {
  if (!("BroadcastChannel" in window)) return;
  const channel = new BroadcastChannel(`exam-${attempt}`);
  channel.onmessage = async ({ data }) => {
    if (sync.finished) return;
    if (data === "left") { takeOlder(); return; }
    await queue.writing;
    if (queue.kind !== "memory") queue.entries.clear();
    takenOver(words.other_tab, words.here_tab);
    channel.postMessage("left");
  };
  channel.postMessage("opened");
}

// What the older tab wrote while this one was opening.
async function takeOlder() {
  await queue.writing;
  await queue.unlock(queue.box);
  for (const entry of queue.left.filter((one) => questionOf(one.item) && !queue.entries.has(one.item))) {
    revision += 1;
    takeLeft(entry, { epoch: sync.epoch, revision });
    mark(questionOf(entry.item));
  }
  queue.left = [];
  progress();
  sync.send();
}

// ---- handing in

function numbers(list, heading) {
  const part = document.createElement("div");
  const line = Object.assign(document.createElement("p"), { textContent: say(heading, { n: list.length }) });
  const cells = Object.assign(document.createElement("div"), { className: "go-to" });
  for (const question of list) {
    cells.append(button(question.number, () => { byId("confirm").close(); show(questions.indexOf(question), true); }, "cell"));
  }
  part.append(line, cells);
  return part;
}

async function confirmHandIn() {
  if (paper.locked) return;
  if (oneByOne() && partFollows() && !unanswered().length) { // an answered question needs no dialog
    await handIn();
    if (!byId("confirm-problem").textContent) return;
    byId("confirm").showModal();
    return;
  }
  const facts = byId("confirm-facts");
  facts.textContent = "";
  if (unanswered().length) facts.append(numbers(unanswered(), "some_unanswered"));
  else facts.append(Object.assign(document.createElement("p"), { textContent: words.all_answered }));
  if (flagged().length) facts.append(numbers(flagged(), "some_flagged"));
  byId("confirm-problem").textContent = "";
  byId("confirm").showModal();
  byId("confirm-back").focus();
}

// A browser that was restarted has lost its login; answers are saved all the same.
function loggedOut() {
  byId("confirm").close();
  byId("over-on").hidden = false;
  notice(words.session_over, button(words.log_in, () => window.location.assign("/exam/login")));
}

async function submit() {
  const form = new URLSearchParams({ epoch: String(sync.epoch), _csrf: body.dataset.csrf });
  const reply = await ask("POST", `/exam/attempts/${attempt}/submit`, form, { "X-CSRF-Token": body.dataset.csrf });
  if (reply.status === 200) {
    sync.finished = true;
    if (queue.late.length && !filed) { // what is kept here is wiped at the receipt
      byId("confirm").close();
      lock(true);
      offerFile(say("part_missed", { n: queue.late.length }));
      byId("over-on").hidden = false;
      return "";
    }
    await queue.clear();
    window.location.replace(reply.facts.url);
    return "";
  }
  if (reply.facts.code === "taken_over") { takenOver(reply.facts.message); return ""; }
  if (reply.status === 401 || reply.status === 403) loggedOut();
  return reply.status === 0 || reply.status >= 500 ? words.not_handed_in : reply.facts.message || words.session_over;
}

async function handIn() {
  const problem = byId("confirm-problem");
  byId("confirm-yes").disabled = true;
  if (queue.size) problem.textContent = words.sending_before;
  await sync.flush(15000);
  if (queue.size) problem.textContent = say(partFollows() ? "part_not_saved" : "not_all_saved", { n: queue.size });
  else problem.textContent = await (partFollows() ? goOn() : submit());
  byId("confirm-yes").disabled = false;
}

// ---- parts that are opened one after the other

const oneByOne = () => body.dataset.kind === "item";
const partFollows = () => Boolean(body.dataset.step) && !body.dataset.last;

// The next part comes with a page of its own: nothing of it is here before.
function leave() {
  sync.finished = true;
  window.location.replace(`/exam/attempts/${attempt}`);
}

// Empty when this page is done with; otherwise what is in the way.
async function goOn() {
  const form = new URLSearchParams({ epoch: String(sync.epoch), step: body.dataset.step, _csrf: body.dataset.csrf });
  const reply = await ask("POST", `/exam/attempts/${attempt}/go-on`, form, { "X-CSRF-Token": body.dataset.csrf });
  const { code, message, step } = reply.facts;
  if (reply.status === 200) {
    if (String(step.number) !== body.dataset.step) { leave(); return ""; }
    body.dataset.last = "1"; // none follows after all
    if (oneByOne()) { leave(); return ""; } // the page that comes offers to hand in
    return submit();
  }
  if (code === "attempt_closed") { await closed(); return ""; }
  if (["taken_over", "section_closed"].includes(code)) { takenOver(message); return ""; }
  if (reply.status === 401 || reply.status === 403) loggedOut();
  return reply.status === 0 || reply.status >= 500 ? words.not_gone_on : message || words.session_over;
}

async function partOver() {
  if (going || sync.finished) return;
  going = true;
  lock(true);
  if (byId("confirm").open) byId("confirm").close();
  byId("over-text").textContent = words.part_over;
  if (!byId("over").open) byId("over").showModal();
  await sync.flush(sync.offlineSince ? 1000 : 6000);
  while (!sync.finished) {
    const problem = await goOn();
    if (!problem || sync.finished) break;
    byId("over-text").textContent = problem === words.not_gone_on ? words.part_waiting : problem;
    await wait(jitter(2500));
    await sync.listen();
    if (clock.seconds > 0 && !sync.finished) { byId("over").close(); lock(Boolean(body.dataset.paused)); break; } // extra time
  }
  going = false;
}

async function timeOver() {
  if (sync.finished) return;
  if (partFollows()) { partOver(); return; }
  lock(true);
  if (byId("confirm").open) byId("confirm").close();
  byId("over-text").textContent = words.time_over;
  if (!byId("over").open) byId("over").showModal();
  await sync.flush(sync.offlineSince ? 1000 : 9000);
  while (!sync.finished) {
    if (queue.size) {
      const text = say("time_over_unsaved", { n: queue.size });
      if (byId("over-text").textContent !== text || byId("over-file").hidden) offerFile(text);
      sync.failures = 0;
      await sync.send();
    } else {
      if (!byId("over-file").hidden) byId("over-text").textContent = words.time_over;
      byId("over-file").hidden = true;
      byId("over-note").textContent = "";
      // Without network too: nothing is missing, and the server needs nobody for this.
      if (await submit()) byId("over-text").textContent = words.time_over_saved;
    }
    if (clock.seconds > 0 && !sync.finished) { byId("over").close(); lock(false); return; } // extra time was given
    await wait(jitter(2500));
  }
}

const clock = new Clock({
  show(seconds) {
    byId("timer-value").textContent = asClock(seconds);
    if (byId("rest-clock")) byId("rest-clock").textContent = asClock(seconds);
    if (beyond > 0) { byId("whole").hidden = false; byId("whole-value").textContent = asClock(Math.round(seconds + beyond)); }
    byId("timer").classList.toggle("short", seconds <= 300);
  },
  announce(seconds) { announce(say("minutes_left", { n: seconds / 60 })); },
  zero: timeOver,
  woke() { if (sync) sync.wake(); },
});

byId("hand-in").addEventListener("click", confirmHandIn);
byId("confirm-back").addEventListener("click", () => byId("confirm").close());
byId("confirm-yes").addEventListener("click", handIn);
byId("over-file").addEventListener("click", giveFile);
if (byId("rest-end")) byId("rest-end").addEventListener("click", async () => { byId("rest-problem").textContent = await goOn(); });
byId("over").addEventListener("cancel", (event) => event.preventDefault());

// ---- the window

window.addEventListener("online", () => setTimeout(() => sync && sync.wake(), 2000 * Math.random()));
window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
window.addEventListener("pagehide", () => { if (keeping) keep(); });
window.addEventListener("beforeunload", (event) => { if (queue && queue.size && !sync.finished) { event.preventDefault(); event.returnValue = ""; } });
document.addEventListener("visibilitychange", () => { if (queue && queue.size) sync.send(); });
document.addEventListener("resume", () => { if (sync) sync.wake(); });

prepare();
begin();
