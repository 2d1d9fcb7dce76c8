// AttentionExplorer: every head as a small map, one of them large, and under each word how much it is looked at.

export default widget(ui => {
  const { model } = ui, line = () => model.get("line"), board = () => model.get("board");
  const ask = (kind, values = {}) => ui.ask(kind, values, { latest: true });
  const form = textField(ui), told = {}, box = (name, ...parts) => h("div", { class: `gb-${name}` }, ...parts), say = name => told[name] = box(name);

  // The tokens: at the left of the selected one what it looks at, at its right who looks at it.
  const select = position => ask("select", { position, revision: line().revision });
  const tokens = tokenLine({ name: "your text, word by word", select, preview: i => point(i ?? -1, i) });

  // All heads: a row a layer, its last cell the mean.
  const { columns } = line(), grid = put(box("heads"), { role: "grid", "aria-label": "heads" });
  const cells = board().cells.map((_, cell) => h("button", { type: "button", role: "gridcell", onclick: () => ask("look", { cell }),
    onkeydown: event => event.key === " " && (event.preventDefault(), ask("switch", { cell })) }, h("canvas"), h("span")));
  for (let i = 0; i < cells.length; i += columns) grid.append(h("div", { role: "row" }, h("span", { role: "rowheader" }, `layer ${i / columns + 1}`), ...cells.slice(i, i + columns)));
  const enter = roving(grid, () => cells, i => cells[i].click());

  // One map large. A label stands at the left of its row, and where its column begins.
  const large = h("canvas"), labels = [box("rows"), box("tops")], bands = [0, 1, 2, 3].map(() => h("i")), here = box("here");
  const field = box("field", large, ...bands, ...labels), stage = box("stage", field), style = getComputedStyle(stage);
  // What is drawn is the root of a weight, or of a difference with its sign.
  const root = i => { const byte = model.get("large").getUint8(i); return board().signed ? (byte - 128) / 127 : byte / 255; };
  let hues, drawn = [], at = [];
  function dots(canvas, n, at, value) {
    put(canvas, { width: n, height: n });
    const pen = canvas.getContext("2d"), image = pen.createImageData(n, n), pixels = new Int32Array(image.data.buffer);
    for (let q = 0; q < n; q++) for (let k = 0; k <= q; k++) {
      const level = value(at++);
      pixels[q * n + k] = 16 + 239 * Math.abs(level) << 24 | hues[level < 0 ? 1 : 0];
    }
    pen.putImageData(image, 0, 0);
  }
  function draw() { // whatever a picture depends on: the state, the theme, the room
    if (!stage.clientWidth) return;
    const { n } = board(), maps = model.get("maps"), { dots: side } = line();
    hues = ["for", "against"].map(name => { stage.style.color = `var(--gb-${name})`; const [red, green, blue] = style.color.match(/\d+/g); return blue << 16 | green << 8 | red; });
    stage.style.color = "";
    const now = [maps, ...hues];
    // In the small maps two tints, of 16, share a byte.
    if (now.some((part, i) => part !== drawn[i])) cells.forEach((node, i) => dots(node.firstChild, side, i * side * (side + 1) / 2, j => (maps.getUint8(j >> 1) >> 4 * (j & 1) & 15) / 15));
    drawn = now;
    put(stage, { "--n": n });
    dots(large, n, 0, root);
    frame();
  }
  function frame() {
    const { n, selected, labels: words = line().words } = board(), marked = [selected, ...at], near = (i, step) => marked.some(other => Math.abs(other - i) < step);
    bands.forEach((node, j) => { const i = [selected, ...marked][j] ?? n; put(node, { "--i": i, hidden: i >= n }); });
    // Where labels would overlap, every second or third is written; those of the words in question always are.
    labels.forEach((node, top) => {
      const step = Math.ceil(1.2 * n * parseFloat(style.fontSize) / field.clientWidth / (1 + .4 * top));
      each(node, words.slice(0, n), () => h("bdi"), (label, text, i) => put(label, { text, "--i": i, class: near(i, 1) ? "marked" : null, hidden: !near(i, 1) && (i % step || near(i, step)) }));
    });
  }
  // Pointing previews, rounded as the picture is.
  function point(q, k) {
    const { words } = line(), { n, signed } = board();
    at = q >= 0 && q < n && k < n ? [q, k < 0 ? q : k] : [];
    const [a, b] = at, value = b <= a && root(a * (a + 1) / 2 + b), amount = Math.round(100 * value * Math.abs(value));
    put(here, { text: at.length ? `${words[a]} ${b > a ? "cannot look ahead at" : "looks at"} ${words[b]}${b > a ? "" : `: about ${signed && amount > 0 ? "+" : ""}${amount} ${signed ? "points" : "%"}`}` : "" });
    frame();
  }
  const pointed = ({ clientX, clientY }) => { const { left, top, width } = field.getBoundingClientRect(); point(...[clientY - top, clientX - left].map(away => Math.floor(away / width * board().n))); };
  put(stage, { role: "img", onpointermove: pointed, onpointerleave: () => point(-1), onclick: event => { pointed(event); if (at.length) select(at[0]); } });

  // The controls and the table are as Python lists them.
  const [buttons, fields] = [0, 1].map(() => h("div", { class: "gb__bar" })), table = h("table", { class: "gb-effect" });
  const makeField = i => h("label", {}, "", h(i ? "input" : "select", { type: i ? "text" : null, onchange: ({ target: { name, value } }) => ask("set", { name, value }) }));
  const updateField = ({ firstChild, lastChild }, { name, label, value, options = [] }) => {
    lastChild.name = name;
    firstChild.data = label;
    each(lastChild, options, () => h("option"), put);
    if (lastChild.was !== value) lastChild.value = lastChild.was = value;
  };
  const bars = barPanels({ pick: value => ask("set", { name: "target", value }) });
  ui.body.append(form.node, say("heading"), tokens.node, say("looks"), say("flag"), box("two",
    h("div", {}, grid, buttons, say("question"), table, say("caution"), fields), h("div", {}, say("about"), stage, here, say("shade"), say("minus"))), bars.node);
  ui.watch = ["line", "board", "outcome", "maps", "large"];
  const sizes = new ResizeObserver(draw), themes = new MutationObserver(draw);
  sizes.observe(stage);
  themes.observe(document.body, { attributes: true });
  ui.close = () => { sizes.disconnect(); themes.disconnect(); };

  let first = true;
  return answered => {
    const outcome = model.get("outcome"), seen = { ...line(), ...board() }, { panels, rows = [] } = outcome;
    form.paint(seen.text, answered);
    form.node.firstChild.hidden = bars.node.hidden = !panels;
    for (const name in told) told[name].replaceChildren(...(seen[name] ?? outcome[name] ?? []).map(said => h("p", {}, ...pieces(said))));
    tokens.paint(seen, seen.selected);
    cells.forEach((node, i) => {
      const [label, kind, text] = seen.cells[i];
      put(node, { class: kind, "aria-selected": String(i === seen.cell), "aria-label": label });
      put(node.lastChild, { text });
    });
    enter(seen.cell);
    put(stage, { "aria-label": seen.spoken });
    each(buttons, seen.buttons, () => h("button", { type: "button", onclick: event => ask(...JSON.parse(event.target.value)) }), put);
    each(fields, seen.fields, makeField, updateField);
    each(table, rows, () => h("tr"), (node, texts, i) => each(node, texts, j => i && j ? h("td") : h("th", { scope: i ? "row" : "col" }), (cell, text) => put(cell, { text })));
    if (panels) bars.paint(outcome);
    at = [];
    put(here, { text: "" });
    draw();
    if (!first) ui.say(`${seen.spoken} ${model.get("note")}`);
    first = false;
  };
});
