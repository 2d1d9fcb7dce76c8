// A question about a prediction: the text, the predicted word, and what is to be explained. Needs text_field.js and tokens.js.

KINDS.after = "after the predicted word: not read";

// Fill a list with what can be chosen, a value and its words each, and choose one.
const offer = (node, list, value) => { each(node, list, () => h("option"), (option, [value, text]) => put(option, { value, text })); node.value = value; };

// `watch` "question" and call `paint(answered)`; `extra` are further controls for the bar.
function questionPart(ui, ...extra) {
  const now = () => ui.model.get("question");
  const form = textField(ui);
  const choose = (name, value) => ui.ask("choose", { name, value, revision: now().revision }, { latest: true });
  const place = position => { line.paint(now(), position); ui.ask("place", { position, revision: now().revision }, { latest: true }); };
  const line = tokenLine({ name: "the predicted word", select: place });
  line.list.addEventListener("keydown", event => { if (event.key === "Escape") place(now().words.length); });

  // A list of choices; where any word can be explained, its last entry opens a field for one that is not listed.
  const OTHER = "\n";
  function picker(label, name, open) {
    const node = h("select", { "aria-label": label, onchange: () => node.value === OTHER ? (show(true), word.focus()) : choose(name, node.value) });
    const word = h("input", { type: "text", size: 12, "aria-label": `${label}: another word`, placeholder: "a word, Enter", onkeydown: event => {
      if (event.isComposing) return;
      if (event.key === "Enter") choose(name, word.value);
      if (event.key === "Escape") { show(false); node.value = now().chosen[name]; node.focus(); }
    } });
    const show = on => { word.hidden = !on; };
    const root = h("span", { class: "gb-pick" }, h("label", {}, label, node), open ? word : "");
    show(false);
    return { root, paint() {
      const { choices, chosen } = now(), list = open && choices[name].length ? [...choices[name], [OTHER, "another word …"]] : choices[name];
      root.hidden = choices[name].length < 2;
      const typing = ui.model.get("error") && !word.hidden;
      offer(node, list, typing ? node.value : chosen[name]);
      if (typing) return; // what was typed stays
      show(false);
      word.value = "";
    } };
  }
  const pickers = [picker("why", "target", true), picker("and not", "against", true), picker("model", "asked"), picker("explain its", "explains"), picker("a missing word is read as", "baseline")];
  const heading = h("p", { class: "gb-heading gb-why" });
  const [undo, reset] = ["Undo", "Reset"].map(text => h("button", { type: "button", onclick: () => ui.ask(text.toLowerCase()) }, text));
  const bar = h("div", { class: "gb__bar gb-asks" }, ...pickers.map(one => one.root), ...extra, undo, reset);
  const node = h("div", {}, form.node, line.node, heading, bar);
  let drawn = null;
  return { node, line, place, paint(answered) {
    const asked = now();
    form.paint(asked.text, answered);
    line.paint(asked, asked.selected);
    // What follows in pieces changes no question: a word that is being typed stays.
    if (asked === drawn && answered !== "choose") return;
    drawn = asked;
    heading.replaceChildren(...pieces(asked.heading));
    pickers.forEach(one => one.paint());
    put(undo, { "aria-disabled": String(!asked.undo) });
  } };
}
