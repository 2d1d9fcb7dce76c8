"""What the page of a ClipGauge draws: a gradient of two numbers, a training's norms, and runs with and without it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.records import ClippingTable, GradientLook, RunLog, clipped_by_norm, clipped_by_value, cosine
from widgets.bars import hue_of
from widgets.curves import ShownRun, log_axis, loss_plot, step_axis, thinned
from widgets.plot import Plot
from widgets.words import count, number

__all__ = ["FULL", "MOST_PLACES", "arrow_board", "clip_at", "place_of", "runs_board", "training_board", "usual_clip"]

FULL = 4.0  # largest component of the gradient of two numbers
MOST_PLACES = 60  # of the slider for the limit
NOT_CLIPPED = 1e6  # a limit from here on means that there was none
_SAME = 0.05  # degrees: no turn that could be seen
_MOST_LINES = 300  # points of a line
_HEAD = 9.0  # pixels of an arrow's head
_AROUND = np.linspace(0, 2 * math.pi, 61)


def degrees(before: Any, after: Any) -> float:
    """Return the angle between two vectors, in degrees."""
    return math.degrees(math.acos(cosine(before, after)))


# One gradient of two numbers.


def _arrow(plot: Plot, vector: np.ndarray, look: str, hue: str, thin: bool = False) -> None:
    start, tip = plot.at(0, 0), plot.at(float(vector[0]), float(vector[1]))
    plot.line([start, tip], look, hue, thin)
    along = math.atan2(tip[1] - start[1], tip[0] - start[0])
    if math.hypot(tip[0] - start[0], tip[1] - start[1]) > _HEAD:
        ends = [
            (round(tip[0] - _HEAD * math.cos(along + turn), 1), round(tip[1] - _HEAD * math.sin(along + turn), 1))
            for turn in (0.45, -0.45)
        ]
        plot.line([ends[0], tip, ends[1]], "mean" if look == "mean" else "curve0", hue)


def arrow_board(gradient: tuple[float, float], limit: float) -> dict[str, Any]:
    """Return a gradient of two numbers before and after both ways of clipping.

    Args:
        gradient: its two components.
        limit: the largest norm; and, by value, the largest size of a component.
    """
    vector = np.array(gradient)
    norm, value = clipped_by_norm(vector, limit), clipped_by_value(vector, limit)
    edge = FULL + 0.5
    plot = Plot((-edge, edge), (-edge, edge), width=348, height=360, left=38)
    ticks = [(float(tick), number(tick, 0)) for tick in range(-4, 5, 2)]
    plot.axes(ticks, ticks, "first component", "second component")
    plot.line([plot.at(0, -edge), plot.at(0, edge)])
    plot.line([plot.at(limit * math.cos(a), limit * math.sin(a)) for a in _AROUND.tolist()], "raw", "for")
    corners = [(1, 1), (-1, 1), (-1, -1), (1, -1), (1, 1)]
    plot.line([plot.at(limit * x, limit * y) for x, y in corners], "raw", "against")
    _arrow(plot, vector, "mean", "")
    _arrow(plot, value, "curve1", "against")
    _arrow(plot, norm, "curve0", "for")
    long, turned = float(np.linalg.norm(vector)), degrees(vector, value)
    rows = [
        [name, *(number(x, 2) for x in one), number(float(np.linalg.norm(one)), 2), f"{number(degrees(vector, one))}°"]
        for name, one in (("gradient", vector), ("by norm", norm), ("by value", value))
    ]
    return {
        "plot": plot.page() | {"area": [plot.left, plot.right, plot.top, plot.bottom, edge]},
        "drawn": plot,
        "rows": rows,
        "heads": ["", "first", "second", "length", "turned by"],
        "said": [_norm_words(long, limit), _value_words(vector, value, turned)],
    }


def _norm_words(long: float, limit: float) -> str:
    if long <= limit:
        return f"By norm: the gradient's length {number(long, 2)} is within {number(limit, 2)}, so nothing is changed."
    return (
        f"By norm: both components times {number(limit, 2)} / {number(long, 2)} = {number(limit / long, 2)}. "
        "The arrow gets shorter; its direction stays."
    )


def _value_words(vector: np.ndarray, value: np.ndarray, turned: float) -> str:
    n_cut = int((vector != value).sum())
    if not n_cut:
        return "By value: neither component is beyond the limit, so nothing is changed."
    which = "both components are" if n_cut == 2 else "one component is"
    if turned < _SAME:
        return f"By value: {which} cut, and here the direction happens to stay."
    return f"By value: {which} cut. The arrow turns by {number(turned)}°: the step goes elsewhere."


# The norms of a training.


def _ends(log: RunLog) -> tuple[float, float]:
    norms = log.gradient_norm[np.isfinite(log.gradient_norm) & (log.gradient_norm > 0)]
    low, high = (float(norms.min()), float(norms.max())) if norms.size else (0.1, 1.0)
    return math.log10(low / 2), math.log10(max(high, low * 1.01) * 1.25)


def clip_at(log: RunLog, place: int) -> float:
    """Return the limit at one of the slider's places, to three digits: from half the smallest norm to above all."""
    low, high = _ends(log)
    return float(f"{10 ** (low + (high - low) * place / MOST_PLACES):.3g}")


def place_of(log: RunLog, clip: float) -> int:
    """Return the slider's place that is nearest to a limit."""
    low, high = _ends(log)
    return min(MOST_PLACES, max(0, round((math.log10(clip) - low) / (high - low) * MOST_PLACES)))


def usual_clip(log: RunLog) -> float:
    """Return the limit that the run itself had; the median of its norms if it had none."""
    clip = log.settings["clip"]
    return clip if clip < NOT_CLIPPED else float(np.nanmedian(log.gradient_norm))


def training_board(log: RunLog, clip: float, looks: Sequence[GradientLook]) -> dict[str, Any]:
    """Return the gradient norms of a training with a limit through them.

    Args:
        log: the run.
        clip: the limit.
        looks: whole gradients of some of its steps; may be empty.
    """
    kept = np.isfinite(log.gradient_norm) & (log.gradient_norm > 0)
    steps, norms = log.step[kept], log.gradient_norm[kept]
    ticks = log_axis(10 ** _ends(log)[0], 10 ** _ends(log)[1])
    end = log.n_steps or log.last_step
    plot = Plot((0, end), (ticks[0][0], ticks[-1][0]), height=250)
    plot.axes(step_axis(end), ticks, "steps", "gradient norm")
    drawn = thinned(np.log10(norms), _MOST_LINES) if norms.size else np.zeros(0, np.int64)
    hue = hue_of(log.architecture)

    def points(values: np.ndarray) -> list[tuple[float, float]]:
        return [plot.at(float(steps[i]), float(np.log10(values[i]))) for i in drawn]

    plot.line(points(norms), "raw", hue)
    plot.line(points(np.minimum(norms, clip)), "curve0", hue)
    _, y = plot.at(0, min(max(math.log10(clip), plot.y[0]), plot.y[1]))
    plot.line([(plot.left, y), (plot.right, y)], "here")
    plot.words(plot.right - 3, y - 5 if y > plot.top + 20 else y + 15, f"limit {number(clip, 3)}", "end", over=True)
    factors = np.minimum(1, clip / norms)
    share = float((norms > clip).mean()) if norms.size else 0.0
    mean = float(factors.mean()) if norms.size else 1.0
    effective = float(np.minimum(norms, clip).sum() / norms.sum()) if norms.size else 1.0
    own = log.settings["clip"]
    had = f"The run itself was clipped at {own:g}" if own < NOT_CLIPPED else "The run itself was not clipped"
    said = [
        f"With a limit of {number(clip, 3)}, {count(int((norms > clip).sum()))} of {count(norms.size)} steps "
        f"({number(100 * share, 0)} %) would be clipped. A step's gradient is multiplied by {number(mean, 2)} on "
        f"average; of the length of all steps together {number(100 * effective, 0)} % is left.",
        f"{had}. {log.name}; {log.corpus}; trained with seed {log.seed}. Faint: before clipping. Bold: after it. "
        "Another limit would have led the run elsewhere: these are the norms that this one met.",
    ]
    return {
        "plot": plot.page(),
        "drawn": plot,
        "rows": [_look_row(look) for look in looks],
        "heads": _look_heads(looks),
        "said": said,
    }


def _parts_of(looks: Sequence[GradientLook]) -> list[str]:
    return sorted({name for look in looks for name in look.parts}, key=lambda name: (name == "head", name))


def _look_heads(looks: Sequence[GradientLook]) -> list[str]:
    ends = ("by norm: turned by", "by value: turned by", "weights cut by value")
    return ["step", "norm", *_parts_of(looks), *ends] if looks else []


def _look_row(look: GradientLook) -> list[str]:
    parts = [number(look.parts.get(name, 0.0), 3) for name in _parts_of([look])]
    start = [str(look.step), number(look.norm, 3), *parts]
    if look.cosine_by_value is None or look.share_cut is None:
        return [*start, "not clipped", "", ""]
    angles = (look.cosine_by_norm, look.cosine_by_value)
    turned = [f"{number(math.degrees(math.acos(min(1.0, round(angle, 9)))))}°" for angle in angles]
    return [*start, *turned, f"{number(100 * look.share_cut, 2)} %"]


# With and without.


def runs_board(table: ClippingTable, pair: int) -> dict[str, Any]:
    """Return the losses of a run with clipping and of the same run without.

    Args:
        table: all pairs.
        pair: which one.
    """
    clipped, free = table.runs[pair]
    hue = hue_of(clipped.architecture)
    plot, facts = loss_plot([ShownRun(clipped, hue), ShownRun(free, "against", 1)], levels={})
    share = float((clipped.gradient_norm > clipped.settings["clip"]).mean()) if clipped.step.size else 0.0
    with_it = f"clipped at {clipped.settings['clip']:g} (solid)"
    said = [
        f"{clipped.name}: {_end_of(clipped, with_it)}; {_end_of(free, 'without clipping (dashed)')}.",
        f"{number(100 * share, 0)} % of the steps with clipping were clipped. Everything else is the same: starting "
        f"weights, batches, dropout (seed {clipped.seed}).",
    ]
    return {"plot": plot.page(), "drawn": plot, "rows": [], "heads": [], "said": said, "facts": facts}


def _end_of(log: RunLog, how: str) -> str:
    last = log.loss[-10:]
    norm = f"largest gradient norm {number(float(log.gradient_norm.max(initial=0)), 1)}"
    if log.state == "diverged":
        return f"{how} it diverged after step {log.last_step} ({norm})"
    return f"{how} the last ten steps have a mean loss of {number(float(last.mean()), 2)} nats ({norm})"
