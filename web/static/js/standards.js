// Rating by keyboard, saved at each change; the leader's figures where htmx is missing.
// Without this script the same forms are saved by their button.

const form = document.querySelector("form[data-rate]");
const line = form?.querySelector("[data-saved]");
const waiting = new Map(); // name → value not acknowledged yet
let sending = false;
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

async function send() {
  if (sending || waiting.size === 0) return;
  sending = true;
  say("Saving");
  const sent = new Map(waiting);
  const body = new URLSearchParams([["_csrf", document.body.dataset.csrf], ...sent]);
  let wrong = "";
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.status === 422) {
      wrong = (await answer.json()).message;
      for (const name of sent.keys()) waiting.delete(name);
    } else if (!answer.ok) throw new Error(String(answer.status));
    else {
      for (const [name, value] of sent) if (waiting.get(name) === value) waiting.delete(name);
      progress(await answer.json());
    }
    mark(sent, wrong);
    retry = 0;
  } catch {
    say("Failed");
    retry = Math.min(30000, retry ? retry * 2 : 2000);
    setTimeout(send, retry);
    sending = false;
    return;
  }
  sending = false;
  if (wrong) { line.textContent = wrong; line.classList.add("is-failed"); }
  else if (waiting.size) send();
  else say("Saved");
}

function mark(sent, wrong) {
  for (const name of sent.keys()) {
    const field = form.elements[name];
    if (field instanceof RadioNodeList || !field) continue;
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
        (inputs[place + 1] ?? form.querySelector("button[name=then]"))?.focus();
        inputs[place + 1]?.select();
      }
    });
  });
  if ("single" in form.dataset) {
    document.addEventListener("keydown", singleKeys);
    (inputs[0] ?? form.querySelector("input[type=radio]:checked") ?? form.querySelector("input[type=radio]"))?.focus();
    inputs[0]?.select();
  }
  window.addEventListener("beforeunload", (event) => { if (waiting.size && !form.dataset.sent) event.preventDefault(); });
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
