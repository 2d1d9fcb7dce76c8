// NextWordGame: bet, lock in, and only then see.

export default widget(ui => {
  const { model } = ui, id = Math.random().toString(36).slice(2), board = () => model.get("board");

  // The bet: up to three words with percentages; what is left belongs to all other words.
  const left = h("p", { class: "gb-left", role: "status" });
  const fields = [1, 2, 3].map(i => [
    h("input", { type: "text", class: "gb-word", "aria-label": `word ${i}`, autocomplete: "off", autocapitalize: "off", spellcheck: "false", dir: "auto" }),
    h("input", { type: "text", class: "gb-percent", "aria-label": `percentage of word ${i}`, inputmode: "decimal", autocomplete: "off" }),
  ]);
  const sum = () => fields.reduce((total, [, percent]) => total + (Number(percent.value.replace("%", "").replace(",", ".")) || 0), 0);
  const count = () => {
    const rest = Math.round((100 - sum()) * 100) / 100;
    put(left, { text: rest < 1 ? `${rest} % left: at least 1 % has to stay for all other words` : `${rest} % left, spread evenly over all other words` });
  };
  const bet = () => ui.ask("bet", { place: board().place, words: fields.map(([word]) => word.value), percents: fields.map(([, percent]) => percent.value) });
  for (const field of fields.flat()) {
    field.addEventListener("input", count);
    field.addEventListener("keydown", event => { if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); bet(); } });
    put(field, { "aria-describedby": `error-${id}` });
  }
  put(ui.error, { id: `error-${id}` });
  const form = h("fieldset", { class: "gb-bet" }, h("legend", {}, "Your bet: up to three words, each with a percentage"),
    h("div", { class: "gb-bet__rows" }, ...fields.map(([word, percent]) => h("span", { class: "gb-bet__row" }, word, percent, "%"))),
    h("div", { class: "gb-bet__rows" }, h("button", { type: "button", class: "gb-main", onclick: bet }, "Lock in my bet"), left));

  // The passage, and what is revealed.
  const place = h("p", { class: "gb-heading" }), slot = h("mark", { class: "gb-slot", dir: "auto" });
  const context = h("span", { dir: "auto" }), passage = h("p", { class: "gb-passage" }, context, " ", slot);
  const cell = (tag, text, scope) => h(tag, { scope, text });
  const given = h("table", { class: "gb-given" }), scale = h("p", { class: "gb-scale" });
  const onwards = h("button", { type: "button", class: "gb-main", onclick: () => ui.ask("next", { place: board().place }) }, "Next place");
  const verdict = h("p", { class: "gb-verdict" });
  const bars = barPanels({});
  const details = h("details", {}, h("summary", {}, "The models' first choices"), bars.node);
  const revealed = h("div", { class: "gb-revealed" }, verdict, given, scale, h("div", { class: "gb-bet__rows" }, onwards), details);

  // The score.
  const total = h("table", { class: "gb-total" }), wide = h("div", { class: "gb-wide", role: "group", "aria-label": "Score so far" }, total);
  const score = h("div", { class: "gb-score" }, h("p", { class: "gb-heading" }, "Score so far"), wide);
  const seed = h("span", { class: "gb-seed" });
  const button = (text, kind) => h("button", { type: "button", onclick: () => ui.ask(kind) }, text);
  ui.body.append(place, passage, form, ui.error, revealed, score, h("div", { class: "gb__bar" }, button("Repeat exactly", "repeat"), button("New places", "new"), button("Reset", "reset"), seed));
  ui.watch = ["board", "score_board"];

  const row = (tag, [head, ...cells]) => h("tr", {}, cell("th", head, "row"), ...cells.map(text => cell(tag, text, tag === "th" ? "col" : null)));
  function paintScore({ names, rows, mean, perplexity }) {
    put(score, { hidden: !names.length });
    total.replaceChildren(row("th", ["surprisal in nats", ...names]), ...rows.map(line => row("td", line)), row("td", mean), row("td", perplexity));
    put(wide, { tabindex: wide.scrollWidth > wide.clientWidth ? 0 : null }); // what the keyboard has to scroll, it has to reach
  }
  let drawn = null, first = true;
  return answered => {
    const now = board(), played = now.phase === "played", moved = drawn && (drawn.place !== now.place || drawn.phase !== now.phase || drawn.seed !== now.seed);
    put(place, { text: now.heading });
    put(context, { text: now.context });
    put(slot, { text: played ? now.word : "?", class: played ? "gb-slot gb-slot--known" : "gb-slot" });
    put(form, { hidden: played });
    put(revealed, { hidden: !played });
    if (played) {
      put(verdict, { text: now.verdict });
      given.replaceChildren(...now.rows.map(row => h("tr", { class: `gb-hue-${row.hue}` }, cell("th", row.who, "row"),
        h("td", { class: "gb-given__bar" }, h("i", { "--p": row.width })), cell("td", row.share), cell("td", row.nats))));
      put(scale, { text: now.scale });
      bars.paint(now);
      put(onwards, { hidden: now.last });
    } else if (moved) {
      fields.flat().forEach(field => { field.value = ""; });
      details.open = false;
    }
    count();
    put(seed, { text: now.seed });
    paintScore(model.get("score_board"));
    // A person who locked in goes on with the keyboard from the next button, and from there to the first field.
    if (moved && answered === "bet" && !now.last) onwards.focus();
    if (moved && answered === "next") fields[0][0].focus();
    if (!first && moved) ui.say(now.spoken);
    drawn = now;
    first = false;
  };
});
