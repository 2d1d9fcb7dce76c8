"""The third view of a FaithfulnessLab: the methods compared over many lines, with confidence intervals."""

from __future__ import annotations

import re
from typing import Any

from lessons.errors import InputError
from lessons.records import FAITHFULNESS_MEASURES, RANDOM, FaithfulnessTable
from widgets.checks import one_of
from widgets.faithfulness_look import METHOD_NAMES
from widgets.plot import Plot, ticks_between
from widgets.why import Why
from widgets.words import number, with_sign

__all__ = ["HOW_TO_GET", "Lines", "lines_plot", "lines_view"]

HOW_TO_GET = (
    "The table of many lines was not given. It ships with the models: from lessons.faithfulness import "
    "shipped_faithfulness, then make this widget with table=shipped_faithfulness()."
)
_NAMES = METHOD_NAMES | {RANDOM: "random orders"}
#: What 'missing' meant, short enough for a sentence.
_MISSING = {
    "unk": "<unk>",
    "zero": "zeros",
    "mean": "the mean embedding",
    "delete": "left out",
    "resample": "random words",
}
_ROW = 26


class Lines:
    """A table, and which of its numbers are looked at.

    Args:
        table: what was measured.
        why: the question; its model is looked up in the table, and its meaning of 'missing' if the table has it.
        measure: one of `FAITHFULNESS_MEASURES` that the table has for this model.
        pair: two methods to compare; None for the best and the next one.

    Raises:
        InputError: the table has not what is wanted.
    """

    def __init__(self, table: FaithfulnessTable, why: Why, measure: str, pair: tuple[str, str] | None) -> None:
        self.table, self.model_name, self.name = table, why.model.name, why.name
        if self.model_name not in table.models:
            raise InputError(f"The table has {' and '.join(table.models)}, but not {self.model_name!r}.")
        methods = table.methods(self.model_name)
        self.measures = [
            one
            for one, facts in FAITHFULNESS_MEASURES.items()
            if facts.unit == "nats" and facts.by_baseline and table.ranking(self.model_name, one)
        ]
        self.measure = one_of(measure, "measure", self.measures)
        self.baseline = why.baseline if why.baseline in table.baselines else table.baselines[0]
        self.ranking = table.ranking(self.model_name, self.measure, self.baseline)
        best = [method for method, _ in self.ranking[:2]]
        pair = (best[0], best[-1]) if pair is None else pair
        self.pair = one_of(pair[0], "compared", methods), one_of(pair[1], "compared", methods)

    @property
    def sentence(self) -> str:
        """What the table says about the two methods."""
        one, other = self.pair
        if one == other:
            return "Choose two different methods."
        try:
            said = self.table.sentence(one, other, self.model_name, self.measure)
        except InputError as error:  # these two were not compared: so it says
            said = str(error)
        for method in {one, other}:
            said = said.replace(method, METHOD_NAMES.get(method, method))
        for baseline in self.table.baselines:
            said = said.replace(f"'{baseline}'", f"'{_MISSING[baseline]}'")
        said = re.sub(r"-(?=\d)", "−", said)
        return said.replace(f" to {self.model_name} ", f" to the {self.name} ")


def lines_plot(lines: Lines, hue: str) -> Plot:
    """Return a dot with whiskers for each method, the best one on top, and for random orders."""
    table = lines.table
    rows = list(lines.ranking)
    random = table.score(lines.model_name, RANDOM, lines.measure, lines.baseline)
    if random is not None:
        rows.append((RANDOM, random))
    low, high = min(0.0, *(one.low for _, one in rows)), max(one.high for _, one in rows)
    ticks = ticks_between(low, high)
    height = 66 + _ROW * len(rows)
    plot = Plot((ticks[0], ticks[-1]), (len(rows), 0), height=height, left=180)
    digits = 1 if ticks[1] - ticks[0] >= 0.1 else 2
    for tick in ticks:
        px, _ = plot.at(tick, 0)
        plot.line([(px, plot.top), (px, plot.bottom)])
        plot.words(px, plot.bottom + 17, number(tick, digits))
    facts = FAITHFULNESS_MEASURES[lines.measure]
    best = {1: "high is good", -1: "low is good", 0: ""}[facts.good]
    plot.words((plot.left + plot.right) / 2, height - 5, f"nats; {best}")
    plot.words(plot.left, 14, f"{facts.meaning}; missing: {_MISSING[lines.baseline]}", "start")
    if random is not None:
        px, _ = plot.at(random.mean, 0)
        plot.line([(px, plot.top), (px, plot.bottom)], "other")
    for row, (method, one) in enumerate(rows):
        _, py = plot.at(0, row + 0.5)
        ends = plot.at(one.low, row + 0.5)[0], plot.at(one.high, row + 0.5)[0]
        is_random = method == RANDOM
        plot.line([(ends[0], py), (ends[1], py)], "other" if is_random else "curve0", "" if is_random else hue)
        for end in ends:
            plot.line([(end, py - 5), (end, py + 5)], "other" if is_random else "curve0", "" if is_random else hue)
        chosen = method in lines.pair
        plot.dot(plot.at(one.mean, 0)[0], py, 1 if chosen else 0, "other" if is_random else hue)
        plot.words(plot.left - 10, py + 4, _NAMES.get(method, method), "end", hue if chosen else "")
    return plot


def lines_view(lines: Lines) -> dict[str, Any]:
    """Return the numbers as a table, one column for each meaning of 'missing', and the sentence."""
    table = lines.table
    rows = []
    for method in [*(method for method, _ in lines.ranking), RANDOM]:
        found = [table.score(lines.model_name, method, lines.measure, one) for one in table.baselines]
        cells = [
            "" if one is None else f"{with_sign(one.mean, 2)} ({with_sign(one.low, 2)} to {with_sign(one.high, 2)})"
            for one in found
        ]
        rows.append({"name": _NAMES.get(method, method), "cells": cells})
    about = f"{table.n_lines} lines of {table.corpus}, one prediction each, seed {table.seed}"
    growing = f" {table.done:.0%} is measured so far." if table.done < 1 else ""
    return {
        "at_k": [lines.sentence],
        "choice": [f"{about}; {table.source or 'measured here'}.{growing}"],
        "table": {"head": ["missing:", *(_MISSING[one] for one in table.baselines)], "rows": rows},
        "facts": [
            "In brackets, and as whiskers: 95 % confidence intervals over the lines. Whether two methods differ is not "
            "seen from whether their whiskers touch, but from the interval of their difference, line by line.",
        ],
        "spoken": lines.sentence,
    }
