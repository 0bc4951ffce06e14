// Text size and contrast; they stay with the machine, or, where the page came with a look of its own, with the attempt.

const SIZES = ["", "text-1", "text-2", "text-3"];
const GIVEN = document.documentElement.className;
const OWN = GIVEN ? `-${document.body.dataset.attempt}` : "";
const SIZE = `exam-text${OWN}`;
const CONTRAST = `exam-contrast${OWN}`;

function recall(name) { try { return localStorage.getItem(name); } catch (error) { return null; } }
function remember(name, value) { try { localStorage.setItem(name, value); } catch (error) { /* for this page only */ } }

export function keepLook() {
  const byId = (id) => document.getElementById(id);
  const first = SIZES.findIndex((name) => name && GIVEN.includes(name));
  let size = Math.min(3, Number(recall(SIZE) === null ? Math.max(0, first) : recall(SIZE)) || 0);
  let contrast = (recall(CONTRAST) || (GIVEN.includes("contrast") ? "1" : "")) === "1";
  const look = () => {
    document.documentElement.className = [SIZES[size], contrast ? "contrast" : ""].join(" ").trim();
    byId("contrast").setAttribute("aria-pressed", String(contrast));
  };
  const resize = (by) => { size = Math.min(3, Math.max(0, size + by)); remember(SIZE, size); look(); };
  byId("smaller").addEventListener("click", () => resize(-1));
  byId("larger").addEventListener("click", () => resize(1));
  byId("contrast").addEventListener("click", () => { contrast = !contrast; remember(CONTRAST, contrast ? "1" : "0"); look(); });
  look();
}
