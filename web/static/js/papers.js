// Live supply counts in the blueprint editor; without this script the button “count the supply” does the same.

const form = document.querySelector("form[data-supply-url]");
let timer = 0;

async function count() {
  try {
    const answer = await fetch(form.dataset.supplyUrl, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) return;
    const found = await answer.json();
    const values = { ...found.counts, items: found.items, marks: found.marks };
    for (const output of form.querySelectorAll("[data-supply]")) {
      const value = values[output.dataset.supply];
      output.textContent = value ?? "—";
      output.classList.toggle("supply-short", asked(output.dataset.supply) > value);
    }
  } catch { /* the network is away; the counts stay as they are */ }
}

function asked(name) {
  const field = name.startsWith("section-") ? name.slice(8) + "-count" : name + "-minimum";
  return Number(form.elements[field]?.value || 0);
}

if (form) {
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(count, 400); });
  count();
}
