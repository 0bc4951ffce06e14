// What the invigilator may want to know: the window lost the focus, full screen was left, something was pasted, a
// second display, sleep. Recorded as evidence; nothing here ends or hinders an examination.

import { attempt, body } from "./exam-page.js";
import { ask } from "./exam-server.js";

const SOON = 1500;
const AGAIN = 30000;
const MOST = 100;

export class Watch {
  constructor(sync) {
    this.sync = sync;
    this.waiting = [];
    this.away = null;
    this.timer = 0;
    this.displays = false;
    window.addEventListener("blur", () => this.left());
    window.addEventListener("focus", () => this.back());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.left() : this.back()));
    document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) this.note("fullscreen_left"); });
    document.addEventListener("paste", () => this.note("paste"));
    this.look();
    if (window.screen.addEventListener) window.screen.addEventListener("change", () => this.look());
  }

  look() {
    const extended = window.screen.isExtended === true;
    if (extended && !this.displays) this.note("second_display");
    this.displays = extended;
  }

  left() {
    if (this.away !== null) return;
    this.away = performance.now();
    this.note("focus_lost");
  }

  back() {
    if (this.away === null || document.hidden || !document.hasFocus()) return;
    this.note("focus_back", Math.round(performance.now() - this.away));
    this.away = null;
  }

  note(kind, lasted) {
    if (this.sync.finished || body.dataset.resting || this.waiting.length >= MOST) return;
    // A number of its own, so that sending twice counts once.
    const number = crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
    this.waiting.push({ number, kind, lasted, at: performance.now() });
    this.later(document.hidden ? 0 : SOON);
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), milliseconds);
  }

  async send() {
    const waiting = [...this.waiting];
    if (!waiting.length || this.sync.finished) return;
    if (!this.sync.token) { this.later(SOON); return; }
    const now = performance.now();
    const events = waiting.map(({ number, kind, lasted, at }) => ({ number, kind, lasted: lasted || 0, ago: Math.round(now - at) }));
    const reply = await ask("POST", `/exam/attempts/${attempt}/events`, JSON.stringify({ events }), this.sync.headers);
    if (reply.status === 200 || (reply.status >= 400 && reply.status < 500)) this.waiting = this.waiting.filter((event) => !waiting.includes(event));
    else this.later(AGAIN);
  }
}
