"""AttentionExplorer beside BertViz's head_view: bytes, first paint and interactions in one JupyterLab notebook.

Run it from the project's folder: python -m benchmarks.attention_view [--save]

Both show the same weights, those of a random Transformer with 4 layers of 8 heads. The peer and the three scripts that
it asks the network for are read from a folder: it gets them at once, and their bytes are not counted.
"""

from __future__ import annotations

import random
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Route

from benchmarks.common import ROOT, arguments, finish, summary, table
from benchmarks.lab import ECHO, Lab, opened_lab, timed
from tests.lab.notebook_page import NotebookPage

LENGTHS = (32, 64, 128)
PEER = ROOT / "build" / "peer"
SCRIPTS = {
    name: PEER / "node_modules" / path
    for name, path in {
        "require": "requirejs/require.js",
        "jquery": "jquery/dist/jquery.min.js",
        "d3": "d3/dist/d3.min.js",
    }.items()
}
HOW = """There is no BertViz in {peer}. Put it and the scripts that it needs there:
    python -m pip install --no-deps --target {peer} bertviz==1.4.1
    npm install --prefix {peer} requirejs@2.3.6 jquery@2.1.0 d3@5.7.0"""

SETUP = """
import sys
sys.path.append({peer!r})
from time import perf_counter
import torch
from bertviz import head_view
from IPython.display import display
from benchmarks.attention_view import random_trace
from widgets import AttentionExplorer

{echo}
trace = random_trace({length})
attention = [torch.tensor(layer)[None] for layer in trace.attention_weights]
"""
SHOW = """
begin = perf_counter()
{show}
seconds = perf_counter() - begin
"""
# Run a cell; return the milliseconds until it is drawn and painted, those of them since its largest message came, and
# the bytes of all its messages.
RUN = """
async index => {
    const {content: notebook, node} = jupyterapp.shell.currentWidget, drawn = DRAWN;
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    await notebook.scrollToItem(index);
    await painted(() => true);
    arrived.length = 0;
    const begin = performance.now(), shown = painted(() => drawn(node));
    if (!await jupyterapp.commands.execute("notebook:run-cell")) throw new Error("the cell failed");
    const end = await shown, largest = arrived.reduce((one, other) => one.bytes < other.bytes ? other : one);
    const kilobytes = arrived.reduce((sum, {bytes}) => sum + bytes, 0) / 1000;
    return {kilobytes, paint: end - begin, page: end - largest.time};
}
"""


def random_trace(length: int) -> Any:
    """Return the trace of a text of this length through a Transformer of 4 layers with 8 heads and random weights."""
    from tests import tiny

    shape = {"n_layers": 4, "n_heads": 8, "d_model": 192, "d_ff": 768, "context_length": 128}
    model = tiny.model("transformer", **shape)
    for block in model.network.blocks:
        block.attention.query_key_value.weight.data.mul_(0.2)  # so that no head looks at one token alone
    return model.trace(" ".join(random.Random(1).choices(tiny.WORDS, k=length - 1)))


@dataclass(frozen=True)
class View:
    """One of the two that are compared.

    Attributes:
        show: the line of Python that shows it.
        drawn: a function in JavaScript of the notebook's node, true once all is there.
        acts: what is done with it, by name: given its cell and a place among the tokens, the milliseconds to the paint.
        slow: of these the one that is done but once after a first paint.
    """

    show: str
    drawn: str
    acts: dict[str, Callable[[Locator, int], float]]
    slow: str = ""


# What is said of the large map, which changes with all that Python answers; and the marks in it, which the page sets.
SAID = 'root => root.querySelector(".gb-stage").getAttribute("aria-label")'
MARKS = 'root => [...root.querySelectorAll(".gb-field > i")].map(mark => mark.getAttribute("style")).join()'


def word_of(cell: Locator, place: int) -> Locator:
    return cell.get_by_role("listbox", name="your text, word by word").get_by_role("option").nth(place)


def our_pointing(cell: Locator, place: int) -> float:
    """Move the mouse onto a token: its row and column are marked in the large map."""
    return timed(cell, MARKS, word_of(cell, place).hover, "pointerover")


def our_click(cell: Locator, place: int) -> float:
    """Click on a token: Python says in words where it looks."""
    return timed(cell, SAID, word_of(cell, place).click)


def our_head(cell: Locator, place: int) -> float:
    """Click on the small map of another head: Python sends the large one."""
    layer, head = divmod(place + 1, 8)
    return timed(cell, SAID, cell.get_by_role("row").nth(layer).get_by_role("gridcell").nth(head).click)


def their_pointing(cell: Locator, place: int) -> float:
    """Move the mouse onto a token at the left: the lines of all others disappear."""
    word = cell.locator("#left text").nth(place)
    word.scroll_into_view_if_needed()
    look = 'root => [...root.querySelectorAll("#left .background")].findIndex(box => box.style.opacity === "1")'
    return timed(cell, look, word.hover, "mouseover")


def their_layer(cell: Locator, place: int) -> float:
    """Choose another layer: all is drawn anew."""
    field = cell.locator("#layer")
    layer = str((int(field.input_value()) + 1) % 4)
    return timed(cell, 'root => root.querySelector("#vis svg")', lambda: field.select_option(layer), "change")


OURS, THEIRS, FLOOR = "AttentionExplorer", "BertViz head_view", "a bare widget"
ROWS = {
    "kilobytes": "kB from Python to the page",
    "python": "ms in Python, of the next row",
    "paint": "ms to the first paint",
    "page": "ms of it after the bytes came",
    "point": "ms, pointing at a token",
    "click": "ms, clicking on it, Python asked",
    "map": "ms, another head; its: layer",
}
PLACES = range(31)  # of the tokens to choose from: there at all lengths, and without the last one, chosen at first
VIEWS = {
    OURS: View(
        "display(AttentionExplorer(trace))",
        'node => node.querySelector(".gb-stage bdi")',  # the labels of the large map are written last
        {"point": our_pointing, "click": our_click, "map": our_head},
    ),
    THEIRS: View(
        "head_view(attention, list(trace.tokens))",
        'node => node.querySelector("#vis svg")?.children.length === 4',  # the fourth part is drawn last
        {"point": their_pointing, "map": their_layer},
        slow="map",
    ),
    FLOOR: View("display(Echo())", 'node => node.querySelector(".echo")', {}),
}


def served(route: Route) -> None:
    """Give the peer the scripts that it asks the network for."""
    name = Path(route.request.url).name.partition(".")[0]
    route.fulfill(path=SCRIPTS[name], content_type="text/javascript")


def shown(lab: Lab, notebook: NotebookPage, index: int, view: View, places: list[int]) -> dict[str, list[float]]:
    """Show a view in an empty notebook and use it; return what each thing took."""
    lab.page.mouse.move(0, 0)
    notebook.command("notebook:clear-all-cell-outputs")
    lab.collect_garbage()
    found = {what: [value] for what, value in lab.page.evaluate(RUN.replace("DRAWN", view.drawn), index).items()}
    for name, act in view.acts.items():
        found[name] = []
        for place in places[:1] if name == view.slow else places:
            lab.page.mouse.move(0, 0)  # a mouse that lies on the token already would not come onto it
            found[name].append(act(notebook.cell(index), place))
    notebook.run(len(VIEWS) + 1)
    return found | {"python": [1000 * float(notebook.output(len(VIEWS) + 1))]}


def compared(found: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Any]]:
    """Return for each thing how it went on each side, and how many times the peer's median is ours."""
    rows: dict[str, dict[str, Any]] = {}
    for what in ROWS:
        rows[what] = {name: summary(values[what]) for name, values in found.items() if what in values}
        if THEIRS in rows[what]:
            rows[what]["times"] = round(rows[what][THEIRS]["median"] / rows[what][OURS]["median"], 1)
    return rows


def main() -> None:
    chosen = arguments(
        __doc__,
        rounds=(int, 10, "first paints of each, in turns; one more at the start warms up"),
        acts=(int, 2, "interactions of each kind after each first paint"),
    )
    if not all(path.exists() for path in [PEER / "bertviz", *SCRIPTS.values()]):
        sys.exit(HOW.format(peer=PEER.relative_to(ROOT)))
    draw = random.Random(1)
    results: dict[str, dict[str, Any]] = {}
    with opened_lab() as lab:
        lab.page.route(re.compile("^https:"), served)
        notebook = lab.open("", *(SHOW.format(show=view.show) for view in VIEWS.values()), "print(seconds)")
        for length in LENGTHS:
            notebook.set_source(0, SETUP.format(peer=str(PEER), length=length, echo=ECHO))
            notebook.run(0)
            found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in VIEWS}
            warm_up = length == LENGTHS[0]
            for turn in range(chosen.rounds + warm_up):
                places = draw.sample(PLACES, chosen.acts)
                for index, (name, view) in enumerate(VIEWS.items(), 1):
                    for what, values in shown(lab, notebook, index, view, places).items():
                        found[name][what] += values if turn >= warm_up else []
            results[f"T = {length}"] = compared(found)
        notebook.close()
    rows = []
    for length, things in results.items():
        rows.append([length, *[""] * (2 * len(VIEWS) + 2)])
        for what, row in things.items():
            all_sides = [row[name][value] if name in row else "" for name in VIEWS for value in ("median", "p95")]
            rows.append([ROWS[what], row[OURS]["n"], *all_sides, row.get("times", "")])
    table(["", "n", *(head for name in VIEWS for head in (name, "p95")), "times"], rows)
    for length, things in results.items():
        bytes_, paint = (things[what]["times"] for what in ("kilobytes", "paint"))
        print(
            f"{length}: 1/{bytes_} of its bytes (aim: 1/20), 1/{paint} of its first paint (aim: 1/10), "
            f"{things['point'][OURS]['median']} ms to point at a token (aim: 50)."
        )
    finish("attention_view", {"lengths": results}, chosen.save)


if __name__ == "__main__":
    main()
