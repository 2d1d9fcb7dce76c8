"""The first view of a FaithfulnessLab: words are taken away, or put back, in the order of an explanation."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.records import EXPLAINS
from widgets.faithfulness_evidence import Evidence
from widgets.faithfulness_look import DIRECTIONS, METHOD_NAMES, Look
from widgets.plot import Plot, ticks_between
from widgets.plot_labels import name_curves
from widgets.why import BASELINE_NAMES
from widgets.words import count, listing, number, percent, show, with_sign

__all__ = ["words_plot", "words_view"]

UNNATURAL = (
    "Nobody would write the texts that are read on this way, and no model has learned from such: a steep curve alone "
    "proves nothing. It says something beside random orders, for one meaning of 'missing', and on one model: the "
    "curves of two models cannot be compared."
)
_OCCLUSION = "Occlusion takes words away exactly as this test does: with the same meaning of 'missing' it is favoured."


def words_plot(evidence: Evidence, look: Look, hue: str) -> Plot:
    """Return the curves of the methods shown, the band of random orders, and the reversed order."""
    why, curves = evidence.why, evidence.curves
    shown = [method for method in look.shown if method in curves]
    every = {METHOD_NAMES[method]: look.curve(curves[method]) for method in shown}
    backwards = look.reversed_curve(curves[look.first])
    band = evidence.random_deletion
    if band is not None and look.put_back:
        band = band[:, ::-1]
    numbers = np.concatenate([*every.values(), backwards, *([] if band is None else [band.ravel()])])
    ticks = ticks_between(float(numbers.min()), float(numbers.max()))
    n = why.n_words
    plot = Plot((0, n), (ticks[0], ticks[-1]))
    unit = EXPLAINS[why.explains].replace("the target", f"“{show(why.target)}”")
    unit = unit.replace("another word", f"“{show(why.against or '')}”")
    plot.axes(((k, str(k)) for k in range(n + 1)), ticks, f"words {DIRECTIONS[look.direction]}", unit)
    lines, names, hues = [], [], []

    def points(values: np.ndarray) -> list[tuple[float, float]]:
        return [plot.at(k, value) for k, value in enumerate(values.tolist())]

    if band is not None and len(band):
        plot.band(points(band.min(axis=0)), points(band.max(axis=0)))
        lines.append(points(band.mean(axis=0)))
        plot.line(lines[-1], "mean")
        names.append(f"{len(band)} random orders: mean and range")
    here, _ = plot.at(look.k, 0)
    plot.line([(here, plot.top), (here, plot.bottom)], "here")
    lines.append(points(backwards))
    plot.line(lines[-1], "other")
    names.append(f"{METHOD_NAMES[look.first]}, reversed")
    hues += [""] * len(lines)
    for which, (name, values) in enumerate(every.items()):
        lines.append(points(values))
        plot.curve(lines[-1], which, hue, marked=n <= 32)
        names.append(name)
        hues.append(hue)
    # The methods' names first: they get the best places.
    order = [*range(len(lines) - len(every), len(lines)), *range(len(lines) - len(every))]
    name_curves(plot, [lines[i] for i in order], [names[i] for i in order], [hues[i] for i in order])
    plot.stops(range(n + 1))
    return plot


def words_view(evidence: Evidence, look: Look) -> dict[str, Any]:
    """Return the table, the text at k, and all that is said about it."""
    why, curves = evidence.why, evidence.curves
    words, order = why.words, look.order(curves)
    said = evidence.said(order, look.k, look.put_back)
    places = {int(place): i + 1 for i, place in enumerate(order)}
    text = []
    for place, (word, there) in enumerate(zip(words, said.present.tolist(), strict=True)):
        read = said.texts[0][place]
        entry: dict[str, Any] = {"word": word}
        if not there:
            entry["gone"] = show(read) if read else {"delete": "", "zero": "0", "mean": "mean"}.get(said.baseline, "")
        if places[place] <= look.k:
            entry["n"] = str(places[place])
        text.append(entry)
    in_words = number if why.explains == "probability" else with_sign
    before = in_words(float(curves[look.first].value), why.digits)
    over = "" if why.against is None else f" over “{show(why.against)}”"
    what = {"contrast": "the lead"}.get(why.explains, f"the {why.explains.replace('_', '-')}")
    n_words = f"{look.k} of {why.n_words} word{'s' * (why.n_words != 1)}"
    done = DIRECTIONS[look.direction]
    at_k = [f"With {n_words} {done}, {what} of ", show(why.target), f"{over} is ", in_words(said.value, why.digits)]
    at_k.append(f" ({before} with all words).")
    return {
        "text": text,
        "at_k": at_k,
        "choice": _choice(said, why.target),
        "table": _table(evidence, look),
        "facts": _facts(evidence, look),
        "spoken": f"{''.join(at_k)} {''.join(_choice(said, why.target))} {_removed(said, words)}",
    }


def _choice(said: Any, target: str) -> list[str]:
    """Return which word the model then expects most, in pieces."""
    names = list(dict.fromkeys(said.choices))
    mark = " ✓" if names[0] == target else ""
    if len(said.choices) == 1:
        return ["The model's first choice is then ", f"{show(names[0])}{mark}", f" ({percent(said.probabilities[0])})."]
    counts = sorted(((said.choices.count(name), name) for name in names), reverse=True)
    found = listing(f"{show(name)} ({n})" for n, name in counts[:4])
    return [
        f"The first of {len(said.choices)} random texts is shown; over all of them the first choices are ",
        found,
        f"{' and others' if len(counts) > 4 else ''}.",
    ]


def _removed(said: Any, words: tuple[str, ...]) -> str:
    gone = [word for word, there in zip(words, said.present.tolist(), strict=True) if not there]
    return f"Missing: {listing(gone)}." if gone else "No word is missing."


def _table(evidence: Evidence, look: Look) -> dict[str, Any]:
    """Return one row for each method: its two scores, and how many random orders lose less."""
    digits, scores = evidence.why.digits, evidence.random_scores
    rows: list[dict[str, Any]] = []
    for method in look.methods:
        row: dict[str, Any] = {"name": METHOD_NAMES[method], "value": method, "shown": method in look.shown}
        if method in look.shown:
            row["look"] = look.shown.index(method)
        if method in evidence.refused:
            row |= {"cells": [evidence.refused[method]], "wide": True}
        elif method not in evidence.curves:
            row["cells"] = ["…"] * 4
        else:
            curve = evidence.curves[method]
            found = curve.attribution
            passes = found.forward_passes + found.backward_passes
            lost, still = number(curve.deletion_score, digits), number(curve.insertion_score, digits)
            row["cells"] = [lost, still, evidence.beaten(method) or "…", count(passes)]
        rows.append(row)
    if scores is not None:
        low, high, mean = (number(float(one), digits) for one in (scores.min(), scores.max(), scores.mean()))
        rows.append(
            {"name": f"{len(scores)} random orders", "cells": [f"{mean} ({low} to {high})", "the same", "", ""]}
        )
    unit = evidence.why.unit
    head = [
        "words go in the order of",
        f"lost while they go ({unit}; high is good)",
        "still lost while they come back (low is good)",
        "random orders that lose less",
        "passes",
    ]
    return {"head": head, "rows": rows}


def _facts(evidence: Evidence, look: Look) -> list[str]:
    """Return the verdict about the first method shown, and what it rests on."""
    why, scores, curve = evidence.why, evidence.random_scores, evidence.curves[look.first]
    name, digits = METHOD_NAMES[look.first], why.digits
    facts = []
    if scores is not None:
        more, n = curve.n_beaten(scores), len(scores)
        how = f"{number(curve.deletion_score, digits)} {why.unit}"
        mean = number(float(scores.mean()), digits)
        verdict = (
            "the order of its scores says something about this prediction"
            if more >= 0.95 * n
            else "no better than chance would be"
            if more < 0.7 * n
            else "that could still be chance"
        )
        facts.append(
            f"Without the words that {name} puts first, {how} are lost on average over all steps; in random orders "
            f"{mean}. It loses more than {more} of {n} random orders: {verdict}."
        )
    if look.verdicts:
        seen = "; ".join(f"{BASELINE_NAMES[one]}: {said}" for one, said in look.verdicts.items())
        facts.append(f"Random orders that {name} beats, by what is read in place of a missing word: {seen}.")
    asked_with = curve.attribution.baseline
    if asked_with is not None and asked_with != why.baseline:
        facts.append(
            f"{name[0].upper()}{name[1:]} was asked with another meaning of 'missing' ({BASELINE_NAMES[asked_with]}) "
            f"than the test ({BASELINE_NAMES[why.baseline]})."
        )
    elif look.first == "occlusion":
        facts.append(_OCCLUSION)
    return [*facts, UNNATURAL]
