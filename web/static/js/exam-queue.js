// Answers on this machine that the server has not acknowledged. An entry leaves only when its revision was.
// Everything is sealed with the attempt's key before it is kept.

import { anyStore, memoryStore, tab } from "./exam-store.js";

const DAY = 86400000;

export class Queue {
  static async open(attempt) {
    const queue = new Queue(attempt, await anyStore());
    try { await queue.forgetOld(); } catch (error) { queue.store = memoryStore(); }
    return queue;
  }

  constructor(attempt, store) {
    this.attempt = attempt;
    this.store = store;
    this.box = null;
    this.entries = new Map();
    // What an earlier page of this attempt left unacknowledged.
    this.left = [];
    // Answers of a former part that came too late for the server; they go into the answer file.
    this.late = [];
    this.writing = Promise.resolve();
  }

  get size() { return this.entries.size; }

  get kind() { return this.store.kind; }

  async unlock(box) {
    this.box = box;
    this.left = [];
    for (const kept of await this.store.all(`${this.attempt}/answer/`).catch(() => [])) {
      try { this.left.push(await box.open(kept.sealed, kept.key)); } catch (error) { await this.drop(kept.key); }
    }
  }

  // One after the other, and always the newest of an item: an older write never lands on a newer one.
  after(work) {
    this.writing = this.writing.then(work).catch(() => { this.store = memoryStore(); });
    return this.writing;
  }

  put(entry) {
    this.entries.set(entry.item, entry);
    return this.after(async () => {
      const newest = this.entries.get(entry.item);
      if (newest) await this.write(`answer/${entry.item}`, newest);
    });
  }

  async write(name, value, facts) {
    const key = `${this.attempt}/${name}`;
    await this.store.put(Object.assign({ key, sealed: await this.box.seal(value, key) }, facts));
  }

  // Other things of this attempt, such as its state and its page, with facts that are kept in the clear.
  keep(name, value, facts) { return this.after(() => this.write(name, value, facts)); }

  async recall(name) {
    const key = `${this.attempt}/${name}`;
    try {
      const [kept] = (await this.store.all(key)).filter((one) => one.key === key);
      return kept && await this.box.open(kept.sealed, key);
    } catch (error) { return null; }
  }

  // The server has this revision: forget it, unless the candidate has changed the answer since.
  async settle(item, revision) {
    const entry = this.entries.get(item);
    if (entry && entry.revision <= revision) {
      this.entries.delete(item);
      await this.forget(item);
    }
  }

  forget(item) { return this.after(() => (this.entries.has(item) ? undefined : this.drop(`${this.attempt}/answer/${item}`))); }

  async drop(key) {
    try { await this.store.drop(key); } catch (error) { /* it is offered again and found old */ }
  }

  // Nothing of the attempt stays on this machine.
  async clear() {
    this.entries.clear();
    this.left = [];
    this.late = [];
    tab.drop(this.attempt);
    await this.writing;
    for (const kept of await this.store.all(`${this.attempt}/`).catch(() => [])) await this.drop(kept.key);
  }

  // Attempts of earlier users whose time was over long ago, and which nobody handed in here.
  async forgetOld() {
    const all = await this.store.all("");
    const old = all.filter((kept) => kept.until + DAY < Date.now()).map((kept) => kept.key.split("/")[0]);
    for (const { key } of all) if (old.includes(key.split("/")[0])) await this.drop(key);
  }
}
