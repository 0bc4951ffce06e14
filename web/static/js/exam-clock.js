// Remaining time: the server's, counted on by the monotonic clock, so that a wrong PC clock changes nothing.

const THRESHOLDS = [1800, 900, 300, 60];
const ASLEEP = 5000;

export class Clock {
  // `woke` is called when the machine slept or the page was frozen: the monotonic clock may have stood still.
  constructor({ show, announce, zero, woke }) {
    Object.assign(this, { show, announce, zero, woke });
    this.deadline = null;
    this.paused = null;
    this.last = null;
    this.over = false;
    this.seen = performance.now();
    this.wall = Date.now();
    setInterval(() => this.tick(), 250);
  }

  // `remaining` seconds held when half of `roundTrip` milliseconds ago.
  sync(remaining, roundTrip, paused) {
    if (remaining === null || remaining === undefined) return;
    this.paused = paused ? remaining : null;
    this.deadline = performance.now() + remaining * 1000 - roundTrip / 2;
    this.tick();
  }

  get seconds() {
    if (this.paused !== null) return Math.ceil(this.paused);
    return this.deadline === null ? null : Math.max(0, Math.ceil((this.deadline - performance.now()) / 1000));
  }

  tick() {
    const slept = Math.max(performance.now() - this.seen, Date.now() - this.wall) > ASLEEP;
    this.seen = performance.now();
    this.wall = Date.now();
    if (slept) this.woke();
    const { seconds } = this;
    if (seconds === null || seconds === this.last) return;
    const before = this.last;
    this.last = seconds;
    this.show(seconds);
    const passed = THRESHOLDS.find((threshold) => before !== null && before > threshold && seconds <= threshold);
    if (passed && seconds > 0) this.announce(passed);
    if (seconds > 0) this.over = false;
    if (seconds === 0 && !this.over) { this.over = true; this.zero(); }
  }
}

export function asClock(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
