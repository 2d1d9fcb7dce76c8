// CurveDoctor: a wall of small charts, the chosen one large with its evidence, the diagnoses, and an answer to each.

export default widget(ui => {
  const now = () => ui.model.get("board"), wall = () => ui.model.get("wall");
  const look = letter => ui.ask("look", { letter }, { latest: true });

  // The wall: one Tab stop, arrows walk. The drawing itself is hidden from a screen reader, the button has its words.
  const charts = h("div", { class: "gb-wall", role: "group", "aria-label": "curves" });
  const items = () => [...charts.children];
  const enter = roving(charts, items, i => look(wall()[i].letter));
  const makeChart = i => h("button", { type: "button", class: "gb-small", onclick: () => look(wall()[i].letter) },
    s("svg", { class: "gb-plot", "aria-hidden": "true" }), h("b"), h("span", { class: "gb-known" }));
  let drawn = [];
  const paintChart = (node, { letter, plot, known, found, words }, i) => {
    const [svg, name, label] = node.children;
    const key = JSON.stringify(plot);
    if (drawn[i] !== key) { put(svg, { viewBox: `0 0 ${plot.width} ${plot.height}` }); svg.replaceChildren(...plot.marks.map(mark => s(...mark))); drawn[i] = key; }
    put(name, { text: letter });
    put(label, { text: known && `${found ? "✓ " : ""}${known}` });
    put(node, { "aria-pressed": String(letter === now().letter), "aria-label": `Curve ${letter}${known ? `: ${known}` : ""}. ${words}` });
  };

  const loss = plotPart(() => {}), beside = [plotPart(() => {}), plotPart(() => {})], heading = h("h3", { class: "gb-heading" });
  const key = h("p", { class: "gb-key gb__hint" }, h("i", { class: "gb-train" }), "training, mean of ten steps (faint: each)", h("i", { class: "gb-valid" }), "validation, dropout off");
  const large = h("div", { class: "gb-large" }, heading, key, loss.node, h("div", { class: "gb-evidence" }, ...beside.map(part => part.node)));

  const list = h("div", { class: "gb-list", role: "group", "aria-label": "diagnoses" });
  const enterList = roving(list, () => [...list.children]);
  const makeDiagnosis = i => h("button", { type: "button", onclick: () => ui.ask("diagnose", { letter: now().letter, diagnosis: now().diagnoses[i][0] }) });
  const marks = { right: "✓ ", wrong: "✗ " };
  const answer = h("div", { class: "gb-answer" }), score = h("b");
  const button = (words, act) => h("button", { type: "button", onclick: act }, words);
  const all = button("Show all answers", () => ui.ask("show_all")), seed = h("span", { class: "gb__hint" });
  ui.body.append(h("div", { class: "gb-desk" }, charts, large), h("p", { class: "gb-ask" }, "What is it?"), list, answer,
    h("div", { class: "gb__bar" }, score, all, button("Hang them anew", () => ui.ask("shuffle", { seed: now().seed + 1 })), button("Reset", () => ui.ask("reset")), seed));
  ui.watch = ["wall", "board"];

  let first = true;
  return answered => {
    const seen = now();
    each(charts, wall(), makeChart, paintChart);
    if (first) { enter(wall().findIndex(one => one.letter === seen.letter)); }
    put(heading, { text: `Curve ${seen.letter}` });
    loss.paint(seen.loss, seen.words);
    ["learning rate", "gradient norm"].forEach((name, i) => beside[i].paint(seen.evidence[i], `${name} over the steps; in words in the chart of the loss`));
    each(list, seen.diagnoses, makeDiagnosis, (node, [, name, mark]) => put(node, { text: `${marks[mark] ?? ""}${name}`, "data-mark": mark || null, "aria-label": mark ? `${name}: ${mark}` : null }));
    if (first) enterList(0);
    each(answer, seen.answer, () => h("p"), (node, text) => put(node, { text, class: text.startsWith("The line:") ? "gb-code" : null }));
    answer.hidden = !seen.answer.length;
    put(score, { text: seen.score });
    if (seen.shown && document.activeElement === all) all.nextElementSibling.focus(); // it goes, the hand stays
    all.hidden = seen.shown;
    put(seed, { text: `Order: seed ${seen.seed}. What lies beyond a scale is drawn at its edge.` });
    if (!first) ui.say(answered === "diagnose" ? `${seen.answer.join(" ")} ${seen.score}` : answered === "show_all" ? `All answers are shown. ${seen.answer.join(" ")}` : seen.words);
    first = false;
  };
});
