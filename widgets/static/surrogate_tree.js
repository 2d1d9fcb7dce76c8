// SurrogateTree: a text and its way through the tree, the node that is looked at, and the fidelity over the depth.

export default widget(ui => {
  const now = () => ui.model.get("board");
  const form = textField(ui);
  const place = position => { line.paint(now().line, position); ui.ask("place", { position, revision: now().revision }, { latest: true }); };
  const line = tokenLine({ name: "the predicted word", select: place });
  line.list.addEventListener("keydown", event => { if (event.key === "Escape") place(now().line.words.length); });
  const model = h("select", { "aria-label": "model", onchange: () => ui.ask("ask", { name: model.value }) }), models = h("label", {}, "model", model);

  const cut = at => { depth.value = at; say(at); ui.ask("cut", { depth: Number(at) }, { latest: true, flows: true }); };
  const depth = h("input", { type: "range", min: 0, step: 1, oninput: () => cut(depth.value) }), told = h("span", { class: "gb__number" });
  const say = at => { put(told, { text: now().depths[at] }); put(depth, { "aria-valuetext": now().depths[at] }); };
  const back = h("button", { type: "button", onclick: () => ui.ask("open", { node: 0 }) }, "Back to the text's path");
  const undo = h("button", { type: "button", onclick: () => ui.ask("undo") }, "Undo"), reset = h("button", { type: "button", onclick: () => ui.ask("reset") }, "Reset");
  const bar = h("div", { class: "gb__bar" }, models, h("label", {}, "cut the tree after", depth, told), back, undo, reset);

  // The tree: the trunk in the middle, what branches off on "yes" to its left, on "no" to its right. Arrow keys go from node to node.
  const tree = h("div", { class: "gb-tree", role: "tree", "aria-label": "the tree" }), nodes = () => [...tree.querySelectorAll("button:not([hidden])")];
  const at = button => Number(button.dataset.node);
  const tell = node => ui.ask("tell", { node }, { latest: true });
  const enter = roving(tree, nodes, i => tell(at(nodes()[i])));
  tree.addEventListener("click", event => { const button = event.target.closest("button"); if (button) ui.ask("open", { node: at(button) }); });
  tree.addEventListener("keydown", event => { if (event.key === "Escape" && now().opened) ui.ask("open", { node: 0 }); });
  const makeCell = i => h("div", { class: `gb-cell gb-cell--${["yes", "trunk", "no"][i]}`, role: "none" }, h("span", { class: "gb-answer" }),
    h("button", { type: "button", role: "treeitem", tabindex: -1 }, h("b"), h("span", { class: "gb-guess" }, h("bdi", { dir: "auto" }), " ", h("small")), h("small", { class: "gb-folded" })));
  const cell = (node, seen) => {
    const [answer, button] = node.children, [question, guess, folded] = button.children;
    node.classList.toggle("gb-off", !seen);
    node.classList.toggle("gb-here", Boolean(seen?.here));
    button.hidden = !seen;
    if (!seen) { put(answer, { text: "" }); put(button, { "data-node": null }); return; }
    put(answer, { text: seen.answer });
    put(button, { "data-node": seen.node, "aria-label": seen.says, "aria-level": seen.depth, "aria-expanded": seen.open === undefined ? null : String(seen.open), "aria-selected": String(seen.chosen), "--v": seen.level });
    put(question, { text: seen.question });
    question.hidden = !seen.question;
    put(guess.children[0], { text: seen.guess });
    put(guess.children[1], { text: seen.share });
    put(folded, { text: seen.folded ? `▸ ${seen.folded}` : "" });
  };
  const row = (node, cells, i) => { put(node, { class: i ? "gb-level" : "gb-level gb-level--root" }); each(node, cells, makeCell, cell); };

  // The node that is looked at.
  const name = h("p", { class: "gb-heading" }), way = h("p", { class: "gb__hint" }), shares = h("div", { class: "gb-shares" });
  const share = (node, [word, words, size]) => { put(node.children[0], { text: word }); put(node.children[1], { "--v": size }); put(node.children[2], { text: words }); };
  const guess = h("p", { class: "gb-heading gb-say" }), fidelity = h("p"), facts = h("div", { class: "gb-notes" });
  const plot = plotPart(cut);
  ui.body.append(form.node, line.node, guess, bar, h("div", { class: "gb-both" }, tree, h("div", { class: "gb-look", role: "group", "aria-label": "the node" }, name, shares, way)),
    h("p", { class: "gb__hint" }, "The thick line is the way of the text. What it leaves aside on yes stands to the left, on no to the right. The fuller the colour of a node, the more often its guess is what the model says there. Enter or a click opens a node."),
    plot.node, fidelity, facts);
  ui.watch = ["board"];

  let first = true;
  return answered => {
    const seen = now(), inside = tree.contains(document.activeElement);
    form.paint(seen.text, answered);
    line.paint(seen.line, seen.selected);
    put(ui.body, { class: `gb__body gb-hue-${seen.hue}` });
    models.hidden = seen.names.length < 2;
    each(model, seen.names, () => h("option"), (option, text) => put(option, { value: text, text }));
    model.value = seen.asked;
    put(depth, { max: seen.depths.length - 1 });
    if (!ui.waiting()) { depth.value = seen.depth; say(seen.depth); }
    back.hidden = !seen.opened;
    put(undo, { "aria-disabled": String(!seen.undo) });
    put(tree, { "data-left": seen.sides[0], "data-right": seen.sides[1] });
    each(tree, seen.rows, () => h("div", { role: "none" }), row);
    const list = nodes(), i = list.findIndex(button => button.getAttribute("aria-selected") === "true");
    enter(i);
    if (inside) list[i]?.focus();
    put(name, { text: seen.chosen.name });
    put(way, { text: seen.chosen.way.join(" ") });
    each(shares, seen.chosen.rows, () => h("div", {}, h("bdi", { dir: "auto" }), h("i"), h("span")), share);
    guess.replaceChildren(...pieces(seen.guess));
    fidelity.replaceChildren(...pieces(seen.fidelity));
    each(facts, seen.facts, () => h("p"), (node, text) => put(node, { text }));
    plot.paint(seen.plot, seen.fidelity.join(""));
    if (!first) ui.say(answered === "tell" || answered === "open" ? `${list[i]?.getAttribute("aria-label")} ${seen.chosen.way.join(" ")}` : seen.spoken);
    first = false;
  };
});
