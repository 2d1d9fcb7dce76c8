// ShapleyTable: all sets of words by their size, an order of joining as a way through them, and what each word adds on average.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board");
  const button = (text, onclick) => h("button", { type: "button", onclick }, text);
  const asks = (text, kind, values = {}) => button(text, () => { playing = false; ui.ask(kind, values); });

  // One order: Step by Step, played, or a set that was clicked.
  let playing = false;
  const go = mask => { playing = false; ui.ask("go", { mask, revision: model.get("question").revision }, { latest: true }); };
  const step = asks("Step", "step"), play = button("Play", () => { playing = !playing; playing ? ui.ask("step") : put(play, { text: "Play" }); });
  put(step, { class: "gb-main" });
  const seed = h("b", { class: "gb-seed" });
  const drawing = h("div", { class: "gb__bar" }, step, play, asks("Another order", "orders", { n: 1 }), asks("100 orders", "orders", { n: 100 }), seed, asks("Repeat exactly", "again"), asks("New seed", "new"));
  const chips = h("div", { class: "gb-chips", role: "toolbar", "aria-label": "order of joining" }), told = h("p", { class: "gb-heading" }), own = h("p", { class: "gb__hint" });
  const enterChips = roving(chips, () => [...chips.children]);
  const chip = i => h("button", { type: "button", onclick: () => { const { chips, path } = board(); if (!chips[i].gain) go(path.at(-1) | 1 << chips[i].player); } }, h("bdi"), h("small"));

  // All sets: a row for each size, the arrows go through them, pointing at one names it.
  const sets = h("div", { class: "gb-sets", role: "group", "aria-label": "all sets of words" }), about = h("p", { class: "gb-about" }), legend = h("p", { class: "gb__hint" });
  const cells = () => [...sets.querySelectorAll("button")], enter = roving(sets, cells);
  const cell = () => h("button", { type: "button", tabindex: -1, onclick: event => go(+event.currentTarget.dataset.mask) }, h("small"), h("span"));
  const tell = node => put(about, { text: (node ?? sets.querySelector("[aria-current]")).getAttribute("aria-label") });
  for (const type of ["pointerover", "focusin"]) sets.addEventListener(type, event => tell(event.target.closest("button")));
  for (const type of ["pointerleave", "focusout"]) sets.addEventListener(type, () => tell());
  const summary = h("summary"), body = h("tbody"), all = h("details", { class: "gb-all", ontoggle: () => fill() }, summary, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "who is there"), h("th", { scope: "col" }, "the model's number"))), body));
  const fill = () => each(body, all.open ? model.get("lattice").rows.flatMap(row => row.cells) : [], () => h("tr", {}, h("th", { scope: "row", dir: "auto" }), h("td")), (row, one) => {
    put(row.firstChild, { text: one.words });
    put(row.lastChild, { text: one.number });
  });

  // What is grouped, and how many sets KernelSHAP draws.
  const players = h("p", { class: "gb__note" }), select = (label, ask) => { const node = h("select", { onchange: () => ask(node.value) }); return [node, h("label", {}, label, node)]; };
  const [group, groupLabel] = select("players", grouping => ui.ask("group", { grouping }, { latest: true }));
  const [samples, samplesLabel] = select("KernelSHAP draws", value => ui.ask("n_samples", { value: +value }, { latest: true }));
  const q = questionPart(ui, groupLabel), signed = signedRows("values of the words"), facts = h("div", { class: "gb-facts" });
  ui.body.append(q.node, players, drawing, chips, told, own, sets, about, legend, signed.node, h("div", { class: "gb__bar gb-asks" }, samplesLabel), facts, all);
  ui.watch = ["question", "board", "lattice"];
  ui.close = () => { playing = false; };

  let drawn = null, quiet = true;
  return answered => {
    const now = board(), lattice = model.get("lattice"), here = now.path.at(-1);
    q.paint(answered);
    put(players, { text: now.players });
    groupLabel.hidden = !now.groupings.length;
    offer(group, now.groupings, now.grouping);
    offer(samples, now.samples.map(n => [n, `${n} sets`]), now.n_samples);
    put(seed, { text: `seed ${now.seed}` });
    each(chips, now.chips, chip, (node, chip) => {
      put(node, { "aria-label": chip.told, class: chip.gain && "gb-in", "aria-disabled": chip.gain && "true" });
      put(node.firstChild, { text: chip.word });
      put(node.lastChild, { text: chip.gain || "waits" });
    });
    enterChips(Math.min(now.path.length - 1, now.chips.length - 1));
    told.replaceChildren(...pieces(now.told));
    put(own, { text: now.own });
    if (lattice !== drawn) {
      put(sets, { class: `gb-sets gb-hue-${now.hue}` });
      each(sets, lattice.rows, () => h("div", {}, h("span"), h("div")), (row, one) => {
        put(row.firstChild, { text: one.name });
        each(row.lastChild, one.cells, cell, (node, set) => {
          put(node, { "data-mask": set.mask, "--v": set.level, "aria-label": set.told });
          put(node.firstChild, { text: set.there });
          put(node.lastChild, { text: set.value });
        });
      });
      put(legend, { text: lattice.legend });
      put(summary, { text: lattice.summary });
      fill();
      drawn = lattice;
    }
    cells().forEach((node, i) => {
      const mask = +node.dataset.mask;
      put(node, { class: now.path.includes(mask) && "gb-in", "aria-current": mask === here && "step" });
      if (mask === here && !sets.contains(document.activeElement)) enter(i);
    });
    if (!sets.contains(document.activeElement)) tell();
    signed.paint(now.rows);
    each(facts, now.facts, () => h("p"), (node, fact) => node.replaceChildren(...pieces(fact)));
    if (now.whole || model.get("error")) playing = false;
    put(play, { text: playing ? "Stop" : "Play" });
    if (playing && answered) setTimeout(() => playing && ui.ask("step"), matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 700);
    if (!quiet && !playing) ui.say(now.spoken);
    quiet = false;
  };
});
