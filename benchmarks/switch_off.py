"""From a click that switches a head off to the repainted bars, in JupyterLab, beside a bare echo in the same page.

Run it from the project's folder: python -m benchmarks.switch_off [--save]

The shipped Transformer sees 32 tokens, the `<eos>` before the text counted. No head is switched off twice on a text.
"""

from __future__ import annotations

import random
import re

from playwright.sync_api import expect

from benchmarks.common import WORDS, arguments, finish, summary, table
from benchmarks.lab import ECHO, Echo, opened_lab, text_of, timed

TOKENS = 31
EXPLORER = """
from lessons import load_model
from widgets import AttentionExplorer

explorer = AttentionExplorer(load_model("transformer"))
explorer
"""
SHAPE = "print(explorer.trace.n_layers, explorer.trace.n_heads)"
BARS = text_of(".gb-pair")


def main() -> None:
    chosen = arguments(__doc__, clicks=(int, 50, "heads switched off"), per_text=(int, 5, "of them before a new text"))
    draw = random.Random(1)
    times: dict[str, list[float]] = {
        name: []
        for name in ("a head switched off", "and on again", "a new text, Enter to painted", "the echo, the floor")
    }
    off, on, texts, echoes = times.values()
    with opened_lab() as lab:
        notebook = lab.open(ECHO, EXPLORER, SHAPE)
        for cell in (0, 1, 2):
            notebook.run(cell)
        n_layers, n_heads = map(int, notebook.output(2).split())
        card = notebook.cell(1)
        words = card.get_by_role("listbox", name="your text, word by word").get_by_role("option")
        maps = card.get_by_role("grid")
        field = card.get_by_role("textbox", name="Text", exact=True)
        echo = Echo(notebook.cell(0))
        warm_up = True
        while len(off) < chosen.clicks:
            field.fill(" ".join(draw.choices(WORDS, k=TOKENS)))
            texts.append(timed(card, BARS, lambda: field.press("Enter"), "keydown"))
            expect(words).to_have_count(TOKENS + 1)
            for place in draw.sample(range(n_layers * n_heads), min(chosen.per_text, chosen.clicks - len(off))):
                layer, head = divmod(place, n_heads)
                cell = maps.get_by_role("row").nth(layer).get_by_role("gridcell").nth(head)
                cell.click()
                expect(card.get_by_role("img", name=f"layer {layer + 1}, head {head + 1}:")).to_be_visible()
                off.append(timed(card, BARS, card.get_by_role("button", name="Switch this head off").click))
                expect(cell).to_have_accessible_name(re.compile("off"))
                on.append(timed(card, BARS, card.get_by_role("button", name="Switch this head on").click))
                expect(card.get_by_role("alert")).to_have_count(0)
                echoes.append(echo.click())
            if warm_up:
                warm_up = False
                for values in times.values():
                    values.clear()
        notebook.close()
    rows = {name: summary(values) for name, values in times.items()}
    table(
        ["milliseconds", "n", "median", "p95", "least", "most"], [[name, *row.values()] for name, row in rows.items()]
    )
    first, *_, floor = rows.values()
    more = {name: round(first[name] - floor[name], 1) for name in ("median", "p95")}
    print(
        f"To switch a head off takes {more['median']} ms more than the echo by median, "
        f"{more['p95']} ms by p95 (aim: at most 100)."
    )
    finish("switch_off", {"milliseconds": rows, "switch_minus_echo": more}, chosen.save)


if __name__ == "__main__":
    main()
