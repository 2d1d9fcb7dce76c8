"""The curves, the map and the sentences of an OverfitDial, as its page and its picture draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from lessons.records import OverfitGrid, OverfitRun
from widgets.curves import log_axis, step_axis
from widgets.plot import Plot, Points
from widgets.words import count, number, perplexity

__all__ = ["SHOWS", "cells_of", "chart_of", "facts_of", "part_of_text", "value_of"]

#: What the map shows, and its words.
SHOWS = {"end": "at the end", "best": "at the best step"}
_TRAIN, _VALID = "lstm", "other"  # hues
_WIDTH, _HEIGHT = 500, 280


def part_of_text(fraction: float) -> str:
    """Return a part in words: `1/64`, or `all`."""
    return "all" if fraction == 1 else str(Fraction(fraction).limit_denominator(1000))


def value_of(runs: Sequence[OverfitRun], shows: str) -> np.ndarray:
    """Return the validation perplexity of each seed: (S,). Args: runs, of one cell; shows, one of `SHOWS`."""
    return np.array([run.valid[-1 if shows == "end" else run.best] for run in runs])


def cells_of(grid: OverfitGrid, shows: str) -> list[list[dict[str, Any]]]:
    """Return the map, a row for each part of the text: mean perplexity over the seeds, and its tint, 0 to 1.

    The scale of the tint is logarithmic, from the floor to the highest perplexity at the end of any run, and the same
    for both views.
    """
    highest = max(float(value_of(grid.of(f, d), "end").mean()) for f in grid.fractions for d in grid.dropouts)
    low, span = math.log(grid.floor), math.log(max(highest / grid.floor, 1.001))
    rows = []
    for fraction in grid.fractions:
        row = []
        for dropout in grid.dropouts:
            values = value_of(grid.of(fraction, dropout), shows)
            mean = float(values.mean())
            tint = min(1.0, max(0.0, (math.log(mean) - low) / span))
            words = (
                f"{part_of_text(fraction)} of the text, dropout {dropout:g}: validation perplexity {perplexity(mean)} "
                f"{SHOWS[shows]}"
            )
            row.append({"text": perplexity(mean), "tint": round(tint, 3), "words": words})
        rows.append(row)
    return rows


def _turns(run: OverfitRun) -> bool:
    """Return whether stopping at the best step saves 2 % of the perplexity or more: less is noise."""
    return float(run.valid[run.best]) < 0.98 * float(run.valid[-1])


def chart_of(grid: OverfitGrid, runs: Sequence[OverfitRun]) -> Plot:
    """Return the curves of one cell: those of the first seed with marks, those of the others faint."""
    every = [values for run in grid.runs for values in (run.train, run.valid)]
    low, high = min(float(values.min()) for values in every), max(float(values.max()) for values in every)
    ticks = log_axis(min(low, grid.floor) * 0.97, high)
    run = runs[0]
    plot = Plot((0, float(run.step[-1])), (ticks[0][0], ticks[-1][0]), _WIDTH, _HEIGHT)
    plot.axes(step_axis(int(run.step[-1])), ticks, "steps", "perplexity (logarithmic), dropout off")
    floor = plot.at(0, math.log10(grid.floor))[1]
    plot.line([(plot.left, floor), (plot.right, floor)], "other")

    def points(of: OverfitRun, values: np.ndarray) -> Points:
        return [plot.at(float(step), math.log10(value)) for step, value in zip(of.step, values, strict=True)]

    for other in runs[1:]:
        plot.line(points(other, other.train), "raw", _TRAIN, thin=True)
        plot.line(points(other, other.valid), "raw", _VALID, thin=True)
    plot.curve(points(run, run.train), 0, _TRAIN)
    plot.curve(points(run, run.valid), 1, _VALID)
    plot.words(plot.left + 4, floor + 12, f"floor {perplexity(grid.floor)}", "start", over=True)
    if _turns(run):
        x = plot.at(float(run.step[run.best]), 0)[0]
        plot.line([(x, plot.top), (x, plot.bottom)], "here")
        plot.words(x + 5, plot.top + 11, f"stop here: step {count(int(run.step[run.best]))}", "start", over=True)
    return plot


def facts_of(grid: OverfitGrid, runs: Sequence[OverfitRun]) -> list[str]:
    """Return what the curves of one cell say: the gap, the best step, and the spread over the seeds."""
    run = runs[0]
    train, valid, best = float(run.train[-1]), float(run.valid[-1]), float(run.valid[run.best])
    gap = valid / train
    between = "no gap to speak of" if gap < 1.05 else f"{number(gap, 1 if gap < 10 else 0)} times as much"
    facts = [
        f"In the end: {perplexity(train)} on the text that it reads, {perplexity(valid)} on other text, {between}."
    ]
    if train < grid.floor:
        facts[0] += f" {perplexity(train)} is below the floor: that can only be learnt by heart."
    if _turns(run):
        facts.append(
            f"On other text it was best after step {count(int(run.step[run.best]))}, with {perplexity(best)}: whoever "
            f"stops there saves {number(100 * (1 - best / valid), 0)} % of the perplexity and "
            f"{number(100 * (1 - run.step[run.best] / run.step[-1]), 0)} % of the steps."
        )
    else:
        facts.append("Validation is about as low in the end as it ever was: stopping early would save nothing.")
    if len(runs) > 1:
        ends = value_of(runs, "end")
        facts.append(
            f"With {len(runs)} seeds ({', '.join(str(one.seed) for one in runs)}) validation ends between "
            f"{number(float(ends.min()), 2)} and {number(float(ends.max()), 2)}."
        )
    return facts
