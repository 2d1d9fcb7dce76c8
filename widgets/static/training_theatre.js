// TrainingTheatre: the controls, the charts, and what the models could do at two checkpoints.

export default widget(ui => {
  const { model } = ui, now = () => model.get("board"), div = (name, ...parts) => h("div", { class: `gb-theatre-${name}` }, ...parts);
  const still = matchMedia("(prefers-reduced-motion: reduce)"), why = h("span", { class: "gb__hint" });
  const explain = text => { put(why, { text }); if (text) ui.say(text); };
  const moved = { latest: true, flows: true };

  // What can be done; a button that cannot act says why.
  const press = event => {
    const { title, dataset } = event.currentTarget;
    explain(title);
    if (!title) ui.ask("do", { deed: dataset.deed });
  };
  const deeds = div("deeds"), makeDeed = () => h("button", { type: "button", onclick: press });
  const keeper = h("input", { type: "checkbox", onchange: () => ui.ask("keep", { keep: keeper.checked }) });
  const keep = h("label", {}, keeper, "keep the run before, faint");

  // What can be turned: a slider that acts where it is let go, and a field for the exact number.
  let moving = null;
  const at = ({ low, high, stops }, share) => Number((low > 0 ? low * (high / low) ** (share / stops) : low + (high - low) * share / stops).toPrecision(3));
  const share = ({ low, high, stops }, value) => stops * (low > 0 ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  const makeSlider = () => {
    const name = h("span"), range = h("input", { type: "range", min: 0, step: 1 }), field = h("input", { type: "number", step: "any", min: 0 });
    const node = h("div", { class: "gb-theatre-turn" }, name, range, field);
    put(range, { oninput: () => { moving = node.of.name; field.value = at(node.of, range.value); put(range, { "aria-valuetext": field.value }); },
      onchange: () => { moving = null; node.send(at(node.of, range.value)); } });
    put(field, { onchange: () => { if (field.value !== "") node.send(Number(field.value)); } });
    node.send = value => { if (Number.isFinite(value)) ui.ask("turn", { name: node.of.name, value }); };
    return node;
  };
  const paintSlider = (node, slider) => {
    const [name, range, field] = node.children;
    node.of = slider;
    put(name, { text: slider.label });
    put(range, { max: slider.stops, "aria-label": slider.label });
    put(field, { "aria-label": `${slider.label}, as a number` });
    if (moving === slider.name) return; // not under a moving hand
    range.value = share(slider, slider.value);
    put(range, { "aria-valuetext": slider.says });
    if (document.activeElement !== field) field.value = slider.says;
  };
  const sliders = div("turns"), whom = h("select", { onchange: () => ui.ask("turns", { run: whom.value }) }), which = h("label", {}, "turn", whom);
  const offer = (select, options, chosen) => {
    each(select, options, () => h("option"), (node, [value, words]) => { put(node, { text: words, value }); });
    select.value = chosen;
  };

  // A recording: play, step, and a slider over the steps.
  let hand = false, asked = false;
  const button = (words, act) => h("button", { type: "button", onclick: () => { const to = now().replay; act(to); } }, words);
  const play = button("Play", to => { asked = true; ui.ask("play", { playing: !to.playing }); });
  const go = step => ui.ask("go", { step: Number(step) }, moved);
  const steps = h("input", { type: "range", min: 0, step: 1, "aria-label": "shown up to step", oninput: () => { hand = true; go(steps.value); }, onchange: () => { hand = false; } });
  const told = h("span", { class: "gb__number" }), speed = h("select", { "aria-label": "all of it is played", onchange: () => ui.ask("seconds", { seconds: Number(speed.value) }) });
  const of = h("p", { class: "gb__hint" });
  const replay = div("replay", play, button("Step", to => go(to.next)), button("Next checkpoint", to => go(to.skip)), steps, told, speed, of);

  const runs = div("runs"), problems = div("problems"), quiet = h("p", { class: "gb-theatre-quiet", role: "note" });
  const key = div("key"), read = h("span"), plots = [step => ui.ask("checkpoint", { step }, moved), () => {}, () => {}].map(plotPart), facts = div("facts");
  const charts = div("charts", div("legend", key, read), plots[0].node, div("pair", plots[1].node, plots[2].node));

  // What was written and how surprised the models were, at the chosen checkpoint and at the newest one.
  const back = h("input", { type: "range", min: 0, step: 1, "aria-label": "look back to", oninput: () => { const [step, words] = model.get("panels").steps[back.value]; named(words); ui.ask("checkpoint", { step }, moved); } });
  const then = h("span", { class: "gb__number" }), named = words => { put(then, { text: words }); put(back, { "aria-valuetext": words }); };
  const look = h("label", {}, "look back to", back, then), legend = h("p", { class: "gb__hint" }), panels = div("panels");
  const side = div("side", div("look", look, h("button", { type: "button", onclick: () => ui.ask("reset") }, "Reset")), panels, legend);
  const makePanel = () => div("panel", h("p", {}, h("b", { class: "gb-theatre-name" }), " ", h("small", { class: "gb__hint" })), div("wrote"), h("ul", { "aria-label": "surprisal of each token" }));
  const makeWrote = () => h("p", {}, h("small"), " ", h("span", {}, h("i"), h("bdi", { dir: "auto" })));
  const paintPanel = (node, panel) => {
    const [head, wrote, tokens] = node.children;
    put(node, { class: `gb-theatre-panel gb-hue-${panel.hue}` });
    put(head.firstChild, { text: panel.name });
    put(head.lastChild, { text: panel.mean });
    each(wrote, panel.wrote, makeWrote, (line, [when, sample]) => {
      put(line.firstChild, { text: when });
      put(line.lastChild.firstChild, { text: `${panel.prompt} ` });
      put(line.lastChild.lastChild, { text: sample });
    });
    each(tokens, panel.tokens, () => h("li", {}, h("bdi", { dir: "auto" })), (cell, [word, ...values]) => {
      put(cell.firstChild, { text: word });
      each(cell, [null, ...values], () => h("span", {}, h("i", { "aria-hidden": "true" }), h("small")), (bar, value, i) => {
        if (!i) return;
        put(bar, { class: i < values.length ? "then" : null, "--p": value[1] });
        put(bar.lastChild, { text: value[0] });
      });
    });
  };

  const board = div("board", charts, side), bars = [div("bar", deeds, keep, why), div("bar", which, sliders)];
  ui.body.append(...bars, replay, runs, problems, quiet, board, facts);
  ui.watch = ["board", "charts", "panels", "spoken"];

  // News: while something goes on and the card is seen the page asks for it, one question at a time.
  const me = `n${Math.random().toString(36).slice(2, 10)}`;
  const gone = "If the kernel was restarted or has died, the training has ended: run the cell again.";
  let n = 0, sent = 0, waiting = false, visible = true, fresh = now().live, said = 0, speech = null, warned = false;
  const heard = () => { if (model.get("_answered") === `${me}:${n}`) { waiting = warned = false; put(quiet, { text: "" }); } };
  const tick = () => {
    const time = performance.now(), to = now();
    if (speech !== null && time - said >= 2000) { ui.say(speech); said = time; speech = null; }
    if (waiting) {
      const late = Math.round((time - sent) / 1000);
      if (late >= 5) put(quiet, { text: `No answer from the kernel for ${late} s; what is shown is the last that was heard. A busy kernel carries out Stop as soon as it answers; its interrupt button (■) stops the training, too.${late >= 15 ? ` ${gone}` : ""}` });
      if (late >= 15 && !warned) { warned = true; ui.say(gone); said = time; }
    } else if (visible && document.visibilityState === "visible" && (fresh || (to?.going && (to.live || asked || !still.matches)))) {
      fresh = false; waiting = true; sent = time;
      try { model.send({ kind: "news", view: me, n: ++n, with: {} }); } catch { /* the kernel is gone: there will be no answer */ }
    }
  };
  const timer = setInterval(tick, 250), wake = () => { fresh = Boolean(now()?.live); };
  const watcher = new IntersectionObserver(entries => { const seen = entries.at(-1).isIntersecting; if (seen && !visible) wake(); visible = seen; });
  watcher.observe(ui.root);
  document.addEventListener("visibilitychange", wake);
  model.on("change:_answered", heard);
  ui.close = () => { clearInterval(timer); watcher.disconnect(); document.removeEventListener("visibilitychange", wake); model.off("change:_answered", heard); };

  let drawn = null, before = null;
  return () => {
    const to = now(), shown = model.get("charts"), seen = model.get("panels"), { replay: film } = to;
    each(deeds, to.buttons, makeDeed, (node, [deed, words, reason]) => put(node, { "data-deed": deed, text: words, title: reason || null, "aria-disabled": reason ? "true" : null }));
    bars.forEach(bar => { bar.hidden = !to.live; });
    keeper.checked = to.keep;
    each(sliders, to.sliders, makeSlider, paintSlider);
    which.hidden = !to.turns.length;
    offer(whom, to.turns, to.turned);
    replay.hidden = !film;
    if (film) {
      put(play, { text: film.playing ? "Pause" : "Play" });
      put(steps, { max: film.last, "aria-valuetext": film.says });
      if (!hand) steps.value = film.step;
      put(told, { text: film.says });
      offer(speed, film.choices, String(film.seconds));
      put(of, { text: film.about });
    }
    each(runs, to.runs, () => h("p", {}, h("span"), h("small")), (node, run) => {
      put(node, { class: `gb-hue-${run.hue}` });
      if (node.firstChild.textContent !== run.status.join("")) node.firstChild.replaceChildren(...pieces(run.status));
      put(node.lastChild, { text: run.about });
    });
    each(problems, to.problems, () => h("p"), (node, text) => put(node, { text }));
    if (shown !== drawn) {
      drawn = shown;
      each(key, shown.key, () => h("span", {}, h("i"), h("span")), (node, [hue, kind, words]) => { put(node, { class: `gb-hue-${hue}` }); put(node.firstChild, { class: kind }); put(node.lastChild, { text: words }); });
      put(read, { text: shown.read });
      charts.hidden = !shown.plots.length;
      shown.plots.forEach((plot, i) => plots[i].paint(plot, shown.words[i]));
      each(facts, shown.facts, () => h("p"), (node, text) => put(node, { text }));
    }
    look.hidden = seen.steps.length < 2;
    put(back, { max: seen.steps.length - 1 });
    if (!ui.waiting() && seen.steps.length) { back.value = seen.at; named(seen.steps[seen.at][1]); }
    board.classList.toggle("two", seen.runs.length > 1);
    each(panels, seen.runs, makePanel, paintPanel);
    put(legend, { text: seen.legend });
    const spoken = model.get("spoken");
    if (before !== null && spoken !== before) speech = spoken;
    before = spoken;
  };
});
