// Breaks of whoever was given some: the clock stands still, the questions are covered, and it goes on by itself.

import { announce, attempt, body, byId } from "./exam-page.js";
import { asClock } from "./exam-clock.js";
import { ask } from "./exam-server.js";

const words = JSON.parse(byId("break-words").textContent);
const dialog = byId("break");
const say = (text, facts) => Object.entries(facts).reduce((said, [name, value]) => said.replace(`{${name}}`, value), text);

export class Breaks {
  // `clock` is the page's; `lock(locked)` covers its questions.
  constructor(sync, clock, lock) {
    Object.assign(this, { sync, clock, lock });
    this.until = null;
    byId("break-open").addEventListener("click", () => this.offer());
    byId("break-open").disabled = false;
    byId("break-no").addEventListener("click", () => dialog.close());
    byId("break-yes").addEventListener("click", () => this.begin());
    byId("break-end").addEventListener("click", () => this.end());
    dialog.addEventListener("cancel", (event) => { if (this.until !== null) event.preventDefault(); });
    setInterval(() => this.tick(), 500);
  }

  get on() { return this.until !== null; }

  send(method, path) {
    const form = method === "GET" ? undefined : new URLSearchParams({ epoch: String(this.sync.epoch), _csrf: body.dataset.csrf });
    return ask(method, `/exam/attempts/${attempt}/break${path}`, form, { "X-CSRF-Token": body.dataset.csrf });
  }

  // When the page opens: a break may be under way.
  async recall() {
    const reply = await this.send("GET", "");
    if (reply.status === 200 && reply.facts.seconds !== null) this.began(reply);
  }

  async offer() {
    if (body.dataset.paused || this.sync.finished) return;
    byId("break-problem").textContent = "";
    const reply = await this.send("GET", "");
    const left = reply.status === 200 ? reply.facts.left : 0;
    byId("break-text").textContent = reply.status !== 200 ? words.away : say(left ? words.left : words.none_left, reply.facts);
    byId("break-yes").hidden = !left;
    byId("break-no").hidden = false;
    byId("break-end").hidden = true;
    dialog.showModal();
    byId(left ? "break-yes" : "break-no").focus();
  }

  async begin() {
    const problem = byId("break-problem");
    byId("break-yes").disabled = true;
    await this.sync.flush(8000);
    if (this.sync.queue.size) problem.textContent = words.unsent;
    else {
      const reply = await this.send("POST", "");
      if (reply.status === 200) this.began(reply);
      else problem.textContent = (reply.status && reply.facts.message) || words.away;
    }
    byId("break-yes").disabled = false;
  }

  began({ facts, roundTrip }) {
    this.until = performance.now() + facts.seconds * 1000 - roundTrip / 2;
    body.dataset.paused = "1";
    body.dataset.resting = "1";
    this.clock.sync(facts.remaining, 0, true);
    this.lock(true);
    byId("break-text").textContent = words.on;
    byId("break-problem").textContent = "";
    for (const id of ["break-yes", "break-no"]) byId(id).hidden = true;
    for (const id of ["break-end", "break-clock"]) byId(id).hidden = false;
    if (!dialog.open) dialog.showModal();
    byId("break-end").focus();
    this.tick();
  }

  tick() {
    if (!this.on) return;
    const seconds = Math.max(0, Math.ceil((this.until - performance.now()) / 1000));
    byId("break-clock").textContent = asClock(seconds);
    if (seconds === 60 && !this.warned) { this.warned = true; announce(byId("break-clock").textContent); }
    if (seconds === 0 && !this.ending) this.end();
  }

  async end() {
    this.ending = true;
    const reply = await this.send("POST", "/end");
    if (reply.status === 200) this.over(reply);
    else if (reply.status && reply.status < 500) { this.uncover(); await this.sync.listen(); } else byId("break-problem").textContent = words.away;
    setTimeout(() => { this.ending = false; }, 2000);
  }

  over({ facts, roundTrip }) {
    this.uncover();
    if (!facts.paused) {
      delete body.dataset.paused;
      this.clock.sync(facts.remaining, roundTrip, false);
      this.lock(false);
      announce(words.over);
    }
    this.sync.listen(); // an invigilator may have stopped the clock meanwhile
  }

  uncover() {
    this.until = null;
    this.warned = false;
    delete body.dataset.resting;
    byId("break-clock").hidden = true;
    if (dialog.open) dialog.close();
  }
}
