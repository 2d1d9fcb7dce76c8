// LRFinder: the loss over the rate, the learner's line on it, the advice, and under it what whole runs made of such rates.

export default widget(ui => {
  const { model, ask } = ui, board = () => model.get("board");
  const button = (words, kind) => h("button", { type: "button", onclick: () => ask(kind) }, words);
  const choices = choicesPart([["architecture", "model"], ["optimizer", "optimizer"], ["corpus", "text"]], (name, value) => ask("choose", { name, value }, { latest: true }));

  // The learner's rate: a slider along the axis, and a click on the chart.
  const rate = h("b", { class: "gb__number gb-rate" });
  const shown = place => { put(rate, { text: model.get("places")[place] }); put(slider, { "aria-valuetext": `rate ${model.get("places")[place]}` }); };
  const guess = place => { shown(place); ask("guess", { place }, { latest: true, flows: true }); };
  const slider = h("input", { type: "range", min: 0, max: model.get("places").length - 1, step: 1, oninput: () => guess(Number(slider.value)) });
  const show = button("Show", "show"), plot = plotPart(place => { slider.value = place; guess(place); }), trials = plotPart(() => {});
  const said = h("div", { class: "gb-finds" }), facts = h("div", { class: "gb__hint" });
  const head = h("tr", {}, ...["the rate is", "rate", "perplexity"].map(text => h("th", { scope: "col" }, text))), body = h("tbody");
  const table = h("details", { class: "gb-runs" }, h("summary", {}, "The whole runs in numbers"), h("table", {}, h("thead", {}, head), body));
  const run = h("button", { type: "button", onclick: () => ask(board().running ? "stop" : "run") }), status = h("span", { class: "gb__hint" });
  ui.body.append(h("div", { class: "gb__bar gb-first" }, ...choices.nodes), plot.node, h("div", { class: "gb__bar" }, h("label", { class: "gb-yours" }, "your rate", slider, rate), show, button("Reset", "reset")),
    trials.node, said, table, h("div", { class: "gb__bar" }, run, status), facts);
  ui.watch = ["board"];

  // Four times a second, while a test is going on and the card is on the screen, Python is asked what it has done.
  let first = true, timer = null;
  const news = () => {
    timer = null;
    if (!board()?.running) return;
    if (!ui.root.isConnected || ui.root.checkVisibility?.() === false || document.hidden || ui.waiting()) later();
    else ask("news", {}, { latest: true, flows: true });
  };
  const later = () => { timer ??= setTimeout(news, 250); };
  ui.close = () => clearTimeout(timer);
  return answered => {
    const seen = board();
    choices.paint(seen.choices, seen.chosen);
    if (!ui.waiting()) { slider.value = seen.place; shown(seen.place); }
    plot.paint(seen.plot, `Loss over the learning rate. ${seen.spoken}`);
    trials.node.hidden = table.hidden = !seen.trials;
    if (seen.trials) trials.paint(seen.trials, `Perplexity after whole runs. ${seen.said.at(-1)}`);
    put(show, { text: seen.revealed ? "Hide the answers" : "Show what such rates reach" });
    each(said, seen.said, () => h("p"), (node, text) => put(node, { text }));
    each(facts, seen.facts, () => h("p"), (node, text) => put(node, { text }));
    each(body, seen.rows, () => h("tr", {}, h("th", { scope: "row" }), h("td"), h("td")), (row, cells) => cells.forEach((text, i) => put(row.children[i], { text })));
    run.hidden = !seen.can_run;
    put(run, { text: seen.run });
    put(status, { text: seen.status });
    if (seen.running) later();
    if (!first && (answered !== "news" || !seen.running)) ui.say(`${seen.spoken} ${seen.status}`);
    first = false;
  };
});
