// LimeLab: the slopes of the line, the model's numbers over the line's, the texts one by one, and other seeds.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board"), at = i => model.get("dots").slice(3 * i, 3 * i + 3);
  const button = (text, kind, values = {}) => h("button", { type: "button", onclick: () => ui.ask(kind, values) }, text);
  const lines = (node, list) => each(node, list, () => h("p"), (line, text) => put(line, { text }));

  // How many texts, how near they must be to count, and which ones.
  const slider = (label, name) => {
    const output = h("span", { class: "gb__number" }), stops = () => board().stops[name];
    const shown = i => { const [, text] = stops()[i]; put(output, { text }); put(input, { "aria-valuetext": text }); };
    const input = h("input", { type: "range", min: 0, oninput: () => { shown(input.value); ui.ask(name, { value: stops()[input.value][0] }, { latest: true, flows: true }); } });
    return { node: h("label", {}, label, input, output), paint() {
      put(input, { max: stops().length - 1 });
      shown(input.value = stops().findIndex(([value]) => value === board()[name]));
    } };
  };
  const sliders = [slider("texts", "n_samples"), slider("kernel width", "kernel_width")];
  const seed = h("b", { class: "gb-seed" }), told = h("span", { class: "gb__hint" }), run = button("", "seeds"), stop = button("", "stop");
  const drawing = h("div", { class: "gb__bar" }, ...sliders.map(one => one.node), seed, button("Another seed", "new"), button("Repeat exactly", "again"), run, stop, told);

  // The scatter: a dot for each text, its area the weight; a ring around the one that is looked at.
  const dots = s("g"), axes = s("g"), ring = s("circle", { r: 10 }), svg = s("svg", { class: "gb-chart", role: "img" });
  svg.append(axes, dots, ring);
  const mark = i => { const [cx, cy] = i === null ? [-99, 0] : at(i); put(ring, { cx, cy }); };
  const pick = sample => ui.ask("pick", { sample }, { latest: true });
  dots.addEventListener("click", event => pick([...dots.children].indexOf(event.target)));

  // The texts: the arrows go from one to the next, Enter tells its sum.
  const head = h("tr"), rows = h("tbody"), listed = h("span", { class: "gb__hint" }), sum = h("p", { class: "gb-sum" });
  const enter = roving(rows, () => [...rows.querySelectorAll("button")]);
  const sort = h("select", { onchange: () => ui.ask("sort", { by: sort.value }, { latest: true }) });
  const sampleOf = node => board().texts[node.closest("tr").rowIndex - 1].sample;
  const make = () => h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", onclick: event => pick(sampleOf(event.target)) })), h("td", { dir: "auto" }), h("td"), h("td"), h("td", {}, h("i", { "aria-hidden": "true" }), h("span")));
  for (const type of ["focusin", "pointerover"]) rows.addEventListener(type, event => mark(sampleOf(event.target)));
  for (const type of ["focusout", "pointerleave"]) rows.addEventListener(type, () => mark(board().picked));
  const list = h("div", { class: "gb-texts" }, h("div", { class: "gb__bar" }, h("label", {}, "Texts, sorted", sort), button("◂ Back", "page", { by: -1 }), button("Next ▸", "page", { by: 1 }), listed), sum, h("table", {}, h("thead", {}, head), rows));

  const q = questionPart(ui), signed = signedRows("slopes of the words"), fit = h("p", { class: "gb-heading" }), facts = h("div", { class: "gb-facts" }), seeds = h("div", { class: "gb-seeds" });
  ui.body.append(q.node, drawing, fit, h("div", { class: "gb-two" }, h("div", {}, signed.node, seeds), svg), facts, list);
  ui.watch = ["question", "board", "dots"];

  let driving = false, quiet = true;
  return answered => {
    const now = board();
    q.paint(answered);
    if (!ui.waiting()) sliders.forEach(one => one.paint()); // not under a moving hand
    put(seed, { text: `seed ${now.seed}` });
    put(told, { text: now.told });
    fit.replaceChildren(...pieces(now.fit));
    signed.paint(now.slopes);
    lines(seeds, now.seeds);
    lines(facts, now.facts);
    axes.replaceChildren(...now.axes.map(shape => s(...shape)));
    put(svg, { viewBox: `0 0 ${now.width} ${now.height}`, "aria-label": `The model's numbers over the line's. ${now.spoken}` });
    put(dots, { class: `gb-hue-${now.hue}` });
    each(dots, Array(now.n_samples).fill(0), () => s("circle"), (node, _, i) => { const [cx, cy, r] = at(i); put(node, { cx, cy, r }); });
    mark(now.picked);
    offer(sort, now.sorts, now.sort);
    put(listed, { text: now.listed });
    put(sum, { text: now.sum });
    each(head, now.head, () => h("th", { scope: "col" }), (node, text) => put(node, { text }));
    each(rows, now.texts, make, (node, row) => {
      const [name, words, ...cells] = node.children, picked = row.sample === now.picked;
      put(name.firstChild, { text: row.name, "aria-label": `text ${row.name}`, "aria-pressed": String(picked) });
      each(words, now.words, () => h("span"), (word, text, i) => put(word, { text, "aria-hidden": row.there[i] === "0" && "true" }));
      row.cells.forEach((text, i) => put(i < 2 ? cells[i] : cells[2].lastChild, { text }));
      put(cells[2].firstChild, { "--p": row.w });
    });
    enter(Math.max(0, now.texts.findIndex(row => row.sample === now.picked)));
    if (["seeds", "go_on"].includes(answered)) driving = true; // the view that asked goes on asking
    driving &&= now.left > 0;
    put(run, { hidden: driving, text: now.left ? "Go on with the seeds" : "Run 10 seeds" });
    put(stop, { hidden: !now.left, text: `Stop (${now.run} of 10)` });
    if (driving && !ui.waiting()) setTimeout(() => ui.ask("go_on", {}, { latest: true, flows: true }), 0);
    if (!quiet && !driving) ui.say(`${now.told} ${answered === "pick" ? now.sum : now.spoken}`.trim());
    quiet = false;
  };
});
