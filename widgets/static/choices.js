// Lists to choose from, each with its name before it. `names` are [name of the setting, its words]; `choose(name, value)` is called.
function choicesPart(names, choose) {
  const lists = names.map(([name, words]) => {
    const list = h("select", { onchange: () => choose(name, list.value) });
    return [name, list, h("label", {}, `${words} `, list)];
  });
  return { nodes: lists.map(([, , label]) => label), paint(choices, chosen) {
    for (const [name, list, label] of lists) {
      label.hidden = !choices[name];
      each(list, choices[name] ?? [], () => h("option"), (option, [value, text]) => put(option, { value, text }));
      list.value = chosen[name];
    }
  } };
}
