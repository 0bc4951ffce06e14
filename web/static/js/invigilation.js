// The room as it is now: the server tells what changed, and the cells are written in place. Nothing is loaded anew, so
// that what is being typed beside the map stays. Without this script the page is fetched again by hand.

const card = document.querySelector("[data-live]");
const STALE_SECONDS = 10;

const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);

class Console {
  constructor(shown) {
    this.shown = shown;
    ({ states: this.states, said: this.said } = JSON.parse(shown.dataset.words));
    this.rows = new Map();
    this.cells = new Map([...shown.querySelectorAll("[data-seat]")].map((cell) => [cell.dataset.seat, cell]));
    this.heard = performance.now();
    this.clock = null;
    this.open();
    setInterval(() => this.tick(), 1000);
    const label = shown.querySelector("[data-arrange-label]");
    if (label) {
      label.hidden = false;
      label.querySelector("select").addEventListener("change", () => this.arrange());
      shown.querySelector(".seat-plan").addEventListener("keydown", (event) => this.walk(event));
    }
  }

  open() {
    this.source = new EventSource(this.shown.dataset.live);
    this.source.addEventListener("seats", (event) => this.take(JSON.parse(event.data)));
    this.source.addEventListener("still", (event) => this.hear(Number(event.data)));
    this.source.addEventListener("end", (event) => {
      this.source.close();
      this.ended = true;
      if (event.data === "closed") window.location.reload();
      else this.warn(this.said.login);
    });
    // A browser asks again by itself after a break; after a refusal it does not.
    this.source.addEventListener("error", () => {
      if (this.source.readyState === EventSource.CLOSED && !this.ended) setTimeout(() => this.open(), 5000);
    });
  }

  hear(at) {
    this.heard = performance.now();
    this.clock = at;
    if (!this.ended) this.warn("");
  }

  take(news) {
    this.hear(news.at);
    for (const [key, row] of Object.entries(news.rows)) this.rows.set(key, row);
    for (const key of news.gone) this.rows.delete(key);
    if (!this.cells.size) { this.overview(); return; }
    // Somebody was moved in or out: the seats themselves are others now.
    const moved = Object.entries(news.rows).some(([key, row]) => this.cells.get(key)?.dataset.number !== String(row[9]));
    if (news.gone.length || moved) { this.refetch(); return; }
    for (const key of Object.keys(news.rows)) this.draw(key);
    this.count();
    this.arrange();
  }

  refetch() {
    const typing = document.activeElement?.closest("form");
    if (!typing && !this.leaving) { this.leaving = true; window.location.reload(); }
  }

  now() { return this.clock + performance.now() - this.heard; }

  draw(key) {
    const cell = this.cells.get(key);
    const [state, , , , devices, , , quiet] = this.rows.get(key);
    const [word, tone, icon] = this.states[state];
    cell.dataset.state = state;
    cell.className = `seat seat-${tone}${quiet ? " seat-quiet" : ""}`;
    cell.querySelector("[data-icon]").textContent = icon;
    cell.querySelector("[data-word]").textContent = quiet && this.said.quiet ? this.said.quiet : word;
    const warning = cell.querySelector("[data-quiet]");
    if (warning) warning.hidden = !quiet;
    const browser = cell.querySelector("[data-browser]");
    if (browser) {
      const shown = this.rows.get(key)[10];
      browser.textContent = this.said.signs[shown] || "";
      browser.title = this.said.browsers[shown] || "";
    }
    if (devices) this.line(key, cell);
  }

  // How far, and how long still: in full on the cell, or as its title where seats are drawn small.
  line(key, cell) {
    const [, answered, items, saved, devices, due, left, , , , , part, resting] = this.rows.get(key);
    const seconds = due === null ? left : Math.max(0, (due - this.now()) / 1000);
    let text = fill(this.said.answered, { answered, items });
    const rest = resting && seconds !== null ? fill(this.said.rest, { minutes: Math.ceil(seconds / 60) }) : "";
    if (part && seconds !== null) text = `${fill(this.said.part, { n: part })} · ${text}`;
    if (seconds !== null) text += ` · ${rest || fill(this.said.left, { minutes: Math.floor(seconds / 60) })}`;
    const time = saved ? new Date(saved).toLocaleTimeString() : "—";
    // The first number is the start's, and each part after the first has one of its own.
    const told = fill(this.said.saved, { time, times: Math.max(0, devices - (part || 1)) });
    const title = this.said.line ? `${text} · ${told}` : told;
    const short = this.said.line ? rest || fill(this.said.line, { answered }) : text;
    const line = cell.querySelector("[data-line]");
    if (cell.title !== title) cell.title = title;
    if (line.textContent !== short) line.textContent = short;
  }

  badges(counts) {
    return Object.keys(this.states).filter((state) => counts[state]).flatMap((state) => {
      const badge = document.createElement("span");
      badge.className = `badge badge-${this.states[state][1]}`;
      badge.textContent = `${this.states[state][3]} ${counts[state]}`;
      return [badge, " "];
    });
  }

  count() {
    const counts = {};
    for (const [state] of this.rows.values()) counts[state] = (counts[state] || 0) + 1;
    this.shown.querySelector("[data-counts]").replaceChildren(...this.badges(counts));
  }

  overview() {
    for (const [room, counts] of this.rows) {
      this.shown.querySelector(`[data-room="${room}"]`)?.replaceChildren(...this.badges(counts));
    }
  }

  arrange() {
    const how = this.shown.querySelector("[data-arrange]").value;
    const wanted = (cell) => (how === "seat" ? 0 : 1 - (this.rows.get(cell.dataset.seat)?.[8] ?? 0));
    const order = [...this.cells.values()].sort((a, b) => wanted(a) - wanted(b) || a.dataset.number - b.dataset.number);
    const plan = this.shown.querySelector(".seat-plan");
    for (const cell of order) cell.hidden = how === "only" && wanted(cell) === 1;
    if (order.some((cell, place) => plan.children[place] !== cell)) {
      const focused = document.activeElement;
      plan.append(...order);
      if (plan.contains(focused)) focused.focus();
    }
  }

  // The arrow keys go from seat to seat, up and down by rows.
  walk(event) {
    const seats = [...this.shown.querySelectorAll("[data-seat]:not([hidden])")];
    const at = seats.indexOf(event.target.closest("[data-seat]"));
    if (at < 0) return;
    const row = seats.findIndex((seat) => seat.offsetTop !== seats[0].offsetTop);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row };
    if (!(event.key in steps)) return;
    event.preventDefault();
    seats[at + steps[event.key]]?.focus();
  }

  tick() {
    const seconds = Math.round((performance.now() - this.heard) / 1000);
    this.shown.querySelector("[data-age]").textContent = fill(this.said.age, { seconds });
    if (seconds >= STALE_SECONDS && !this.ended) this.warn(this.said.gone);
    if (this.clock === null) return;
    for (const [key, cell] of this.cells) {
      if (this.rows.get(key)?.[5]) this.line(key, cell);
    }
  }

  warn(text) {
    const place = this.shown.querySelector("[data-gone]");
    if (place.textContent !== text) place.textContent = text;
    place.hidden = !text;
    this.shown.querySelector(".seat-plan, table").classList.toggle("seat-stale", Boolean(text));
  }
}

if (card) new Console(card);
