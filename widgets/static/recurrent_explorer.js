// RecurrentExplorer: the tokens, the map of units, one unit's strips, and below what the selected token moved and what comes next.

export default widget(ui => {
  const get = name => ui.model.get(name), button = (words, onclick) => h("button", { type: "button", onclick }, words);
  const unit = () => get("one").unit;
  const look = (unit, place) => ui.ask("look", { place, unit, revision: get("map").revision }, { latest: true });
  const text = textField(ui);
  const line = tokenLine({ name: "tokens of the text", select: place => { line.paint(get("line"), place); look(unit(), place); } });

  // What the map shows.
  const selects = {};
  const choice = (label, name) => h("label", {}, label, selects[name] = h("select", { onchange: event => ui.ask("show", { name, value: event.target.value }) }));
  const chosen = h("div", { class: "gb-choices" }, choice("layer", "layer"), choice("show the", "quantity"), choice("sort units by", "order"), choice("units", "how_many"), button("Reset", () => ui.ask("reset")));

  // The map: walking on it moves the selection at once, Python's numbers follow.
  const about = h("span", { class: "gb-about" }), legend = [0, 1, 2].map(() => h("span")), sorted = h("p", { class: "gb__hint" });
  const ramp = h("div", { class: "gb-legend gb-ramp" }, legend[0], h("i"), ...legend.slice(1), about);
  let walked = null;
  const walk = (row, column) => { walked = [row, column]; heat.paint(get("map"), get("cells"), row, column); look(get("map").units[row], column); };
  const heat = heatMap({ name: "map of units and tokens: walk with the arrow keys", look: walk,
    preview: (row, column, level) => put(about, { text: row === null ? "" : `unit ${get("map").units[row] + 1} at ${get("line").words[column]}: about ${(level * get("map").full).toFixed(2).replace("-", "−")}` }) });

  // One unit.
  const title = h("span"), off = button("Switch this unit off", () => ui.ask("switch", { unit: unit() }));
  const gone = h("span"), allOn = button("All on", () => ui.ask("all_on")), strips = stripChart(column => look(unit(), column));

  // One token: what it moved, and what comes next. A table's first cells name its rows, and may be buttons.
  const table = make => {
    const caption = h("caption"), head = h("tr"), body = h("tbody");
    const paint = ({ heading, head: names, rows }) => {
      caption.replaceChildren(...pieces(heading));
      each(head, names, () => h("th", { scope: "col" }), (node, text) => put(node, { text }));
      each(body, rows, () => h("tr", {}, h("th", { scope: "row" }, make()), ...names.slice(1).map(() => h("td", {}, h("i"), h("span")))), (node, row) => {
        put(node, { class: row.true ? "truth" : null });
        put(node.firstChild.firstChild, { text: row.name, "data-unit": row.unit });
        [...node.children].slice(1).forEach((cell, i) => {
          put(cell.firstChild, { hidden: !row.bars, "--p": row.bars?.[i] ?? 0 });
          put(cell.lastChild, { text: row.cells[i] });
        });
      });
    };
    return { node: h("div", {}, h("table", {}, caption, h("thead", {}, head), body)), paint };
  };
  const moved = table(() => button("", event => look(Number(event.target.dataset.unit), get("board").selected))), next = table(() => h("bdi"));
  const loss = h("p", { class: "gb__hint" });
  ui.body.append(text.node, line.node, chosen, heat.node, ramp, sorted, h("div", { class: "gb-unit" }, title, off, gone, allOn), strips.node,
    h("div", { class: "gb-under" }, moved.node, h("div", {}, next.node, loss)));
  ui.watch = ["line", "map", "cells", "one", "board", "controls"];
  ui.close = heat.stop;

  let first = true;
  return answered => {
    const [now, map, one, board, controls] = ["line", "map", "one", "board", "controls"].map(get), { expected } = board;
    text.node.firstChild.hidden = !controls.open;
    text.paint(now.text, answered);
    if (!ui.waiting()) walked = null;
    line.paint(now, board.selected);
    for (const [name, list] of Object.entries(controls.lists)) {
      each(selects[name], list, () => h("option"), (node, [value, text]) => put(node, { value, text }));
      if (!ui.waiting()) selects[name].value = controls[name];
    }
    heat.paint(map, get("cells"), ...(walked ?? [one.row, board.selected]));
    put(ramp, { class: `gb-legend gb-ramp${map.signed ? " gb-ramp--signed" : ""}` });
    legend.forEach((node, i) => put(node, { text: map.legend[i] }));
    put(sorted, { text: map.sorted + one.missing });
    title.replaceChildren(...pieces(one.heading));
    put(off, { "aria-pressed": String(one.off), hidden: !controls.open });
    put(gone, { text: controls.off });
    allOn.hidden = !controls.off;
    strips.paint(one.strips, board.selected);
    moved.paint(board.moved);
    next.node.hidden = !expected;
    if (expected) next.paint(expected);
    put(loss, { text: expected?.loss ?? "" });
    if (!first) ui.say(`${board.spoken} ${controls.off} ${get("note")}`);
    first = false;
  };
});
