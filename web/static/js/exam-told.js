// What the invigilator says: asked soon after the start, and when a save or a heartbeat tells that there is something
// new; shown until it was read, once on this machine.

import { attempt, body, byId, wait } from "./exam-page.js";
import { showSaid } from "./exam-said.js";
import { ask } from "./exam-server.js";

let known = ""; // by which the newest message is known that was asked for
let asking = false;

// Without `newest` it is asked in any case: refusals in a pause do not tell what was said.
export async function hear(sync, newest) {
  if (asking || !sync.token || sync.finished || newest === known) return;
  asking = true;
  const { status, facts } = await ask("GET", `/exam/attempts/${attempt}/messages`, undefined, sync.headers);
  asking = false;
  if (status !== 200) return; // the next answer leads here again
  known = newest ?? known;
  showSaid(facts, body.dataset.ticket, (message) => byId("notice").after(message));
}

export async function hearFirst(sync) {
  await wait(4000 * (0.85 + 0.3 * Math.random()));
  await hear(sync);
}
