// The text that the models read: Enter or the button commits, Escape goes back to what was read; what is typed is never taken away.

function textField(ui) {
  const id = Math.random().toString(36).slice(2);
  const field = h("textarea", { id: `text-${id}`, rows: 1, spellcheck: "false", dir: "auto", autocomplete: "off", "aria-describedby": `error-${id} hint-${id}` });
  const unread = h("span", { class: "gb__hint", id: `hint-${id}` });
  let read = "", painted = null;
  const typed = () => put(unread, { text: field.value === read ? "" : "not read yet: press Enter" });
  const commit = () => ui.ask("read", { text: field.value }, { latest: true });
  field.addEventListener("input", typed);
  field.addEventListener("keydown", event => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); commit(); }
    if (event.key === "Escape") { field.value = read; typed(); }
  });
  put(ui.error, { id: `error-${id}` });
  const form = h("div", { class: "gb-type" }, h("label", { for: field.id }, "Text"), field, h("button", { type: "button", onclick: commit }, "Read"), unread);

  // A text that was picked together leaves a half-typed one alone; Undo, Reset, Enter and Python replace it.
  function paint(text, answered) {
    if (text !== painted) {
      const dirty = field.value !== read;
      painted = read = text;
      if (!dirty || answered !== "pick") field.value = read;
    }
    typed();
    if (answered) put(field, { "aria-invalid": answered === "read" && ui.model.get("error") ? "true" : null });
  }
  return { node: h("div", {}, form, ui.error), paint };
}
