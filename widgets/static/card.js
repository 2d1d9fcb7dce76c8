// A card with nothing in it: the base class as it is.
export default { render: widget(() => () => {}).render };
