"""How responsive a page is while a model trains on it: clicks on a word, from the click to the painted answer.

Run it from the project's folder: python -m benchmarks.live_click [--save]

A notebook in JupyterLab has a `TrainingTheatre`, a `TokenClicker`, which marks a word at once and says in words what is
selected once Python has answered, and a bare echo. First nobody trains; then the theatre does, its charts growing four
times a second. Clicks on the two take turns, at random moments of the training.
"""

from __future__ import annotations

import random
import re
from typing import Any

from playwright.sync_api import Locator, expect

from benchmarks.common import WORDS, arguments, finish, summary, table
from benchmarks.lab import ECHO, Echo, opened_lab, text_of, timed

TOKENS = 24
MARKED = "root => root.querySelector('[aria-selected=true]')?.textContent"
STAGE = """
from lessons.live import LiveRun
from widgets import TrainingTheatre

theatre = TrainingTheatre(LiveRun({architecture!r}, {text!r}, n_steps=100_000, evaluations=400))
theatre
"""
CLICKER = """
from widgets import TokenClicker

TokenClicker({tokens!r})
"""


def clicks_on(card: Locator, echo: Echo, n: int, draw: random.Random) -> list[dict[str, Any]]:
    """Click words and the echo, n times each; return the milliseconds to the mark, the answer and the echo."""
    tokens, place = card.get_by_role("option"), 0
    marked, answered, echoes = [], [], []
    for _ in range(n):
        for look, times in ((MARKED, marked), (text_of(".gb-fact"), answered)):
            card.page.wait_for_timeout(draw.uniform(0, 500))
            place = draw.choice([other for other in range(TOKENS) if other != place])
            card.page.mouse.move(2, 2)  # off the words, so that coming back to one is seen by the page
            tokens.nth(place).hover()
            expect(card.locator(".gb-fact")).to_contain_text("Here:")
            times.append(timed(card, look, tokens.nth(place).click))
            expect(card.locator(".gb-fact")).to_contain_text("Selected:")
        echoes.append(echo.click())
    return [summary(times) for times in (marked, answered, echoes)]


def step_of(status: Locator) -> int:
    """The number of the step that the theatre shows."""
    found = re.search(r"step ([\d,]+)", status.inner_text())
    return int(found[1].replace(",", "")) if found else 0


def main() -> None:
    chosen = arguments(
        __doc__,
        clicks=(int, 50, "clicks on each"),
        architecture=(str, "lstm", "the model that trains: lstm or transformer"),
        text=(str, "toy", "what it trains on: toy or wikitext-2"),
    )
    draw = random.Random(1)
    words = [f"{word}{i}" for i, word in enumerate(draw.choices(WORDS, k=TOKENS))]  # all different
    found: dict[str, list[dict[str, Any]]] = {}
    with opened_lab() as lab:
        stage = STAGE.format(architecture=chosen.architecture, text=chosen.text)
        notebook = lab.open(ECHO, stage, CLICKER.format(tokens=words))
        for cell in (0, 1, 2):
            notebook.run(cell)
        theatre = notebook.panel.get_by_role("region", name="The training theatre")
        status = theatre.locator(".gb-theatre-runs > p").first
        card = notebook.cell(2).locator(".jp-OutputArea-output").last
        expect(card.get_by_role("option")).to_have_count(TOKENS)
        echo = Echo(notebook.cell(0))
        found["nobody trains"] = clicks_on(card, echo, chosen.clicks, draw)
        theatre.get_by_role("button", name="Start", exact=True).click()
        expect(theatre.locator(".gb-plot .gb-dot").nth(1)).to_be_attached(timeout=120_000)
        before = step_of(status)
        found["a model trains"] = clicks_on(card, echo, chosen.clicks, draw)
        steps = step_of(status) - before
        theatre.get_by_role("button", name="Stop", exact=True).click()
        notebook.close()
    names = "a word is marked", "a word is answered by Python", "the echo, the floor"
    rows = {f"{when}: {name}": row for when, three in found.items() for name, row in zip(names, three, strict=True)}
    table(
        ["milliseconds", "n", "median", "p95", "least", "most"], [[name, *row.values()] for name, row in rows.items()]
    )
    print(f"Steps trained between the first and the last click: {steps}.")
    if not steps:
        raise SystemExit("Nothing was trained meanwhile; the figures say nothing.")
    finish("live_click", {"milliseconds": rows, "trained": vars(chosen) | {"steps": steps}}, chosen.save)


if __name__ == "__main__":
    main()
