// A map of bytes on a canvas: a row for each unit, a column for each token, in the colours of the theme.

// `look(row, column)` is called with the cell that was clicked or walked to, `preview(row, column, level)` with the one pointed at, or null.
function heatMap({ name, look, preview }) {
  const canvas = h("canvas"), marks = [0, 1].map(() => h("i", { class: "gb-mark" })), labels = h("div", { class: "gb-heat__labels" });
  const field = h("div", { class: "gb-heat__field", tabindex: 0, role: "application", "aria-label": name }, canvas, ...marks);
  let map = { units: [], columns: 1 }, bytes = null, row = -1, column = 0;
  const clamp = (at, n) => Math.max(0, Math.min(n - 1, Math.floor(at)));
  const level = i => map.signed ? (bytes.getUint8(i) - 128) / 127 : bytes.getUint8(i) / 255;
  const cell = (event, { left, top, width, height } = field.getBoundingClientRect()) =>
    [clamp((event.clientY - top) / height * map.units.length, map.units.length), clamp((event.clientX - left) / width * map.columns, map.columns)];
  field.addEventListener("click", event => look(...cell(event)));
  field.addEventListener("pointermove", event => { const [r, c] = cell(event); preview(r, c, level(r * map.columns + c)); });
  field.addEventListener("pointerleave", () => preview(null));
  field.addEventListener("keydown", event => {
    const by = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], Home: [0, -999], End: [0, 999] }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    look(clamp(row + by[0], map.units.length), clamp(column + by[1], map.columns));
  });

  // The colours are read where they are used, so that they follow the theme.
  const rgb = name => { canvas.style.color = `var(--gb-${name})`; return getComputedStyle(canvas).color.match(/[\d.]+/g).slice(0, 3); };
  function draw() {
    if (!bytes || !canvas.isConnected) return;
    const size = { width: map.columns, height: map.units.length }, colours = [rgb("for"), rgb("against")];
    put(canvas, size);
    const pen = canvas.getContext("2d"), image = pen.createImageData(size.width, size.height);
    for (let i = 0; i < size.width * size.height; i++) image.data.set([...colours[Number(level(i) < 0)], 255 * Math.abs(level(i))], 4 * i);
    pen.putImageData(image, 0, 0);
  }
  const themes = new MutationObserver(draw), system = matchMedia("(prefers-color-scheme: dark)");
  for (const part of [document.documentElement, document.body]) themes.observe(part, { attributes: true });
  system.onchange = draw;

  function paint(...now) {
    const fresh = now[0] !== map || now[1] !== bytes;
    [map, bytes, row, column] = now;
    const rows = map.units.length, every = Math.ceil(rows / 24);
    if (fresh) {
      requestAnimationFrame(draw);
      put(field, { "--rows": rows });
      each(labels, map.units.filter((_, i) => i % every === 0), () => h("span"), (label, unit, i) => put(label, { text: `unit ${unit + 1}`, "--at": i * every / rows }));
    }
    put(marks[0], { hidden: row < 0, "--y": row / rows, "--h": 1 / rows });
    put(marks[1], { "--x": column / map.columns, "--w": 1 / map.columns });
  }
  return { node: h("div", { class: "gb-heat" }, labels, field), paint, stop: () => { themes.disconnect(); system.onchange = null; } };
}
