// So that a reload or a restart of the browser goes on without network: the page is kept, sealed, and a service
// worker answers when the server does not. Browsers offer service workers on https and localhost only; elsewhere
// the answers are kept all the same, and the page needs the server to load.

import { fromHex, Box, toHex } from "./exam-box.js";
import { anyStore, tab } from "./exam-store.js";

const ASSETS = "exam-assets";
const SHELL = "/exam/offline";
const ROUNDS = 200000;

export const canKeepPages = () => window.isSecureContext && "serviceWorker" in navigator && "caches" in window;

async function stretched(code, salt, rounds) {
  const tidy = new TextEncoder().encode(code.toUpperCase().replace(/[^A-Z0-9]/g, ""));
  const key = await crypto.subtle.importKey("raw", tidy, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: fromHex(salt), iterations: rounds };
  return toHex(new Uint8Array(await crypto.subtle.deriveBits(how, key, 256)));
}

// At the entrance: what unlocks the attempt on this machine without the server, made from the entry code.
export async function rememberCode(code) {
  if (!canKeepPages()) return;
  const salt = toHex(crypto.getRandomValues(new Uint8Array(16)));
  tab.set("code", JSON.stringify({ salt, rounds: ROUNDS, unlocks: await stretched(code, salt, ROUNDS) }));
}

async function keepLock(queue, attempt, seal) {
  const made = JSON.parse(tab.get("code") || "null");
  if (!made) return;
  const key = `${attempt}/lock`;
  const sealed = await new Box(made.unlocks).seal(seal, key);
  await queue.store.put({ key, sealed, salt: made.salt, rounds: made.rounds });
  tab.drop("code");
}

export async function keptAttempts() {
  const all = await (await anyStore()).all("");
  const pages = all.filter((kept) => kept.key.endsWith("/page")).sort((one, other) => other.until - one.until);
  return pages.map((page) => {
    const attempt = page.key.split("/")[0];
    return { attempt, page, lock: all.find((kept) => kept.key === `${attempt}/lock`) };
  });
}

// The attempt's key by the entry code; null when it is another code.
export async function unlock({ lock }, code) {
  const unlocks = await stretched(code, lock.salt, lock.rounds);
  try { return await new Box(unlocks).open(lock.sealed, lock.key); } catch (error) { return null; }
}

async function keepAssets() {
  const loaded = performance.getEntriesByType("resource").map((entry) => new URL(entry.name));
  const wanted = new Set(loaded.filter((url) => url.origin === location.origin && url.pathname.startsWith("/static/")).map((url) => url.pathname + url.search));
  const shell = await fetch(SHELL);
  for (const [, address] of (await shell.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)) wanted.add(address.replace(/&amp;/g, "&"));
  const cache = await caches.open(ASSETS);
  await cache.put(SHELL, shell);
  const held = new Set((await cache.keys()).map((request) => { const url = new URL(request.url); return url.pathname + url.search; }));
  await cache.addAll([...wanted].filter((address) => !held.has(address) || !address.includes("?")));
  for (const address of held) if (address.startsWith("/static/") && !wanted.has(address)) await cache.delete(address);
}

export async function keepPage(queue, seal, html, until) {
  if (!canKeepPages() || queue.kind === "memory") return false;
  try {
    await queue.keep("page", html, { until });
    await keepLock(queue, queue.attempt, seal);
    await navigator.serviceWorker.register("/exam/worker.js", { scope: "/exam" });
    await keepAssets();
    return true;
  } catch (error) {
    return false; // such as a certificate that the browser does not trust: the page then needs the server to load
  }
}
