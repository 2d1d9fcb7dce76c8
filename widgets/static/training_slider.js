// TrainingSlider: a recorded training on one slider; what it writes, what surprises it, and what it looks like inside.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board"), box = (name, ...parts) => h("div", { class: `gb-tr-${name}` }, ...parts);
  const set = (name, value) => ui.ask("set", { name, value }, { latest: true });

  // The slider goes along at once; while it is dragged only the latest place is asked for.
  const at = h("output", { class: "gb__number" });
  const slider = h("input", { type: "range", class: "gb-tr-slider", min: 0, step: 1, "aria-label": "step of the training", oninput: () => go(Number(slider.value)) });
  const stand = to => { slider.value = to; put(at, { text: board().stops[to] }); put(slider, { "aria-valuetext": board().stops[to] }); };
  const go = to => { const place = Math.max(0, Math.min(board().stops.length - 1, to)); stand(place); ui.ask("go", { at: place }, { latest: true, flows: true }); };
  const button = (text, words, onclick) => h("button", { type: "button", "aria-label": words, onclick }, text);
  let playing = 0;
  const play = button("Play", "play the training", () => { playing ? halt() : start(); });
  const halt = () => { clearInterval(playing); playing = 0; put(play, { text: "Play", "aria-label": "play the training" }); ui.say(board().spoken); };
  const forth = () => { const here = Number(slider.value); here < board().stops.length - 1 ? ui.waiting() || go(here + 1) : halt(); };
  function start() {
    if (Number(slider.value) >= board().stops.length - 1) go(0);
    playing = setInterval(forth, 900);
    put(play, { text: "Pause", "aria-label": "pause" });
  }
  const charts = box("charts"), plots = [];
  const controls = h("div", { class: "gb__bar gb-tr-controls" }, button("◂", "one checkpoint back", () => go(Number(slider.value) - 1)), slider, button("▸", "one checkpoint on", () => go(Number(slider.value) + 1)), at, play, button("Pin", "pin: compare with this checkpoint", () => ui.ask("pin")), button("Reset", "reset", () => ui.ask("reset")));
  const say = name => told[name] = box(name), told = {}, speak = name => told[name].replaceChildren(...(board()[name] ?? []).map(said => h("p", {}, ...(typeof said === "string" ? [said] : pieces(said)))));

  // What is looked at, and the choices that belong to it.
  const radios = radiosPart(name => set("look", name), { class: "gb-tr-radios" }), fields = h("div", { class: "gb__bar gb-tr-fields" });
  const looks = h("fieldset", { class: "gb-tr-looks" }, h("legend", { class: "gb-hidden" }, "Look at"), radios.node);
  const makeField = () => h("label", {}, h("span"), h("select", { onchange: ({ target }) => set(target.name, target.value) }));

  const texts = box("texts"), lines = box("lines"), tables = box("tables"), sentences = [];
  const select = position => ui.ask("select", { position }, { latest: true, flows: true });

  // Small maps in a grid, and one of them large; the tint is read from the theme.
  const grid = put(box("grid"), { role: "grid", "aria-label": "heads or gates" }), cells = [], large = h("canvas"), tops = box("tops"), rows = box("rows");
  const field = box("field", large, tops, rows), legend = box("legend", h("span"), h("i"), h("span"), h("span")), stage = box("stage", field, legend), inside = box("inside", grid, stage);
  const enter = roving(grid, () => cells, i => ui.ask("choose", { cell: i }, { latest: true, flows: true }));
  const hue = name => { grid.style.color = `var(--gb-${name})`; const found = getComputedStyle(grid).color.match(/[\d.]+/g).slice(0, 3); grid.style.color = ""; return found; };
  function dots(canvas, [height, width], from, signed, hues) {
    const bytes = model.get("maps"), image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      const byte = bytes.getUint8(from + i), level = signed ? (byte - 128) / 127 : byte && (15 + 240 * (byte - 1) / 254) / 255;
      image.data.set([...hues[+(level < 0)], 255 * Math.abs(level)], 4 * i);
    }
    Object.assign(canvas, { width, height }).getContext("2d").putImageData(image, 0, 0);
  }
  function draw() {
    const { grid: small, large: one } = model.get("drawn");
    if (!small || !grid.isConnected || !model.get("maps").byteLength) return;
    const hues = [hue("for"), hue("against")], size = small.side[0] * small.side[1];
    cells.forEach((cell, i) => dots(cell.firstChild, small.side, i * size, false, hues));
    if (one) dots(large, [one.rows.length, one.tops.length], cells.length * size, one.signed, hues);
  }
  const themes = new MutationObserver(draw), system = matchMedia("(prefers-color-scheme: dark)");
  for (const part of [document.documentElement, document.body]) themes.observe(part, { attributes: true });
  system.onchange = draw;
  ui.close = () => { clearInterval(playing); themes.disconnect(); system.onchange = null; };

  const makeCell = i => h("button", { type: "button", role: "gridcell", tabindex: -1, onclick: () => ui.ask("choose", { cell: i }, { latest: true, flows: true }) }, h("canvas"), h("span"));
  function paintCells() {
    const seen = board(), { large: one } = model.get("drawn"), n = seen.cells?.length ?? 0;
    inside.hidden = !n;
    stage.hidden = !one;
    if (!n) return;
    if (cells.length !== n || grid.childElementCount !== 1 + n / seen.columns) {
      cells.splice(0, cells.length, ...seen.cells.map((_, i) => makeCell(i)));
      grid.replaceChildren(h("div", { "aria-hidden": "true", class: "gb-tr-columns" }, ...["", ...seen.names].map(name => h("span", {}, name))), ...Array.from({ length: n / seen.columns }, (_, layer) =>
        h("div", { role: "row" }, h("span", { role: "rowheader" }, `layer ${layer + 1}`), ...cells.slice(layer * seen.columns, (layer + 1) * seen.columns))));
      enter(seen.cell);
    }
    cells.forEach((cell, i) => {
      put(cell, { "aria-selected": String(i === seen.cell), "aria-label": seen.cells[i][0], class: i === seen.cell ? "chosen" : null });
      put(cell.lastChild, { text: seen.cells[i][1] });
    });
    if (one) {
      put(field, { "--rows": one.rows.length, "--columns": one.tops.length, "--at": seen.selected, class: one.rows.length === one.tops.length ? "gb-tr-field square" : "gb-tr-field" });
      [[rows, one.rows], [tops, one.tops]].forEach(([node, words]) => each(node, words, () => h("bdi"), (label, text, i) => put(label, { text, "--i": i, class: i === seen.selected ? "here" : null })));
      one.legend.forEach((text, i) => put(legend.children[i + (i > 0)], { text }));
      put(legend, { class: one.signed ? "gb-tr-legend signed" : "gb-tr-legend" });
      put(stage, { role: "img", "aria-label": seen.cells[seen.cell][0] });
    }
    draw();
  }

  const makeRow = () => h("div", {}, h("span"), h("p"));
  const makeText = () => h("section", {}, h("h4"), box("rows-of-text"));
  const makeTable = () => h("div", {}, h("table", {}, h("caption"), h("thead", {}, h("tr")), h("tbody")));
  function paintTable(node, one) {
    const [caption, head, body] = node.firstChild.children, marked = one.rows[0].some(([, , share]) => share);
    put(node, { class: `gb-hue-${one.hue}` });
    put(caption, { text: one.name });
    each(head.firstChild, one.heads, () => h("th", { scope: "col" }), (cell, text) => put(cell, { text }));
    each(body, one.rows, () => h("tr"), (line, row) => each(line, row, () => h("td", {}, h("bdi", { dir: "auto" }), h("i", { "aria-hidden": "true" }), h("span")), (cell, [name, value, share]) => {
      put(cell.children[0], { text: name });
      put(cell.children[1], { "--p": share, hidden: !marked });
      put(cell.children[2], { text: value });
    }));
  }
  ui.body.append(charts, controls, say("heads"), say("told"), looks, fields, texts, lines, inside, tables, say("told2"), say("hints"));
  ui.watch = ["board", "drawn", "maps"];

  let first = true;
  return () => {
    const seen = board();
    put(slider, { max: seen.stops.length - 1 });
    if (!ui.waiting()) stand(seen.at);
    while (plots.length < seen.charts.length) plots.push(plotPart(place => go(board().places.indexOf(place))));
    plots.forEach((plot, i) => {
      plot.node.hidden = !seen.charts[i];
      if (!plot.node.isConnected) i ? ui.body.insertBefore(plot.node, told.told2) : charts.append(plot.node);
      if (seen.charts[i]) plot.paint(seen.charts[i][0], `${seen.charts[i][1]}. ${seen.heads.map(said => said.join("")).join(" ")}`);
    });
    ["heads", "told", "told2", "hints"].forEach(speak);
    radios.paint(seen.looks, seen.look);
    each(fields, seen.fields, makeField, (node, { name, label, value, options }) => {
      const choice = node.lastChild;
      put(node.firstChild, { text: label });
      put(choice, { name });
      each(choice, options, () => h("option"), put);
      choice.value = value;
    });
    each(texts, seen.texts ?? [], makeText, (node, one) => {
      put(node, { class: `gb-hue-${one.hue}` });
      put(node.firstChild, { text: one.name });
      each(node.lastChild, one.rows, makeRow, (row, [kind, look, said]) => { put(row, { class: look || null }); put(row.firstChild, { text: kind }); row.lastChild.replaceChildren(...pieces(said)); });
    });
    const shown = seen.lines ?? [];
    while (sentences.length < shown.length) {
      const line = tokenLine({ name: "the sentence, word by word", select }), name = h("p");
      sentences.push({ line, name });
      lines.append(name, line.node);
    }
    sentences.forEach(({ line, name }, i) => {
      name.hidden = line.node.hidden = !shown[i];
      if (!shown[i]) return;
      name.replaceChildren(...pieces(shown[i][0]));
      line.paint(shown[i][1], seen.selected);
      line.node.hidden = false;
    });
    each(tables, seen.tables ?? [], makeTable, paintTable);
    paintCells();
    if (!first && !playing) ui.say(seen.spoken); // where it plays nobody could follow: the end is read out
    first = false;
  };
});
