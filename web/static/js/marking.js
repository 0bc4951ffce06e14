// The score sheet by keyboard: Enter goes to the next line, Ctrl+Enter submits; the sum follows the entries.

const form = document.querySelector("form[data-sheet]");
const inputs = form ? [...form.querySelectorAll("[data-score]")] : [];
const sum = form?.querySelector("[data-sum]");

function refresh() {
  // In hundredths, so that 0.1 + 0.2 is 0.3.
  let total = 0;
  for (const input of inputs) {
    const text = input.value.trim();
    const value = Number(text);
    const wrong = text !== "" && !(value >= 0 && value <= Number(input.dataset.max));
    input.setCustomValidity("");
    if (wrong) input.setAttribute("aria-invalid", "true");
    else { input.removeAttribute("aria-invalid"); total += Math.round(value * 100); }
  }
  if (sum) sum.textContent = String(total / 100);
}

inputs.forEach((input, place) => {
  input.addEventListener("input", refresh);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) form.requestSubmit(form.querySelector("[data-submit]"));
    else (inputs[place + 1] ?? form.querySelector("[data-submit]"))?.focus();
    inputs[place + 1]?.select();
  });
});
refresh();
inputs.find((input) => !input.disabled && input.value === "")?.focus();
