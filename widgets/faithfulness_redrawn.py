"""The second view of a FaithfulnessLab: layers of the model are drawn anew. Does the explanation change?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lessons.records import Attribution, Estimate, FaithfulnessTable, rank_correlation
from widgets.faithfulness_evidence import Evidence
from widgets.faithfulness_look import METHOD_NAMES, Look
from widgets.plot import Plot
from widgets.plot_labels import name_curves
from widgets.words import with_sign

__all__ = ["redrawn_plot", "redrawn_view", "steps_of"]

FEW_WORDS = 8
_PROOF = (
    "A picture that survives while the model is thrown away shows the text, or where its words stand, and not what the "
    "model has learned: that is bad. One that changes may still be wrong: this test finds faults and proves nothing."
)


def steps_of(n_layers: int) -> list[str]:
    """Return names of what is drawn anew: nothing, 1 to L layers from the top, at last the embedding and the head."""
    some = [f"top {n} layers" if n > 1 else "top layer" for n in range(1, n_layers)]
    return ["as trained", *some, "all layers", "everything"]


def _correlations(evidence: Evidence, method: str, n_parts: int) -> list[float | None]:
    """Return the rank correlation with the scores of the trained model, for each number of parts that was asked."""
    trained = evidence.curves[method].attribution.scores
    found: list[float | None] = [rank_correlation(trained, trained)]
    for n in range(1, n_parts + 1):
        other = evidence.redrawn.get((method, n))
        found.append(None if other is None else rank_correlation(trained, other.scores))
    return found


def redrawn_plot(evidence: Evidence, look: Look, hue: str) -> Plot:
    """Return the rank correlation of the methods shown over the number of layers that are drawn anew."""
    names = steps_of(evidence.why.model.n_layers)
    plot = Plot((0, len(names) - 1), (-1, 1))
    above = "rank correlation with the scores of the trained model"
    plot.axes(enumerate(names), [-1, -0.5, 0, 0.5, 1], "drawn anew", above)
    here, _ = plot.at(look.n_layers, 0)
    plot.line([(here, plot.top), (here, plot.bottom)], "here")
    plot.line([plot.at(0, 0), plot.at(len(names) - 1, 0)], "other")
    lines, named = [], []
    for which, method in enumerate(one for one in look.shown if one in evidence.curves):
        found = enumerate(_correlations(evidence, method, len(names) - 1))
        points = [plot.at(n, value) for n, value in found if value is not None]
        if points:
            plot.curve(points, which, hue)
        if len(points) > 1:
            lines.append(points)
            named.append(METHOD_NAMES[method])
    name_curves(plot, lines, named, [hue] * len(lines))
    plot.stops(range(len(names)))
    return plot


def _row(found: Attribution, words: tuple[str, ...], digits: int, name: str) -> dict[str, Any]:
    """Return the words with their scores, the largest one in full tint."""
    full = float(np.abs(found.scores).max()) or 1.0
    digits = max(digits, min(9, 1 - math.floor(math.log10(full))))  # two of the largest number, however small it is
    return {
        "name": name,
        "words": [
            {"word": word, "n": with_sign(score, digits), "level": round(score / full, 3)}
            for word, score in zip(words, found.scores.tolist(), strict=True)
        ],
    }


def redrawn_view(evidence: Evidence, look: Look, table: FaithfulnessTable | None) -> dict[str, Any]:
    """Return the scores before and after, the correlations as a table, and what they say."""
    why, names = evidence.why, steps_of(evidence.why.model.n_layers)
    trained = evidence.curves[look.first].attribution
    method, n, step = METHOD_NAMES[look.first], look.n_layers, names[look.n_layers]
    rows = [_row(trained, why.words, why.digits, f"{method}, as trained")]
    other = trained if not n else evidence.redrawn.get((look.first, n))
    if n and other is not None:
        rows.append(_row(other, why.words, why.digits, f"{method}, drawn anew: {step}"))
    found = _correlations(evidence, look.first, len(names) - 1)[n] if other is not None else None
    drawn = f"Drawn anew: {step}. " if n else "Nothing is drawn anew. "
    if other is None:
        sentence = [f"{drawn}The model is being asked."]
    elif found is None:
        sentence = [f"{drawn}All scores of one side are the same: they have no order to compare."]
    else:
        sentence = [f"{drawn}Rank correlation of {method} with its scores for the trained model: ", _two(found), "."]
    return {
        "rows": rows,
        "at_k": sentence,
        "choice": [f"The weights are drawn from seed {evidence.seed}. Each line of words has its own scale."],
        "table": _table(evidence, look, names, table),
        "facts": _facts(evidence, look, len(names) - 1),
        "spoken": "".join(sentence),
    }


def _two(value: float | None) -> str:
    return "none" if value is None else with_sign(value, 2)


def _interval(one: Estimate) -> str:
    return f"{_two(one.mean)} ({_two(one.low)} to {_two(one.high)})"


def _table(evidence: Evidence, look: Look, names: list[str], table: FaithfulnessTable | None) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for method in look.methods:
        row: dict[str, Any] = {"name": METHOD_NAMES[method], "value": method, "shown": method in look.shown}
        if method in look.shown:
            row["look"] = look.shown.index(method)
        if method in evidence.refused:
            row |= {"cells": [evidence.refused[method]], "wide": True}
        else:
            found = _correlations(evidence, method, len(names) - 1) if method in evidence.curves else []
            asked = [(method, n) in evidence.redrawn for n in range(len(names))]
            row["cells"] = [_two(found[n]) if asked[n] else "" for n in range(1, len(names))]
            if table is not None:
                over_lines = table.randomised.get((evidence.why.model.name, method), ())
                row["cells"].append(_interval(over_lines[-1]) if over_lines else "")
        rows.append(row)
    head = ["method, rank correlation with", *names[1:]]
    return {"head": head + ([] if table is None else [f"the last one over {table.n_lines} lines"]), "rows": rows}


def _facts(evidence: Evidence, look: Look, n_parts: int) -> list[str]:
    n_words = evidence.why.n_words
    if n_words < FEW_WORDS:
        return [
            f"{n_words} words are too few to tell: with so few ranks, chance alone gives high correlations.",
            _PROOF,
        ]
    chance = 2 / math.sqrt(n_words - 1)
    said = []
    for method in look.shown:
        if (method, n_parts) in evidence.redrawn and method in evidence.curves:
            value = _correlations(evidence, method, n_parts)[n_parts]
            if value is not None:
                verdict = "its picture survives" if value > chance else "its picture does not survive"
                said.append(f"{METHOD_NAMES[method]} {_two(value)}, {verdict}")
    if said:
        ends = "; ".join(said)
        return [
            f"With nothing left of what was learned: {ends}. Chance alone gives up to "
            f"±{chance:.2f} for {n_words} words in 95 of 100 cases; this is one text and one seed, so try others, too.",
            _PROOF,
        ]
    return [_PROOF]
