"""The two charts of a TrainingSlider: perplexity over the training, and how heads or gates grow."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from widgets.curves import COUNTED, name_levels
from widgets.levels import Levels, levels_of
from widgets.plot import Plot, Points, decades_between, ticks_between
from widgets.plot_labels import name_curves
from widgets.recording_source import SCORES, Recorded, place_of, steps_of
from widgets.sketches import Box
from widgets.words import count, perplexity

__all__ = ["counted_for", "growth_chart", "perplexity_chart", "word_chart"]

_WIDE = 820.0
_ALONG = "steps, the early ones drawn wider"


def _axis(recorded: Sequence[Recorded]) -> tuple[tuple[float, float], list[tuple[float, str]]]:
    """Return the ends of the lower axis, and its places with their words."""
    last = steps_of(recorded)[-1]
    marks = [0, *(one * 10**power for power in range(1, 7) for one in (1, 3)), last]
    shown = sorted({mark for mark in marks if mark <= last and (mark == last or place_of(last) - place_of(mark) > 0.2)})
    return (0.0, place_of(last) or 1.0), [(place_of(mark), count(mark)) for mark in shown]


def _mark(plot: Plot, recorded: Sequence[Recorded], step: int, other: int) -> None:
    """Draw where the slider stands, and with which step it is compared; let a click move it."""
    if other != step:
        x, _ = plot.at(place_of(other), plot.y[0])
        plot.line([(x, plot.top), (x, plot.bottom)], "other", behind=True)
    x, _ = plot.at(place_of(step), plot.y[0])
    plot.line([(x, plot.top - 4), (x, plot.bottom)], "here", behind=True)
    plot.stops([place_of(at) for at in steps_of(recorded)])


def counted_for(recorded: Sequence[Recorded]) -> Levels:
    """Return what counting reaches: for all recordings, or for each if they differ in their text or their numbers."""
    return levels_of([(one.name, one.hue, one.recording.run) for one in recorded], floor=False)


def perplexity_chart(recorded: Sequence[Recorded], step: int, other: int) -> Plot:
    """Return the validation perplexity of each recording at its checkpoints, on a logarithmic scale.

    Args:
        recorded: one or two.
        step: where the slider stands.
        other: the step that is compared with.
    """
    values = [at.valid_perplexity for one in recorded for at in one.recording.checkpoints]
    counted = counted_for(recorded)
    finite = [value for value in [*values, *counted.values.values()] if math.isfinite(value)] or [1.0, 10.0]
    ticks = decades_between(min(finite), max(max(finite), 1.01 * min(finite)))
    if len(ticks) > 7:
        ticks = [tick for tick in ticks if abs(tick[0] - round(tick[0])) < 1e-9 or tick in (ticks[0], ticks[-1])]
    ends, across = _axis(recorded)
    plot = Plot(ends, (ticks[0][0], ticks[-1][0]), width=_WIDE, height=186)
    measured = sorted({one.recording.run.n_valid_tokens for one in recorded})
    on = f"perplexity on {' and '.join(map(count, measured))} validation tokens (logarithmic)"
    plot.axes(across, ticks, _ALONG, on)
    heights = {name: plot.at(ends[1], math.log10(value))[1] for name, value in counted.values.items()}
    for name, py in heights.items():
        hue = counted.hues.get(name, "")
        plot.line([(plot.left, py), (plot.right, py)], "other" if hue else "mean", hue, thin=True)
        if not hue:
            words = f"{COUNTED.get(name, name)} {perplexity(counted.values[name])}"
            plot.words(plot.right - 4, py - 4, words, "end", over=True)
    _mark(plot, recorded, step, other)
    curves: list[Points] = []
    named: list[Box] = []
    for which, one in enumerate(recorded):
        known = [at for at in one.recording.checkpoints if math.isfinite(at.valid_perplexity)]
        points = [plot.at(place_of(at.step), math.log10(at.valid_perplexity)) for at in known]
        plot.curve(points, which, one.hue)
        curves.append(points)
    if len(recorded) > 1 and all(curves):
        named = name_curves(plot, curves, [one.name for one in recorded], [one.hue for one in recorded])
    if counted.hues:
        name_levels(plot, counted.values, heights, curves, counted.hues, named)
    return plot


def growth_chart(one: Recorded, score: str, chosen: tuple[int, int], step: int, other: int) -> Plot:
    """Return one number of every head, or of every gate, over the training; the chosen one is thick and named.

    Args:
        one: the recording.
        score: one of its `scores`.
        chosen: layer, and head or gate.
        step, other: where the slider stands, and what is compared with.
    """
    values = one.over_time(score)
    ticks = ticks_between(min(0.0, float(values.min())), max(0.02, float(values.max())), 4)
    ends, across = _axis([one])
    plot = Plot(ends, (ticks[0], ticks[-1]), width=_WIDE, height=250)
    plot.axes(across, ticks, _ALONG, SCORES[score])
    _mark(plot, [one], step, other)
    places = [place_of(at) for at in one.recording.steps]
    for layer, part in np.ndindex(*one.shape):
        if (layer, part) != chosen:
            points = [plot.at(x, float(y)) for x, y in zip(places, values[:, layer, part], strict=True)]
            plot.line(points, "mean", thin=True)
    points = [plot.at(x, float(y)) for x, y in zip(places, values[:, chosen[0], chosen[1]], strict=True)]
    plot.curve(points, 0, one.hue)
    name_curves(plot, [points], [one.part(*chosen)], [one.hue])
    return plot


def word_chart(recorded: Sequence[Recorded], selected: int, full: float, step: int, other: int) -> Plot:
    """Return the surprisal of one word of the sentence over the training. Args: selected, the word's place."""
    ends, across = _axis(recorded)
    plot = Plot(ends, (0.0, full), width=_WIDE, height=180)
    plot.axes(across, ticks_between(0, full, 4), _ALONG, "surprisal of the chosen word, nats")
    _mark(plot, recorded, step, other)
    curves: list[Points] = []
    for which, one in enumerate(recorded):
        values = [(at.step, min(full, float(at.surprisals[selected]))) for at in one.recording.checkpoints]
        points = [plot.at(place_of(at), value) for at, value in values]
        plot.curve(points, which, one.hue)
        curves.append(points)
    if len(recorded) > 1:
        name_curves(plot, curves, [one.name for one in recorded], [one.hue for one in recorded])
    return plot
