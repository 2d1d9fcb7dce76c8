// A table of words with signed bars on one scale: a bracket for how sure a number is, upright lines for other numbers, the numbers beside.

function signedRows(name) {
  const head = h("tr"), rows = h("tbody"), marks = h("p", { class: "gb__hint" });
  const node = h("div", { class: "gb-signed" }, h("div", { role: "region", tabindex: 0, "aria-label": name }, h("table", {}, h("thead", {}, head), rows)), marks);
  const lane = () => h("td", { "aria-hidden": "true" }, h("div", {}, h("i"), h("s"), h("span")));
  function paint(signed) {
    const { low, high } = signed, [first, ...others] = signed.head;
    each(head, [first, [low, "0", high], ...others], () => h("th", { scope: "col" }), (cell, text, i) => i === 1 ? cell.replaceChildren(h("div", {}, ...text.map(end => h("span", {}, end)))) : put(cell, { text }));
    each(rows, signed.rows, () => h("tr"), (node, row) => {
      put(node, { class: row.kind });
      each(node, [row.word, row, ...row.cells], i => i === 1 ? lane() : h(i ? "td" : "th", { scope: i ? null : "row", dir: "auto" }), (cell, text, i) => {
        if (i !== 1) return put(cell, { text });
        const [bar, bracket, ticks] = cell.firstChild.children, [a, b] = row.ends ?? [];
        put(bar, { "--v": row.level, "data-sign": row.level < 0 && "against" });
        put(bracket, { "--a": a, "--b": b, hidden: !row.ends });
        each(ticks, row.ticks, () => h("u"), (tick, at) => put(tick, { "--a": at }));
      });
    });
    put(marks, { text: signed.marks });
  }
  return { node, paint };
}
