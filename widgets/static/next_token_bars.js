// NextTokenBars: one distribution.

export default widget(ui => {
  const bars = barPanels({ pick: token => ui.ask("pick", { token }) });
  ui.body.append(bars.node);
  ui.watch = ["board"];
  let first = true;
  return () => {
    const board = ui.model.get("board");
    bars.paint(board);
    if (!first) ui.say(board.spoken);
    first = false;
  };
});
