// One choice among a few, as radio buttons: `choose(value)` is called with the one that was taken.
function radiosPart(choose, attributes = {}) {
  const node = h("span", attributes), name = `r${Math.random().toString(36).slice(2)}`;
  const make = () => h("label", {}, h("input", { type: "radio", name, onchange: event => choose(event.target.value) }), h("span"));
  return { node, paint: (options, chosen) => each(node, options, make, ({ children: [radio, label] }, [value, words]) => {
    put(radio, { value });
    radio.checked = value === chosen;
    put(label, { text: words });
  }) };
}
