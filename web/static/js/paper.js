// The page of a paper under edit: how many of its items are locked.

const shown = document.querySelector("[data-locked]");
const boxes = [...document.querySelectorAll("input[name=locked]")];

function count() {
  shown.textContent = shown.dataset.locked.replace("#", String(boxes.filter((box) => box.checked).length));
}

if (shown) {
  document.addEventListener("change", (event) => { if (event.target.matches("input[name=locked], [data-select-all=locked]")) count(); });
  window.addEventListener("pageshow", count);
  count();
}
