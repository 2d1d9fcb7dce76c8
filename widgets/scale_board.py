"""What the page of a ScaleSlider draws: bars without and with the scale, a table, two curves; and a picture of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lessons.attention_by_hand import ScaleAverage, ScaleDraw, SoftmaxLook
from widgets.picture import Picture
from widgets.words import count, number, percent

__all__ = ["board_of", "picture_of"]

LARGEST_GRADIENT = 0.5
NAMES = ("without √d", "with √d")


def board_of(
    draw: ScaleDraw, mean: ScaleAverage, curve: Sequence[ScaleAverage], widths: Sequence[int]
) -> dict[str, Any]:
    """Return what the page draws."""
    root = math.sqrt(draw.d)
    panels = [
        _panel(name, formula, draw, look, scores)
        for name, formula, look, scores in (
            (NAMES[0], "softmax of q·k", draw.plain, draw.scores),
            (NAMES[1], f"softmax of q·k / {number(root, 2)}", draw.scaled, draw.scores / root),
        )
    ]
    looks = (draw.plain, draw.scaled, mean.plain, mean.scaled)
    spreads = (draw.spread, draw.spread / root, mean.spread, mean.spread / root)
    table = [
        ["standard deviation of what enters the softmax", *(number(spread, 2) for spread in spreads)],
        ["entropy of the weights, in nats", *(number(look.entropy, 2) for look in looks)],
        ["effective number of keys", *(number(look.effective, 2) for look in looks)],
        ["size of the softmax's gradient", *(_gradient(look.gradient) for look in looks)],
    ]
    n_keys = len(draw.scores)
    curves = [
        _curve(
            "effective number of keys",
            float(n_keys),
            draw.d,
            mean.n_draws,
            [(m.d, m.plain.effective, m.scaled.effective) for m in curve],
        ),
        _curve(
            "size of the gradient",
            LARGEST_GRADIENT,
            draw.d,
            mean.n_draws,
            [(m.d, m.plain.gradient, m.scaled.gradient) for m in curve],
        ),
    ]
    said = [f"{panel['name']}: {panel['fact']}" for panel in panels]
    return {
        "d": draw.d,
        "widths": list(widths),
        "panels": panels,
        "heads": [
            "",
            *(f"{what}, {name}" for what in ("this draw", f"mean of {mean.n_draws} draws") for name in NAMES),
        ],
        "table": table,
        "curves": curves,
        "legend": f"A full bar is 100 %. Curves: solid with √d, dashed without; the means are over the seeds 0 to "
        f"{mean.n_draws - 1}. The gradient is the norm of the softmax's Jacobian, "
        f"{LARGEST_GRADIENT:g} at most; near 0 hardly anything can be learned through the softmax.",
        "seed": f"seed {draw.seed}",
        "repeated": "",
        "spoken": f"d is {draw.d}, seed {draw.seed}. {' '.join(said)}",
    }


def _gradient(size: float) -> str:
    return number(size, 3) if size >= 0.0005 or size == 0 else "below 0.001"


def _panel(name: str, formula: str, draw: ScaleDraw, look: SoftmaxLook, scores: Any) -> dict[str, Any]:
    weights = look.weights.tolist()
    rows = [
        {"head": f"key {i + 1}", "score": number(float(score), 2), "share": percent(weight), "width": round(weight, 4)}
        for i, (score, weight) in enumerate(zip(scores, weights, strict=True))
    ]
    best = max(range(len(weights)), key=lambda i: weights[i])
    fact = (
        f"key {best + 1} takes {percent(weights[best])}; as unsure as an even choice among {number(look.effective)} "
        f"of {count(len(weights))} keys; gradient {_gradient(look.gradient)}."
    )
    return {"name": name, "formula": formula, "rows": rows, "fact": fact}


def _curve(name: str, top: float, d: int, n_draws: int, points: Sequence[tuple[int, float, float]]) -> dict[str, Any]:
    """Return two lines over d, each point as shares of the field: x from 0 (d = 2) to 1 (d = 512), y from 0 to 1."""
    low, high = math.log2(points[0][0]), math.log2(points[-1][0])

    def x(width: int) -> float:
        return round((math.log2(width) - low) / (high - low), 4)

    ends = ", ".join(
        f"{label} {number(points[0][k], 2)} at d = {points[0][0]} and {number(points[-1][k], 2)} at d = {points[-1][0]}"
        for k, label in ((1, NAMES[0]), (2, NAMES[1]))
    )
    return {
        "name": name,
        "range": f"0 to {top:g}, means of {n_draws} draws",
        "at": x(d),
        "plain": [[x(width), round(plain / top, 4)] for width, plain, _ in points],
        "scaled": [[x(width), round(scaled / top, 4)] for width, _, scaled in points],
        "ends": [points[0][0], points[-1][0]],
        "words": f"{name}, mean over many draws: {ends}",
    }


def picture_of(board: Mapping[str, Any], title: str) -> Picture:
    """Return the bars of both panels and the table."""
    rows = len(board["panels"][0]["rows"])
    picture = Picture(960, 226 + 26 * rows, f"{title} {board['spoken']}")
    picture.text(10, 24, f"{title}  d = {board['d']}, {board['seed']}", size=16, bold=True)
    for n, panel in enumerate(board["panels"]):
        left = 10 + 480 * n
        picture.text(left, 54, f"{panel['name']}: {panel['formula']}", bold=True)
        for i, row in enumerate(panel["rows"]):
            y = 66 + 26 * i
            picture.text(left, y + 15, row["head"])
            picture.text(left + 110, y + 15, row["score"], anchor="end")
            picture.rect(left + 120, y, 260 * row["width"], 19)
            picture.text(left + 450, y + 15, row["share"], anchor="end")
    top = 100 + 26 * rows
    for i, line in enumerate([board["heads"], *board["table"]]):
        for n, words in enumerate(line):
            for k, part in enumerate(words.split(", ") if i == 0 else [words]):
                anchor, x = ("start", 10) if n == 0 else ("end", 330 + 155 * n)
                picture.text(x, top + 22 * i + 16 * (k + (i > 0)), part, anchor=anchor, size=12, bold=i == 0)
    return picture
