// The shell that the service worker shows without network: it brings back the page that this machine has kept.

import { Box } from "./exam-box.js";
import { keptAttempts, unlock } from "./exam-offline.js";
import { tab } from "./exam-store.js";

const byId = (id) => document.getElementById(id);
const words = JSON.parse(byId("words").textContent);

async function restore(found, seal) {
  const html = await new Box(seal).open(found.page.sealed, found.page.key);
  tab.set(found.attempt, seal);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  for (const element of parsed.querySelectorAll("noscript")) element.remove();
  parsed.body.dataset.restored = "1";
  history.replaceState(null, "", `/exam/attempts/${found.attempt}${location.hash}`);
  document.replaceChild(document.adoptNode(parsed.documentElement), document.documentElement);
  // Scripts that a parser made outside of the page do not run; their addresses are those that were kept.
  for (const script of document.querySelectorAll("script[src]")) {
    script.replaceWith(Object.assign(document.createElement("script"), { type: "module", src: script.src }));
  }
}

async function begin() {
  const [, asked, rest] = location.pathname.match(/^\/exam\/attempts\/([^/]+)(\/.*)?$/) || [];
  const all = rest ? [] : await keptAttempts();
  const found = all.find((one) => one.attempt === asked) || (asked ? undefined : all[0]);
  const seal = found && tab.get(found.attempt);
  if (seal) {
    try { await restore(found, seal); return; } catch (error) { tab.drop(found.attempt); }
  }
  byId("away").hidden = false;
  if (!found || !found.lock) return;
  byId("unlock").hidden = false;
  byId("entry-code").focus();
  byId("unlock").addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("unlock-problem").textContent = "";
    const unlocked = await unlock(found, byId("entry-code").value);
    if (unlocked) await restore(found, unlocked);
    else byId("unlock-problem").textContent = words.wrong_code;
  });
}

byId("again").addEventListener("click", () => location.reload());
begin();
