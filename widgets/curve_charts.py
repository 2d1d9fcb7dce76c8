"""The charts of a CurveDoctor: small ones for the wall and large ones with the evidence, all on the same axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.records import RunLog
from widgets.curve_signs import Signs
from widgets.curves import log_axis, name_levels, smoothed, step_axis, thinned
from widgets.plot import Plot, Points
from widgets.words import count

__all__ = ["Axes", "evidence_chart", "loss_chart", "pages", "small_chart"]

_ABOVE = 10.0  # times the unigram: what is higher is drawn at the upper edge
_TRAIN, _VALID = "lstm", "other"  # hues
_OVER = 10  # steps whose mean is the bold line
_SMALL, _LARGE, _BESIDE = (150, 84), (540, 262), (266, 130)


class Axes:
    """The ends of all axes, so that each chart can be compared with each other one. Args: all, what is drawn."""

    def __init__(self, all_signs: Sequence[Signs]) -> None:
        logs = [signs.log for signs in all_signs]
        perplexities = [float(np.exp(min(log.loss.min(), 700))) for log in logs]
        perplexities += [signs.lowest for signs in all_signs] + [signs.floor for signs in all_signs]
        unigram = max(signs.unigram for signs in all_signs)
        highest = max(float(np.exp(min(log.loss.max(), 700))) for log in logs)
        self.end = max(int(log.step[-1]) for log in logs)
        self.perplexity = log_axis(
            max(1.0, min(perplexities) * 0.95), max(min(highest, _ABOVE * unigram), 1.5 * unigram)
        )
        self.rate = _powers([log.learning_rate for log in logs])
        self.norm = _powers([log.gradient_norm for log in logs])


def _powers(all_values: Sequence[np.ndarray]) -> list[tuple[float, str]]:
    """Return powers of ten around what most values lie between, three to five of them with words."""
    values = np.concatenate(all_values)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (np.quantile(values, 0.05), values.max()) if len(values) else (0.1, 1)
    first, last = math.floor(math.log10(low)), max(math.ceil(math.log10(high)), math.floor(math.log10(low)) + 1)
    every = math.ceil((last - first) / 4)
    powers = range(last - every * math.ceil((last - first) / every), last + 1, every)
    return [(power, count(10**power) if power >= 0 else f"{10.0**power:.{-power}f}") for power in powers]


def _ends(ticks: Sequence[tuple[float, str]]) -> tuple[float, float]:
    return ticks[0][0], ticks[-1][0]


def _points(plot: Plot, steps: np.ndarray, logs: np.ndarray, most: int = 400) -> Points:
    heights = np.clip(logs, *plot.y)
    return [plot.at(float(steps[i]), float(heights[i])) for i in thinned(heights, most)]


def _train(plot: Plot, log: RunLog, over: int, most: int = 400) -> Points:
    return _points(plot, log.step, smoothed(log.loss, over) / math.log(10), most)


def _valid(plot: Plot, signs: Signs) -> Points:
    steps = np.array([one.step for one in signs.log.checkpoints])
    return _points(plot, steps, np.log10(signs.valid))


def small_chart(signs: Signs, axes: Axes) -> Plot:
    """Return a chart without numbers for the wall: both curves, the floor and the baselines."""
    width, height = _SMALL
    plot = Plot((0, axes.end), _ends(axes.perplexity), width, height)
    plot.left, plot.right, plot.top, plot.bottom = 3.0, width - 3.0, 3.0, height - 3.0
    for value, look in ((signs.floor, "here"), (signs.pairs, "rule"), (signs.unigram, "rule")):
        y = plot.at(0, math.log10(value))[1]
        plot.line([(plot.left, y), (plot.right, y)], look)
    plot.line(_train(plot, signs.log, 3, 120), "curve0", _TRAIN, thin=True)
    plot.line(_valid(plot, signs), "curve1", _VALID, thin=True)
    return plot


def loss_chart(signs: Signs, axes: Axes) -> Plot:
    """Return the large chart: the perplexity of each batch, its mean, and the measurements on other text."""
    plot = Plot((0, axes.end), _ends(axes.perplexity), *_LARGE)
    plot.axes(step_axis(axes.end), axes.perplexity, "steps", "perplexity (logarithmic)")
    names = {"unigram": signs.unigram, "bigram": signs.pairs, "floor": signs.floor}
    heights = {name: plot.at(0, math.log10(value))[1] for name, value in names.items()}
    for name, y in heights.items():
        plot.line([(plot.left, y), (plot.right, y)], "here" if name == "floor" else "other")
    plot.line(_points(plot, signs.log.step, signs.log.loss / math.log(10)), "raw", _TRAIN, thin=True)
    train, valid = _train(plot, signs.log, _OVER), _valid(plot, signs)
    plot.line(train, "curve0", _TRAIN)
    plot.curve(valid, 1, _VALID, thin=True)
    name_levels(plot, names, heights, [train, valid])
    return plot


def evidence_chart(signs: Signs, axes: Axes, what: str) -> Plot:
    """Return a flat chart of the learning rate or of the gradient norm. Args: what, "learning_rate" or
    "gradient_norm"."""
    ticks, words = (
        (axes.rate, "learning rate") if what == "learning_rate" else (axes.norm, "gradient norm, before clipping")
    )
    plot = Plot((0, axes.end), _ends(ticks), *_BESIDE, left=66)
    plot.bottom = plot.height - 22
    plot.axes([], ticks, "", words)
    plot.words(plot.left, plot.height - 5, "0", "middle")
    plot.words(plot.right, plot.height - 5, count(axes.end), "end")
    values = np.maximum(getattr(signs.log, what), 10.0 ** ticks[0][0])
    plot.line(_points(plot, signs.log.step, np.log10(values)), "curve0", _TRAIN, thin=True)
    return plot


def pages(signs: Signs, axes: Axes) -> dict[str, Any]:
    """Return the large charts as the page draws them."""
    evidence = [evidence_chart(signs, axes, what).page() for what in ("learning_rate", "gradient_norm")]
    return {"loss": loss_chart(signs, axes).page(), "evidence": evidence}
