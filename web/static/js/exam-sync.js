// From the queue to the server and back: sending, the heartbeat, and the state in words.

import { attempt, body, byId, jitter, notice, say, wait, words } from "./exam-page.js";
import { questionOf } from "./exam-paper.js";
import { ask } from "./exam-server.js";

const SEND_AFTER = 200;
const HEARTBEAT = 30000;
const PER_SAVE = 100;

export class Sync {
  // `hooks`: heard(remaining, roundTrip), paused(text or ""), closed(), partOver(), takenOver(text), kept(), told(newest).
  constructor(queue, hooks) {
    this.queue = queue;
    this.hooks = hooks;
    this.token = "";
    this.epoch = 0;
    this.finished = false;
    this.stopped = false;
    this.sending = null;
    this.timer = 0;
    this.failures = 0;
    this.offlineSince = null;
    this.heardAt = 0;
  }

  get headers() { return { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" }; }

  // ---- the state of saving, in words

  state() {
    const place = byId("save-state");
    const n = this.queue.size;
    let name = "saved";
    let text = words.saved;
    if (this.stopped) {
      name = n ? "unsaved" : "stopped";
      text = n ? say("stopped_unsent", { n }) : words.stopped;
    } else if (this.offlineSince) { name = "offline"; text = say("offline", { time: this.offlineSince }); }
    else if (n && this.failures) { name = "unsaved"; text = say("unsaved", { n }); }
    else if (n) { name = "saving"; text = words.saving; }
    if (n && this.failures && this.queue.kind === "memory") text += ` ${words.memory}`;
    if (place.textContent !== text) place.textContent = text;
    place.dataset.state = name;
  }

  reached() { this.failures = 0; this.offlineSince = null; this.heardAt = performance.now(); }

  missed(network) {
    this.failures += 1;
    if (network && !this.offlineSince) {
      this.offlineSince = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    }
  }

  // ---- talking to the server

  // What the server said to a save or a heartbeat; true when it was taken.
  async understand(reply) {
    if (reply.status === 200) {
      this.reached();
      this.hooks.heard(reply.facts.remaining, reply.roundTrip);
      this.hooks.told(reply.facts.said || "");
      if (body.dataset.paused) { delete body.dataset.paused; this.hooks.paused(""); }
      return true;
    }
    const { code, message } = reply.facts;
    if (code === "attempt_closed") await this.hooks.closed();
    else if (code === "section_closed") { this.reached(); this.hooks.partOver(); }
    else if (["taken_over", "not_your_attempt", "token_expired"].includes(code)) this.hooks.takenOver(message);
    else if (code === "attempt_paused") { this.reached(); body.dataset.paused = "1"; this.hooks.paused(message); this.hooks.told(); }
    else this.missed(reply.status === 0);
    return false;
  }

  put(entries) {
    const answers = entries.map(({ item, revision, response, flagged }) => ({ item, revision, response, flagged }));
    return ask("PUT", `/exam/attempts/${attempt}/answers`, JSON.stringify({ answers }), this.headers);
  }

  async settle(accepted) {
    await this.hooks.kept();
    for (const [item, revision] of accepted) await this.queue.settle(item, revision);
  }

  async refused({ item, revision, message }) {
    await this.queue.settle(item, revision);
    const question = questionOf(item);
    notice(question ? `${say("question", { n: question.number })}: ${message}` : message);
  }

  async sendBatch() {
    const batch = [...this.queue.entries.values()].slice(0, PER_SAVE);
    const reply = await this.put(batch);
    if (reply.status === 422) {
      // None was taken: find the one at fault by sending each alone.
      this.reached();
      for (const entry of batch) {
        const alone = batch.length === 1 ? reply : await this.put([entry]);
        if (alone.status === 422) await this.refused(Object.assign({}, entry, { message: alone.facts.message }));
        else if (await this.understand(alone)) await this.settle([[entry.item, entry.revision]]);
        else break;
      }
    } else if (await this.understand(reply)) {
      await this.settle(reply.facts.accepted || []);
      for (const refused of reply.facts.refused || []) await this.refused(refused);
    }
    return reply;
  }

  // Sends until nothing waits or something is in the way; only one at a time.
  send() {
    clearTimeout(this.timer);
    if (this.sending) return this.sending;
    if (this.finished || !this.queue.size || !this.token) return Promise.resolve();
    this.sending = this.sendAll();
    return this.sending;
  }

  async sendAll() {
    let reply = { status: 0, retryAfter: 0 };
    try {
      do {
        this.state();
        reply = await this.sendBatch();
      } while (reply.status === 200 && this.queue.size && !this.finished);
    } catch (error) {
      this.missed(false);
    }
    this.sending = null;
    this.state();
    if (this.queue.size && !this.finished) {
      const pause = this.failures ? Math.max(reply.retryAfter, Math.min(20, 2 ** Math.min(this.failures, 5) / 2)) : 1;
      this.later(jitter(pause * 1000));
    }
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), milliseconds);
  }

  async changed(entry) {
    const kept = this.queue.put(entry);
    this.state();
    await kept;
    if (!this.failures || !this.timer) this.later(SEND_AFTER);
  }

  // Sends what waits, for so long at most.
  async flush(milliseconds) {
    const until = performance.now() + milliseconds;
    while (this.queue.size && !this.finished && performance.now() < until) {
      await this.send();
      if (this.queue.size) await wait(400);
    }
  }

  // ---- the heartbeat: the time, and whether this page may still write

  async listen() {
    if (this.finished || !this.token) return;
    const reply = await ask("GET", `/exam/attempts/${attempt}/heartbeat`, undefined, this.headers);
    if (!this.finished && await this.understand(reply) && this.queue.size) this.send();
    this.state();
  }

  async beat(first) {
    await wait(first);
    for (;;) {
      await this.listen();
      await wait(HEARTBEAT * (0.85 + 0.3 * Math.random()));
    }
  }

  // After sleep, or when the network is said to be back: ask at once, but not twice.
  wake() {
    if (performance.now() - this.heardAt < 3000) return;
    this.heardAt = performance.now();
    this.listen();
  }
}
