"""The charts of an LRFinder, one above the other on one axis: the range test, and what whole runs made of its rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.records import OPTIMIZERS, RateCurve, RateTrial
from widgets.bars import hue_of
from widgets.plot import Plot, ticks_between
from widgets.words import number

__all__ = [
    "CALLED",
    "MOST_PLACES",
    "curve_plot",
    "place_of",
    "rate_at",
    "rate_words",
    "trial_plot",
    "trial_rows",
]

_LOW, _HIGH, _PER_DECADE = -6, 4, 20  # the axis: 10^-6 to 10^4, and the slider's places on it
MOST_PLACES = (_HIGH - _LOW) * _PER_DECADE
_LINE = 15.0  # pixels between two lines of words
#: What the rate of a trial is called.
CALLED = {"diverging": "all lost"}
_ABOVE = 0.9  # nats above the start at which the chart ends
_FAR = 4.0  # times the best perplexity at which the lower chart ends


def rate_at(place: int) -> float:
    """Return the learning rate at one of the slider's places, to three digits."""
    return float(f"{10 ** (_LOW + place / _PER_DECADE):.3g}")


def place_of(rate: float) -> float:
    """Return where a rate stands on the axis, in places of the slider, not rounded."""
    return (math.log10(rate) - _LOW) * _PER_DECADE


def rate_words(rate: float) -> str:
    """Return a learning rate as it is written in a recipe: `0.011`, `1.2e-5`, `3,200`."""
    if rate >= 100:
        return f"{float(f'{rate:.2g}'):,.0f}"
    if rate >= 0.99e-3:
        return f"{float(f'{rate:.2g}'):g}"
    digits, power = f"{rate:.1e}".split("e")
    return f"{digits.removesuffix('.0')}e−{abs(int(power))}"


def _decades() -> list[tuple[float, str]]:
    return [((power - _LOW) * _PER_DECADE, rate_words(10.0**power)) for power in range(_LOW, _HIGH + 1)]


def _height(plot: Plot, value: float) -> float:
    return min(max(value, plot.y[0]), plot.y[1])


def _points(plot: Plot, curve: RateCurve) -> list[tuple[float, float]]:
    places = (place_of(float(rate)) for rate in curve.rates)
    return [plot.at(x, _height(plot, y)) for x, y in zip(places, curve.smoothed.tolist(), strict=True)]


def _draw_marks(plot: Plot, curve: RateCurve, hue: str) -> None:
    """Draw what the test advises: a line down from the curve, a mark on it, and its name above, where there is room."""
    named = [("steepest fall", curve.steepest), ("a tenth of the lowest", curve.tenth), ("all lost", curve.diverges)]
    known = [(name, rate, which) for which, (name, rate) in enumerate(named) if rate is not None]
    first = min((rate for _, rate, _ in known), default=0)
    for _, rate, _ in known:
        x, _ = plot.at(place_of(rate), 0)
        plot.line([(x, plot.top), (x, plot.bottom)], "mean")
    for name, rate, which in known:  # words after all lines, which they cover
        near = int(np.abs(np.log(curve.rates / rate)).argmin())
        x, y = plot.at(place_of(rate), _height(plot, float(curve.smoothed[near])))
        plot.dot(x, y, which, hue)
        before = rate == first and which < 2  # of two that lie close, one is named on each side
        height = plot.bottom - 8 if which == 2 else plot.top + 2 * _LINE
        plot.words(
            x - 6 if before else x + 6, height, f"{name} {rate_words(rate)}", "end" if before else "start", over=True
        )


def curve_plot(
    curves: Sequence[RateCurve], others: Sequence[RateCurve], guess: float, revealed: bool, live: RateCurve | None
) -> Plot:
    """Return the loss over the rate.

    Args:
        curves: range tests of one model, text and optimizer; the first one is drawn in full, the other seeds behind.
        others: those with another optimizer, of which the first one is drawn.
        guess: the learner's rate.
        revealed: whether the advice is drawn, too.
        live: the test that is going on, or was run here, drawn dashed.
    """
    first = curves[0]
    hue = hue_of(first.architecture)
    every = [one for one in (*curves, *others[:1], live) if one is not None and one.losses.size]
    start = first.start or float(first.smoothed[0])
    low = min(float(one.smoothed.min()) for one in every)
    ticks = ticks_between(low, start + _ABOVE)
    plot = Plot((0, MOST_PLACES), (ticks[0], ticks[-1]), height=232)
    plot.axes(_decades(), ticks, "learning rate, ten times as high from one number to the next", "loss, nats per token")
    for one in curves[1:]:
        plot.line(_points(plot, one), "raw", hue)
    for one in others[:1]:
        points = _points(plot, one)
        plot.line(points, "other")
        x, y = min(points, key=lambda point: -point[1])
        plot.words(x, y + 16 if y + 20 < plot.bottom else y - 10, OPTIMIZERS[one.optimizer], over=True)
    plot.line(_points(plot, first), "curve0", hue)
    if live is not None and live.losses.size:
        plot.line(_points(plot, live), "curve1", "other")
    if revealed:
        _draw_marks(plot, first, hue)
    _draw_guess(plot, guess, True)
    plot.stops(range(MOST_PLACES + 1))
    return plot


def _draw_guess(plot: Plot, guess: float, named: bool) -> None:
    x, _ = plot.at(place_of(guess), plot.y[0])
    plot.line([(x, plot.top - 4), (x, plot.bottom)], "here")
    if named:
        right = x < plot.right - 110
        anchor = "start" if right else "end"
        plot.words(x + (5 if right else -5), plot.top + _LINE - 4, f"your rate {rate_words(guess)}", anchor, over=True)


def trial_plot(trials: Sequence[RateTrial], floor: float | None, guess: float) -> Plot:
    """Return the perplexity that whole runs ended with over their rates, on the axis of `curve_plot`.

    Args:
        trials: by rising rate.
        floor: the perplexity that no model can beat, if it is known.
        guess: the learner's rate.
    """
    hue = hue_of(trials[0].architecture)
    ends = [one.perplexity for one in trials if math.isfinite(one.perplexity)] or [1.0]
    low = min([*ends, *([] if floor is None else [floor])])
    ticks = ticks_between(low, min(max(ends), _FAR * min(ends)), 4)
    plot = Plot((0, MOST_PLACES), (ticks[0], ticks[-1]), height=158)
    plot.axes(_decades(), ticks, "highest learning rate of the run", "perplexity after the run")
    if floor is not None:
        _, y = plot.at(0, floor)
        plot.line([(plot.left, y), (plot.right, y)], "other")
        plot.words(plot.right - 3, y - 4, f"floor {number(floor, 1)}", "end", over=True)
    points = [plot.at(place_of(one.rate), _height(plot, one.perplexity)) for one in trials]
    plot.line(points, "curve0", hue, thin=True)
    for one, (x, y) in zip(trials, points, strict=True):
        which = {"steepest": 0, "a tenth of the lowest": 1, "diverging": 2}.get(one.why, 0)
        plot.dot(x, y, which, hue)
        if one.perplexity > plot.y[1]:
            lost = "diverged" if math.isinf(one.perplexity) else number(one.perplexity, 0)
            plot.words(x + 7, y + 4, f"↑ {lost}", "start", over=True)
    _draw_guess(plot, guess, False)
    return plot


def trial_rows(trials: Sequence[RateTrial]) -> list[list[str]]:
    """Return the table of the runs: what the rate is, the rate, and the perplexity."""
    ends = [one.perplexity for one in trials]
    best = min(ends, default=0.0)
    rows: list[list[Any]] = []
    for one in trials:
        if math.isinf(one.perplexity):
            words = "diverged"
        else:
            words = number(one.perplexity, 2) + (" (the lowest)" if one.perplexity == best else "")
        rows.append([CALLED.get(one.why, one.why), rate_words(one.rate), words])
    return rows
