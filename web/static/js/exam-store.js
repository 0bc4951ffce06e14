// Where this machine keeps things for the examination: IndexedDB, else localStorage, else memory only
// (`kind` tells; the page then says so). Everything is {key, …}; a key begins with the attempt.

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
    // Strict: written through to the disk, as for somebody who kicks out the plug.
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
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

export const memoryStore = () => ({ kind: "memory", async all() { return []; }, async put() {}, async drop() {} });

export async function anyStore() {
  try { return indexedStore(await openDatabase()); } catch (error) { /* private mode, policy, full disk */ }
  try { return localStore(); } catch (error) { return memoryStore(); }
}

// What lives only as long as this tab: the attempt's key.
export const tab = {
  get(name) { try { return sessionStorage.getItem(`exam-${name}`); } catch (error) { return null; } },
  set(name, value) { try { sessionStorage.setItem(`exam-${name}`, value); } catch (error) { /* a reload then needs the server */ } },
  drop(name) { try { sessionStorage.removeItem(`exam-${name}`); } catch (error) { /* nothing there */ } },
};
