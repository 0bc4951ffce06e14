// What the modules of the examination page share: its parts, its words, its pauses.

// The page as the server sent it, before any script touched it; it is kept for a reload without network.
export const original = `<!doctype html>${document.documentElement.outerHTML}`;

export const byId = (id) => document.getElementById(id);
export const { body } = document;
export const { attempt } = body.dataset;
export const words = JSON.parse(byId("words").textContent);
export const say = (key, facts) => Object.entries(facts || {}).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[key]);
export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
// Between 0.6 and 1.4 of it, so that many machines do not come at once.
export const jitter = (milliseconds) => milliseconds * (0.6 + 0.8 * Math.random());

export function button(text, action, look) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: look || "button", textContent: text });
  made.addEventListener("click", action);
  return made;
}

export function notice(text, ...buttons) {
  const place = byId("notice");
  place.textContent = text;
  place.hidden = !text;
  place.append(...buttons);
}

export function announce(text) { byId("announcer").textContent = text; }
