// The waiting room: counts down by the server's time and enables the start button; the server decides all the same.

import { asClock } from "./exam-clock.js";
import { showSaid } from "./exam-said.js";
import { ask } from "./exam-server.js";

const card = document.querySelector("[data-starts-in]");
const button = document.querySelector("[data-start]");
const place = document.querySelector("[data-countdown]");
const SPREAD = 4000;
const RUSH = 20000;

// The scripts of the paper are loaded while there is nothing else to do, not in the second of the start.
async function warm(address, seen) {
  if (seen.has(address)) return;
  seen.add(address);
  const text = await (await fetch(address)).text();
  for (const [, name] of text.matchAll(/(?:from|import) "\.\/([^"]+)"/g)) await warm(`/static/js/${name}`, seen);
}

function countDown() {
  const words = JSON.parse(document.getElementById("words").textContent);
  const announcer = document.querySelector("[data-announce]");
  const begins = performance.now() + Number(card.dataset.startsIn) * 1000;
  let announced = Infinity;
  const step = setInterval(() => {
    const seconds = Math.max(0, Math.ceil((begins - performance.now()) / 1000));
    if (seconds === 0) {
      clearInterval(step);
      place.textContent = words.starts_now;
      announcer.textContent = words.begun;
      button.disabled = false;
      button.focus();
      return;
    }
    place.textContent = words.starts_in.replace("{time}", asClock(seconds));
    for (const minutes of [10, 5, 1]) {
      if (seconds <= minutes * 60 && announced > minutes) {
        announced = minutes;
        announcer.textContent = words.minutes.replace("{n}", Math.ceil(seconds / 60));
      }
    }
  }, 250);
  // Whoever waited for the first second starts within the next few: time runs from the start, so nobody loses any.
  button.form.addEventListener("submit", (event) => {
    if (performance.now() - begins > RUSH) return;
    event.preventDefault();
    button.disabled = true;
    place.textContent = words.opening;
    setTimeout(() => button.form.submit(), SPREAD * Math.random());
  });
}

// What the invigilator says before the start: fetched only when something new was said.
async function hearken({ sitting, key, ticket }) {
  const place = document.createElement("div");
  card.before(place);
  let known = "";
  for (let every = 2000; ; every = 30000) {
    await new Promise((resolve) => setTimeout(resolve, every * (0.5 + Math.random())));
    const { status, facts } = await ask("GET", `/exam/sittings/${sitting}/latest`, undefined, { Authorization: `Bearer ${key}` });
    if (status !== 200 || facts.latest === known) continue;
    const said = await ask("GET", `/exam/sittings/${sitting}/told`);
    if (said.status !== 200) continue;
    known = facts.latest;
    showSaid(said.facts, ticket, (message) => place.append(message));
  }
}

if (card && card.dataset.sitting) hearken(card.dataset);
if (card && card.dataset.paper) setTimeout(() => warm(card.dataset.paper, new Set()).catch(() => { /* the paper loads them itself */ }), 3000 * Math.random());
if (card && button && button.disabled) countDown();
