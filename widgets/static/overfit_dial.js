// OverfitDial: two sliders, the curves of that training, what they say, and a map of all trainings.

export default widget(ui => {
  const now = () => ui.model.get("board");
  const turn = (fraction, dropout) => ui.ask("turn", { fraction, dropout }, { latest: true, flows: true });

  const makeDial = (words, name) => {
    const input = h("input", { type: "range", min: 0, step: 1, oninput: () => { told(); turn(Number(dials[0].input.value), Number(dials[1].input.value)); } });
    const number = h("span", { class: "gb__number" });
    const told = () => { const text = now()[name][input.value]; put(number, { text }); put(input, { "aria-valuetext": text }); };
    return { input, told, name, node: h("label", {}, words, input, number) };
  };
  const dials = [makeDial("Part of the text that is read", "fractions"), makeDial("Dropout", "dropouts")];
  const plot = plotPart(() => {}), about = h("b"), facts = h("div", { class: "gb-facts" }), source = h("p", { class: "gb__hint" });
  const key = h("p", { class: "gb-key gb__hint" }, h("i", { class: "gb-train" }), "text that it reads", h("i", { class: "gb-valid" }), "other text (validation)");

  const map = gridTable({
    make: () => h("button", { type: "button", onclick: event => { const list = map.items(), i = list.indexOf(event.currentTarget), n = now().dropouts.length; turn(Math.floor(i / n), i % n); } }),
    update: (node, { text, tint, words }, row, column) => {
      const [r, c] = now().at;
      put(node, { text, "--v": tint, "aria-label": words, "aria-pressed": String(r === row && c === column) });
    },
    go: (row, column) => turn(row, column),
  });
  const radios = radiosPart(shows => ui.ask("show", { shows }), { class: "gb-radios" });
  const beside = h("div", { class: "gb-map" }, h("fieldset", {}, h("legend", {}, "Validation perplexity"), radios.node), h("p", { class: "gb__hint" }, "down: part of the text; across: dropout"),
    h("div", { class: "gb-scroll" }, map.table), facts);
  ui.body.append(h("div", { class: "gb__bar" }, ...dials.map(dial => dial.node), h("button", { type: "button", onclick: () => ui.ask("reset") }, "Reset")),
    h("div", { class: "gb-desk" }, h("div", { class: "gb-large" }, about, key, plot.node), beside), source);
  ui.watch = ["board"];

  let first = true;
  return () => {
    const seen = now();
    dials.forEach((dial, i) => { put(dial.input, { max: seen[dial.name].length - 1 }); if (!ui.waiting()) { dial.input.value = seen.at[i]; dial.told(); } });
    put(about, { text: seen.about });
    plot.paint(seen.chart, seen.spoken);
    map.paint("", seen.dropouts, seen.fractions.map((head, r) => ({ head, cells: seen.cells[r] })));
    if (first) map.enter(seen.at[0] * seen.dropouts.length + seen.at[1]);
    radios.paint(seen.views, seen.shows);
    each(facts, seen.facts, () => h("p"), (node, text) => put(node, { text }));
    put(source, { text: seen.source });
    if (!first) ui.say(seen.spoken);
    first = false;
  };
});
