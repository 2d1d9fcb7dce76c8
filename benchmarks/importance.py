"""From a click on a predicted word to the painted scores of all fast methods, in JupyterLab, beside a bare echo.

Run it from the project's folder: python -m benchmarks.importance [--save]

The word clicked has 32 words before it. Every second click comes while the page still works on the answer before, and
so has to wait for the piece that is under way; the others come when it is at rest. Then, for some texts, the page is
left alone until LIME and Shapley values are finished: since when were their three first words those of the end?
"""

from __future__ import annotations

import random
import re

from playwright.sync_api import Locator, expect

from benchmarks.common import WORDS, arguments, finish, summary, table
from benchmarks.lab import ECHO, Echo, opened_lab

WORDS_BEFORE = 32
EXPLORER = """
from lessons import load_model
from widgets import ImportanceExplorer

ImportanceExplorer(load_model("lstm"), load_model("transformer"), text="The king was crowned in")
"""
MODELS = ("LSTM", "Transformer")
SAMPLED = ("LIME", "Shapley values")
# Resolves with the milliseconds from the next click to the frames that show the first row, all fast rows and, if the
# end is awaited, their deletion scores and the end; and since when the sampled rows' first three words are the last.
MOMENTS = """
(root, [sampled, toTheEnd]) => {
    const heading = () => root.querySelector(".gb-heading").textContent, before = heading();
    const name = row => row.querySelector("b").textContent;
    const rows = () => [...root.querySelectorAll(".gb-methods tbody tr")].filter(row => !/random/.test(name(row)));
    const fast = () => rows().filter(row => !sampled.includes(name(row)));
    const size = cell => Math.abs(Number(cell.querySelector("span").textContent.replace("−", "-")));
    const first = row => [...row.querySelectorAll(".word")].map((cell, i) => [size(cell), i])
        .sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, 3).map(pair => pair[1]).sort().join();
    const tests = [() => true, () => fast().every(row => !/comes next/.test(row.textContent))];
    if (toTheEnd) tests.push(
        () => fast().every(row => row.cells[1].textContent !== "…"),
        () => root.querySelector(".gb-refine").ariaDisabled === "true",
    );
    globalThis.moments = new Promise((resolve, reject) => document.addEventListener("click", event => {
        const seen = Object.fromEntries(sampled.map(name => [name, ["", 0]])), isNew = () => heading() !== before;
        let going = toTheEnd;
        const note = () => {
            const time = performance.now() - event.timeStamp;
            for (const row of isNew() ? rows() : []) {
                const known = seen[name(row)], now = first(row);
                if (known && known[0] !== now) seen[name(row)] = [now, time];
            }
            if (going) requestAnimationFrame(note);
        };
        note();
        Promise.all(tests.map(test => painted(() => isNew() && test()))).then(times => {
            going = false;
            resolve([times.map(time => time - event.timeStamp), sampled.map(name => seen[name][1])]);
        }, reject);
    }, { capture: true, once: true }));
}
"""


class Explorer:
    """The explorer on the page: type a text, click the word that has 32 words before it."""

    def __init__(self, card: Locator) -> None:
        self._card = card
        self._words = card.get_by_role("listbox", name="the predicted word").get_by_role("option")
        self._field = card.get_by_role("textbox", name="Text", exact=True)
        self._heading = card.locator(".gb-heading")

    def choose(self, model: str) -> None:
        """Ask another model."""
        self._card.get_by_role("combobox", name="model").select_option(model)
        expect(self._heading).to_contain_text(model)

    def read(self, text: str) -> None:
        """Read a text and explain the word after it."""
        self._field.fill(text)
        self._field.press("Enter")
        expect(self._words).to_have_count(WORDS_BEFORE + 2)
        expect(self._heading).to_contain_text("after the text?")

    def click(self, *, to_the_end: bool = False) -> tuple[list[float], list[float]]:
        """Click the last word of the text; return when what was painted, and since when sampled rows were stable."""
        self._card.evaluate(MOMENTS, [list(SAMPLED), to_the_end])
        self._words.nth(WORDS_BEFORE).click()
        times, stable = self._card.page.evaluate("() => globalThis.moments")
        expect(self._card.get_by_role("alert")).to_have_count(0)
        return times, stable

    def refine(self, on: bool) -> None:
        """Draw samples while the page is idle, or no more."""
        self._card.get_by_role("button", name="Go on refining" if on else "Stop refining").click()
        expect(self._card.get_by_role("button", name="Stop refining" if on else "Go on refining")).to_be_visible()

    def rest(self) -> None:
        """Wait until all that is no sample has been worked out."""
        rows = self._card.locator(".gb-methods tbody tr").filter(has_not_text=re.compile("LIME|Shapley|random"))
        expect(rows.filter(has_text=re.compile("…|comes next"))).to_have_count(0, timeout=60_000)


def main() -> None:
    chosen = arguments(
        __doc__, clicks=(int, 50, "clicks on each model, busy and at rest"), to_the_end=(int, 10, "texts left alone")
    )
    draw = random.Random(1)

    def text() -> str:
        return " ".join(draw.choices(WORDS, k=WORDS_BEFORE + 1))

    times: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        times.setdefault(name, []).append(value)

    with opened_lab() as lab:
        notebook = lab.open(ECHO, EXPLORER)
        for cell in (0, 1):
            notebook.run(cell)
        explorer, echo = Explorer(notebook.cell(1)), Echo(notebook.cell(0))
        for model in MODELS:
            explorer.choose(model)
            explorer.read(text())
            explorer.click(to_the_end=True)  # the first one warms up
            for _ in range(chosen.clicks):
                for moment in ("busy", "at rest"):
                    explorer.read(text())
                    if moment == "at rest":
                        explorer.refine(False)
                        explorer.rest()
                    (first, fast), _ = explorer.click()
                    note(f"{model}, {moment}: occlusion painted", first)
                    note(f"{model}, {moment}: all fast methods painted", fast)
                explorer.rest()
                note("the echo, the floor", echo.click())
                explorer.refine(True)
            for _ in range(chosen.to_the_end):
                explorer.read(text())
                (_, _, deleted, end), stable = explorer.click(to_the_end=True)
                note(f"{model}: their deletion scores", deleted)
                for name, since in zip(SAMPLED, stable, strict=True):
                    note(f"{model}: {name}, three first words stable", since)
                note(f"{model}: all is worked out", end)
        notebook.close()
    rows = {name: summary(values) for name, values in sorted(times.items())}
    table(
        ["milliseconds", "n", "median", "p95", "least", "most"], [[name, *row.values()] for name, row in rows.items()]
    )
    floor, more = rows["the echo, the floor"], {}
    for name, row in rows.items():
        if " painted" in name:
            more[name] = {part: round(row[part] - floor[part], 1) for part in ("median", "p95")}
            print(f"{name} {more[name]['median']} ms later than the echo by median, {more[name]['p95']} ms by p95.")
    finish("importance", {"milliseconds": rows, "click_minus_echo": more}, chosen.save)


if __name__ == "__main__":
    main()
