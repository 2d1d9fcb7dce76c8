"""The charts of a TrainingTheatre: the curves, and under them the learning rate and the gradient's norm."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lessons.records import RunChange, RunLog
from widgets.curves import ShownRun, log_axis, loss_plot, smoothed, smoothing_over, step_axis, thinned
from widgets.levels import levels_of
from widgets.plot import Plot, ticks_between
from widgets.sketches import text_width
from widgets.words import percent

__all__ = ["TURNED_NAMES", "Charts", "charts_of", "settled", "small"]

TURNED_NAMES = {"learning_rate": "learning rate", "dropout": "dropout", "clip": "clipping"}
_SHORT = {"learning_rate": "rate", "dropout": "dropout", "clip": "clip"}
_MAIN, _SMALL = (500.0, 236.0), (246.0, 116.0)  # width and height: the page scales both alike, so their type, too
_LEFT = 44.0
_FEW = 160  # points of a curve in a small chart
_LONGEST = 1e6  # a clipping line beyond this is not drawn
_ROWS = 3  # of words on what was turned
Charts = tuple[Plot, Plot, Plot, list[str]]


def small(value: float) -> str:
    """Return a learning rate, a share or a norm in a few digits."""
    return f"{value:.3g}"


def settled(changes: Sequence[RunChange]) -> list[RunChange]:
    """Return what was turned, without what was turned on before another step was done."""
    last = {(change.step, change.name): change for change in changes}
    return sorted(last.values(), key=lambda change: change.step)


def charts_of(runs: Sequence[ShownRun], end: int, chosen: int | None) -> Charts:
    """Return the chart of the losses, of the rates and of the norms, and sentences about them.

    Args:
        runs: those in the background first.
        end: of the lower axis, in steps.
        chosen: the step of the checkpoint that is looked at, or None.
    """
    shown = [run for run in runs if not run.faint]
    width, height = _MAIN
    levels = levels_of([(run.log.name, run.hue, run.log) for run in shown])
    plot, facts = loss_plot(runs, levels=levels.values, hues=levels.hues, end=end, width=width, height=height)
    _mark_turns(plot, shown)
    if chosen is not None:
        px, _ = plot.at(chosen, plot.y[0])
        plot.line([(px, plot.top), (px, plot.bottom)], "here", behind=True)
    plot.stops(sorted({one.step for run in shown for one in run.log.checkpoints if one.step <= end}))
    norms, more = _norm_plot(shown, end)
    return plot, _rate_plot(shown, end), norms, [*([levels.said] if levels.said else []), *facts, *more]


def _mark_turns(plot: Plot, runs: Sequence[ShownRun]) -> None:
    """Draw a line where something was turned, with what it was turned to where there is room for the words."""
    ends = [-math.inf] * _ROWS
    turns = [(change, run.hue) for run in runs for change in settled(run.log.changes)]
    for change, hue in sorted(turns, key=lambda turn: turn[0].step):
        px, _ = plot.at(change.step, plot.y[0])
        plot.line([(px, plot.top), (px, plot.bottom)], "turned", hue, thin=True, behind=True)
        words = f"{_SHORT[change.name]} {small(change.value)}"
        width = text_width(words, 13) + 8
        left = px + 4 if px + width < plot.right else px - width
        row = next((row for row, reached in enumerate(ends) if reached < left), None)
        if row is not None:
            ends[row] = left + width
            plot.words(left, plot.top + 12 + 15 * row, words, "start", hue, over=True)


def _axes(y: tuple[float, float], end: int) -> Plot:
    width, height = _SMALL
    return Plot((0, end), y, width=width, height=height, left=_LEFT)


def _few(end: int) -> list[tuple[float, str]]:
    """Return the first, a middle and the last of the steps' ticks: a small chart has room for no more."""
    ticks = step_axis(end)
    return [tick for i, tick in enumerate(ticks) if i in (0, len(ticks) // 2, len(ticks) - 1)]


def _line(plot: Plot, run: ShownRun, heights: np.ndarray, look: str, thin: bool = True) -> None:
    kept = np.isfinite(heights)
    steps, heights = run.log.step[kept], np.clip(heights[kept], *plot.y)
    points = [plot.at(float(steps[i]), float(heights[i])) for i in (thinned(heights, _FEW) if len(heights) else ())]
    if points:
        plot.line(points, look, run.hue, thin)


def _rate_plot(runs: Sequence[ShownRun], end: int) -> Plot:
    rates = np.concatenate([np.append(run.log.learning_rate, run.log.settings["learning_rate"]) for run in runs])
    ticks = ticks_between(0, float(rates[np.isfinite(rates)].max(initial=0.0)) or 1.0, 3)
    plot = _axes((ticks[0], ticks[-1]), end)
    plot.axes(_few(end), [(tick, f"{tick:g}") for tick in ticks], "", "learning rate of each step")
    for run in runs:
        _line(plot, run, run.log.learning_rate, f"curve{run.which}")
    return plot


def _norm_plot(runs: Sequence[ShownRun], end: int) -> tuple[Plot, list[str]]:
    norms = np.concatenate([run.log.gradient_norm for run in runs])
    norms = norms[np.isfinite(norms) & (norms > 0)]
    every = np.concatenate([norms, *(_clips(run.log) for run in runs)])
    every = every[(every > 0) & (every < _LONGEST)]
    low, high = (float(every.min()), float(every.max())) if len(every) else (0.1, 1.0)
    ticks = log_axis(max(low, high / 1e4), high)
    if len(ticks) > 4:
        ticks = [
            tick for i, tick in enumerate(ticks) if i in (0, len(ticks) - 1) or (i % 2 == 0 and i < len(ticks) - 2)
        ]
    plot = _axes((ticks[0][0], ticks[-1][0]), end)
    plot.axes(_few(end), ticks, "", "gradient norm before clipping")
    facts = []
    for run in runs:
        log, limits = run.log, _clips(run.log)
        with np.errstate(divide="ignore", invalid="ignore"):
            raw = np.log10(np.where(log.gradient_norm > 0, log.gradient_norm, np.nan))
            _line(plot, run, raw, "raw")
            _line(plot, run, smoothed(raw, smoothing_over(log)), f"curve{run.which}")
        if len(log.step):
            _line(plot, run, np.log10(np.where(limits < _LONGEST, limits, np.nan)), "here")
            known = np.isfinite(log.gradient_norm)
            cut = float(np.mean(log.gradient_norm[known] > limits[known])) if known.any() else 0.0
            facts.append(
                f"{log.name}: the gradient was longer than the clipping line, and was shortened, in {percent(cut)} of "
                "the logged steps."
            )
    return plot, facts


def _clips(log: RunLog) -> np.ndarray:
    """Return (n,) the clipping that each logged step used."""
    limits = np.full(len(log.step), log.settings["clip"])
    for change in log.changes:
        if change.name == "clip":
            limits[log.step > change.step] = change.value
    return limits
