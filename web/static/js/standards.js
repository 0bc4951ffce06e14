// Rating by keyboard, saved at each change; the leader's figures where htmx is missing.
// Without this script the same forms are saved by their button.

const form = document.querySelector("form[data-rate]");
const line = form?.querySelector("[data-saved]");
const waiting = new Map(); // name → value not acknowledged yet
const typing = new Map(); // name → timer of a field that is being typed in
const refused = new Map(); // name → why its value was not kept
let sending = false;
let alone = false;
let retry = 0;

function say(state) {
  if (!line) return;
  line.textContent = line.dataset[`text${state}`] ?? "";
  line.classList.toggle("is-failed", state === "Failed");
}

function valueOf(name) {
  const field = form.elements[name];
  return (field instanceof RadioNodeList ? field.value : field?.value) ?? "";
}

function bodyOf(values) {
  return new URLSearchParams([["_csrf", document.body.dataset.csrf], ...values]);
}

async function send() {
  if (sending || waiting.size === 0) return;
  sending = true;
  say("Saving");
  // Saving is all or nothing: after a refusal of several, each goes alone, so that the sound ones are kept.
  const sent = new Map(alone ? [[...waiting][0]] : waiting);
  try {
    const answer = await fetch(form.action, { method: "POST", body: bodyOf(sent), headers: { Accept: "application/json" } });
    if (answer.status === 422 && sent.size > 1) alone = true;
    else if (answer.status === 422 || answer.status === 409) settle(sent, (await answer.json()).message);
    else if (!answer.ok) throw new Error(String(answer.status));
    else {
      settle(sent, "");
      progress(await answer.json());
    }
    retry = 0;
  } catch {
    say("Failed");
    retry = Math.min(30000, retry ? retry * 2 : 2000);
    setTimeout(send, retry);
    sending = false;
    return;
  }
  sending = false;
  if (waiting.size) { send(); return; }
  alone = false;
  if (refused.size) { line.textContent = [...refused.values()].at(-1); line.classList.add("is-failed"); }
  else say("Saved");
}

function settle(sent, wrong) {
  for (const [name, value] of sent) {
    if (waiting.get(name) === value) waiting.delete(name);
    if (wrong) refused.set(name, wrong);
    else refused.delete(name);
    const field = form.elements[name];
    if (!field || field instanceof RadioNodeList) continue;
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

function progress({ rated }) {
  const bar = document.querySelector("[data-progress]");
  const text = document.querySelector("[data-rated]");
  if (bar) bar.value = rated;
  if (text) text.textContent = String(rated);
}

function keep(name) {
  clearTimeout(typing.get(name));
  typing.delete(name);
  waiting.set(name, valueOf(name));
  send();
}

function step(input, by) {
  const present = Number(input.value) || 0;
  input.value = String(Math.max(0, Math.min(100, present + by)));
  keep(input.name);
}

function singleKeys(event) {
  const chosen = { 1: "1", y: "1", Y: "1", 0: "0", n: "0", N: "0" }[event.key];
  const radio = chosen && form.querySelector(`input[type=radio][value="${chosen}"]`);
  if (radio && !event.ctrlKey && !event.metaKey && !event.altKey) { radio.checked = true; keep(radio.name); return; }
  const turn = { PageDown: "[data-next]", PageUp: "[data-previous]" }[event.key];
  const button = event.key === "Enter" && event.target instanceof HTMLInputElement ? form.querySelector("[data-next]") : turn && form.querySelector(turn);
  if (button) { event.preventDefault(); form.requestSubmit(button); }
}

if (form) {
  const inputs = [...form.querySelectorAll("input.rating-input")];
  form.addEventListener("change", (event) => {
    const name = event.target.name ?? "";
    if (name.startsWith("r-")) keep(name);
  });
  inputs.forEach((input, place) => {
    input.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 5, ArrowDown: -5 }[event.key];
      if (by) { event.preventDefault(); step(input, by); }
      if (event.key === "Enter" && !("single" in form.dataset)) {
        event.preventDefault();
        keep(input.name);
        const next = event.shiftKey ? inputs[place - 1] : (inputs[place + 1] ?? form.querySelector("button[name=then]"));
        next?.focus();
        next?.select?.();
      }
    });
  });
  if ("single" in form.dataset) {
    document.addEventListener("keydown", singleKeys);
    (inputs[0] ?? form.querySelector("input[type=radio]:checked") ?? form.querySelector("input[type=radio]"))?.focus();
    inputs[0]?.select();
  }
  // Somebody who stops typing has typed a rating, though the field was not left.
  form.addEventListener("input", ({ target }) => {
    if (!target.classList.contains("rating-input")) return;
    clearTimeout(typing.get(target.name));
    typing.set(target.name, setTimeout(() => keep(target.name), 1000));
  });
  // What is typed or on its way goes along when the page is left; only what was refused or failed is asked about.
  window.addEventListener("pagehide", () => {
    for (const name of typing.keys()) waiting.set(name, valueOf(name));
    if (waiting.size && !form.dataset.sent) {
      fetch(form.action, { method: "POST", body: bodyOf(waiting), headers: { Accept: "application/json" }, keepalive: true });
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if ((retry > 0 || refused.size) && !form.dataset.sent) event.preventDefault();
  });
}

// Where htmx was not installed, the same block is fetched by hand.
async function refresh() {
  const live = document.querySelector("[data-live]");
  if (!live || window.htmx) return;
  try {
    const answer = await fetch(live.dataset.live, { headers: { "HX-Request": "true" } });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (fresh) live.replaceWith(fresh);
    }
  } catch { /* the network is away; ask again */ }
  setTimeout(refresh, 5000);
}
setTimeout(refresh, 5000);

// Longer texts: leaving them unsaved is asked about.
for (const guarded of document.querySelectorAll("form[data-guard]")) {
  let changed = false;
  guarded.addEventListener("input", () => { changed = true; });
  guarded.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
