"""The curves, the table and the sentence of a MemoryReach, as its page and its picture draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lessons.records import ReachCurve, ReachExample, ReachTable
from widgets.bars import display_name, hue_of
from widgets.picture import Picture
from widgets.sketches import MARGIN, Part
from widgets.token_line import nice_ceiling
from widgets.words import number, show

__all__ = [
    "chart_of",
    "chart_part",
    "distances_of",
    "example_of",
    "rows_of",
    "spoken_of",
    "verdict_of",
]

WIDTH, HEIGHT = 720, 226  # of the chart, in its own pixels
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 12, 40
_TOLERANCE = 0.02  # nats
_DONE = {
    "cut": "words farther back than k are not read",
    "shuffle": "words farther back than k are shuffled",
    "replace": "words farther back than k are those of another place",
}


def distances_of(table: ReachTable, kind: str) -> list[int]:
    """Return all distances at which some model was measured."""
    return sorted({int(one) for curve in table.curves if curve.kind == kind for one in curve.distances})


def _known_as(curve: ReachCurve) -> str:
    return display_name(curve.model_name)


def _at(curve: ReachCurve, distance: int) -> int | None:
    """Return the index of a distance on a curve, None if the model was not measured there."""
    found = [i for i, one in enumerate(curve.distances) if one == distance]
    return found[0] if found else None


def chart_of(table: ReachTable, kind: str, distance: int) -> dict[str, Any]:
    """Return the curves of one kind as points of the chart: k on a logarithmic axis, nats more on the other one.

    Args:
        table: all that was measured; its largest number ends the scale of every kind, so that they can be compared.
        kind: the one to draw.
        distance: where the line for k stands.
    """
    curves = [curve for curve in table.curves if curve.kind == kind]
    every = distances_of(table, kind)
    full = nice_ceiling(max(0.05, *(float(curve.interval[:, 1].max()) for curve in table.curves)))
    span = math.log(max(2, every[-1]) / every[0]) or 1.0

    def x(k: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * math.log(k / every[0]) / span, 1)

    def y(nats: float) -> float:
        inside = HEIGHT - _TOP - _BOTTOM
        return round(_TOP + inside * (1 - (max(-0.06 * full, min(full, nats))) / full), 1)

    lines = []
    for curve in curves:
        points = [[x(k), y(value)] for k, value in zip(curve.distances, curve.extra, strict=True)]
        band = [[x(k), y(low), y(high)] for k, (low, high) in zip(curve.distances, curve.interval, strict=True)]
        lines.append({"name": _known_as(curve), "hue": hue_of(curve.model_name), "points": points, "band": band})
    ticks = [[y(full * part / 4), number(full * part / 4, 2)] for part in range(5)]
    shown: list[list[Any]] = []
    for k in every:  # as many labels as have room
        if not shown or x(k) - shown[-1][0] > 24:
            shown.append([x(k), str(k)])
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "lines": lines,
        "ticks": ticks,
        "labels": shown,
        "here": x(distance),
        "stops": [[x(k), k] for k in every],
        "left": _LEFT,
        "right": WIDTH - _RIGHT,
        "bottom": HEIGHT - _BOTTOM,
        "words": f"nats per word more than with the whole context; {_DONE[kind]}",
        "head": [f"{_known_as(curve)}: {part}" for curve in curves for part in ("loss", "more than with all")],
    }


def rows_of(curves: Sequence[ReachCurve], distances: Sequence[int], distance: int) -> list[dict[str, Any]]:
    """Return the table: for each distance each model's loss and how much more that is than with the whole context."""
    rows = []
    for k in distances:
        cells = []
        for curve in curves:
            i = _at(curve, k)
            if i is None:
                why = "its context ends" if k > curve.context else ""
                cells += ["", why]
            elif k == curve.context:
                cells += [number(float(curve.losses[i]), 3), "all that it reads"]
            else:
                extra, error = float(curve.extra[i]), 1.96 * float(curve.standard_error[i])
                sign = "+" if extra >= 0 else ""
                cells += [number(float(curve.losses[i]), 3), f"{sign}{number(extra, 3)} ± {number(error, 3)}"]
        rows.append({"distance": str(k), "cells": cells, "here": k == distance})
    return rows


def verdict_of(curves: Sequence[ReachCurve]) -> list[str]:
    """Return for each model from which distance on the loss stays within one per cent of the perplexity."""
    words = {"cut": "the words before it are not missed", "shuffle": "the order of the words before it is not missed"}
    what = words.get(curves[0].kind, "the words before it do not count")
    sentences = []
    for curve in curves:
        reach, name = curve.reach(_TOLERANCE), _known_as(curve)
        if reach is None or reach >= curve.context:
            shorter = [i for i, one in enumerate(curve.distances) if one < curve.context]
            if shorter:
                last, extra = curve.distances[shorter[-1]], number(float(curve.extra[shorter[-1]]), 3)
                whole = f"its whole context of {curve.context} tokens"
                sentences.append(f"{name}: at k = {last} the loss is still {extra} nats above that with {whole}.")
        else:
            limit = f"{_TOLERANCE:g} nats ({100 * _TOLERANCE:g} % of the perplexity)"
            sentences.append(f"{name}: from k = {reach} on, {what} by more than {limit}.")
    return sentences


def example_of(example: ReachExample, distance: int) -> dict[str, Any]:
    """Return the sentence as it is read at a distance: far words and near ones, and the target's surprisals."""
    asked = [int(one) for one in example.distances]
    within = [one for one in asked if one <= distance]
    at = asked.index(within[-1]) if within else 0
    all_near = distance >= len(example.tokens)
    read = example.tokens if all_near else example.contexts[at]
    near = len(read) if all_near else min(asked[at], len(read))
    far = example.tokens[: len(example.tokens) - near] if example.kind == "cut" else read[: len(read) - near]
    surprisals = [
        [display_name(name), hue_of(name), f"{number(example.whole[name] if all_near else float(values[at]), 2)} nats"]
        for name, values in example.surprisals.items()
    ]
    exact = asked[at] == distance or all_near
    return {
        "kind": example.kind,
        "far": [show(token) for token in far],
        "near": [show(token) for token in read[len(read) - near :]],
        "target": show(example.target),
        "surprisals": surprisals,
        "about": (
            f"This sentence has {len(example.tokens)} words before the gap: all of them are read."
            if all_near
            else f"The last {asked[at]} words are read as they are."
            if exact
            else f"This sentence was measured at the last {asked[at]} words."
        ),
    }


def spoken_of(curves: Sequence[ReachCurve], distance: int) -> str:
    """Return in words what the chart shows at a distance."""
    said = []
    for curve in curves:
        i = _at(curve, distance)
        if i is None:
            said.append(f"{_known_as(curve)}: its context ends at {curve.context} tokens.")
        else:
            low, high = (number(float(bound), 3) for bound in curve.interval[i])
            extra = number(float(curve.extra[i]), 3)
            said.append(f"{_known_as(curve)}: {extra} nats more than with all, between {low} and {high}.")
    return f"The last {distance} tokens as they are. {' '.join(said)}"


def chart_part(chart: dict[str, Any], width: float) -> Part:
    """Return the chart as a part for `sketches.stacked`."""
    factor = width / chart["width"]

    def draw(picture: Picture, y: float) -> None:
        picture.text(MARGIN, y + 12, chart["words"], colour="ink-soft")
        y += 18

        def at(px: float, py: float) -> tuple[float, float]:
            return MARGIN + px * factor, y + py * factor

        for py, words in chart["ticks"]:
            picture.line([at(chart["left"], py), at(chart["right"], py)], "line", width=1)
            picture.text(*at(chart["left"] - 6, py + 4), words, size=11, anchor="end", colour="ink-soft")
        for px, words in chart["labels"]:
            picture.text(*at(px, chart["bottom"] + 18), words, size=11, anchor="middle", colour="ink-soft")
        middle = (chart["left"] + chart["right"]) / 2
        words = "k: the last words that stay as they are"
        picture.text(*at(middle, chart["height"] - 4), words, size=12, anchor="middle", colour="ink-soft")
        picture.line([at(chart["here"], _TOP), at(chart["here"], chart["bottom"])], "edge", width=1, dashed=True)
        for row, line in enumerate(chart["lines"]):
            hue = line["hue"]
            for px, low, high in line["band"]:
                picture.line([at(px, low), at(px, high)], hue, width=1.5)
            picture.line([at(*point) for point in line["points"]], hue, width=2, dashed=bool(row))
            picture.text(*at(chart["right"] - 130, _TOP + 14 + 18 * row), line["name"], colour=hue, bold=True)

    return 18 + chart["height"] * factor, draw
