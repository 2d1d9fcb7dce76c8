"""Loss curves of training runs: thinned to what a screen can show, smoothed, and laid out over the steps.

    plot, facts = loss_plot([ShownRun(log, "lstm")])
    plot.page()      # what plot.js draws
    facts            # sentences that say what is smoothed, thinned or cut off

The vertical axis is the perplexity, logarithmic: equal heights are equal amounts of loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lessons.records import RunLog
from widgets.plot import Plot, Points, decades_between, ticks_between
from widgets.sketches import Box, overlap, text_width
from widgets.words import count, perplexity

__all__ = [
    "COUNTED",
    "MOST_POINTS",
    "ShownRun",
    "log_axis",
    "loss_plot",
    "name_levels",
    "smoothed",
    "smoothing_over",
    "step_axis",
    "thinned",
]

#: What the models are that a run's baselines come from.
COUNTED = {"unigram": "counting single words", "bigram": "counting pairs"}
MOST_POINTS = 400  # of a curve: a chart has no more columns of pixels that can be told apart
_MOST_DOTS = 60
_MOST_TICKS = 8
_ABOVE = 10.0  # times the highest baseline or first measurement: what is higher is drawn at the edge
_SHARE = 40  # a mean over one fortieth of the planned steps
_LINE = 13.0  # pixels that a line of words is high
_ASIDE = 12  # half lines of words by which a name may be away from its level where all nearer places are taken


@dataclass(frozen=True)
class ShownRun:
    """A run and its look.

    Attributes:
        log: what was logged.
        hue: of the model: "lstm", "transformer" or "other".
        which: 0, 1 or 2: its line and its marks.
        faint: whether it stands in the background, a run that is over.
    """

    log: RunLog
    hue: str
    which: int = 0
    faint: bool = False


def thinned(values: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Return which points of a curve to draw: both ends and, of each stretch, the lowest and the highest point.

    Args:
        values: (n,) heights, all finite.
        most: how many points can be drawn, at least 4.

    Returns:
        (m,) int64, rising places among the n, m at most `most`.
    """
    n = len(values)
    if n <= most:
        return np.arange(n)
    width = math.ceil((n - 2) / ((most - 2) // 2))  # of a stretch
    starts = np.arange(1, n - 1, width)
    places = np.minimum(starts[:, None] + np.arange(width), n - 2)  # (stretches, width)
    inside = values[places]
    rows = np.arange(len(starts))
    extremes = [places[rows, pick(inside, axis=1)] for pick in (np.argmin, np.argmax)]
    return np.unique(np.concatenate([[0], *extremes, [n - 1]]))


def smoothed(values: np.ndarray, over: int) -> np.ndarray:
    """Return the mean of each number and those before it, `over` of them at most; what is not finite does not count.

    Args:
        values: (n,).
        over: how many numbers are averaged.

    Returns:
        (n,) float64, NaN where the number itself is not finite.
    """
    is_number = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(is_number, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(is_number)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - over)
    n = counts[ends] - counts[starts]
    means: np.ndarray = np.where(is_number, (sums[ends] - sums[starts]) / np.maximum(n, 1), np.nan)
    return means


def smoothing_over(log: RunLog) -> int:
    """Return over how many logged steps a run's loss is averaged: about a fortieth of it, 5 to 200."""
    if log.n_steps and len(log.step) > 1:
        logged = log.n_steps / float(np.median(np.diff(log.step)))
    else:
        logged = float(log.n_steps or len(log.step))
    return int(min(200, max(5, round(logged / _SHARE))))


def step_axis(end: int) -> list[tuple[float, str]]:
    """Return round numbers of steps from 0 to `end` for the lower axis, with their words."""
    return [(tick, count(round(tick))) for tick in ticks_between(0, max(1, end), 6) if tick <= end and tick % 1 == 0]


def log_axis(low: float, high: float) -> list[tuple[float, str]]:
    """Return the places of a logarithmic axis from at most `low` to at least `high`, not too many to read."""
    ticks = decades_between(low, high)
    return (
        ticks
        if len(ticks) <= _MOST_TICKS
        else [tick for i, tick in enumerate(ticks) if i in (0, len(ticks) - 1) or tick[0] % 1 == 0]
    )


def loss_plot(
    runs: Sequence[ShownRun],
    *,
    levels: Mapping[str, float] | None = None,
    hues: Mapping[str, str] | None = None,
    end: int | None = None,
    width: float = 720,
    height: float = 270,
) -> tuple[Plot, list[str]]:
    """Lay out the training loss and the validation perplexity of runs over their steps.

    Args:
        runs: at least one.
        levels: perplexities that are drawn as named lines across; None takes the first run's baselines and floor.
        hues: of those levels that are of one run alone, by their names.
        end: of the lower axis, in steps; None for the longest run's planned or last step.
        width, height: of the chart, in its own pixels.

    Returns:
        the chart, and sentences that say what is smoothed, thinned or drawn at the edge.
    """
    first = runs[0].log
    if levels is None:
        levels = {**first.baselines, **({} if first.floor is None else {"floor": first.floor})}
    end = end or max(1, *(run.log.n_steps or run.log.last_step for run in runs))
    low, high, top = _range(runs, list(levels.values()))
    ticks = log_axis(low, high)
    plot = Plot((0, end), (ticks[0][0], ticks[-1][0]), width=width, height=height)
    plot.axes(step_axis(end), ticks, "steps", "perplexity")
    heights = {name: _height(plot, value) for name, value in levels.items() if math.isfinite(value) and value > 0}
    hues = hues or {}
    for name, y in heights.items():
        plot.line([(plot.left, y), (plot.right, y)], "other", hues.get(name, ""), thin=name in hues)
    facts: list[str] = []
    lines: list[Points] = []
    if top > high * 1.001:
        facts.append(f"What lies above {count(round(10 ** ticks[-1][0]))} is drawn at the upper edge.")
    for run in sorted(runs, key=lambda run: not run.faint):
        facts += _draw_run(plot, run, lines)
    name_levels(plot, levels, heights, lines, hues)
    return plot, list(dict.fromkeys(facts))


def _range(runs: Sequence[ShownRun], levels: list[float]) -> tuple[float, float, float]:
    """Return the lowest perplexity, the one where the chart ends above, and the highest of all."""
    losses = [np.minimum(run.log.loss[np.isfinite(run.log.loss)], 700) for run in runs]
    drawn = [float(np.exp(values)) for loss in losses if len(loss) for values in (loss.min(), loss.max())]
    measured = [one.valid_perplexity for run in runs for one in run.log.checkpoints]
    starts = [float(np.exp(loss[0])) for loss in losses if len(loss)]
    starts += [run.log.checkpoints[0].valid_perplexity for run in runs if run.log.checkpoints]
    every = [value for value in (*drawn, *measured, *levels) if math.isfinite(value) and value > 0] or [10.0, 1000.0]
    usual = [value for value in (*starts, *levels) if math.isfinite(value)] or [max(every)]
    return min(every) * 0.98, max(min(max(every), _ABOVE * max(usual)), min(every) * 2), max(every)


def _height(plot: Plot, value: float) -> float:
    """Return where a perplexity is drawn, at the edge if it is outside."""
    return min(max(plot.at(0, math.log10(value))[1], plot.top), plot.bottom)


def name_levels(
    plot: Plot,
    levels: Mapping[str, float],
    heights: Mapping[str, float],
    lines: Sequence[Points],
    hues: Mapping[str, str] | None = None,
    taken: Sequence[Box] = (),
) -> None:
    """Put each level's name and number above or below an end of its line: the first of these places that is free.

    Args:
        plot: what they are put on.
        levels: perplexities by their names.
        heights: where their lines are, in pixels.
        lines: curves that should stay free.
        hues: of levels that have one, by their names.
        taken: where other words are.
    """
    curves = [np.array(points).T for points in lines if points]  # (2, N)
    others: list[Box] = list(taken)
    for name, y in sorted(heights.items(), key=lambda level: level[1]):
        words, hue = f"{COUNTED.get(name, name)} {perplexity(levels[name])}", (hues or {}).get(name, "")
        near, far = _places_by(plot, y, text_width(words, 14 if hue else 12))  # what has a hue is bold
        apart = [
            [place for place in places if not any(overlap(place, one) for one in others)] for places in (near, far)
        ]
        good = [place for places in apart for place in (*filter(lambda at: _is_free(at, curves), places), *places)]
        box = (good or near)[0]
        others.append(box)
        at_right = box[0] > plot.left + 3
        plot.words(box[2] if at_right else box[0], box[3] - 2, words, "end" if at_right else "start", hue, over=True)


def _places_by(plot: Plot, y: float, width: float) -> tuple[list[Box], list[Box]]:
    """Return where the name of a line at a height can be: above or below its ends, and farther away."""
    tops = [top for away in range(_ASIDE + 1) for top in (y - 3 - (away / 2 + 1) * _LINE, y + 2 + away / 2 * _LINE)]
    lefts = plot.right - 3 - width, plot.left + 3
    near = [(left, top, left + width, top + _LINE) for left in lefts for top in tops[:2]]
    far = [(left, top, left + width, top + _LINE) for top in tops[2:] for left in lefts if top >= plot.top]
    low = [[place for place in places if place[3] <= plot.bottom] for places in (near, far)]  # not among the numbers
    return low[0] or near[:1], low[1]


def _is_free(box: Box, curves: Sequence[np.ndarray]) -> bool:
    """Return whether no curve crosses a box."""
    across = np.linspace(box[0], box[2], 12)
    for x, y in curves:
        met = np.interp(across, x, y, left=np.nan, right=np.nan)
        if ((met > box[1]) & (met < box[3])).any():
            return False
    return True


def _draw_run(plot: Plot, run: ShownRun, lines: list[Points]) -> list[str]:
    """Draw the raw loss, its mean and the measurements of one run; return what has to be said about them."""
    log, facts = run.log, []
    over = smoothing_over(log)

    def points(steps: np.ndarray, logs: np.ndarray) -> Points:
        kept = np.isfinite(logs)
        steps, logs = steps[kept], np.clip(logs[kept], *plot.y)
        return [plot.at(float(steps[i]), float(logs[i])) for i in thinned(logs)]

    if len(log.step):
        mean = points(log.step, smoothed(log.loss, over) / math.log(10))
        lines.append(mean)
        if run.faint:
            plot.line(mean, "raw", run.hue)
        else:
            plot.line(points(log.step, log.loss / math.log(10)), "raw", run.hue, thin=True)
            plot.line(mean, f"curve{run.which}", run.hue)
            is_whole = len(log.step) == log.step[-1] - log.step[0] + 1
            faint = "each step's" if is_whole else "what was logged: not every step is in the log"
            facts.append(f"The bold line is the mean loss of the last {over} logged steps, the faint one {faint}.")
        if len(log.step) > MOST_POINTS:
            facts.append(
                f"Of {count(len(log.step))} logged steps at most {MOST_POINTS} points a curve are drawn, the lowest "
                "and the highest of each stretch."
            )
    measured = [one for one in log.checkpoints if math.isfinite(one.valid_perplexity) and one.valid_perplexity > 0]
    if measured:
        at = np.array([one.step for one in measured])
        line = points(at, np.log10([one.valid_perplexity for one in measured]))
        lines.append(line)
        plot.line(line, "raw" if run.faint else f"curve{run.which}", run.hue, thin=True)
        every = math.ceil(len(line) / _MOST_DOTS)
        for x, y in () if run.faint else (*line[:-1:every], line[-1]):
            plot.dot(x, y, run.which, run.hue)
        if every > 1:
            facts.append(f"One in {every} measurements has a mark.")
    return facts
