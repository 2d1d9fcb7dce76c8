"""Names beside the curves of a chart: each where it lies on none of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from widgets.plot import Plot, Points
from widgets.sketches import Box, overlap, text_width

__all__ = ["name_curves"]

_SIZE = 13.0
_ENOUGH = 9.0  # pixels between a name and any other curve
_FARTHEST = 5.0  # pixels between a name and its own curve


def name_curves(plot: Plot, curves: Sequence[Points], names: Sequence[str], hues: Sequence[str]) -> list[Box]:
    """Put each curve's name above or below one of its points, where most room is left; return where they are.

    Args:
        plot: to draw on.
        curves: their points in pixels, from left to right.
        names: one for each curve.
        hues: of the names; "" for the ink of other words.
    """
    lines = [np.array(points, np.float64).T for points in curves]  # (2, N)
    placed: list[Box] = []
    for own, (name, hue) in enumerate(zip(names, hues, strict=True)):
        width = text_width(name, _SIZE) + 6
        best, chosen = -np.inf, (plot.left, plot.top, plot.left + width, plot.top + _SIZE)
        for x, y in curves[own]:
            left = float(np.clip(x - width / 2, plot.left + 2, plot.right - width))
            across = np.linspace(left, left + width, 12)
            heights = [np.interp(across, *line) for line in lines]
            for above in (True, False):
                top = heights[own].min() - _FARTHEST - _SIZE if above else heights[own].max() + _FARTHEST
                box = left, top, left + width, top + _SIZE
                score = min([_ENOUGH, *(_gap(box, other) for i, other in enumerate(heights) if i != own)])
                score -= abs((top + _SIZE / 2) - y) / 8  # near the point that it names
                if top < plot.top - 4 or box[3] > plot.bottom - 2 or any(overlap(box, one) for one in placed):
                    score -= 100
                if score > best:
                    best, chosen = score, box
        placed.append(chosen)
        plot.words(round((chosen[0] + chosen[2]) / 2, 1), round(chosen[3] - 2, 1), name, "middle", hue, over=True)
    return placed


def _gap(box: Box, heights: np.ndarray) -> float:
    """Return how many pixels lie between a box and a line above or below it; below 0 where the line crosses it."""
    return float(np.maximum(box[1] - heights, heights - box[3]).min())
