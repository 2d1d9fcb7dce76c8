// ModelDuel: one text, two models, and at each word the one that was less surprised.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board");
  const form = textField(ui);
  const select = position => { line.paint(model.get("line"), position); ui.ask("select", { position, revision: model.get("line").revision }, { latest: true }); };
  let pointed = null;
  const about = h("span", { class: "gb-about" });
  const fact = () => put(about, { text: pointed === null || pointed === board().selected ? "" : line.words(pointed) });
  const line = tokenLine({ name: "your text, word by word", select, preview: i => { pointed = i; fact(); } });
  line.legend.append(about);

  const table = name => h("table", { class: "gb-duel", "aria-label": name });
  const cell = (tag, text, scope) => h(tag, { scope, text });
  const wide = (name, node) => h("div", { class: "gb-wide", role: "group", "aria-label": name }, node);
  const scores = table("Score"), after = h("p", { class: "gb-after", dir: "auto" }), strip = stripChart(select);
  const largest = table("Largest disagreements"), title = h("p", { class: "gb-most" }, "Where they disagree most, in nats");
  largest.addEventListener("click", event => { const place = event.target.closest("[data-place]")?.dataset.place; if (place !== undefined) select(Number(place)); });
  const wides = [wide("Score", scores), wide("Largest disagreements", largest)];
  const heading = h("p", { class: "gb-heading" }), bars = barPanels({});
  const undo = h("button", { type: "button", onclick: () => ui.ask("undo") }, "Undo"), reset = h("button", { type: "button", onclick: () => ui.ask("reset") }, "Reset");
  const halves = h("div", { class: "gb-halves" }, h("div", {}, wides[0], strip.node, after), h("div", {}, title, wides[1]));
  ui.body.append(form.node, line.node, halves, heading, bars.node, h("div", { class: "gb__bar" }, undo, reset));
  ui.watch = ["line", "score", "board"];

  function paintScore(score) {
    scores.replaceChildren(h("tr", {}, h("td"), ...score.columns.map(text => cell("th", text, "col"))),
      ...score.rows.map(row => h("tr", { class: `gb-hue-${row.hue}` }, cell("th", row.name, "row"), ...row.cells.map(text => cell("td", text)))));
    put(title, { hidden: !score.largest.length });
    const head = h("tr", {}, ...score.largest_columns.map(text => cell("th", text, "col")));
    each(largest, score.largest.length ? [head, ...score.largest] : [], () => h("tr"), (row, one) => {
      if (one === head) return row.replaceChildren(...head.children);
      if (!row.querySelector("button")) row.replaceChildren(h("th", { scope: "row" }, h("button", { type: "button", dir: "auto" })), ...one.cells.map(() => h("td")));
      put(row.querySelector("button"), { "data-place": one.place, text: one.word });
      one.cells.forEach((text, i) => put(row.children[i + 1], { text }));
      put(row.lastChild, { "data-sign": one.sign ?? "for" });
    });
    for (const node of wides) put(node, { tabindex: node.scrollWidth > node.clientWidth ? 0 : null }); // what the keyboard has to scroll, it has to reach
  }
  let drawn = null, first = true;
  return answered => {
    const now = model.get("line"), score = model.get("score"), seen = board();
    form.paint(now.text, answered);
    line.paint(now, seen.selected);
    fact();
    if (score !== drawn) paintScore(score);
    drawn = score;
    strip.paint([score.strip], seen.selected);
    after.replaceChildren(...pieces(score.after));
    heading.replaceChildren(...pieces(seen.heading));
    bars.paint(seen);
    largest.querySelectorAll("button").forEach(button => put(button, { "aria-current": Number(button.dataset.place) === seen.selected ? "true" : null }));
    put(undo, { "aria-disabled": String(!seen.undo) });
    if (!first) ui.say(`${seen.spoken} ${model.get("note")}`);
    first = false;
  };
});
