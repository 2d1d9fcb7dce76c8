// A line of tokens: one Tab stop, arrows, Home and End select, a click selects, hovering previews.

const KINDS = { unknown: "not in the vocabulary, read as <unk>", unk: "the unknown word", eos: "end of a line" };

// `name` labels the list, `select(index)` is called with the place that a person chose, `preview(index or null)` with the one pointed at.
function tokenLine({ name, select, preview }) {
  const list = h("div", { class: "gb-tokens", role: "listbox", "aria-label": name, "aria-orientation": "horizontal" });
  const low = h("span"), high = h("span"), unit = h("span"), unknown = h("span", { class: "gb-legend__unknown" });
  const wedge = h("i", { "aria-hidden": "true" }), legend = h("div", { class: "gb-legend" }, low, wedge, high, unit, unknown);
  const items = () => [...list.children], index = event => items().indexOf(event.target.closest("[role=option]"));
  const enter = roving(list, items, select);
  list.addEventListener("click", event => { const i = index(event); if (i >= 0) select(i); });
  list.addEventListener("pointerover", event => { const i = index(event); preview?.(i >= 0 ? i : null); });
  list.addEventListener("pointerleave", () => preview?.(null));
  let drawn = null, marked = null;

  // What is said about token i: the word, what is special about it, its number and unit.
  const words = i => {
    if (i === drawn.words.length) return "the next word, after the text";
    const kind = KINDS[drawn.kinds[i]], value = drawn.numbers?.[i];
    return [drawn.words[i], kind, value ? `${value} ${drawn.unit}` : null].filter(Boolean).join(", ");
  };
  const make = () => h("button", { type: "button", role: "option", tabindex: -1 }, h("bdi", { dir: "auto" }), h("small"));
  const update = (node, word, i) => {
    const level = drawn.levels?.[i] ?? 0;
    put(node, { class: drawn.kinds[i] ?? (i === drawn.words.length ? "next" : null), "aria-label": words(i), "--v": Math.abs(level),
      "data-sign": level < 0 ? "against" : null });
    put(node.firstChild, { text: word });
    put(node.lastChild, { text: drawn.numbers?.[i] ?? "" });
  };

  function paint(line, selected) {
    if (line !== drawn) {
      drawn = line;
      each(list, line.open ? [...line.words, "?"] : line.words, make, update);
      list.classList.toggle("gb-tokens--plain", !line.numbers);
      put(node, { class: `gb-hue-${line.hue ?? "other"}` });
      put(legend, { hidden: !line.numbers, class: line.legend?.signed ? "gb-legend gb-legend--signed" : "gb-legend" });
      put(low, { text: line.legend?.low ?? "" });
      put(high, { text: line.legend?.high ?? "" });
      put(unit, { text: line.unit });
      put(unknown, { text: Object.values(line.kinds).includes("unknown") ? "dotted: not in the vocabulary, read as <unk>" : "" });
      marked = undefined;
    }
    if (selected === marked) return;
    marked = selected;
    const nodes = items(), inside = list.contains(document.activeElement);
    nodes.forEach((node, i) => put(node, { "aria-selected": String(i === selected) }));
    enter(selected ?? 0);
    if (inside) nodes[selected ?? nodes.indexOf(document.activeElement)]?.focus();
  }
  const node = h("div", {}, list, legend);
  return { node, list, legend, paint, words };
}
