// ImportanceExplorer: a row for each method, a column for each word; pointing at a word says what really happens without it.

export default widget(ui => {
  const { model } = ui, board = () => model.get("board");
  const button = (text, onclick) => h("button", { type: "button", onclick }, text);
  const go = put(button("", () => ui.ask("refine", { refine: !board().refine })), { class: "gb-refine" }), seed = h("span", { class: "gb__hint" });
  const q = questionPart(ui, go, button("Another seed", () => ui.ask("seed")), seed);
  const lead = h("p", { class: "gb-lead" }), about = h("div", { class: "gb-about" }), legends = h("div"), state = h("p", { class: "gb-gone" });
  const head = h("tr"), body = h("tbody"), table = h("table", { class: "gb-methods", role: "grid", "aria-label": "methods and words" }, h("thead", {}, head), body);
  const wide = h("div", { class: "gb-wide" }, table);
  const FIRST = 4; // columns before the words: the method, and three facts about it

  // Pointing at a word or walking to it: its column is marked, and Python says what really happens without it.
  let place = null, walked = null, drawn = null;
  function tell() {
    const said = model.get("removed")[place];
    state.replaceChildren(...(said ? pieces(said) : [place === null ? "Point at a word, or walk to it with the arrow keys: what really happens without it?" : "asking …"]));
    if (said) ui.say(said.join(""));
  }
  function point(at) {
    if (at === place) return;
    place = at;
    mark();
    tell();
    if (at !== null && !model.get("removed")[at]) ui.ask("without", { place: at, number: board().number }, { latest: true });
  }
  const mark = () => { for (const { cells } of table.rows) [...cells].forEach((cell, i) => cell.classList.toggle("at", place !== null && i === place + FIRST && !cell.colSpan[1])); };
  const cells = row => [...row.querySelectorAll("[tabindex]")];
  const enter = cell => { cells(table).forEach(other => put(other, { tabindex: other === cell ? 0 : -1 })); };
  const column = ({ target }) => { const cell = target.closest("td, th"), i = cell ? cell.cellIndex - FIRST : -1; return i >= 0 && !cell.matches(".instead") ? i : null; };
  table.addEventListener("pointerover", event => point(column(event) ?? walked));
  table.addEventListener("pointerleave", () => point(walked));
  table.addEventListener("focusin", event => { enter(event.target); point(walked = column(event)); });
  table.addEventListener("focusout", () => { walked = null; });
  table.addEventListener("keydown", event => {
    const cell = event.target.closest("[tabindex]"), along = cell && { ArrowRight: 1, ArrowLeft: -1, Home: -999, End: 999 }[event.key], up = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!cell || !(along || up) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const row = cells(cell.parentNode), i = row.indexOf(cell);
    if (along) { row[Math.max(0, Math.min(row.length - 1, i + along))].focus(); return; }
    const rows = [...body.rows].filter(one => cells(one).length);
    cells(rows[rows.indexOf(cell.parentNode) + up] ?? cell.parentNode)[i].focus();
  });

  // The cells of a row: its name, the facts, a cell for each word; or, in place of these, why there are none.
  const make = i => i === 0 ? h("th", { scope: "row", role: "rowheader" }, h("b"), h("small")) : h("td", {}, h("span"), h("small"));
  function paintRow(line, row) {
    const list = [row.name, ...row.facts, ...(row.cells ?? [row.instead])];
    put(line, { class: row.kind, role: "row" });
    each(line, list, make, (node, text, i) => {
      const j = i - FIRST, word = j >= 0 && !!row.cells;
      put(node.firstChild, { text: i && j < 0 ? text[0] : text });
      put(node.lastChild, { text: i === 0 ? row.sub : j < 0 ? text[1] : word ? row.spreads?.[j] ?? "" : "" });
      if (!i) return;
      put(node, { role: "gridcell", tabindex: word ? node.getAttribute("tabindex") ?? -1 : null, colspan: j >= 0 && !word ? board().words.length : null,
        "data-sign": word && row.levels[j] < 0 ? "against" : null, "--v": word ? Math.abs(row.levels[j]) : 0, "--s": word && row.whiskers ? row.whiskers[j] : 0 });
      node.className = word ? "word" : j < 0 ? "fact" : "instead";
    });
  }

  // The newest words are in sight; a card that stands in no page yet, or was out of it, has no width to scroll.
  const toNewest = () => { wide.scrollLeft = wide.scrollWidth; };
  let wasIn = false;
  new ResizeObserver(() => {
    const isIn = wide.clientWidth > 0;
    if (isIn && !wasIn) toNewest();
    wasIn = isIn;
  }).observe(wide);

  ui.body.append(q.node, lead, wide, state, legends, about);
  ui.watch = ["question", "board", "removed"];
  let said = false;
  return answered => {
    const now = board(), fresh = now.number !== drawn;
    q.paint(answered);
    lead.replaceChildren(...pieces(now.lead));
    put(head, { role: "row" });
    each(head, ["method", ...now.facts, ...now.words], () => h("th", { scope: "col", role: "columnheader" }, h("bdi")), (node, text, i) => {
      put(node, { class: i >= FIRST ? "word" : i ? "fact" : null });
      put(node.firstChild, { text });
    });
    each(body, now.rows, () => h("tr"), paintRow);
    each(legends, now.legends, () => h("div", {}, h("span"), h("i", { "aria-hidden": "true" }), h("span"), h("span")), (node, { kind, low, high, words }) => {
      put(node, { class: `gb-legend gb-legend--${kind}` });
      [low, "", high, words].forEach((text, i) => put(node.children[i], { text }));
    });
    each(about, now.about, () => h("p"), (node, said) => node.replaceChildren(...pieces(said)));
    put(go, { text: now.refine ? "Stop refining" : "Go on refining", "aria-disabled": String(now.done), hidden: !now.sampled });
    put(seed, { text: now.seed });
    if (fresh) {
      drawn = now.number;
      place = walked = null;
      toNewest();
      const all = cells(table), last = cells(body.rows[0]).at(-1);
      enter(all.includes(document.activeElement) ? document.activeElement : last);
    }
    mark();
    tell();
    // What takes longer comes in pieces, as long as nothing else is asked.
    if (now.busy && !model.get("error") && !ui.waiting()) ui.ask("more", { number: now.number }, { latest: true });
    if (answered === "without" || (answered === "more" && now.busy)) return;
    if (said) ui.say(`${now.spoken} ${model.get("note")}`);
    said = true;
  };
});
