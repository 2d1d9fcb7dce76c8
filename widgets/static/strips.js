// Numbers over the tokens of a text as strips, one quantity below the other: the strip, its scale, and the number at the place.

// Make an SVG element, as `h` makes others.
function s(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  put(node, attributes);
  node.append(...children);
  return node;
}

// `select(place)` is called with a place that was clicked, `preview(place or null)` with the one pointed at.
function stripChart({ select, preview }) {
  const node = h("div", { class: "gb-strips" });
  let length = 1, drawn = null, marked = null, pointed = null;
  const place = event => {
    const box = node.querySelector("svg").getBoundingClientRect(), at = Math.floor((event.clientX - box.left) / box.width * length);
    return event.target.closest("svg") && at >= 0 && at < length ? at : null;
  };
  const point = at => { if (at !== pointed) { pointed = at; mark(); preview?.(at); } };
  node.addEventListener("pointermove", event => point(place(event)));
  node.addEventListener("pointerleave", () => point(null));
  node.addEventListener("click", event => { const at = place(event); if (at !== null) select?.(at); });

  const make = () => h("div", { class: "gb-strip" }, h("span", { class: "gb-strip__name" }), h("span", { class: "gb-strip__scale", "aria-hidden": "true" }, h("small"), h("small")),
    s("svg", { preserveAspectRatio: "none", "aria-hidden": "true" }, s("path", { class: "gb-up" }), s("path", { class: "gb-down" }), s("path", { class: "gb-other" }), s("path", { class: "gb-zero" }), s("rect", { class: "gb-here", y: 0, width: 1, height: 2 })),
    h("b", { class: "gb-strip__number" }));
  const update = (row, strip) => {
    const base = strip.signed ? 1 : 2, unit = base === 1 ? 1 : 2, [name, scale, svg] = row.children, [up, down, other, zero] = svg.children;
    const steps = (levels, sign) => `M0 ${base}${levels.map((level, i) => `V${(base - unit * sign * Math.max(0, level * sign)).toFixed(3)}H${i + 1}`).join("")}V${base}Z`;
    put(name, { text: strip.name });
    put(scale.children[0], { text: strip.high });
    put(scale.children[1], { text: strip.low });
    put(svg, { viewBox: `0 0 ${length} 2` });
    put(up, { d: steps(strip.levels, 1) });
    put(down, { d: steps(strip.levels, -1) });
    put(other, { d: strip.other ? strip.other.map((level, i) => `${i ? "L" : "M"}${i + .5} ${base - unit * level}`).join("") : "M0 0" });
    put(zero, { d: `M0 ${base}H${length}` });
  };
  const mark = () => [...node.children].forEach((row, i) => {
    const at = pointed ?? marked;
    put(row.querySelector("rect"), { x: at ?? 0, visibility: at === null ? "hidden" : "visible" });
    put(row.lastChild, { text: at === null ? "" : drawn[i].numbers[at] });
  });
  function paint(strips, selected) {
    if (strips !== drawn) {
      drawn = strips; length = Math.max(1, strips[0]?.levels.length ?? 1); pointed = null;
      each(node, strips, make, update);
    }
    marked = selected;
    mark();
  }
  return { node, paint };
}
