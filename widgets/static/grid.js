// Tables of cells with row and column headings: one Tab stop each, arrows walk in two dimensions, Home and End along a row.

// Keep a table's headings and cells: rows are { head, cells }, `make()` makes what stands in a cell, `update(node, cell, row, column)` draws it.
function gridTable({ make, update, go }) {
  const head = h("tr"), body = h("tbody"), table = h("table", { class: "gb-grid" }, h("thead", {}, head), body);
  const items = () => [...body.querySelectorAll("button, input")];
  const enter = i => items().forEach((item, j) => put(item, { tabindex: i === j ? 0 : -1 }));
  table.addEventListener("keydown", event => {
    const list = items(), i = list.indexOf(event.target), n = list.length / body.rows.length, row = i - i % n;
    if (i < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = { ArrowRight: Math.min(i + 1, row + n - 1), ArrowLeft: Math.max(i - 1, row), ArrowDown: i + n, ArrowUp: i - n, Home: row, End: row + n - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (!list[next] || next === i) return;
    enter(next);
    list[next].focus();
    go?.(Math.floor(next / n), next % n);
  });
  table.addEventListener("focusin", event => { const i = items().indexOf(event.target); if (i >= 0) enter(i); });
  function paint(corner, columns, rows) {
    each(head, [corner, ...columns], () => h("th", { scope: "col" }, h("bdi")), (node, text) => put(node.firstChild, { text }));
    each(body, rows, () => h("tr"), (line, row, r) => each(line, [row.head, ...row.cells],
      i => i ? h("td", {}, make()) : h("th", { scope: "row" }, h("bdi")),
      (node, cell, i) => i ? update(node.firstChild, cell, r, i - 1) : put(node.firstChild, { text: cell })));
    enter(Math.max(0, items().findIndex(item => item.tabIndex === 0)));
  }
  return { table, items, enter, paint };
}
