// ClipGauge: arrows of two numbers, a limit through a training's norms, and the same training with and without.

export default widget(ui => {
  const { model, ask } = ui, board = () => model.get("board"), flow = { latest: true, flows: true };
  const tabs = radiosPart(name => ask("view", { name }, { latest: true }));
  const views = h("fieldset", { class: "gb-tabs" }, h("legend", { class: "gb-hidden" }, "what is shown"), tabs.node);
  const choices = choicesPart([["pair", "training"]], (name, value) => ask("choose", { name, value }, { latest: true }));

  // Sliders: both components, the limit of the arrows, that of the training.
  const slide = (words, send, shape = {}) => {
    const value = h("b", { class: "gb__number" }), node = h("input", { type: "range", step: .1, ...shape, oninput: () => { put(value, { text: node.value.replace("-", "−") }); send(); } });
    return { node, value, label: h("label", {}, words, node, value) };
  };
  const move = () => ask("gradient", { x: Number(x.node.value), y: Number(y.node.value) }, flow);
  const x = slide("first component", move), y = slide("second component", move), limit = slide("limit", () => ask("limit", { value: Number(limit.node.value) }, flow));
  const clip = slide("limit", () => ask("clip", { place: Number(clip.node.value) }, flow), { step: 1, min: 0 });
  const reset = h("button", { type: "button", onclick: () => ask("reset") }, "Reset");
  const set = (slider, at, text) => { slider.node.value = at; put(slider.value, { text }); put(slider.node, { "aria-valuetext": text }); };
  const signed = value => value.toFixed(1).replace("-", "−");

  // The arrow's tip follows a pointer, too.
  const plot = plotPart(() => {}), svg = plot.node.firstChild;
  const aim = event => {
    const { plot: { area }, limits: [, , full] } = board();
    if (!area) return;
    const at = pointIn(svg, event), [left, right, top, bottom, edge] = area;
    const place = (here, low, high) => Math.max(-full, Math.min(full, Math.round(10 * edge * (2 * (here - low) / (high - low) - 1)) / 10));
    ask("gradient", { x: place(at.x, left, right), y: place(at.y, bottom, top) }, flow);
  };
  put(svg, { onpointerdown: event => { svg.setPointerCapture(event.pointerId); aim(event); }, onpointermove: event => event.buttons && aim(event) });

  const head = h("tr"), body = h("tbody"), numbers = h("table", {}, h("thead", {}, head), body), wide = h("div", { class: "gb-wide", role: "group", "aria-label": "Numbers" }, numbers);
  const summary = h("summary", {}, "Whole gradients of this training, before and after clipping"), folded = h("details", { class: "gb-folded" }, summary);
  const said = h("div", { class: "gb-finds" }), facts = h("div", { class: "gb__hint" }), key = h("p", { class: "gb-key" }, ...[["mean", "gradient"], ["norm", "by norm: into the circle"], ["value", "by value: into the square"]].map(([name, text]) => h("span", {}, h("i", { class: `gb-${name}` }), text)));
  const aside = h("div", { class: "gb-aside" }), both = h("div", { class: "gb-both" }, plot.node, aside);
  ui.body.append(views, h("div", { class: "gb__bar" }, ...choices.nodes, x.label, y.label, limit.label, clip.label, reset), both, facts);
  ui.watch = ["board"];

  let first = true;
  return () => {
    const seen = board(), arrow = seen.view === "arrow";
    tabs.paint(seen.views, seen.view);
    choices.paint(arrow ? {} : seen.choices, seen.chosen);
    [x, y, limit].forEach(slider => { slider.label.hidden = !arrow; });
    key.hidden = !arrow;
    clip.label.hidden = seen.view !== "training";
    const [low, high, full] = seen.limits;
    [x, y].forEach(slider => put(slider.node, { min: -full, max: full }));
    put(limit.node, { min: low, max: high });
    put(clip.node, { max: seen.places });
    if (!ui.waiting()) {
      [x, y].forEach((slider, i) => set(slider, seen.gradient[i], signed(seen.gradient[i])));
      set(limit, seen.limit, signed(seen.limit));
      clip.node.value = seen.place;
    }
    put(clip.value, { text: seen.clip });
    put(clip.node, { "aria-valuetext": seen.clip });
    put(both, { class: arrow ? "gb-both gb-arrows" : "gb-both" });
    plot.paint(seen.plot, seen.spoken);
    const place = arrow ? [key, wide, said] : seen.rows.length ? [said, folded] : [said];
    if (place.some((node, i) => aside.children[i] !== node) || aside.children.length !== place.length) { aside.replaceChildren(...place); if (!arrow) folded.replaceChildren(summary, wide); }
    each(said, seen.said, () => h("p"), (node, text) => put(node, { text }));
    each(facts, seen.facts, () => h("p"), (node, text) => put(node, { text }));
    each(head, seen.heads, () => h("th", { scope: "col" }), (node, text) => put(node, { text }));
    each(body, seen.rows, () => h("tr"), (row, cells) => each(row, cells, i => i ? h("td") : h("th", { scope: "row" }), (cell, text) => put(cell, { text })));
    put(wide, { tabindex: wide.scrollWidth > wide.clientWidth ? 0 : null });
    if (!first) ui.say(seen.spoken);
    first = false;
  };
});
