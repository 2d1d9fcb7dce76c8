// A chart that Python has laid out: its elements in the order in which they are drawn. Needs svg.js.

// Where a click or a pointer is, in the drawing's own units: the drawing may be narrower than its element.
const pointIn = (svg, { clientX, clientY }) => new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());

// `choose(value)` is called with the nearest stop of the lower axis when the chart is clicked.
function plotPart(choose) {
  const svg = s("svg", { class: "gb-plot", role: "img" }), node = h("div", { class: "gb-plots" }, svg);
  let drawn = {};
  svg.addEventListener("click", event => {
    const at = pointIn(svg, event).x;
    if (drawn.stops.length) choose(drawn.stops.reduce((best, stop) => Math.abs(stop[0] - at) < Math.abs(best[0] - at) ? stop : best)[1]);
  });
  return { node, paint(plot, words) {
    put(svg, { viewBox: `0 0 ${plot.width} ${plot.height}`, "aria-label": words, class: plot.stops.length ? "gb-plot gb-plot--stops" : "gb-plot" });
    if (JSON.stringify(plot) !== JSON.stringify(drawn)) svg.replaceChildren(...plot.marks.map(mark => s(...mark)));
    drawn = plot;
    put(node, node.scrollWidth > node.clientWidth ? { tabindex: 0, role: "group", "aria-label": "the chart, to be scrolled" } : { tabindex: null, role: null, "aria-label": null });
  } };
}
