// One request to the server: always an answer, never an exception; status 0 means that the network is away.

const TIMEOUT = 12000;

export async function ask(method, address, content, headers) {
  const abort = new AbortController();
  const limit = setTimeout(() => abort.abort(), TIMEOUT);
  const began = performance.now();
  try {
    const reply = await fetch(address, {
      method,
      body: content,
      headers: Object.assign({ Accept: "application/json" }, headers),
      cache: "no-store",
      credentials: "same-origin",
      keepalive: document.visibilityState === "hidden",
      signal: abort.signal,
    });
    let { status } = reply;
    let facts = { code: "unreadable" };
    // A network's own log-in page answers 200 with HTML: that is not our server, so nothing was taken.
    try { facts = await reply.json(); } catch (error) { status = reply.ok ? 0 : status; }
    return { status, facts, roundTrip: performance.now() - began, retryAfter: Number(reply.headers.get("Retry-After")) || 0 };
  } catch (error) {
    return { status: 0, facts: { code: "network" }, roundTrip: performance.now() - began, retryAfter: 0 };
  } finally {
    clearTimeout(limit);
  }
}
