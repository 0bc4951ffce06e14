// What the invigilator says: asked with about every heartbeat, shown until it was read, once on this machine.

import { attempt, body, byId, wait } from "./exam-page.js";
import { showSaid } from "./exam-said.js";
import { ask } from "./exam-server.js";

export async function hearken(sync) {
  for (let every = 4000; !sync.finished; every = 30000) {
    await wait(every * (0.85 + 0.3 * Math.random()));
    if (!sync.token || sync.finished) continue;
    const { status, facts } = await ask("GET", `/exam/attempts/${attempt}/messages`, undefined, sync.headers);
    if (status === 200) showSaid(facts, body.dataset.ticket, (message) => byId("notice").after(message));
  }
}
