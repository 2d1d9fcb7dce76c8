// NextWordExplorer: a text, its tokens, and what each model expected at the selected place.

export default widget(ui => {
  const { model } = ui, id = Math.random().toString(36).slice(2);
  const controls = () => model.get("controls"), board = () => model.get("board");

  const form = textField(ui);

  // The tokens, and which model's numbers stand under them.
  let pointed = null;
  const select = position => { line.paint(model.get("line"), position); ui.ask("select", { position, revision: model.get("line").revision }, { latest: true }); };
  const line = tokenLine({ name: "your text, word by word", select, preview: i => { pointed = i; fact(); } });
  line.list.addEventListener("keydown", event => { if (event.key === "Escape") select(model.get("line").words.length); });
  const choice = h("fieldset", { class: "gb-choice" }, h("legend", {}, "Surprisal under"));
  line.legend.prepend(choice);
  const about = h("span", { class: "gb-about" });
  line.legend.append(about);
  const fact = () => put(about, { text: pointed === null || pointed === board().selected ? "" : line.words(pointed) });

  // The bars.
  const heading = h("p", { class: "gb-heading" }), hint = h("span", { class: "gb__hint" });
  const bars = barPanels({ pick: token => ui.ask("pick", { token, position: board().selected, revision: model.get("line").revision }) });

  // The controls.
  const set = changes => { const { temperature, top_k, values_of } = controls(); wish = { temperature, top_k, values_of, ...wish, ...changes }; ui.ask("set", wish, { latest: true, flows: true }); };
  let wish = {};
  const slider = (label, name, attributes, words) => {
    const output = h("span", { class: "gb__number" });
    const input = h("input", { type: "range", ...attributes, oninput: () => { shown(input.value); set({ [name]: Number(input.value) }); } });
    const shown = value => { const text = words(Number(value)); put(output, { text }); put(input, { "aria-valuetext": text }); };
    return { node: h("label", {}, label, input, output), input, paint(value) { input.value = value; shown(value); } };
  };
  const temperature = slider("temperature", "temperature", { min: 0.1, max: 3, step: 0.1 }, value => value.toFixed(1));
  const top = slider("show top", "top_k", { min: 1, step: 1 }, String);
  const undo = h("button", { type: "button", onclick: () => ui.ask("undo") }, "Undo"), reset = h("button", { type: "button", onclick: () => ui.ask("reset") }, "Reset");
  ui.body.append(form.node, line.node, heading, bars.node, h("div", { class: "gb__bar" }, temperature.node, top.node, undo, reset));
  ui.watch = ["line", "board", "controls"];

  let first = true;
  return answered => {
    const now = model.get("line"), state = controls(), seen = board();
    form.paint(now.text, answered);
    line.paint(now, seen.selected);
    fact();
    heading.replaceChildren(...pieces(seen.heading), " ", hint);
    put(hint, { text: seen.hint });
    bars.paint(seen);
    put(top.input, { max: state.most });
    if (!ui.waiting()) { wish = {}; temperature.paint(state.temperature); top.paint(state.top_k); } // not under a moving hand
    put(undo, { "aria-disabled": String(!state.undo) });
    choice.hidden = state.models.length < 2;
    if (choice.children.length === 1) choice.append(...state.models.map(name => h("label", {}, h("input", { type: "radio", name: `model-${id}`, value: name, onchange: () => set({ values_of: name }) }), name)));
    choice.querySelectorAll("input").forEach(radio => { radio.checked = radio.value === state.values_of; });
    if (!first) ui.say(`${seen.spoken} ${model.get("note")}`);
    first = false;
  };
});
