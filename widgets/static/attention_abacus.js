// AttentionAbacus: numbers that can be changed, five grids of cells, and the question that each cell asks first.

export default widget(ui => {
  const { model, ask } = ui, id = Math.random().toString(36).slice(2), board = () => model.get("board");
  const button = (text, go, attributes) => h("button", { type: "button", onclick: go, ...attributes }, text);

  // Queries, keys and values: a field commits when it is left or by Enter; Escape brings the number back.
  const kind = column => { const { columns, parts } = board().numbers; return [columns[Math.floor(column / parts)], column % parts]; };
  const field = () => {
    const node = h("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
    const commit = () => { if (node.value !== node.dataset.was) ask("edit", { of: kind(node.at[1])[0], row: node.at[0], column: kind(node.at[1])[1], text: node.value }); };
    node.addEventListener("focus", () => node.select());
    node.addEventListener("blur", commit);
    node.addEventListener("keydown", event => { if (event.key === "Enter") { commit(); node.select(); } if (event.key === "Escape") node.value = node.dataset.was; });
    return node;
  };
  const vectors = gridTable({ make: () => board().numbers.open ? field() : h("span"), update(node, text, row, column) {
    const [name, n] = kind(column);
    node.at = [row, column];
    put(node.parentNode, { class: n === 0 ? "gb-abacus-first" : null });
    if (node.tagName === "SPAN") { put(node, { text }); return; }
    if (node.dataset.was !== text || !node.matches(":focus") || refused) node.value = text;
    put(node, { "aria-label": `${name} of ${board().numbers.rows[row].head}, number ${n + 1}`, "data-was": text });
  } });
  const wide = h("div", { class: "gb-wide", role: "group", "aria-label": "Queries, keys and values" }, vectors.table);
  let refused = false;

  // The question.
  const title = h("p", { class: "gb-abacus-asked" }), verdict = h("p", { class: "gb-abacus-verdict" });
  const guess = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": "your number", "aria-describedby": `error-${id}` });
  const answer = () => ask("guess", { cell: board().selected, text: guess.value });
  guess.addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); answer(); }
    if (event.key === "Escape") chosen()?.focus();
  });
  const form = h("div", { class: "gb-line" }, guess, button("Check", answer), button("Show me", () => ask("show", { cell: board().selected })));
  const next = button("Next hidden cell", () => ask("next")), panel = h("div", { class: "gb-abacus-ask", role: "group", "aria-label": "Question" }, title, verdict, form, next);
  put(ui.error, { id: `error-${id}` });

  // The five steps.
  const select = cell => ask("select", { cell }, { latest: true });
  const grids = [0, 1, 2, 3, 4].map(step => {
    const name = h("b"), say = h("span"), show = button("show", () => ask("show_step", { step }));
    const grid = gridTable({ make: () => h("button", { type: "button" }), go: (row, column) => select([step, row, column]), update(node, cell, row, column) {
      const at = [step, row, column], mark = { right: " ✓", wrong: " ✗" }[cell.mark] ?? "", { columns, rows } = board().grids[step];
      node.onclick = () => { ask("select", { cell: at }); enters = true; };
      put(node, { text: cell.text + mark, class: ["gb-square", cell.shut && "shut", cell.kind].filter(Boolean).join(" "), "--v": cell.level ?? 0,
        "aria-pressed": String(String(at) === String(board().selected)),
        "aria-label": `${rows[row].head}, ${columns[column]}: ${cell.shut ? "hidden" : cell.text}${cell.mark ? `, your guess was ${cell.mark}` : ""}` });
    } });
    grid.table.addEventListener("keydown", event => { if (/^[-\d.,]$/.test(event.key) && !form.hidden) guess.focus(); });
    const node = h("div", { class: "gb-abacus-step", role: "group" }, h("p", {}, name, " ", say, show), h("div", { class: "gb-wide" }, grid.table));
    return { node, grid, paint(now) {
      put(name, { text: now.title });
      put(say, { text: now.say });
      put(node, { "aria-label": `${now.title} ${now.say}` });
      put(show, { "aria-disabled": String(!now.left), "aria-label": `show step ${step + 1}` });
      grid.paint(step < 4 ? "query ↓ key →" : "query", now.columns, now.rows);
      now.rows.forEach((row, i) => { if (row.sum) { const line = grid.table.tBodies[0].rows[i]; (line.querySelector(".gb-sum") ?? line.appendChild(h("td", { class: "gb-sum" }))).textContent = row.sum; } });
    } };
  });
  const chosen = () => ui.body.querySelector("[aria-pressed=true]");

  // The controls.
  const check = (text, name) => { const box = h("input", { type: "checkbox", onchange: () => ask("switch", { use_scale: scale.box.checked, use_mask: mask.box.checked }) }); return { box, node: h("label", {}, box, text) }; };
  const scale = check("divide by √d"), mask = check("mask later keys");
  const picks = h("span", { class: "gb-line" });
  const pick = () => { const node = h("select", { onchange: () => ask("pick", { which: node.name, value: Number(node.value) }) }), words = h("span"); return h("label", {}, words, node); };
  const progress = h("p", { class: "gb__hint" }), origin = h("p", { class: "gb__note" }), undo = button("Undo", () => ask("undo"));
  ui.body.append(origin, h("div", { class: "gb-abacus-top" }, wide, panel), ui.error,
    h("div", { class: "gb-abacus-steps" }, ...grids.map(step => step.node)), progress,
    h("div", { class: "gb__bar gb-abacus-bar" }, scale.node, mask.node, picks, button("Reveal all", () => ask("all", { shown: true })), button("Hide all", () => ask("all", { shown: false })), undo, button("Reset", () => ask("reset"))));
  ui.watch = ["board"];

  let enters = false, first = true, was = "", at = "";
  return answered => {
    const now = board(), { asked, numbers } = now, inside = panel.contains(document.activeElement), shape = [numbers.open, numbers.rows.length, numbers.parts].join();
    refused = answered === "edit" && model.get("error") !== "";
    if (shape !== was) vectors.table.tBodies[0].replaceChildren();
    was = shape;
    vectors.paint("", numbers.rows[0].cells.map((_, i) => kind(i)[1] ? "" : kind(i)[0]), numbers.rows);
    put(wide, { tabindex: !numbers.open && wide.scrollWidth > wide.clientWidth ? 0 : null });
    now.grids.forEach((grid, i) => grids[i].paint(grid));
    grids[now.selected[0]].grid.enter(now.selected[1] * now.grids[now.selected[0]].columns.length + now.selected[2]);
    title.replaceChildren(...pieces(asked.title));
    put(verdict, { text: asked.verdict, class: `gb-abacus-verdict ${asked.mark}` });
    put(form, { hidden: !asked.open });
    put(next, { hidden: asked.open || !now.left });
    if (!asked.open || String(now.selected) !== at) guess.value = "";
    at = String(now.selected);
    put(guess, { "aria-invalid": answered === "guess" && model.get("error") ? "true" : null });
    if (inside && !asked.open) (next.hidden ? chosen() : next)?.focus();
    if (asked.open && (answered === "next" || (answered === "select" && enters))) guess.focus();
    if (answered) enters = false;
    scale.box.checked = now.scale;
    mask.box.checked = now.mask;
    each(picks, now.picks, pick, ({ firstChild, lastChild }, [name, values, value]) => {
      put(firstChild, { text: name });
      put(lastChild, { name });
      each(lastChild, values, () => h("option"), (option, text) => put(option, { text: String(text), value: text }));
      lastChild.value = value;
    });
    put(progress, { text: now.progress });
    put(origin, { text: now.origin });
    put(undo, { "aria-disabled": String(!now.undo) });
    if (!first) ui.say(now.spoken);
    first = false;
  };
});
