// What the invigilator says: asked with about every heartbeat, shown until it was read, once on this machine.

import { attempt, button, byId, wait } from "./exam-page.js";
import { ask } from "./exam-server.js";

const KEY = `told-${attempt}`;
const seen = () => (sessionStorage.getItem(KEY) || "").split(" ");

function show({ id, text }, { title, close }) {
  const place = document.createElement("p");
  place.className = "exam-notice";
  place.setAttribute("role", "alert");
  place.dataset.told = id;
  place.textContent = `${title}: ${text}`;
  place.append(button(close, () => {
    sessionStorage.setItem(KEY, [...seen(), id].join(" "));
    place.remove();
  }));
  byId("notice").after(place);
}

export async function hearken(sync) {
  for (let every = 4000; !sync.finished; every = 30000) {
    await wait(every * (0.85 + 0.3 * Math.random()));
    if (!sync.token || sync.finished) continue;
    const { status, facts } = await ask("GET", `/exam/attempts/${attempt}/messages`, undefined, sync.headers);
    if (status !== 200) continue;
    const known = new Set(seen());
    for (const message of facts.messages) {
      if (!known.has(message.id) && !document.querySelector(`[data-told="${message.id}"]`)) show(message, facts);
    }
  }
}
