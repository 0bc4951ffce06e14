// What every page can do beyond plain HTML: confirmations, job progress, selection of all rows, menus that close.

// A form asks before it is sent, or only some of its buttons do.
document.addEventListener("submit", (event) => {
  const words = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (words && !event.defaultPrevented && !window.confirm(words)) event.preventDefault();
});

// A card that is wider than the window scrolls sideways: then the keyboard must reach it.
const reach = () => {
  for (const card of document.querySelectorAll(".card")) {
    if (card.scrollWidth > card.clientWidth) card.tabIndex = 0;
    else card.removeAttribute("tabindex");
  }
};
window.addEventListener("resize", reach);
reach();

// A form is sent once: a second click while the first is under way does nothing. One that answers with files is not
// left by sending it, and may be sent for the next file at once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || "files" in form.dataset) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});

for (const all of document.querySelectorAll("input[data-select-all]")) {
  const boxes = () => [...all.form.elements].filter((box) => box.name === all.dataset.selectAll && !box.disabled);
  all.addEventListener("change", () => boxes().forEach((box) => { box.checked = all.checked; }));
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});

for (const drop of document.querySelectorAll("[data-file-drop]")) {
  const input = drop.querySelector("input[type=file]");
  const mark = (on) => (event) => { event.preventDefault(); drop.classList.toggle("file-drop-over", on); };
  drop.addEventListener("dragover", mark(true));
  drop.addEventListener("dragleave", mark(false));
  drop.addEventListener("drop", (event) => { mark(false)(event); input.files = event.dataTransfer.files; });
}

async function followJob() {
  const job = document.querySelector("[data-job]");
  if (!job) return;
  // Replaced, so that "back" leads to where the job was asked for and not here again.
  if (job.dataset.goto) { window.location.replace(job.dataset.goto); return; }
  if (!job.dataset.poll) return;
  try {
    const answer = await fetch(job.dataset.poll, { headers: { "HX-Request": "true" } });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-job]");
      if (fresh) job.replaceWith(fresh);
    }
  } catch { /* the network is away; ask again */ }
  setTimeout(followJob, 1000);
}
setTimeout(followJob, 800);
