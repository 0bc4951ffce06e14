// The room's picture asks for itself every five seconds; the forms beside it are left alone.

const SECONDS = 5;

async function refresh() {
  const shown = document.querySelector("[data-refresh]");
  if (!shown) return;
  if (!document.hidden && !shown.contains(document.activeElement)) {
    try {
      const answer = await fetch(shown.dataset.refresh, { headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-refresh]");
      if (fresh) shown.replaceWith(fresh);
    } catch {
      if (shown.dataset.refreshLabel && !shown.querySelector("[data-stale]")) {
        const warning = document.createElement("p");
        warning.className = "alert alert-danger";
        warning.dataset.stale = "";
        warning.setAttribute("role", "alert");
        warning.textContent = shown.dataset.refreshLabel;
        shown.prepend(warning);
      }
    }
  }
  setTimeout(refresh, SECONDS * 1000);
}
setTimeout(refresh, SECONDS * 1000);
