// ScaleSlider: bars without and with √d, what they add up to, and how both go with d.

export default widget(ui => {
  const { model, ask } = ui, board = () => model.get("board");
  const pair = h("div", { class: "gb-scales" }), table = h("table", { class: "gb-grid gb-scale-numbers" }), curves = h("div", { class: "gb-scales" }), legend = h("p", { class: "gb-scale-legend" });
  const button = (text, kind) => h("button", { type: "button", onclick: () => ask(kind) }, text);
  const value = h("span", { class: "gb__number" }), seed = h("span", { class: "gb-seed" }), repeated = h("p", { class: "gb__hint" });
  const width = () => board().widths[Number(slider.value)];
  const named = () => { put(value, { text: String(width()) }); put(slider, { "aria-valuetext": `d = ${width()}` }); };
  const slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "d, numbers in a vector", oninput: () => { named(); ask("set", { d: width() }, { latest: true, flows: true }); } });
  const wide = h("div", { class: "gb-wide", role: "group", "aria-label": "Numbers" }, table);
  ui.body.append(h("div", { class: "gb__bar gb-scale-bar" }, h("label", {}, "d, numbers in a vector", slider, value), button("Another draw", "another"), button("Repeat exactly", "repeat"), button("Reset", "reset"), seed), repeated,
    pair, wide, curves, legend);
  ui.watch = ["board"];

  const makePanel = () => h("div", { class: "gb-scale-panel", role: "group" }, h("p", {}, h("b"), " ", h("span", { class: "gb__hint" })), h("div"));
  const makeRow = () => h("div", { class: "gb-scale-row" }, h("span"), h("span"), h("i", { "aria-hidden": "true" }), h("span"));
  function paintPanel(node, panel) {
    const [head, rows] = node.children;
    put(node, { "aria-label": panel.name });
    put(head.children[0], { text: panel.name });
    put(head.children[1], { text: panel.formula });
    each(rows, panel.rows, makeRow, (row, { head, score, share, width }) => {
      [head, score, null, share].forEach((text, i) => { if (text !== null) put(row.children[i], { text }); });
      put(row, { "--p": width });
    });
  }

  // Two lines over d and the place where d is: each line is a thin shape cut out of a field.
  const makeCurve = () => h("div", { class: "gb-scale-panel" }, h("p", {}, h("b"), " ", h("span", { class: "gb__hint" })),
    h("div", { class: "gb-scale-curve", role: "img" }, h("i"), h("i", { class: "plain" }), h("i", { class: "scaled" })), h("p", { class: "gb-scale-ends gb__hint" }, h("span"), h("span")));
  const edge = (points, by) => points.map(([x, y]) => `${100 * x}% calc(${100 - 100 * y}% + ${by}px)`);
  const line = points => `polygon(${[...edge(points, -1.5), ...edge(points, 1.5).reverse()].join()})`;
  function paintCurve(node, curve) {
    const [head, field, ends] = node.children, [here, plain, scaled] = field.children;
    put(head.children[0], { text: curve.name });
    put(head.children[1], { text: curve.range });
    put(field, { "aria-label": curve.words });
    put(here, { "--x": `${100 * curve.at}%` });
    put(plain, { "--line": line(curve.plain) });
    put(scaled, { "--line": line(curve.scaled) });
    curve.ends.forEach((d, i) => put(ends.children[i], { text: `d = ${d}` }));
  }

  let first = true;
  return () => {
    const now = board();
    put(slider, { max: now.widths.length - 1 });
    if (!ui.waiting()) slider.value = now.widths.indexOf(now.d); // not under a moving hand
    named();
    each(pair, now.panels, makePanel, paintPanel);
    each(table, [now.heads, ...now.table], () => h("tr"), (line, cells, r) => each(line, cells, i => h(i && r ? "td" : "th", { scope: r ? (i ? null : "row") : "col" }), (node, text) => put(node, { text })));
    put(wide, { tabindex: wide.scrollWidth > wide.clientWidth ? 0 : null });
    each(curves, now.curves, makeCurve, paintCurve);
    put(legend, { text: now.legend });
    put(seed, { text: now.seed });
    put(repeated, { text: now.repeated });
    if (!first) ui.say(`${now.repeated} ${now.spoken}`);
    first = false;
  };
});
