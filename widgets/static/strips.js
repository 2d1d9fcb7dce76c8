// Numbers over the tokens of a text as strips, one quantity below the other: the strip, its scale, and the number at the place. Needs svg.js.

// `select(place)` is called with a place that was clicked; the one that is pointed at tells its number.
function stripChart(select) {
  const node = h("div", { class: "gb-strips" });
  let length = 1, drawn = null, marked = null, pointed = null;
  const place = event => {
    const box = event.target.closest("svg")?.getBoundingClientRect();
    return box ? Math.max(0, Math.min(length - 1, Math.floor((event.clientX - box.left) / box.width * length))) : null;
  };
  const point = at => { if (at !== pointed) { pointed = at; mark(); } };
  node.addEventListener("pointermove", event => point(place(event)));
  node.addEventListener("pointerleave", () => point(null));
  node.addEventListener("click", event => { const at = place(event); if (at !== null) select?.(at); });

  const make = () => h("div", { class: "gb-strip" }, h("span"), h("span", { class: "gb-strip__scale" }, h("small"), h("small")),
    s("svg", { preserveAspectRatio: "none", "aria-hidden": "true" }, ...["up", "down", "other", "here"].map(name => s("path", { class: `gb-${name}` }))), h("b"));
  const update = (row, strip) => {
    const base = strip.signed ? 1 : 2, [name, scale, svg] = row.children, y = level => (base - level * base).toFixed(3);
    const steps = sign => `M0 ${base}${strip.levels.map((level, i) => `V${y(level * sign > 0 ? level : 0)}H${i + 1}`).join("")}V${base}Z`;
    put(name, { text: strip.name });
    put(scale.firstChild, { text: strip.high });
    put(scale.lastChild, { text: strip.low });
    put(svg, { viewBox: `0 0 ${length} 2`, "data-signed": strip.signed });
    put(svg.children[0], { d: steps(1) });
    put(svg.children[1], { d: steps(-1) });
    put(svg.children[2], { d: strip.other ? strip.other.map((level, i) => `${i ? "L" : "M"}${i + .5} ${y(level)}`).join("") : null });
  };
  const mark = () => each(node, drawn, make, (row, strip) => {
    const at = pointed ?? marked;
    put(row.children[2].lastChild, { d: at === null ? null : `M${at} 0h1v2h-1z` });
    put(row.lastChild, { text: strip.numbers[at] ?? "" });
  });
  function paint(strips, selected) {
    if (strips !== drawn) {
      drawn = strips; length = strips[0].levels.length; pointed = null;
      each(node, strips, make, update);
    }
    marked = selected;
    mark();
  }
  return { node, paint };
}
