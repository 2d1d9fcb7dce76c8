// Distributions as bars, side by side: one Tab stop for each, a click or Enter picks a word, pointing at one marks it in all.

function barPanels({ pick }) {
  const pair = h("div", { class: "gb-pair" }), legend = h("p", { class: "gb-scale" });
  const mark = token => pair.querySelectorAll("[data-token]").forEach(row => row.classList.toggle("same", row.dataset.token === token));
  const at = event => event.target.closest?.("[data-token]")?.dataset.token ?? null;
  for (const type of ["pointerover", "focusin"]) pair.addEventListener(type, event => mark(at(event)));
  for (const type of ["pointerleave", "focusout"]) pair.addEventListener(type, () => mark(null));
  if (pick) pair.addEventListener("click", event => { const token = at(event); if (token !== null) pick(token); });

  const makeRow = () => h(pick ? "button" : "div", pick ? { type: "button", tabindex: -1 } : {},
    h("span", { class: "gb-row__word" }, h("bdi", { dir: "auto" }), h("span", { class: "gb-hidden" })), h("i", { "aria-hidden": "true" }), h("span", { class: "gb-row__share" }));
  const updateRow = (node, row) => {
    put(node, { "data-token": row.token, class: row.true ? "gb-row truth" : "gb-row", "--p": row.width, "--w": row.was ?? null });
    const [word, bar, share] = node.children;
    put(word.firstChild, { text: row.word ?? row.token });
    put(word.lastChild, { text: row.true ? (row.rank ? ` (the true word, rank ${row.rank})` : " (the true word)") : "" });
    put(share, { text: row.share });
    node.classList.toggle("gb-row--far", Boolean(row.rank));
    node.classList.toggle("was", "was" in row); // a line marks where the bar ended before a switch
  };
  function makePanel() {
    const name = h("b"), aside = h("span", { class: "gb-model__aside" }), rows = h("div", { class: "gb-bars", role: pick ? "toolbar" : "group", "aria-orientation": pick ? "vertical" : null });
    const rest = h("p", { class: "gb-row gb-rest" }, h("span", { class: "gb-row__word" }), h("i", { "aria-hidden": "true" }), h("span", { class: "gb-row__share" }));
    const facts = h("div", { class: "gb-facts" }), node = h("div", { class: "gb-model", role: "group" }, h("div", { class: "gb-model__name" }, name, aside), rows, rest, facts);
    const enter = pick ? roving(rows, () => [...rows.children]) : () => {};
    node.paint = panel => {
      const inside = [...rows.children].indexOf(document.activeElement);
      put(node, { class: `gb-model gb-hue-${panel.hue}`, "aria-label": panel.name });
      put(rows, { "aria-label": `${panel.name}: most probable words` });
      put(name, { text: panel.name });
      put(aside, { text: panel.aside });
      each(rows, panel.rows, makeRow, updateRow);
      enter(Math.max(0, Math.min(inside, panel.rows.length - 1)));
      if (inside >= panel.rows.length) rows.lastChild.focus();
      put(rest, { hidden: !panel.rest, "--p": panel.rest?.width ?? 0 });
      put(rest.children[0], { text: panel.rest?.label ?? "" });
      put(rest.children[2], { text: panel.rest?.share ?? "" });
      facts.replaceChildren(...panel.facts.map(fact => h("p", {}, ...pieces(fact))));
    };
    return node;
  }
  let drawn = null;
  function paint(board) {
    if (board === drawn) return;
    drawn = board;
    each(pair, board.panels, makePanel, (node, panel) => node.paint(panel));
    put(legend, { text: board.legend });
  }
  return { node: h("div", {}, pair, legend), paint };
}
