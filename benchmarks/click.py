"""From a click on a word to the painted answer of both models, in JupyterLab, beside a bare echo in the same page.

Run it from the project's folder: python -m benchmarks.click [--save]

The echo is the floor: a button whose click goes to Python, which sends a number back. Clicks on the two take turns.
"""

from __future__ import annotations

import random

from playwright.sync_api import expect

from benchmarks.common import WORDS, arguments, finish, summary, table
from benchmarks.lab import ECHO, Echo, opened_lab, text_of, timed

TOKENS = 24
EXPLORER = """
from lessons import load_model
from widgets import NextWordExplorer

NextWordExplorer(load_model("lstm"), load_model("transformer"), text="The king was crowned in")
"""


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
        card = notebook.panel.get_by_role("region", name="What comes next?")
        tokens = card.get_by_role("listbox", name="your text, word by word").get_by_role("option")
        field = card.get_by_role("textbox", name="Text")
        echo = Echo(notebook.cell(0))
        expect(tokens).to_have_count(6)
        while len(clicks) < chosen.clicks:
            field.fill(" ".join(draw.choices(WORDS, k=TOKENS)))
            texts.append(timed(card, text_of(".gb-tokens"), lambda: field.press("Enter"), "keydown"))
            expect(tokens).to_have_count(TOKENS + 1)
            for place in draw.sample(range(TOKENS), min(chosen.per_text, chosen.clicks - len(clicks))):
                clicks.append(timed(card, text_of(".gb-heading"), tokens.nth(place).click))
                expect(card.locator(".gb-heading")).to_contain_text(f"word {place + 1} of {TOKENS}")
                expect(card.get_by_role("alert")).to_have_count(0)
                echoes.append(echo.click())
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
