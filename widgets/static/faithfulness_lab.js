// FaithfulnessLab: three views, each a chart, what can be moved in it, the text at that point, and a table.

export default widget(ui => {
  const now = () => ui.model.get("board");
  const q = questionPart(ui);
  const set = (name, value) => ui.ask("set", { name, value });
  const move = value => { const { slider } = now().controls; if (slider) { at.value = value; say(slider, value); ui.ask("at", { name: slider.name, value: Number(value) }, { latest: true, flows: true }); } };

  const radios = radiosPart(view => set("view", view));
  const views = h("fieldset", { class: "gb-views" }, h("legend", { class: "gb-hidden" }, "What is tested"), radios.node);

  const at = h("input", { type: "range", min: 0, step: 1, oninput: () => move(at.value) }), name = h("span"), told = h("span", { class: "gb__number" });
  const say = (slider, value) => { put(told, { text: slider.says[value] }); put(at, { "aria-valuetext": slider.says[value] }); };
  const slider = h("label", { class: "gb-at" }, name, at, told), selects = h("span", { class: "gb-selects" });
  const makeSelect = () => h("label", { class: "gb-pick" }, h("span"), h("select", { onchange: event => set(event.target.name, event.target.value) }));
  const redraw = h("button", { type: "button", onclick: () => ui.ask("redraw") });
  const controls = h("div", { class: "gb__bar gb-asks" }, slider, selects, redraw);

  // A word that is there, or struck out with what is read in its place; its number, and a tint for or against.
  const makeWord = () => h("span", {}, h("bdi", { dir: "auto" }), h("i"), h("small"));
  const word = (node, { word, gone, n, level = 0 }) => {
    put(node, { class: gone === undefined ? "gb-word" : "gb-word gb-gone", "--v": Math.abs(level), "data-sign": level < 0 ? "against" : null });
    put(node.children[0], { text: word });
    put(node.children[1], { text: gone ?? "" });
    put(node.children[2], { text: n ?? "" });
  };
  const text = h("p", { class: "gb-read" }), rows = h("div"), sentence = h("p", { class: "gb-heading" }), choice = h("p");
  const plot = plotPart(move);

  const head = h("tr"), body = h("tbody"), facts = h("div", { class: "gb-facts" });
  const table = h("div", { class: "gb-table", tabindex: 0, role: "group", "aria-label": "the numbers" }, h("table", {}, h("thead", {}, head), body));
  const row = (node, { name, value, shown, look, cells, wide }) => {
    const box = node.firstChild.firstChild, [check, line, words] = box.children;
    check.hidden = line.hidden = value === undefined;
    check.checked = Boolean(shown);
    put(check, { value, "aria-label": `curve of ${name}` });
    put(line, { class: look === undefined ? "gb-swatch" : `gb-swatch gb-look${look}` });
    put(words, { text: name });
    each(node, [null, ...cells], () => h("td"), (cell, text, i) => { if (i) put(cell, { text, colspan: wide ? 9 : null }); });
  };
  const makeRow = () => h("tr", {}, h("th", { scope: "row" }, h("label", {},
    h("input", { type: "checkbox", onchange: event => { ui.ask("toggle", { method: event.target.value }); } }), h("i", { "aria-hidden": "true" }), h("span"))));

  ui.body.append(q.node, views, controls, plot.node, h("div", { class: "gb-panel" }, sentence, text, rows, choice), facts, table);
  ui.watch = ["question", "board"];
  let first = true;
  return answered => {
    const seen = now(), { slider: move, selects: list, redraw: other } = seen.controls;
    q.paint(answered);
    put(ui.body, { class: `gb__body gb-hue-${seen.hue}` });
    radios.paint(seen.views, seen.view);
    slider.hidden = !move;
    if (move) {
      put(name, { text: move.label });
      put(at, { max: move.max });
      if (!ui.waiting()) { at.value = move.value; say(move, move.value); }
    }
    each(selects, list, makeSelect, (node, { name, label, options, value }) => {
      put(node.firstChild, { text: label });
      put(node.lastChild, { name, "aria-label": label });
      offer(node.lastChild, options, value);
    });
    put(redraw, { text: other, hidden: !other });
    plot.node.hidden = !seen.plot;
    if (seen.plot) plot.paint(seen.plot, seen.spoken);
    sentence.replaceChildren(...pieces(seen.at_k));
    choice.replaceChildren(...pieces(seen.choice));
    text.hidden = !seen.text.length;
    each(text, seen.text, makeWord, word);
    each(rows, seen.rows, () => h("p", { class: "gb-read" }, h("b"), h("span")), (node, { name, words }) => { put(node.firstChild, { text: name }); each(node.lastChild, words, makeWord, word); });
    each(facts, seen.facts, () => h("p"), (node, text) => put(node, { text }));
    table.hidden = !seen.table.rows.length;
    each(head, seen.table.head, () => h("th", { scope: "col" }), (node, text) => put(node, { text }));
    each(body, seen.table.rows, makeRow, row);
    if (seen.pending && !ui.waiting() && !ui.model.get("error")) setTimeout(() => ui.ask("go_on", {}, { latest: true, flows: true }), 0);
    if (!first && answered !== "go_on") ui.say(seen.spoken);
    first = false;
  };
});
