// Answers pages of the examination when the server does not: the shell unlocks what this machine has kept.
// Holds nothing of the paper itself, and never touches a request that saves.

const ASSETS = "exam-assets";
const SHELL = "/exam/offline";
const PATIENCE = 12000; // a server that is only busy answers by then

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function fromServer(request) {
  const late = new Promise((resolve, reject) => { setTimeout(() => reject(new Error("late")), PATIENCE); });
  const answer = await Promise.race([fetch(request), late]);
  if ([502, 503, 504].includes(answer.status)) throw new Error("away");
  return answer;
}

async function kept(address) { return (await caches.open(ASSETS)).match(address); }

async function page(request) {
  try { return await fromServer(request); } catch (error) { return await kept(SHELL) || Response.error(); }
}

async function asset(request) {
  const held = await kept(request.url);
  if (held && request.url.includes("?v=")) return held;
  try { return await fromServer(request); } catch (error) { return held || Response.error(); }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && pathname.startsWith("/exam")) event.respondWith(page(request));
  else if (pathname.startsWith("/static/")) event.respondWith(asset(request));
});
