// LSTMStepper: the cell as pipes, its gates as sliders, the formula with its numbers, and the memory over the steps.

// The parts of the drawing: pipes [name, path], gates [name, x, y], numbers [name, x, y, words above].
const PIPES = [["c", "M20 56H136"], ["kept", "M164 56H366"], ["new", "M394 56H740"], ["written", "M380 116V70"], ["shown", "M590 176V214H740"]];
const THIN = ["M150 116V70", "M306 130H366", "M454 130H394", "M590 56V162", "M664 162H604"];
const GATES = [["f", 150, 130, "forget f"], ["i", 268, 130, "input i"], ["g", 492, 130, "candidate g"], ["o", 702, 162, "output o"]];
const NODES = [[150, 56, "×"], [380, 56, "+"], [380, 130, "×"], [590, 162, "×"], [590, 106, "tanh"]];
const TEXTS = [["c", 74, 44, "old memory c", 24], ["kept", 265, 44, "kept f · c", 24], ["written", 388, 98, "written i · g", 0], ["new", 480, 44, "new memory c′", 24], ["shown", 668, 236, "shown h", 0]];

export default widget(ui => {
  const { model } = ui, board = () => model.get("board");

  // The drawing. A pipe is as wide as what flows in it is large; a gate is filled as far as it is open.
  const pipes = {}, fills = {}, numbers = {};
  const drawing = s("svg", { viewBox: "0 9 760 233", class: "gb-pipes", role: "img" });
  THIN.forEach(d => drawing.append(s("path", { d, class: "gb-thin" })));
  for (const [name, d] of PIPES) drawing.append(pipes[name] = s("path", { d, class: "gb-pipe" }));
  drawing.append(s("path", { d: "M740 46l18 10l-18 10zM740 204l18 10l-18 10z", class: "gb-tip" }));
  for (const [name, x, y, words] of GATES) {
    fills[name] = s("rect", { x: x - 38, y: y - 14, height: 28, class: "gb-open" });
    numbers[name] = s("text", { x, y: y + 5, class: "gb-value gb-halo" });
    drawing.append(s("rect", { x: x - 38, y: y - 14, width: 76, height: 28, class: "gb-shut" }), fills[name], s("rect", { x: x - 38, y: y - 14, width: 76, height: 28, class: "gb-frame" }), numbers[name], s("text", { x, y: y + 30 }, words));
  }
  for (const [x, y, words] of NODES) {
    const wide = words.length > 1 ? 24 : 14;
    drawing.append(s("rect", { x: x - wide, y: y - 14, width: 2 * wide, height: 28, rx: 14, class: "gb-node" }), s("text", { x, y: y + 5, class: words.length > 1 ? null : "gb-sign" }, words));
  }
  for (const [name, x, y, words, under] of TEXTS) {
    const value = numbers[name] = s("tspan", { class: "gb-value" });
    if (under) drawing.append(s("text", { x, y: y - 20 }, words), s("text", { x, y: y - 2 }, value));
    else drawing.append(s("text", { x, y, class: name === "written" ? "gb-start" : null }, `${words} = `, value));
  }

  // The sliders: the number beside each is Python's, which may be finer than a slider's step.
  const move = (name, value) => ui.ask("move", { name, value }, { latest: true, flows: true });
  const makeSlider = () => {
    const input = h("input", { type: "range", step: .01 });
    input.addEventListener("input", () => move(input.dataset.name, Number(input.value)));
    return h("label", { class: "gb-slide" }, h("span", {}, h("b"), " ", h("span", { class: "gb__hint" })), input, h("span", { class: "gb__number" }), h("span", { class: "gb-real" }));
  };
  const sliders = h("div", { class: "gb-slides", role: "group", "aria-label": "the gates and the old memory" });
  const updateSlider = (node, slider) => {
    const [words, input, value, real] = node.children;
    put(words.firstChild, { text: `${slider.label} ${slider.sign}` });
    put(words.lastChild, { text: slider.says });
    put(input, { min: slider.low, max: slider.high, "data-name": slider.name, "aria-label": `${slider.label} ${slider.sign}`, "aria-valuetext": slider.number });
    if (!ui.waiting()) input.value = slider.value;
    put(value, { text: slider.number });
    put(real, { text: slider.real ? `really ${slider.real}` : "" });
  };

  // Presets, words, what if.
  const presets = h("div", { class: "gb-presets", role: "group", "aria-label": "try out" });
  const makePreset = () => h("button", { type: "button", onclick: event => ui.ask("preset", { name: event.target.textContent }) });
  const formulas = h("div", { class: "gb-formulas" }), fading = h("p"), lesson = h("p", { class: "gb-lesson" });
  const go = (words, where) => h("button", { type: "button", onclick: () => ui.ask("go", { where }) }, words);
  const step = go("Step", "step"), back = go("Back", "back"), reset = go("Reset", "reset"), real = go("Back to the real values", "real");
  const whatIf = h("span"), warning = h("p", { class: "gb-whatif" }, whatIf, real);

  // A real unit: its text, and which one it is.
  const line = tokenLine({ name: "tokens that the unit reads", select: place => { line.paint(model.get("line"), place); ui.ask("jump", { place }, { latest: true }); } });
  const field = name => {
    const input = h("input", { type: "number", min: 1, step: 1 });
    input.addEventListener("change", () => ui.ask("unit", { layer: Math.round(layer.value) - 1, unit: Math.round(unit.value) - 1 }, { latest: true }));
    return [h("label", {}, name, input), input];
  };
  const [layerLabel, layer] = field("layer"), [unitLabel, unit] = field("unit");
  const which = h("div", { class: "gb__bar gb-which gb-hue-lstm" }, layerLabel, unitLabel, h("span", { class: "gb__hint" }));

  const chart = stripChart(), steps = h("p", { class: "gb__hint gb-steps" });
  const words = h("div", { class: "gb-words" }, formulas, fading, lesson);
  ui.body.append(line.node, which, h("div", { class: "gb-flow" }, drawing), warning, h("div", { class: "gb-cell" }, h("div", {}, sliders), words), h("div", { class: "gb__bar" }, step, back, reset, presets), steps, chart.node);
  ui.watch = ["board", "line"];
  let first = true;
  return () => {
    const seen = board(), tokens = model.get("line");
    line.node.hidden = which.hidden = !tokens;
    if (tokens) {
      line.paint(tokens, seen.place);
      for (const [input, value, most] of [[layer, seen.real.layer, seen.real.layers], [unit, seen.real.unit, seen.real.units]]) { put(input, { max: most }); if (!ui.waiting()) input.value = value + 1; }
      put(which.lastChild, { text: `of ${seen.real.layers} layers of ${seen.real.units} units` });
    }
    for (const [name, path] of Object.entries(pipes)) put(path, { "stroke-width": 2 + 14 * Math.abs(seen.pipes.levels[name]), "data-sign": seen.pipes.levels[name] < 0 ? "against" : null });
    for (const [name, rect] of Object.entries(fills)) put(rect, { width: 76 * Math.abs(seen.pipes.levels[name]), "data-sign": seen.pipes.levels[name] < 0 ? "against" : null });
    for (const [name, node] of Object.entries(numbers)) put(node, { text: seen.pipes.numbers[name] });
    put(drawing, { "aria-label": `The cell: ${seen.spoken}` });
    each(sliders, seen.sliders, makeSlider, updateSlider);
    each(presets, seen.presets, makePreset, (node, preset) => put(node, { text: preset.name, "aria-pressed": String(preset.on) }));
    formulas.replaceChildren(...seen.formulas.map(formula => h("p", {}, ...pieces(formula))));
    put(fading, { text: seen.fading });
    put(lesson, { text: seen.lesson, hidden: !seen.lesson });
    put(whatIf, { text: seen.what_if });
    warning.hidden = !seen.what_if;
    put(step, { "aria-disabled": String(!seen.can_step) });
    put(back, { "aria-disabled": String(!seen.place) });
    put(steps, { text: seen.steps });
    chart.paint(seen.strips, seen.place);
    if (!first) ui.say(seen.spoken);
    first = false;
  };
});
