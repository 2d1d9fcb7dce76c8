// PathSlider: the way from the baseline to the text as a curve, and each word's slope and what it has collected at one place.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board"), box = (name, ...parts) => h("div", { class: `gb-way-${name}` }, ...parts);
  const selects = [["steps", "n_steps", Number], ["rule", "rule", String]].map(([kind, name, read]) => {
    const node = h("select", { "aria-label": kind, onchange: () => ui.ask(kind, { [name]: read(node.value) }, { latest: true }) });
    return node;
  });
  const q = questionPart(ui, ...selects.map((node, i) => h("span", { class: "gb-pick" }, h("label", {}, i ? "chosen by the rule" : "steps", node))));

  // The field: lines in shares of its width and height. They are stretched with it, their strokes are not.
  const svg = s("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  const [low, high, walked, missed, curve, tangent] = ["level", "level", "walked", "missed", "curve", "slope"].map(name => svg.appendChild(s("path", { class: `gb-way-${name}` })));
  const draw = (node, points) => put(node, { d: points.map(([x, y], i) => `${i ? "L" : "M"}${x} ${1 - y}`).join("") });
  const labels = ["start", "end"].map(name => h("span", { class: `gb-way-label ${name}` })), dots = h("span"), stand = box("here");
  const field = put(box("field", svg, dots, stand, ...labels), { role: "img" });

  // The slider goes along at once, without asking anybody; Python is told where it has come to a stop.
  let here = 0, moving = false;
  const last = () => board().places - 1;
  const move = to => { const at = Math.max(0, Math.min(last(), to)); if (at !== here) { here = at; moving = true; stay(); } };
  const tell = () => { if (moving) { moving = false; ui.ask("go", { place: here / last() }, { latest: true, flows: true }); } };
  const slider = h("input", { type: "range", class: "gb-way-slider", min: 0, step: 1, "aria-label": "how far on the way", oninput: () => move(Number(slider.value)), onchange: tell });
  const button = (sign, words, by) => h("button", { type: "button", "aria-label": `one place ${words}`, onclick: () => { move(here + by); tell(); } }, sign);
  const aim = event => { const { left, width } = svg.getBoundingClientRect(); move(Math.round((event.clientX - left) / width * last())); };
  put(field, { onpointerdown: event => { field.setPointerCapture(event.pointerId); aim(event); }, onpointermove: event => event.buttons && aim(event), onpointerup: tell, onpointercancel: tell });
  const ends = [0, 1].map(() => h("span")), key = box("key"), said = box("said"), gap = box("gap"), sums = h("p", { class: "gb__hint" }), about = h("p"), facts = h("div", { class: "gb__hint" });

  // The words: a bar and a number for the slope and for what is collected, with a mark where the score will be.
  const cells = () => h("tr", {}, h("th", { scope: "row" }, h("bdi", { dir: "auto" })), ...[0, 1, 2, 3].map(i => h("td", {}, i < 2 ? h("i", { "aria-hidden": "true" }, h("i"), h("b")) : "", h("span"))));
  const head = h("tr"), body = h("tbody"), foot = cells();
  const rows = put(box("words", h("table", {}, h("thead", {}, head), body, h("tfoot", {}, foot))), { role: "group", "aria-label": "Numbers of the words" });
  ui.body.append(q.node, key, field, slider, box("ends", button("◂", "back", -1), ...ends, button("▸", "on", 1)), said, box("sum", gap, sums), rows, about, facts);
  ui.watch = ["question", "board", "way", "at"];

  const signed = value => { const text = Math.abs(value).toFixed(board().digits); return Number(text) ? (value < 0 ? "−" : "+") + text : text; };
  const fill = (row, values) => values.forEach((value, i) => {
    const cell = row.children[i + 1], { full } = board();
    put(cell.lastChild, { text: signed(value) });
    if (i > 1) return;
    const [bar, mark] = cell.firstChild.children;
    put(bar, { "--v": Math.min(1, Math.abs(value) / full[i]), class: value < 0 ? "against" : null });
    put(mark, { hidden: !i, "--v": values[2] / full[1] });
  });

  // All that depends on the place.
  function stay() {
    const { order, places, edges, chart, said: words } = board(), way = model.get("way"), at = here / last(), all = [0, 0, 0, 0];
    const slope = (row, word) => way.getFloat32(4 * (row * order.length + word), true);
    order.forEach((word, nth) => {
      const values = [slope(here, word), 0, 0, slope(last(), word)];
      edges.slice(1).forEach((end, i) => {
        values[1] += slope(places + i, word) * Math.max(0, Math.min(at, end) - edges[i]);
        values[2] += slope(places + i, word) * (end - edges[i]);
      });
      fill(body.children[nth], values);
      values.forEach((value, i) => { all[i] += value; });
    });
    fill(foot, all);
    const [x, y] = chart.curve[here], steep = all[0] * chart.rise, reach = Math.min(.12, .35 / Math.abs(steep));
    draw(tangent, [-reach, reach].map(by => [x + by, y + by * steep]));
    put(stand, { "--x": x, "--y": y });
    put(slider, { "aria-valuetext": `${at.toFixed(2)} of the way` });
    slider.value = here;
    put(said, { text: words[here] });
  }

  let drawn = null;
  return answered => {
    const seen = board(), { chart } = seen, hue = `gb-hue-${model.get("question").hue}`, first = !drawn, same = seen === drawn;
    q.paint(answered);
    if (!same) {
      drawn = seen;
      moving = false;
      selects.forEach((node, i) => offer(node, seen.choices[i], seen.chosen[i]));
      put(field, { class: `gb-way-field ${hue}`, "aria-label": `${seen.key[0]} on the way. ${seen.spoken}` });
      draw(curve, chart.curve);
      draw(walked, chart.walked);
      draw(missed, [chart.walked.at(-1), chart.curve.at(-1)]);
      chart.levels.forEach(([y, text, above], i) => {
        draw([low, high][i], [[0, y], [1, y]]);
        put(labels[i], { text, "--y": y, "data-above": String(above) });
      });
      each(dots, chart.steps, () => h("i"), (dot, [x, y]) => put(dot, { "--x": x, "--y": y }));
      each(key, seen.key, () => h("span", {}, h("i"), h("span")), (node, text) => { put(node, { class: hue }); put(node.lastChild, { text }); });
      ends.forEach((node, i) => put(node, { text: seen.ends[i] }));
      gap.replaceChildren(...pieces(seen.gap[0]));
      gap.classList.toggle("wide", seen.wide);
      put(sums, { text: seen.gap[1] });
      put(about, { text: seen.last });
      each(facts, seen.facts, () => h("p"), (node, text) => put(node, { text }));
      each(head, seen.heads, () => h("th", { scope: "col" }), (node, text) => put(node, { text }));
      each(body, seen.order, cells, (row, i) => put(row.firstChild.firstChild, { text: seen.words[i] }));
      put(foot.firstChild.firstChild, { text: seen.all });
      put(slider, { max: last() });
    }
    if (!moving && !ui.waiting()) here = model.get("at"); // not under a moving hand
    stay();
    put(rows, { tabindex: rows.scrollHeight > rows.clientHeight || rows.scrollWidth > rows.clientWidth ? 0 : null });
    if (!first) ui.say(same ? seen.said[here] : `${seen.spoken} ${model.get("note")}`);
  };
});
