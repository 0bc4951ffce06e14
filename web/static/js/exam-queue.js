// Answers on this machine that the server has not acknowledged. An entry leaves only when its revision was.
// Kept in IndexedDB, else in localStorage, else in memory only (`kind` tells; the page then says so).

const DATABASE = "exam-engine";
const STORE = "answers";

function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
    setTimeout(() => reject(new Error("slow")), 3000);
  });
}

function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

function indexedStore(database) {
  const store = (mode) => {
    const transaction = database.transaction(STORE, mode);
    return [transaction, transaction.objectStore(STORE)];
  };
  return {
    kind: "indexeddb",
    async all(prefix) {
      const [transaction, objects] = store("readonly");
      const request = objects.getAll(IDBKeyRange.bound(prefix, `${prefix}\uffff`));
      await done(transaction);
      return request.result;
    },
    async put(entry) { const [transaction, objects] = store("readwrite"); objects.put(entry); await done(transaction); },
    async drop(key) { const [transaction, objects] = store("readwrite"); objects.delete(key); await done(transaction); },
  };
}

function localStore() {
  const name = (key) => `${DATABASE}/${key}`;
  localStorage.setItem(name("probe"), "1");
  localStorage.removeItem(name("probe"));
  return {
    kind: "localstorage",
    async all(prefix) {
      return Object.keys(localStorage).filter((key) => key.startsWith(name(prefix))).map((key) => JSON.parse(localStorage.getItem(key)));
    },
    async put(entry) { localStorage.setItem(name(entry.key), JSON.stringify(entry)); },
    async drop(key) { localStorage.removeItem(name(key)); },
  };
}

const memoryStore = () => ({ kind: "memory", async all() { return []; }, async put() {}, async drop() {} });

async function anyStore() {
  try { return indexedStore(await openDatabase()); } catch (error) { /* private mode, policy, full disk */ }
  try { return localStore(); } catch (error) { return memoryStore(); }
}

export class Queue {
  static async open(attempt) {
    const queue = new Queue(attempt, await anyStore());
    try { queue.left = await queue.store.all(`${attempt}/`); } catch (error) { queue.store = memoryStore(); }
    return queue;
  }

  constructor(attempt, store) {
    this.attempt = attempt;
    this.store = store;
    this.entries = new Map();
    // What an earlier page of this attempt left unacknowledged.
    this.left = [];
  }

  get size() { return this.entries.size; }

  get kind() { return this.store.kind; }

  async put(entry) {
    const kept = Object.assign({ key: `${this.attempt}/${entry.item}` }, entry);
    this.entries.set(entry.item, kept);
    try { await this.store.put(kept); } catch (error) { this.store = memoryStore(); }
  }

  // The server has this revision: forget it, unless the candidate has changed the answer since.
  async settle(item, revision) {
    const entry = this.entries.get(item);
    if (entry && entry.revision <= revision) {
      this.entries.delete(item);
      await this.forget(item);
    }
  }

  async forget(item) {
    try { await this.store.drop(`${this.attempt}/${item}`); } catch (error) { /* it is offered again and found old */ }
  }

  async clear() {
    const items = [...this.entries.keys(), ...this.left.map((entry) => entry.item)];
    this.entries.clear();
    await Promise.all(items.map((item) => this.forget(item)));
  }
}
