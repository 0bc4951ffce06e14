// The item bank's comforts: counting the selection, live preview, finding a point, keys for the reviewer.
// Every page works without this file.

for (const hint of document.querySelectorAll("[data-needs-script]")) hint.hidden = false;

for (const button of document.querySelectorAll("[data-confirm-button]")) {
  button.addEventListener("click", (event) => {
    if (!window.confirm(button.dataset.confirmButton)) event.preventDefault();
  });
}

for (const form of document.querySelectorAll("form[data-bulk]")) {
  const told = form.querySelector("[data-selected]");
  const everything = form.querySelector("[data-everything]");
  const count = () => {
    const n = form.querySelectorAll('input[name="item"]:checked').length;
    if (told) told.textContent = n && !everything?.checked ? told.dataset.text.replace("#", n) : "";
  };
  form.addEventListener("change", count);
  for (const button of form.querySelectorAll("[data-confirm-everything]")) {
    button.addEventListener("click", (event) => {
      if (everything?.checked && !window.confirm(button.dataset.confirmEverything)) event.preventDefault();
    });
  }
  count();
}

for (const tree of document.querySelectorAll("[data-point-tree]")) {
  const sought = tree.querySelector("[data-point-filter]");
  const box = tree.querySelector(".point-scroll");
  const chosen = box.querySelector("input:checked");
  if (chosen?.value) box.scrollTop = chosen.getBoundingClientRect().top - box.getBoundingClientRect().top - 80;
  const wasOpen = new Map([...tree.querySelectorAll("details")].map((branch) => [branch, branch.open]));
  const narrow = () => {
    const words = sought.value.trim().toLowerCase();
    for (const choice of tree.querySelectorAll(".point-choice")) {
      choice.hidden = Boolean(words) && !choice.textContent.toLowerCase().includes(words);
      choice.style.display = choice.hidden ? "none" : "";
    }
    for (const branch of [...tree.querySelectorAll("details")].reverse()) {
      const left = [...branch.querySelectorAll(".point-choice")].some((choice) => !choice.hidden);
      branch.style.display = left ? "" : "none";
      branch.open = words ? left : wasOpen.get(branch);
    }
  };
  sought.addEventListener("input", narrow);
  sought.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    [...tree.querySelectorAll(".point-choice:not([hidden]) input")].find((box) => box.value)?.click();
  });
}

const write = document.querySelector("form[data-write]");
if (write) {
  const pane = write.querySelector("[data-preview-pane]");
  let waiting = 0;
  let dirty = false;
  const refresh = async () => {
    const body = new URLSearchParams(new FormData(write));
    try {
      const answer = await fetch(write.dataset.preview, { method: "POST", body });
      if (answer.ok) pane.innerHTML = await answer.text();
    } catch { /* the network is away; the button still asks the server */ }
  };
  write.addEventListener("input", () => {
    dirty = true;
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 500);
  });
  write.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      write.querySelector("[data-save]").click();
    }
  });
  const change = write.querySelector("[data-bank-change]");
  for (const name of ["occupation_id", "level"]) {
    write.elements[name]?.addEventListener("change", () => { dirty = false; change.click(); });
  }
}

// Keys with Ctrl act anywhere; the arrows only outside of fields. No single letter decides about an item.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.shiftKey) return;
  const control = event.ctrlKey || event.metaKey;
  if (!control && event.target.closest("input, textarea, select")) return;
  const key = (control ? "Ctrl+" : "") + (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return;
  event.preventDefault();
  const comment = document.querySelector("#comment");
  if (target.value === "send_back" && comment && !comment.value.trim()) comment.focus();
  else target.click();
});
