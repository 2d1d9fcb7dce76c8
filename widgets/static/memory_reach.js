// MemoryReach: curves over the distance k with their confidence bands, a sentence with the cut in it, and the numbers as a table.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board");
  const ask = changes => ui.ask("set", { done: board().kind, distance: board().distance, ...changes }, { latest: true, flows: true });

  // What is done to the far words, and k: the slider walks along the distances that were measured.
  const radios = radiosPart(done => ask({ done }), { class: "gb-radios" }), k = h("span", { class: "gb__number" });
  const kinds = h("fieldset", { class: "gb-kinds" }, h("legend", {}, "Farther words are"), radios.node);
  const slider = h("input", { type: "range", min: 0, step: 1, oninput: () => { const at = board().distances[slider.value]; shown(at); ask({ distance: at }); } });
  const shown = at => { put(k, { text: String(at) }); put(slider, { "aria-valuetext": `the last ${at} words` }); };
  const controls = h("div", { class: "gb__bar" }, kinds, h("label", {}, "k, the words that stay", slider, k));

  // The curves: a solid line with round points, a dashed one with square points; the bands are the confidence intervals.
  const svg = s("svg", { class: "gb-chart", role: "img" });
  svg.addEventListener("click", event => {
    const { chart } = board(), at = pointIn(svg, event).x;
    ask({ distance: chart.stops.reduce((best, stop) => Math.abs(stop[0] - at) < Math.abs(best[0] - at) ? stop : best)[1] });
  });
  const path = points => points.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("");
  const curve = ({ hue, points, band }, i) => s("g", { class: `gb-hue-${hue}${i ? " gb-second" : ""}` },
    s("path", { class: "gb-band", d: `${path(band.map(([x, low]) => [x, low]))}L${path([...band].reverse().map(([x, , high]) => [x, high])).slice(1)}Z` }),
    s("path", { class: "gb-curve", d: path(points) }), ...points.map(([x, y]) => i ? s("rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7 }) : s("circle", { cx: x, cy: y, r: 4 })));
  const draw = chart => {
    put(svg, { viewBox: `0 0 ${chart.width} ${chart.height}` });
    svg.replaceChildren(
      ...chart.ticks.flatMap(([y, words]) => [s("path", { class: "gb-rule", d: `M${chart.left} ${y}H${chart.right}` }), s("text", { x: chart.left - 6, y: y + 4, class: "gb-end" }, words)]),
      ...chart.labels.map(([x, words]) => s("text", { x, y: chart.bottom + 17 }, words)), s("text", { x: (chart.left + chart.right) / 2, y: chart.height - 4 }, "k: the last words that stay as they are"),
      s("path", { class: "gb-k", d: `M${chart.here} 8V${chart.bottom}` }), ...chart.lines.map(curve));
  };
  const key = h("div", { class: "gb-key" }), facts = h("div", { class: "gb-reaches" });

  // The sentence: what is far away is struck out, or stands there in another order or in other words.
  const far = h("span", { class: "gb-far" }), near = h("span"), gap = h("b", { class: "gb-gap" }), about = h("p", { class: "gb__hint" }), surprisals = h("p");
  const sentence = h("div", { class: "gb-sentence" }, h("p", {}, far, " ", h("span", { class: "gb-cut", "aria-hidden": "true" }, "|"), " ", near, " ", gap), surprisals, about);

  // The table, and measuring: one small part a request, so that it can be stopped and the page sees it grow.
  const head = h("tr"), body = h("tbody"), table = h("details", { class: "gb-all" }, h("summary", {}, "All numbers, in nats per word"), h("div", {}, h("table", {}, h("thead", {}, head), body)));
  const button = (words, kind) => h("button", { type: "button", onclick: () => ui.ask(kind) }, words);
  const measure = button("Measure again here", "measure"), stop = button("Stop", "stop"), reset = button("Reset", "reset"), done = h("progress", { max: 1, "aria-label": "measured" });
  const source = h("p", { class: "gb__hint" }), published = h("p", { class: "gb__hint" });
  ui.body.append(controls, key, svg, facts, published, sentence, table, h("div", { class: "gb__bar" }, measure, stop, done, reset), source);
  ui.watch = ["board"];

  let first = true, drawn = null, driving = false;
  return answered => {
    const seen = board();
    radios.paint(seen.kinds, seen.kind);
    put(slider, { max: seen.distances.length - 1 });
    if (!ui.waiting()) { slider.value = seen.distances.indexOf(seen.distance); shown(seen.distance); }
    if (JSON.stringify(seen.chart) !== drawn) { drawn = JSON.stringify(seen.chart); draw(seen.chart); }
    put(svg, { "aria-label": `Extra loss over k. ${seen.spoken}` });
    each(key, seen.chart.lines, i => h("span", {}, h("i", { class: i ? "gb-second" : null }), h("b")), (node, line) => { put(node, { class: `gb-hue-${line.hue}` }); put(node.lastChild, { text: line.name }); });
    if (key.childElementCount === seen.chart.lines.length) key.append(h("span", { class: "gb__hint" }, "nats per word more than with the whole context"));
    each(facts, seen.verdict, () => h("p"), (node, text) => put(node, { text }));
    put(published, { text: seen.published });
    sentence.hidden = !seen.example;
    if (seen.example) {
      put(far, { text: seen.example.far.join(" "), class: `gb-far gb-far--${seen.example.kind}` });
      put(near, { text: seen.example.near.join(" ") });
      put(gap, { text: seen.example.target });
      put(about, { text: seen.example.about });
      surprisals.replaceChildren(`Surprisal of `, h("b", {}, seen.example.target), ...seen.example.surprisals.flatMap(([name, hue, nats], i) => [i ? ", " : ": ", h("b", { class: `gb-hue-${hue} gb-named` }, name), ` ${nats}`]));
    }
    each(head, ["k", ...seen.chart.head], () => h("th", { scope: "col" }), (node, text) => put(node, { text }));
    each(body, seen.rows, () => h("tr", {}, h("th", { scope: "row" })), (node, row) => {
      put(node, { class: row.here ? "gb-now" : null });
      each(node, [row.distance, ...row.cells], () => h("td"), (cell, text) => put(cell, { text }));
    });
    put(source, { text: seen.source });
    if (["measure", "go_on"].includes(answered)) driving = true; // the view that asked goes on asking
    driving &&= seen.measuring;
    put(measure, { hidden: !seen.can_measure || driving, text: seen.measuring ? "Go on measuring" : "Measure again here" });
    stop.hidden = done.hidden = !seen.measuring;
    done.value = seen.done;
    if (driving && !ui.waiting()) setTimeout(() => ui.ask("go_on", {}, { latest: true, flows: true }), 0);
    if (!first && answered !== "go_on") ui.say(seen.spoken);
    first = false;
  };
});
