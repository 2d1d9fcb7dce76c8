"""The slopes, the scatter, the texts and the sentences of a LimeLab, as its page and its picture draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.records import LocalFit
from widgets.lime_seeds import variation
from widgets.signed_rows import ends_told
from widgets.token_line import near_ceiling, nice_ceiling
from widgets.why import Why
from widgets.words import count, number, with_sign

__all__ = [
    "HEIGHT",
    "SORTS",
    "WIDTH",
    "axes_of",
    "dots_of",
    "facts_of",
    "fit_told",
    "order_of",
    "slopes_of",
    "stops_of",
    "sum_told",
    "texts_of",
]

WIDTH, HEIGHT = 440, 300  # of the scatter, in its own pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 12, 12, 44
_LARGEST = 7  # radius of a text that counts 1
_LISTED = 8  # words of a sum that are listed one by one

#: How the texts can be sorted.
SORTS = {
    "drawn": "as they were drawn",
    "weight": "the heaviest first",
    "model": "the model's largest number first",
    "misfit": "where the line misses most, by weight",
}


def slopes_of(fit: LocalFit, runs: Sequence[LocalFit], why: Why) -> dict[str, Any]:
    """Return the words' slopes as signed bars, with their standard errors and with the slopes of other seeds.

    Args:
        fit: the one on the screen.
        runs: those of several seeds, or none.
        why: the question.
    """
    spread = fit.attribution.spread
    scores, errors = fit.attribution.scores, np.zeros(len(why.words)) if spread is None else spread
    others = np.array([run.attribution.scores for run in runs]).reshape(len(runs), len(why.words))
    full = near_ceiling(max(float((np.abs(scores) + errors).max()), float(np.abs(others).max(initial=0.0))))
    over = variation(runs) if len(runs) > 1 else None
    head = ["word", "score ± standard error"]
    if over is not None:
        head.append(f"± over {len(runs)} seeds")
    rows = []
    for i, word in enumerate(why.words):
        score, error = float(scores[i]), float(errors[i])
        cells = [f"{with_sign(score, why.digits)} ± {number(error, why.digits)}"]
        if over is not None:
            cells.append(f"± {number(float(over[i]), why.digits)}")
        ends = [round((score - error) / full, 3), round((score + error) / full, 3)]
        ticks = [round(float(one) / full, 3) for one in others[:, i]]
        rows.append({"word": word, "level": round(score / full, 3), "ends": ends, "ticks": ticks, "cells": cells})
    marks = "Bar: the word's slope. Bracket: ± one standard error."
    if len(runs):
        marks += " Upright lines: the slopes for all seeds."
    return {"head": head, "rows": rows, **ends_told(full, why.unit), "full": full, "marks": marks}


def _ends(fit: LocalFit) -> tuple[float, float, float]:
    """Return the lowest and the highest number of both axes, and the step of their ticks."""
    low = float(min(fit.values.min(), fit.fitted.min()))
    high = float(max(fit.values.max(), fit.fitted.max()))
    step = nice_ceiling(max(high - low, 1e-9 * max(1.0, abs(high))) / 4)
    return step * math.floor(low / step), step * max(math.ceil(high / step), math.floor(low / step) + 1), step


def axes_of(fit: LocalFit) -> list[list[Any]]:
    """Return the axes of the scatter as shapes of SVG: the line's number to the right, the model's upwards, one scale.

    A shape is its name, its attributes and, for words, these.
    """
    low, high, step = _ends(fit)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    shapes: list[list[Any]] = []
    for i in range(round((high - low) / step) + 1):
        value = low + i * step
        x, y = _place(value, value, low, high)
        words = number(value, digits)
        shapes += [
            ["path", {"class": "gb-rule", "d": f"M{_LEFT} {y}H{WIDTH - _RIGHT}"}],
            ["text", {"class": "gb-end", "x": _LEFT - 6, "y": y + 4}, words],
            ["text", {"x": x, "y": HEIGHT - _BOTTOM + 16}, words],
        ]
    bottom, middle = HEIGHT - _BOTTOM, (_LEFT + WIDTH - _RIGHT) / 2
    return [
        *shapes,
        ["path", {"class": "gb-diagonal", "d": f"M{_LEFT} {bottom}L{WIDTH - _RIGHT} {_TOP}"}],
        ["text", {"x": middle, "y": HEIGHT - 8}, "the line says"],
        ["text", {"transform": f"translate(12 {bottom / 2}) rotate(-90)"}, "the model says"],
    ]


def _place(line: float, model: float, low: float, high: float) -> list[float]:
    """Return where a pair of numbers is drawn."""
    across = _LEFT + (WIDTH - _LEFT - _RIGHT) * (line - low) / (high - low)
    down = HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (model - low) / (high - low)
    return [round(across, 1), round(down, 1)]


def dots_of(fit: LocalFit) -> list[float]:
    """Return for each text in turn its dot: across, down, and the radius of an area that grows with its weight."""
    low, high, _ = _ends(fit)
    dots: list[float] = []
    for line, model, weight in zip(fit.fitted.tolist(), fit.values.tolist(), fit.weights.tolist(), strict=True):
        dots += [*_place(line, model, low, high), round(max(2.0, _LARGEST * weight**0.5), 1)]
    return dots


def order_of(fit: LocalFit, sort: str) -> np.ndarray:
    """Return (N,) the numbers of the texts, sorted in one of the ways of `SORTS`; equal ones as they were drawn."""
    keys = {
        "drawn": np.arange(len(fit.values)),
        "weight": -fit.weights,
        "model": -fit.values,
        "misfit": -fit.weights * (fit.values - fit.fitted) ** 2,  # what the line pays for it
    }
    return np.argsort(keys[sort], kind="stable")


def texts_of(fit: LocalFit, which: Sequence[int], digits: int) -> list[dict[str, Any]]:
    """Return some of the texts as rows: which words are there, the model's number, the line's, and the weight."""
    return [
        {
            "sample": i,
            "name": str(i + 1),
            "there": "".join("1" if there else "0" for there in fit.present[i]),
            "cells": [
                number(float(fit.values[i]), digits),
                number(float(fit.fitted[i]), digits),
                number(float(fit.weights[i]), 2),
            ],
            "w": round(float(fit.weights[i]), 3),
        }
        for i in which
    ]


def sum_told(fit: LocalFit, sample: int, why: Why) -> str:
    """Return in words how the line comes to its number about one text, and what the model says."""
    there = np.flatnonzero(fit.present[sample]).tolist()
    scores, digits = fit.attribution.scores, why.digits
    if len(there) <= _LISTED:
        terms = [(why.words[i], float(scores[i])) for i in there]
    else:
        terms = [(f"its {len(there)} words", float(scores[there].sum()))]
    parts = [f"{number(fit.attribution.details['intercept'], digits)} with no word"]
    parts += [f"{'−' if score < 0 else '+'} {number(abs(score), digits)} {word}" for word, score in terms]
    line, model = float(fit.fitted[sample]), float(fit.values[sample])
    return (
        f"Text {sample + 1}, what the line says: {' '.join(parts)} = {number(line, digits)}. "
        f"The model says {number(model, digits)}; the line misses that by {number(abs(model - line), digits)}."
    )


def fit_told(fit: LocalFit) -> list[str]:
    """Return whether a straight line fits, plain and emphasised in turn."""
    r_squared = fit.attribution.details["r_squared"]
    if float(np.ptp(fit.values)) == 0:
        return ["The model's number is ", "the same for every text", ": nothing to explain, and all slopes are 0."]
    if r_squared >= 0.9:
        verdict = "a straight line fits well, so the words act nearly one by one"
    elif r_squared >= 0.6:
        verdict = "a straight line fits in part: words also act together, which no slope can say"
    else:
        verdict = "a straight line does not fit, so its slopes say little about this model here"
    share = f"R² = {number(r_squared, 2)}"
    return ["", share, f" (weighted; 1 is a perfect line, 0 none): {verdict}."]


def facts_of(fit: LocalFit, why: Why) -> list[str]:
    """Return what the answer rests on: the weights, how many texts there are for so many slopes, the cost."""
    weights, n_words = fit.weights, len(why.words)
    like = float(weights.sum() ** 2 / (weights**2).sum())
    fewest = int(np.argmin(fit.present.sum(axis=1)))
    there, least = int(fit.present[fewest].sum()), float(weights[fewest])
    counts = number(least, 2) if least >= 0.005 else "next to nothing"
    facts = [
        f"Kernel: all {count(len(weights))} texts together count like {number(like, 0)} of equal weight; the one with "
        f"the fewest words ({there} of {n_words}) counts {counts}, the whole text 1."
    ]
    if len(weights) < 5 * (n_words + 1):
        facts.append(
            f"Few texts: {count(len(weights))} for {n_words + 1} numbers of the line. R² is measured on the texts "
            "that the line was fitted to, so it looks better than it is."
        )
    done = fit.attribution
    facts.append(f"Cost: {count(done.forward_passes)} texts read. Ridge {done.details['ridge']:g}.")
    return facts + list(done.notes)


def stops_of(stops: tuple[float, ...], value: float) -> list[list[Any]]:
    """Return where a slider can stop, the present value among them, each with its words."""
    return [[stop, f"{stop:g}"] for stop in sorted({*stops, value})]
