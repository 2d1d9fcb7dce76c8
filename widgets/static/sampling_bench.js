// SamplingBench: shape the distribution, draw a number, and see whose interval it falls into.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board"), controls = () => model.get("controls");
  const form = textField(ui);

  // The sliders; the right end of top-k and top-p is "off".
  let wish = {};
  const set = changes => { const { temperature, top_k, top_p } = controls(); wish = { temperature, top_k, top_p, ...wish, ...changes }; ui.ask("set", wish, { latest: true, flows: true }); };
  const slider = (label, name, attributes, value, place, words) => {
    const output = h("span", { class: "gb__number" });
    const shown = now => { const text = words(now); put(output, { text }); put(input, { "aria-valuetext": text }); };
    const input = h("input", { type: "range", ...attributes, oninput: () => { const now = value(Number(input.value)); shown(now); set({ [name]: now }); } });
    return { node: h("label", {}, label, input, output), input, paint(now) { input.value = place(now); shown(now); } };
  };
  const ks = () => controls().top_ks;
  const temperature = slider("temperature", "temperature", { min: 0.1, max: 3, step: 0.1 }, v => v, v => v, v => v.toFixed(1));
  const topK = slider("top-k", "top_k", { min: 0, step: 1 }, i => ks()[i] ?? null, k => k === null ? ks().length : Math.max(0, ks().findLastIndex(one => one <= k)), k => k === null ? "off" : `${k}`);
  const topP = slider("top-p", "top_p", { min: 0.05, max: 1, step: 0.05 }, p => p < 1 ? p : null, p => p ?? 1, p => p === null ? "off" : p.toFixed(2));

  // Drawing. Writing many words is one draw after another, so that it can be watched and stopped.
  let goal = null;
  const button = (text, onclick, attributes) => h("button", { type: "button", onclick, ...attributes }, text);
  const only = (kind, values) => () => { goal = null; ui.ask(kind, values); };
  const draw = button("Draw", only("draw", { more: false }), { class: "gb-main" });
  const write = button("Write 20 words", () => {
    if (goal !== null) { goal = null; put(write, { text: "Write 20 words" }); return; }
    goal = controls().drawn + 20;
    ui.ask("draw", { more: false });
  });
  const back = button("Step back", only("back"));
  const again = button("Repeat exactly", only("again"));
  const seed = h("span", { class: "gb-seed" });
  const undo = button("Undo", only("undo"));
  const settings = h("div", { class: "gb__bar" }, temperature.node, topK.node, topP.node);
  const drawing = h("div", { class: "gb__bar" }, draw, write, back, again, button("New seed", only("new")), seed);
  const rest = h("div", { class: "gb__bar" }, button("Draw 100, only to count", only("count")), undo, button("Reset", only("reset")));

  // The way from 0 to 1: arrows go through the intervals, pointing at one names it.
  function makeWay() {
    const list = h("div", { class: "gb-way__spans", "aria-hidden": "true" }), mark = h("i", { class: "gb-way__u", "aria-hidden": "true" });
    const bar = h("div", { class: "gb-way__bar", role: "slider", tabindex: 0, "aria-valuemin": 1 }, list, mark);
    const about = h("p", { class: "gb-way__about" }), fell = h("p", { class: "gb-way__fell" });
    const node = h("div", { class: "gb-way" }, h("small", { "aria-hidden": "true" }, "0"), bar, h("small", { "aria-hidden": "true" }, "1"), about, fell);
    let way = null, at = 0;
    const tell = i => put(about, { text: i === way.at ? "" : way.spans[i] ?? "" });
    const go = i => {
      at = Math.max(0, Math.min(way.spans.length - 1, i));
      put(bar, { "aria-valuenow": at + 1, "aria-valuetext": way.spans[at] });
      [...list.children].forEach((span, j) => span.classList.toggle("here", j === at));
      tell(at);
    };
    const index = event => [...list.children].indexOf(event.target.closest(".gb-way__spans > *"));
    bar.addEventListener("pointerover", event => { const i = index(event); if (i >= 0) tell(i); });
    bar.addEventListener("pointerleave", () => tell(at));
    bar.addEventListener("click", event => { const i = index(event); if (i >= 0) go(i); });
    bar.addEventListener("keydown", event => {
      const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: way.spans.length - 1 }[event.key];
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      go(to);
    });
    node.paint = panel => {
      const width = bar.clientWidth || 400, letter = parseFloat(getComputedStyle(bar).fontSize) * .62;
      way = panel.way;
      put(bar, { "aria-label": `${panel.name}: the words' intervals from 0 to 1`, "aria-valuemax": way.spans.length });
      each(list, way.words, () => h("span", { dir: "auto" }), (span, word, i) => {
        const [low, high] = [way.edges[i], way.edges[i + 1]];
        put(span, { class: [word ? "" : "others", i === way.at ? "fell" : ""].join(" ").trim(), "--a": low, "--w": high - low, text: (high - low) * width > word.length * letter + 4 ? word : "" });
      });
      mark.hidden = way.u === undefined;
      put(mark, { "--a": way.u ?? 0 });
      put(fell, { hidden: !way.fell });
      fell.replaceChildren(...pieces(way.fell ?? []));
      go(way.at ?? 0);
    };
    return node;
  }

  // One model: its text, the bars, what is cut away, the way, the facts.
  const lane = () => [h("span", { class: "gb-row__word" }, h("bdi", { dir: "auto" }), h("span", { class: "gb-hidden" })), h("span", { class: "gb-lane", "aria-hidden": "true" }, h("i"), h("s")), h("span", { class: "gb-row__share" }), h("span", { class: "gb-count" })];
  const paintRow = (node, row, kind) => {
    const [word, bar, share, count] = node.children;
    put(node, { class: `gb-row ${kind}`, "--p": row.width, "--trained": row.trained ?? 0 });
    put(word.firstChild, { text: row.word ?? row.label });
    put(word.lastChild, { text: [row.drawn ? ", drawn" : "", row.about ?? ""].filter(Boolean).join("; ") });
    put(bar.lastChild, { hidden: row.trained === undefined });
    put(share, { text: row.share });
    put(count, { text: row.count ?? "" });
  };
  function makePanel() {
    const name = h("b"), aside = h("span", { class: "gb-model__aside" });
    const text = h("p", { class: "gb-written", dir: "auto" }, h("span"), h("b"), h("mark"));
    const rows = h("div", { class: "gb-bars", role: "group" }), more = h("div", {}), way = makeWay(), facts = h("div", { class: "gb-facts" });
    const node = h("div", { role: "group" }, h("div", { class: "gb-model__name" }, name, aside), text, rows, more, way, facts);
    node.paint = panel => {
      put(node, { class: `gb-model gb-hue-${panel.hue}`, "aria-label": panel.name });
      put(name, { text: panel.name });
      put(aside, { text: panel.aside });
      panel.text.forEach((part, i) => put(text.children[i], { text: part }));
      put(rows, { "aria-label": `${panel.name}: most probable words`, class: panel.rows.some(row => row.count) ? "gb-bars gb-bars--counted" : "gb-bars" });
      put(more, { class: rows.className });
      each(rows, panel.rows, () => h("div", {}, ...lane()), (row, one) => paintRow(row, one, [one.cut ? "cut" : "", one.drawn ? "drawn" : ""].join(" ")));
      each(more, [panel.rest, panel.cut].filter(Boolean), () => h("div", {}, ...lane()), (row, one) => paintRow(row, one, "gb-many"));
      way.paint(panel);
      facts.replaceChildren(...panel.facts.map(fact => h("p", {}, ...pieces(fact))));
    };
    return node;
  }
  const heading = h("p", { class: "gb-heading" }), hint = h("span", { class: "gb__hint" }), pair = h("div", { class: "gb-pair" });
  const told = h("p", { class: "gb-told" }), legend = h("p", { class: "gb-scale" });
  ui.body.append(form.node, settings, drawing, heading, pair, told, legend, rest);
  ui.watch = ["board", "controls"];

  let drawn = null, quiet = true;
  return answered => {
    const now = board(), state = controls();
    form.paint(state.text, answered);
    heading.replaceChildren(...pieces(now.heading), " ", hint);
    put(hint, { text: now.hint });
    if (now !== drawn) each(pair, now.panels, makePanel, (node, panel) => node.paint(panel));
    drawn = now;
    put(told, { text: now.told });
    put(legend, { text: now.legend });
    put(topK.input, { max: state.top_ks.length });
    if (!ui.waiting()) { wish = {}; temperature.paint(state.temperature); topK.paint(state.top_k); topP.paint(state.top_p); } // not under a moving hand
    put(seed, { text: `seed ${state.seed}` });
    for (const node of [back, again]) put(node, { "aria-disabled": String(!state.drawn) });
    put(undo, { "aria-disabled": String(!state.undo) });
    if (answered === "again") goal = state.again;
    const done = goal !== null && state.drawn >= goal;
    if (done || model.get("error")) goal = null;
    if (goal !== null && !ui.waiting()) ui.ask("draw", { more: true });
    put(write, { text: goal === null ? "Write 20 words" : "Stop" });
    if (!quiet && goal === null) ui.say(done ? [...now.panels.map(panel => `${panel.name}: ${panel.text.join("")}`), now.told].join(" ") : `${now.spoken} ${model.get("note")}`);
    quiet = false;
  };
});
