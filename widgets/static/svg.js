// Make an SVG element, as `h` makes others.
const s = (tag, attributes, ...children) => { const node = put(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes); node.append(...children); return node; };
