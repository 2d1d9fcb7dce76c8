"""From a click on a word to the painted answer of both models, in JupyterLab, beside a bare echo in the same page.

Run it from the project's folder: python -m benchmarks.click [--save]

The echo is the floor: a button whose click goes to Python, which sends a number back. Clicks on the two take turns.
"""

from __future__ import annotations

import random
from typing import Any

from playwright.sync_api import Locator, Page, expect

from benchmarks.common import arguments, finish, summary, table
from benchmarks.lab import opened_lab

# Words of the corpus with which texts of exactly 24 tokens are made, a new one for every few clicks.
WORDS = [
    *("the", "of", "and", "in", "to", "a", "was", "his", "her", "with", "for", "on", "as", "by", "at", "from", "that"),
    *("king", "queen", "crowned", "church", "abbey", "war", "army", "city", "river", "island", "century", "brother"),
    *("album", "song", "game", "team", "season", "film", "music", "company", "British", "French", "German", "which"),
]
TOKENS = 24
ECHO = """
import anywidget, traitlets

class Echo(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
        const button = document.createElement("button"), text = document.createElement("span");
        button.textContent = "echo"; text.className = "echo"; text.textContent = "0";
        button.addEventListener("click", () => model.send({}));
        model.on("change:count", () => { text.textContent = String(model.get("count")); });
        el.append(button, text);
    } }'''
    count = traitlets.Int(0).tag(sync=True)

    def __init__(self):
        super().__init__()
        self.on_msg(lambda widget, content, buffers: setattr(self, "count", self.count + 1))

Echo()
"""
EXPLORER = """
from lessons import load_model
from widgets import NextWordExplorer

NextWordExplorer(load_model("lstm"), load_model("transformer"), text="The king was crowned in")
"""
# Until the text of `selector` differs from what it is now; counted from the click or the key that comes next.
AWAIT = """
(root, [kind, selector]) => {
    const shown = root.querySelector(selector), before = shown.textContent;
    globalThis.answer = new Promise((resolve, reject) => document.addEventListener(kind, event => {
        painted(root, () => shown.textContent !== before).then(time => resolve(time - event.timeStamp), reject);
    }, {capture: true, once: true}));
}
"""


def timed(page: Page, root: Locator, selector: str, act: Any, kind: str = "click") -> float:
    """Return the milliseconds from the event that `act` causes to the frame that shows another text in `selector`."""
    root.evaluate(AWAIT, [kind, selector])
    act()
    return page.evaluate("() => globalThis.answer")


def main() -> None:
    chosen = arguments(__doc__, clicks=(int, 50, "clicks on each"), per_text=(int, 5, "clicks before a new text"))
    draw = random.Random(1)
    clicks: list[float] = []
    echoes: list[float] = []
    texts: list[float] = []
    with opened_lab() as lab:
        notebook = lab.open(ECHO, EXPLORER)
        for cell in (0, 1):
            notebook.run(cell)
        page = lab.page
        card = notebook.panel.get_by_role("region", name="What comes next?")
        tokens = card.get_by_role("listbox", name="your text, word by word").get_by_role("option")
        field = card.get_by_role("textbox", name="Text")
        echo = notebook.cell(0).locator(".jp-OutputArea-output").filter(has=page.locator(".echo"))
        button = echo.get_by_role("button", name="echo")
        expect(tokens).to_have_count(6)
        for _ in range(5):  # the first ones warm up
            timed(page, echo, ".echo", button.click)
        while len(clicks) < chosen.clicks:
            field.fill(" ".join(draw.choices(WORDS, k=TOKENS)))
            reading = timed(page, card, ".gb-tokens", lambda: field.press("Enter"), "keydown")
            texts.append(reading)
            expect(tokens).to_have_count(TOKENS + 1)
            for place in draw.sample(range(TOKENS), min(chosen.per_text, chosen.clicks - len(clicks))):
                clicks.append(timed(page, card, ".gb-heading", tokens.nth(place).click))
                expect(card.locator(".gb-heading")).to_contain_text(f"word {place + 1} of {TOKENS}")
                expect(card.get_by_role("alert")).to_have_count(0)
                echoes.append(timed(page, echo, ".echo", button.click))
        notebook.close()
    rows = {"a click on a word": summary(clicks), "the echo, the floor": summary(echoes)}
    more = {
        name: round(rows["a click on a word"][name] - rows["the echo, the floor"][name], 1)
        for name in ("median", "p95")
    }
    rows["a new text, Enter to painted"] = summary(texts)
    table(
        ["milliseconds", "n", "median", "p95", "least", "most"], [[name, *row.values()] for name, row in rows.items()]
    )
    print(
        f"A click takes {more['median']} ms more than the echo by median, {more['p95']} ms by p95 (aim: at most 100)."
    )
    finish("click", {"milliseconds": rows, "click_minus_echo": more}, chosen.save)


if __name__ == "__main__":
    main()
