// TokenClicker: a line of tokens and, under it, in words what is selected or pointed at.

export default widget(ui => {
  const { model } = ui;
  const fact = h("p", { class: "gb-fact" });
  let pointed = null;
  const ask = position => { mark(position); ui.ask("select", { position, revision: model.get("line").revision }, { latest: true }); };
  const line = tokenLine({ name: "tokens", select: ask, preview: i => { pointed = i; say(); } });
  const mark = position => { line.paint(model.get("line"), position); };
  const say = () => {
    const chosen = model.get("chosen"), i = pointed ?? chosen;
    put(fact, { text: i === null ? "Nothing is selected: click a word, or press Tab and the arrow keys." : `${pointed === null ? "Selected" : "Here"}: ${line.words(i)}` });
  };
  line.list.addEventListener("keydown", event => { if (event.key === "Escape") ask(null); });
  ui.body.append(line.node, fact);
  ui.watch = ["line", "chosen"];
  let first = true;
  return () => {
    put(line.list, { "aria-label": model.get("card").title || "tokens" });
    line.paint(model.get("line"), model.get("chosen"));
    pointed = null;
    say();
    if (!first) ui.say(fact.textContent);
    first = false;
  };
});
