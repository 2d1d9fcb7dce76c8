// What every Glassbox widget does the same way. A module made from a blob cannot import, so Python puts this file in front.

// Make an element: attributes, "--x" style properties, "on..." listeners, and children that are nodes or text (never markup).
function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  put(node, attributes);
  node.append(...children);
  return node;
}

// Set attributes and text, touching the page only where something differs.
function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") { if (node.textContent !== value) node.textContent = value; }
    else if (name.startsWith("--")) node.style.setProperty(name, value);
    else if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value === true ? "" : value)) node.setAttribute(name, value === true ? "" : value);
  }
  return node;
}

// A sentence in pieces, plain and emphasised in turn; each emphasised piece keeps its own direction of writing.
const pieces = list => list.map((text, i) => i % 2 ? h("b", { dir: "auto", text }) : text);

// Keep `parent`'s children equal to `items`: reuse the nodes, so that focus stays where it is.
function each(parent, items, make, update) {
  while (parent.children.length > items.length) parent.lastChild.remove();
  items.forEach((item, i) => update(parent.children[i] ?? parent.appendChild(make(i)), item, i));
}

// The index that a key leads to, or null: arrows, Home and End; up and down go to the nearest item in the row above or below.
function step(key, index, items) {
  const last = items.length - 1, at = items[index];
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowRight") return Math.min(last, index + 1);
  if (key === "ArrowLeft") return Math.max(0, index - 1);
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  const sign = key === "ArrowDown" ? 1 : -1, middle = item => item.offsetLeft + item.offsetWidth / 2;
  let best = index;
  for (let i = index + sign, row = null; i >= 0 && i <= last; i += sign) {
    if ((items[i].offsetTop - at.offsetTop) * sign <= 0) continue;
    row ??= items[i].offsetTop;
    if (items[i].offsetTop !== row) break;
    if (best === index || Math.abs(middle(items[i]) - middle(at)) < Math.abs(middle(items[best]) - middle(at))) best = i;
  }
  return best;
}

// One Tab stop for a group of items, moved by the arrow keys. `go(i)` is called when a key has moved the focus.
function roving(group, items, go) {
  const enter = i => items().forEach((item, j) => put(item, { tabindex: i === j ? 0 : -1 }));
  group.addEventListener("keydown", event => {
    const list = items(), index = list.indexOf(event.target.closest("[tabindex]"));
    const next = index < 0 || event.ctrlKey || event.metaKey || event.altKey ? null : step(event.key, index, list);
    if (next === null) return;
    event.preventDefault();
    enter(next);
    list[next].focus();
    if (next !== index) go?.(next);
  });
  group.addEventListener("focusin", event => { const i = items().indexOf(event.target); if (i >= 0) enter(i); });
  return enter;
}

// Requests to Python, one at a time. While one is under way a later one waits; of those that only set a state the latest wins.
class Asker {
  constructor(model, busy) {
    this.model = model; this.busy = busy; this.view = Math.random().toString(36).slice(2, 12) || "v"; this.n = 0; this.queue = []; this.under = null;
  }
  // `latest`: only the last of these matters. `flows`: answers are drawn even while the next one is under way (a slider).
  ask(kind, values = {}, { latest = false, flows = false } = {}) {
    if (latest) this.queue = this.queue.filter(waiting => waiting.kind !== kind);
    this.queue.push({ kind, values, flows });
    this.next();
  }
  next() {
    if (this.under || !this.queue.length) return;
    const { kind, values, flows } = this.queue.shift(), n = ++this.n;
    const slow = setTimeout(() => this.busy("asking the models …"), 150);
    const late = setTimeout(() => { this.busy("Python has not answered for 10 seconds: the kernel may be busy with another cell."); this.done(n); }, 10000);
    this.under = { n, kind, flows, stop: () => { clearTimeout(slow); clearTimeout(late); } };
    this.model.send({ kind, view: this.view, n, with: values });
  }
  // Python has dealt with request `n`; returns its kind, or null if it is not the one under way.
  done(n) {
    if (this.under?.n !== n) return null;
    const { kind, stop } = this.under;
    stop();
    this.under = null;
    this.next();
    return kind;
  }
  get waiting() { return this.under !== null || this.queue.length > 0; }
  get overtaken() { return this.queue.length > 0 || (this.under !== null && !this.under.flows); }
  stop() { this.under?.stop(); this.queue = []; }
}

// A widget's default export. `build(ui)` fills the card once and returns `paint(answered)`, called whenever Python's state has changed.
function widget(build) {
  return { render({ model, el }) {
    const error = h("div", { class: "gb__error" }), busy = h("span", { class: "gb__busy", "aria-live": "polite" });
    const heading = h("span", { class: "gb__name" }), say = h("p", { class: "gb__say" }), note = h("p", { class: "gb__note", role: "note" });
    const large = h("button", { type: "button", class: "gb__large", onclick: () => asker.ask("present", { presenting: !model.get("card").presenting }) }, "Large type");
    const body = h("div", { class: "gb__body" }), live = h("p", { class: "gb__live", role: "status" });
    const root = h("section", { class: "gb", "data-gb": OWN, "data-lm-suppress-shortcuts": "true" }, h("div", { class: "gb__title" }, heading, busy, large), say, error, note, body, live);
    const asker = new Asker(model, text => { busy.textContent = text; root.setAttribute("aria-busy", "true"); });
    // Notebook shortcuts (b inserts a cell) must not see what is typed here.
    root.addEventListener("keydown", event => { if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); });
    // An alert that is put into the page is read out; one that is empty would be found by those who look for errors.
    const alert = text => { if (error.textContent !== text) error.replaceChildren(...(text ? [h("p", { role: "alert", text })] : [])); };
    const fail = problem => alert(`This widget cannot be drawn: ${problem?.message ?? problem}. Run the cell again; if it stays, reload the page.`);
    const ui = {
      model, body, root, error, ask: (...request) => asker.ask(...request), waiting: () => asker.waiting,
      say: text => { if (live.textContent !== text) live.textContent = text; },
    };
    let paint = () => {}, planned = false, answered = null, seen = model.get("_answered");
    const draw = () => {
      planned = false;
      try {
        const card = model.get("card");
        put(heading, { text: card.title });
        put(say, { text: card.say });
        put(root, { "aria-label": card.title || "Glassbox widget", "aria-busy": asker.under ? root.getAttribute("aria-busy") : null });
        root.classList.toggle("gb--present", card.presenting);
        put(large, { "aria-pressed": String(card.presenting) });
        alert(model.get("error"));
        put(note, { text: model.get("note") });
        if (!asker.under) busy.textContent = "";
        if (!asker.overtaken) { paint(answered); answered = null; } // an answer that a later request overtakes is not drawn
      } catch (problem) { fail(problem); }
    };
    const changed = () => {
      if (model.get("_answered") !== seen) {
        seen = model.get("_answered");
        const [view, n] = seen.split(":");
        if (view === asker.view) answered = asker.done(Number(n)) ?? answered;
      }
      if (!planned) { planned = true; queueMicrotask(draw); }
    };
    el.append(root);
    try { paint = build(ui); } catch (problem) { fail(problem); return; }
    const names = ["card", "error", "note", "_answered", ...(ui.watch ?? [])];
    names.forEach(name => model.on(`change:${name}`, changed));
    draw();
    return () => { names.forEach(name => model.off(`change:${name}`, changed)); asker.stop(); ui.close?.(); };
  } };
}
