// BlockTracer: layers and places as a grid, and under it what happens at the selected place.

export default widget(ui => {
  const { model } = ui, id = Math.random().toString(36).slice(2);
  const board = () => model.get("board"), grid = () => model.get("grid"), controls = () => model.get("controls"), rows = () => grid().rows;
  const form = textField(ui);

  // The grid: one Tab stop, arrows walk in two dimensions, Home and End along a row; a click on a heading selects its column or row.
  const head = h("tr"), body = h("tbody"), about = h("p", { class: "gb-about", "aria-hidden": "true" });
  const table = h("table", { class: "gb-layers", role: "grid", "aria-label": "layers and places", "aria-multiselectable": "true" }, h("thead", {}, head), body);
  const wide = h("p", { class: "gb__hint", text: "The grid is wider than the card: scroll it sideways, or walk with the arrow keys." });
  const scroll = h("div", { class: "gb-scroll" }, table), cells = line => [...line.querySelectorAll("td")];
  let now = { row: 0, place: 0 };
  const at = event => {
    const node = event.target.closest("td, th"), line = node?.parentElement;
    if (line === head) return node.cellIndex ? { row: now.row, place: node.cellIndex - 1 } : null;
    return line ? { row: line.sectionRowIndex, place: node.matches("td") ? cells(line).indexOf(node) : now.place } : null;
  };
  const words = (row, i) => [`${row.group}, ${row.name}, after ${grid().words[i]}: ${row.words[i]} ${row.shares[i]}`,
    row.true.includes(i) && "the true next word", row.moved.includes(i) && "another word than with everything on"].filter(Boolean).join(", ");
  const tell = ({ row, place }) => put(about, { text: words(rows()[row], place) });
  // Make the cell where we are the Tab stop; `focus` takes the focus along.
  function enter(focus) {
    body.querySelectorAll("td[tabindex='0']").forEach(node => put(node, { tabindex: -1 }));
    const node = put(cells(body.rows[now.row])[now.place], { tabindex: 0 });
    if (focus) node.focus({ preventScroll: true });
    wide.hidden = scroll.scrollWidth <= scroll.clientWidth;
    const { offsetLeft: left, offsetWidth: width } = node, room = cells(body.rows[0])[0].offsetLeft;
    scroll.scrollLeft = Math.max(left + width + 12 - scroll.clientWidth, Math.min(scroll.scrollLeft, left - room));
    tell(now);
  }
  const select = there => {
    now = there;
    enter(true);
    ui.ask("select", { position: now.place, layer: rows()[now.row].layer, revision: board().revision }, { latest: true });
  };
  table.addEventListener("click", event => { const there = at(event); if (there) select(there); });
  table.addEventListener("pointerover", event => tell(at(event) ?? now));
  table.addEventListener("pointerleave", () => tell(now));
  table.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { row, place } = now, last = grid().words.length - 1;
    const next = { ArrowRight: [row, place + 1], ArrowLeft: [row, place - 1], ArrowDown: [row + 1, place], ArrowUp: [row - 1, place], Home: [row, 0], End: [row, last] }[event.key];
    if (!next) return;
    event.preventDefault();
    const there = { row: Math.max(0, Math.min(body.rows.length - 1, next[0])), place: Math.max(0, Math.min(last, next[1])) };
    if (there.row !== row || there.place !== place) select(there);
  });
  function drawGrid({ words: places }) {
    each(head, ["what it has read", ...places], i => h("th", { scope: "col", colspan: i ? null : 2 }, h("bdi")), (node, text) => put(node.firstChild, { text }));
    if (body.rows.length !== rows().length || cells(body.rows[0]).length !== places.length)
      body.replaceChildren(...rows().map(({ span }) => h("tr", {}, ...(span ? [h("th", { scope: "rowgroup", rowspan: span }, h("span"))] : []), h("th", { scope: "row" }),
        ...places.map(() => h("td", { tabindex: -1 }, h("bdi"))))));
    rows().forEach((row, r) => {
      const line = put(body.rows[r], { class: `gb-hue-${row.hue}${row.span ? " first" : ""}` });
      if (row.span) put(line.cells[0].firstChild, { text: row.group });
      put(line.querySelector("[scope=row]"), { text: row.name });
      cells(line).forEach((node, i) => {
        put(node, { class: `${row.true.includes(i) ? "true" : ""} ${row.moved.includes(i) ? "moved" : ""}`, "--v": row.levels[i], "aria-label": words(row, i) });
        put(node.firstChild, { text: row.words[i] });
      });
    });
  }
  function markGrid({ selected, layers }) {
    [...head.cells].forEach((node, i) => put(node, { "data-here": i - 1 === selected }));
    rows().forEach((row, r) => cells(body.rows[r]).forEach((node, i) => put(node, { "aria-selected": String(i === selected && row.layer === layers[row.model]), "data-here": i === selected })));
  }

  // The switches: each request says all of them.
  let wish = {};
  const off = () => ({ attention: controls().attention, mlp: controls().mlp, ...wish });
  const ask = changes => ui.ask("switch", wish = { ...off(), ...changes }, { latest: true });
  const flip = (part, i) => ask({ [part]: off()[part].includes(i) ? off()[part].filter(other => other !== i) : [...off()[part], i] });
  const effect = h("b"), whose = h("legend"), sets = [["attention", "attention of block"], ["mlp", "MLP of block"]].map(([part, name]) => ({ part, node: h("span", { role: "group", "aria-label": name, class: "gb-off" }), name }));
  const switches = h("fieldset", { class: "gb-choice" }, whose, ...sets.map(({ name, node }) => h("span", {}, name, " ", node)),
    h("button", { type: "button", onclick: () => ask({ attention: [], mlp: [] }) }, "Everything on"), effect);
  function drawSwitches({ blocks, of }) {
    switches.hidden = !blocks;
    put(whose, { text: `Switch off in the ${of}:` });
    put(effect, { text: controls().effect });
    sets.forEach(({ part, node }) => each(node, Array(blocks).fill(part), i => h("button", { type: "button", onclick: () => flip(part, i) }, `${i + 1}`),
      (button, _, i) => put(button, { "aria-pressed": String(off()[part].includes(i)) })));
  }

  // The way of the selected token.
  const makeWay = () => h("div", { class: "gb-wide", tabindex: 0, role: "group" }, h("table", { class: "gb-way" }, h("thead", {}, h("tr")), h("tbody")), h("p", { class: "gb__hint" }));
  const drawWay = (node, way) => {
    const [{ children: [top, steps] }, hint] = node.children;
    put(node, { class: `gb-wide gb-hue-${way.hue}`, "--grow": way.heads.length - 3, "aria-label": `the way through the ${way.name}` });
    each(top.firstChild, way.heads, () => h("th", { scope: "col" }), (cell, text) => put(cell, { text }));
    each(steps, way.rows, () => h("tr"), (line, row) => {
      put(line, { class: row.later ? "later" : null });
      each(line, [row.name, row.shape, row, ...row.cells], i => i === 2 ? h("td", {}, h("i", { "aria-hidden": "true" }), h("span")) : h(i ? "td" : "th", { scope: i ? null : "row" }), (cell, value, i) => {
        if (i !== 2) put(cell, { text: value });
        else { put(cell.firstChild, { "--p": row.width ?? 0, hidden: row.width === undefined }); put(cell.lastChild, { text: row.number ?? "" }); }
      });
    });
    put(hint, { text: way.legend });
  };

  const heading = h("p", { class: "gb-heading" }), bars = barPanels({}), ways = h("div", { class: "gb-ways" });
  const moved = h("span", { class: "gb-moved" }, "another word than with everything on"), caveat = h("p", { class: "gb__hint" });
  const legend = h("p", { class: "gb-legend" }, "0", h("i", { "aria-hidden": "true" }), "100 % probability", h("span", { class: "gb-true" }, "this word really follows"), moved);
  ui.body.append(form.node, scroll, wide, about, legend, caveat, switches, heading, bars.node, ways,
    h("div", { class: "gb__bar" }, h("button", { type: "button", onclick: () => ui.ask("reset") }, "Reset")));
  ui.watch = ["grid", "board", "controls"];

  let drawn = null, first = true;
  return answered => {
    const seen = board(), state = controls(), inside = body.contains(document.activeElement);
    form.paint(state.text, answered);
    if (grid() !== drawn) drawGrid(drawn = grid());
    if (!ui.waiting()) wish = {};
    drawSwitches(state);
    // We stay in the row that was clicked as long as it shows the layer that is selected.
    const fits = row => row?.layer === seen.layers[row?.model];
    now = { row: fits(rows()[now.row]) ? now.row : rows().findLastIndex(fits), place: seen.selected };
    markGrid(seen);
    enter(inside);
    heading.replaceChildren(...pieces(seen.heading));
    bars.paint(seen);
    each(ways, seen.ways, makeWay, drawWay);
    moved.hidden = !rows().some(row => row.moved.length);
    put(caveat, { text: grid().caveat });
    if (!first) ui.say(`${seen.spoken} ${model.get("note")}`);
    first = false;
  };
});
