// MaskPainter: scores that are hidden or shown by a click, and the weights with the mask before and after the softmax.

export default widget(ui => {
  const { model, ask } = ui, board = () => model.get("board");
  const paint = (row, column) => ask("paint", { row, column, visible: !board().painted[row].cells[column].seen });
  const scores = gridTable({ make: () => h("button", { type: "button" }), update(node, cell, row, column) {
    const { columns } = board();
    node.onclick = () => paint(row, column);
    put(node, { text: cell.text, class: cell.seen ? "gb-square" : "gb-square gone", "aria-pressed": String(!cell.seen),
      "aria-label": `${columns[row]} looks at ${columns[column]}: ${cell.seen ? `score ${cell.score}` : `hidden, score was ${cell.score}`}` });
  } });
  const shown = () => {
    const name = h("b"), grid = gridTable({ make: () => h("span"), update: (node, { text, level, seen }) => put(node, { text, class: seen ? "gb-square" : "gb-square gone", "--v": level }) });
    const wide = h("div", { class: "gb-wide", role: "group" }, grid.table);
    return { node: h("div", { class: "gb-mask-table" }, h("p", {}, name), wide), paint(table) {
      put(name, { text: table.name });
      put(wide, { "aria-label": table.name, tabindex: null });
      grid.paint("", [...board().columns, "row sum"], table.rows);
      table.rows.forEach(({ verdict, good }, i) => {
        const line = grid.table.tBodies[0].rows[i], cell = line.querySelector(".gb-sum") ?? line.appendChild(h("td"));
        put(cell, { class: good ? "gb-sum" : "gb-sum bad", text: verdict });
      });
      put(wide, { tabindex: wide.scrollWidth > wide.clientWidth ? 0 : null });
    } };
  };
  const tables = [shown(), shown()], facts = h("div", { class: "gb-mask-facts" }), presets = h("span", { class: "gb-line" });
  const undo = h("button", { type: "button", onclick: () => ask("undo") }, "Undo");
  const preset = () => { const node = h("button", { type: "button", onclick: () => ask("preset", { name: node.textContent }) }); return node; };
  ui.body.append(h("div", { class: "gb-line" }, "Masks:", presets), h("div", { class: "gb-mask-row" },
    h("div", { class: "gb-mask-table" }, h("p", {}, h("b", {}, "Scores under the mask"), " click to paint"), h("div", { class: "gb-wide" }, scores.table)), facts),
    h("div", { class: "gb-mask-row" }, ...tables.map(table => table.node)), h("div", { class: "gb__bar" }, undo, h("button", { type: "button", onclick: () => ask("reset") }, "Reset")));
  ui.watch = ["board"];

  let first = true;
  return () => {
    const now = board();
    scores.paint("query ↓ key →", now.columns, now.painted);
    now.tables.forEach((table, i) => tables[i].paint(table));
    facts.replaceChildren(...now.facts.map(text => h("p", { text })));
    each(presets, now.presets, preset, (node, [text, chosen]) => put(node, { text, "aria-pressed": String(chosen) }));
    put(undo, { "aria-disabled": String(!now.undo) });
    if (!first) ui.say(now.spoken);
    first = false;
  };
});
