// AttentionVersusOcclusion: a dot a word, attention to the right and what is lost without it upwards; and the hunt for counter-examples.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board");
  const button = (text, kind) => h("button", { onclick: () => ui.ask(kind) }, text);
  const picker = (label, name) => {
    const node = h("select", { onchange: () => ui.ask("see", { name, value: node.value }) }), root = h("span", { class: "gb-pick" }, h("label", {}, label, node));
    return { root, paint(list, chosen) {
      offer(node, list, chosen);
      root.hidden = list.length < 2;
    } };
  };
  const pickers = { layer: picker("attention of", "layer"), head: picker("head", "head"), size: picker("change", "size") };
  const q = questionPart(ui, ...Object.values(pickers).map(one => one.root));

  // The plot: grid, dots that take the focus, and labels where there is room; the label of the current dot is always there.
  const layer = () => h("div", { "aria-hidden": "true" }), axis = () => h("p", { class: "gb-axis" }), grid = layer(), labels = layer(), up = axis(), across = axis();
  const dots = h("div", { role: "listbox", "aria-label": "words, by attention" }), plot = h("div", { class: "gb-plot" }, grid, dots, labels);
  const about = h("p", { class: "gb-about" }), key = axis();
  key.append(...["gb-dot", "gb-dot against"].map(name => h("span", {}, h("i", { class: name }), h("span"))));
  let current = -1;
  const arrange = () => {
    const { clientWidth: w, clientHeight: t } = plot, { order, dots: all } = board(), at = all.map(dot => [dot.x * w, t - dot.y * t]), taken = at.map(([x, y]) => [x - 7, y - 7, x + 7, y + 7]);
    for (const i of [...order].sort((a, b) => (b === current) - (a === current))) {
      const label = labels.children[i], { offsetWidth: a, offsetHeight: b } = label, [x, y] = at[i], now = i === current, gap = now ? 15 : 10;
      const tries = [[x + gap, y - b / 2], [x - gap - a, y - b / 2]].filter(([l]) => l >= 0 && l + a <= w + 8).map(([l, u]) => [l, u, l + a, u + b]);
      const box = tries.find(box => !taken.some(o => box[0] < o[2] && o[0] < box[2] && box[1] < o[3] && o[1] < box[3])) ?? (now ? tries[0] ?? [0, y + 12] : null), [l, u] = box ?? [0, 0];
      put(label, { class: box ? now ? "gb-label now" : "gb-label" : "gb-label none", "--l": `${l}px`, "--u": `${u}px` });
      if (box) taken.push(box);
    }
  };
  const items = () => [...dots.children], index = event => items().indexOf(event.target.closest("button"));
  const point = i => {
    current = i < 0 ? items().indexOf(document.activeElement) : i;
    put(about, { text: board().dots[current]?.words ?? board().hint });
    items().forEach((dot, j) => { put(dot, { "aria-selected": String(j === current), tabindex: j === Math.max(0, current) ? 0 : -1 }); put(rows.children[j], { class: j === current ? "gb-now" : null }); });
    arrange();
  };
  for (const type of ["pointerover", "focusin"]) dots.addEventListener(type, event => point(index(event)));
  for (const type of ["pointerleave", "focusout"]) dots.addEventListener(type, () => point(-1));
  dots.addEventListener("keydown", event => { // the arrows follow the two axes
    const [axis, by] = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", -1], ArrowUp: ["y", 1], Home: ["x", -99], End: ["x", 99] }[event.key] ?? [], all = board().dots;
    if (!axis || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const order = [...board().order].sort((a, b) => all[a][axis] - all[b][axis] || a - b);
    items()[order[Math.max(0, Math.min(all.length - 1, order.indexOf(index(event)) + by))]].focus();
  });
  new ResizeObserver(arrange).observe(plot); // it goes with the plot

  const lines = () => h("div", { class: "gb-facts" }), hint = () => h("p", { class: "gb__hint" }), facts = lines(), source = hint(), follows = h("ul"), head = h("tr"), rows = h("tbody");
  const more = (title, ...children) => h("details", {}, h("summary", {}, title), ...children);
  const table = h("div", { class: "gb-all" }, h("table", {}, h("thead", {}, head), rows));

  // The hunt: Python looks at some predictions a request, while nothing else is asked.
  const begin = button("", "hunt"), stop = button("Stop", "stop"), done = h("progress", { max: 1, "aria-label": "searched" }), ranked = picker("ranked by", "order");
  const summary = lines(), list = h("ol"), where = hint();
  ui.body.append(q.node, up, plot, across, key, about, facts, more("All words, as a table", table), more("What follows, and what does not", follows), source,
    h("div", { class: "gb-hunt" }, h("div", { class: "gb__bar gb-asks" }, begin, stop, done, ranked.root), where, summary, list));
  ui.watch = ["question", "board", "hunt"];

  const say = (node, fact) => { if (node.textContent !== fact.join("")) node.replaceChildren(...pieces(fact)); };
  const paragraphs = (parent, all) => each(parent, all, () => h("p"), say), texts = (parent, all, make) => each(parent, all, make, (node, text) => put(node, { text }));
  let seen = null, driving = false, before = false;
  return answered => {
    const now = board(), { running, rows: found = [], facts: told = [], done: part, ...hunt } = model.get("hunt");
    q.paint(answered);
    if (now !== seen) {
      for (const name in pickers) pickers[name].paint(now.choices[name], now.chosen[name]);
      [up, across].forEach((node, i) => put(node, { text: now.captions[i] }));
      each(grid, now.ticks, () => h("div", {}, h("span")), (node, [axis, at, text]) => {
        put(node, { class: `gb-tick ${axis} ${text === "0" ? "zero" : ""}`, "--at": at });
        put(node.firstChild, { text });
      });
      each(dots, now.dots, () => h("button", { role: "option" }), (node, dot) =>
        put(node, { class: dot.against ? "gb-dot against" : "gb-dot", "aria-label": dot.words, "--x": dot.x, "--y": dot.y }));
      texts(labels, now.dots.map(dot => dot.word), () => h("span", { dir: "auto" }));
      texts(head, now.head, () => h("th", { scope: "col" }));
      each(rows, now.rows, () => h("tr", {}, h("th", { scope: "row" })), (node, cells) => texts(node, cells, () => h("td")));
      [...key.children].forEach((node, i) => put(node.lastChild, { text: now.key[i] }));
      paragraphs(facts, now.facts);
      texts(follows, now.follows, () => h("li"));
      put(source, { text: now.about });
      point(-1);
      if (seen) ui.say(now.spoken);
      seen = now;
    }
    if (["hunt", "go_on"].includes(answered)) driving = true; // the view that asked goes on asking
    driving &&= running;
    put(begin, { hidden: driving, text: hunt.button });
    stop.hidden = !running;
    done.hidden = !part || part === 1;
    done.value = part ?? 0;
    put(where, { text: hunt.about });
    paragraphs(summary, told);
    ranked.paint(hunt.orders ?? [], hunt.order);
    each(list, found, () => h("li", {}, h("button"), h("span")), ({ children: [open, text] }, row) => {
      say(open, [row.before, row.target]);
      put(open, { "aria-current": row.here ? "true" : null });
      open.onclick = () => ui.ask("open", { row: row.id });
      say(text, row.facts);
    });
    if ((before || answered === "hunt") && !running && told.length) ui.say(told.flat().join(" "));
    before = running;
    if (driving && !ui.waiting()) setTimeout(() => ui.ask("go_on", {}, { latest: true, flows: true }));
  };
});
