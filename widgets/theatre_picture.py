"""A TrainingTheatre on paper: the charts, and the checkpoints as words and a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lessons.records import RunLog
from widgets.picture import Picture
from widgets.plot import Plot
from widgets.sketches import MARGIN, Part, fitting, sentences_part, stacked
from widgets.static_parts import paragraph, table
from widgets.theatre_board import charts_in, page_board
from widgets.theatre_scene import Scene
from widgets.theatre_words import took
from widgets.words import count, number, perplexity, show

__all__ = ["picture_of", "rows_of", "table_of"]

_WIDTH = 720.0
_GAP = 20.0


def picture_of(scene: Scene, title: str, spoken: str) -> Picture:
    """Return the charts and what each model wrote. Args: spoken, the picture in words."""
    page = page_board(scene)
    parts: list[Part] = [sentences_part(["".join(run["status"]) for run in page["board"]["runs"]], _WIDTH)]
    charts = charts_in(scene)
    if charts is not None:
        parts += [_key_part(page["charts"]["key"]), charts[0].part(_WIDTH), _beside(charts[1], charts[2])]
    if scene.apart:
        parts.append(sentences_part([scene.apart], _WIDTH))
    for run in page["panels"]["runs"]:
        wrote = [f"{when}: {run['prompt']} {sample}".replace("\n", " ") for when, sample in run["wrote"]]
        parts.append(sentences_part([f"{run['name']} {words}" for words in wrote], _WIDTH))
    return stacked(title, spoken or title, _WIDTH, parts)


def _key_part(key: Sequence[Any]) -> Part:
    """Return the names of the curves, each after its hue."""

    def draw(picture: Picture, top: float) -> None:
        for i, (hue, kind, words) in enumerate(key):
            y = top + 18 * i
            look = {"dashed": kind == "line1", "width": 1 if kind == "raw" else 2}
            picture.line([(MARGIN, y + 7), (MARGIN + 20, y + 7)], hue, **look)
            picture.text(MARGIN + 28, y + 11, fitting(words, _WIDTH - 40, 12), size=12)

    return 18.0 * len(key), draw


def _beside(left: Plot, right: Plot) -> Part:
    """Return two small charts side by side."""
    half = (_WIDTH - _GAP) / 2
    height, draw_left = left.part(half)
    _, draw_right = right.part(half, half + _GAP)

    def draw(picture: Picture, top: float) -> None:
        draw_left(picture, top)
        draw_right(picture, top)

    return height, draw


def rows_of(logs: Sequence[RunLog | None]) -> list[dict[str, Any]]:
    """Return a row for each checkpoint of the runs of which something is known."""
    return [
        {"run": log.name, "step": one.step, "seconds": one.seconds, "valid_perplexity": one.valid_perplexity}
        | {"mean_surprisal": float(one.surprisals.mean()) if one.surprisals.size else None, "sample": one.sample}
        for log in logs
        if log is not None
        for one in log.checkpoints
    ]


def table_of(scene: Scene, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the state of each run as paragraphs and all checkpoints as a table. Args: rows, see the widget's table."""
    board = page_board(scene)["board"]
    words = [*("".join(run["status"]) + " " + run["about"] for run in board["runs"]), *board["problems"]]
    words += [scene.apart] if scene.apart else []
    cells = [
        [
            f"{row['run']}, step {count(row['step'])}",
            took(row["seconds"]),
            perplexity(row["valid_perplexity"]),
            "" if row["mean_surprisal"] is None else number(row["mean_surprisal"], 2),
            " ".join(map(show, row["sample"].split())),
        ]
        for row in rows
    ]
    head = ["checkpoint", "training", "validation perplexity", "mean surprisal of the sentence, nats", "what it wrote"]
    return [*map(paragraph, words), *([table(cells, head, "What the models could do")] if cells else [])]
