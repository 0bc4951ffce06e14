// The blueprint editor: live supply counts, buttons without losing the place on the page, undo, and the outline as a
// tree. Without this script every button sends the form and does the same.

const state = document.querySelector("#editor-state");
const closed = new Set();
const past = [], future = [];
const ASIDE = ["planned", "spread_type", "spread_total", "cut", "paper", "_csrf"];
let timer = 0, busy = false, opened = false, saved = "", saving = false;

const form = () => document.querySelector("form[data-supply-url]");
const fields = () => new URLSearchParams([...new FormData(form())].filter(([, value]) => typeof value === "string"));

// What would be lost with the page; what the tools are told is no part of the blueprint.
function content() {
  const found = fields();
  for (const name of ASIDE) found.delete(name);
  return found.toString();
}

const edited = () => "edited" in state.dataset || content() !== saved;

async function count() {
  try {
    const answer = await fetch(form().dataset.supplyUrl, { method: "POST", body: fields() });
    if (!answer.ok) return;
    const found = await answer.json();
    for (const output of form().querySelectorAll("[data-supply]")) {
      output.textContent = found.values[output.dataset.supply] ?? "—";
      if (output.dataset.short) output.classList.toggle("supply-short", output.dataset.short in found.warnings);
    }
    for (const line of form().querySelectorAll("[data-warning]")) {
      const text = found.warnings[line.dataset.warning] ?? "";
      line.textContent = text;
      line.hidden = !text;
      const notes = line.closest(".row-notes");
      if (notes) notes.hidden = ![...notes.querySelectorAll("p")].some((p) => !p.hidden);
    }
  } catch { /* the network is away; the counts stay as they are */ }
}

// Send the form and take over the editor from the answer; a redirect or an error page is followed as usual.
async function send(body, focus) {
  if (busy) return;
  busy = true;
  state.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form().action, { method: "POST", body, redirect: "manual" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#editor-state");
    if (!fresh) { location.reload(); return; }
    const scrolled = document.querySelector(".tree-scroll")?.scrollTop ?? 0;
    state.replaceChildren(...fresh.childNodes);
    prepare(true);
    const scroll = document.querySelector(".tree-scroll");
    if (scroll) scroll.scrollTop = scrolled;
    const next = focus && (form().querySelector(`[name=do][value="${CSS.escape(focus)}"]:not(:disabled)`) ?? form().querySelector("#rows [name=do][value=add]"));
    if (next) next.focus();
  } catch { /* the network is away; nothing was changed */ } finally {
    busy = false;
    state.removeAttribute("aria-busy");
  }
}

function remember() {
  const now = fields().toString();
  if (past.at(-1) !== now) { past.push(now); future.length = 0; }
  if (past.length > 100) past.shift();
  offer();
}

async function travel(from, to) {
  const now = fields().toString();
  while (from.length && from.at(-1) === now) from.pop();
  if (!from.length) return offer();
  to.push(now);
  const body = new URLSearchParams(from.pop());
  body.set("do", "check");
  await send(body);
  offer();
}

function offer() {
  const now = fields().toString();
  const undo = document.querySelector("#undo"), redo = document.querySelector("#redo");
  if (undo) undo.disabled = !past.some((one) => one !== now);
  if (redo) redo.disabled = !future.length;
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function show() {
  const wanted = (document.querySelector("#tree-search")?.value ?? "").trim().toLowerCase();
  const rows = [...document.querySelectorAll(".tree [data-node]")];
  const named = (row) => row.querySelector(".node-name").textContent.toLowerCase().includes(wanted);
  const hits = wanted ? rows.filter(named).map((row) => row.dataset.node) : [];
  for (const row of rows) {
    const path = row.dataset.node;
    const parts = path.split("-");
    const hiddenBy = parts.slice(0, -1).some((_, k) => closed.has(parts.slice(0, k + 1).join("-")));
    row.hidden = wanted ? !hits.some((hit) => hit === path || hit.startsWith(path + "-")) : hiddenBy;
    const twist = row.querySelector(".twist");
    if (twist) {
      const open = wanted ? true : !closed.has(path);
      twist.setAttribute("aria-expanded", String(open));
      twist.textContent = open ? "▾" : "▸";
    }
  }
}

function steer(event) {
  const row = event.target.closest("[data-node]");
  if (!row || !event.target.matches(".twist")) return;
  const twists = [...document.querySelectorAll(".tree [data-node]:not([hidden]) .twist")];
  const at = twists.indexOf(event.target);
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in moves) twists[at + moves[event.key]]?.focus();
  else if (event.key === "ArrowRight") closed.delete(row.dataset.node);
  else if (event.key === "ArrowLeft") closed.add(row.dataset.node);
  else return;
  event.preventDefault();
  show();
}

function grow() {
  const rows = [...document.querySelectorAll(".tree [data-node]")];
  if (!rows.length) return;
  if (!opened) for (const row of rows) if ("branch" in row.dataset && row.dataset.depth > 1) closed.add(row.dataset.node);
  opened = true;
  for (const row of rows) {
    const name = row.querySelector(".node-name");
    const twist = document.createElement("branch" in row.dataset ? "button" : "span");
    twist.className = "branch" in row.dataset ? "twist" : "twist-none";
    if (twist.type) {
      twist.type = "button";
      twist.setAttribute("aria-label", name.textContent);
      twist.addEventListener("click", () => { closed.has(row.dataset.node) ? closed.delete(row.dataset.node) : closed.add(row.dataset.node); show(); });
    }
    name.before(twist);
  }
  const search = document.querySelector("#tree-search");
  search.parentElement.hidden = false;
  search.addEventListener("input", (event) => { event.stopPropagation(); show(); });
  const branches = rows.filter((row) => "branch" in row.dataset).map((row) => row.dataset.node);
  search.parentElement.after(
    button(form().dataset.open, () => { closed.clear(); show(); }),
    button(form().dataset.close, () => { branches.forEach((path) => closed.add(path)); show(); }),
  );
  document.querySelector(".tree").addEventListener("keydown", steer);
  show();
}

// A row that moved takes the focus along, so that it can be moved on.
function followed(pressed) {
  const [, way, at] = /^(up|down)-(\d+)$/.exec(pressed) ?? [];
  if (!way) return pressed;
  const place = Number(at) + (way === "up" ? -1 : 1);
  const last = form().querySelectorAll("[name=row]").length - 1;
  const other = way === "up" ? "down" : "up";
  return `${place === (way === "up" ? 0 : last) ? other : way}-${place}`;
}

// Alt with an arrow moves the row that is being written.
function carry(event) {
  const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!way || !event.altKey || event.target.matches("select")) return;
  const row = event.target.closest("#rows tbody tr");
  const pressed = row?.querySelector(`[name=do][value^="${way}-"]:not(:disabled)`);
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
}

function prepare(answered = false) {
  const here = form();
  here.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(count, 400); });
  here.addEventListener("change", remember);
  here.addEventListener("keydown", carry);
  here.addEventListener("submit", (event) => {
    const pressed = event.submitter;
    if (!pressed || pressed.value === "save") { saving = true; return; }
    event.preventDefault();
    remember();
    const body = fields();
    body.set("do", pressed.value);
    send(body, followed(pressed.value)).then(remember);
  });
  const actions = here.querySelector(".form-actions");
  if (actions && !here.querySelector("fieldset").disabled) {
    const undo = button(here.dataset.undo, () => travel(past, future)), redo = button(here.dataset.redo, () => travel(future, past));
    undo.id = "undo";
    redo.id = "redo";
    actions.classList.add("editor-tools");
    actions.append(undo, redo);
    // What a button did is said where it is seen, whatever part of the page is on the screen.
    if (answered) actions.append(...state.querySelectorAll(":scope > .alert-info, :scope > .alert-danger"));
  }
  grow();
  offer();
  count();
}

if (state && form()) {
  prepare();
  remember();
  saved = content();
  window.addEventListener("beforeunload", (event) => { if (!saving && edited()) event.preventDefault(); });
  // Forms are assembled from what is saved: nobody shall take them for what stands on the page.
  document.querySelector(".assemble form")?.addEventListener("submit", (event) => {
    if (!edited()) return;
    event.preventDefault();
    document.querySelector("#save-first").hidden = false;
    form().querySelector("[name=do][value=save]").focus();
  });
}
