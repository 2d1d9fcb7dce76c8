"""What a RecurrentExplorer's page and picture show of one token and one unit: tables, strips, bars and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.records import NextTokens, RecurrentTrace
from widgets.bars import nice_share
from widgets.picture import Picture, signed_tints, tints
from widgets.recurrent_source import Units
from widgets.sketches import MARGIN, Part, draw_legend
from widgets.strips import strip_of
from widgets.unit_map import ORDERS, QUANTITIES, UnitMap, change_of_memory, quantities_of_unit, values_of
from widgets.words import count, listing, number, percent, show, with_sign

__all__ = [
    "controls_of",
    "expected_after",
    "map_part",
    "moved_by",
    "names_of_units",
    "unit_of",
]

LISTED = 6
_LEFT, _RIGHT = 110, 60  # the map stands above the strips, column above column


def names_of_units(units: Units) -> str:
    """Return units as they are counted on the page: `layer 1, unit 38`."""
    return listing(f"layer {layer + 1}, unit {unit + 1}" for layer, unit in units)


def _strips_of(trace: RecurrentTrace, layer: int, unit: int) -> list[dict[str, Any]]:
    """Return all six quantities of a unit over the text."""
    found = quantities_of_unit(trace, layer, unit)
    return [strip_of(one.name, found[name], one.full, signed=one.signed) for name, one in QUANTITIES.items()]


def unit_of(trace: RecurrentTrace, layer: int, unit: int, off: Units, shown: UnitMap) -> dict[str, Any]:
    """Return what the page draws of one unit.

    Args:
        trace: of the text.
        layer: counted from 0.
        unit: counted from 0.
        off: the units that are off.
        shown: the map, on which the unit may have a row.
    """
    mean = float(values_of(trace, layer, "forget")[:, unit].mean())
    found = np.flatnonzero(shown.units == unit)
    return {
        "unit": unit,
        "heading": ["", f"Layer {layer + 1}, unit {unit + 1}", f" over the text, mean forget gate {mean:.2f}"],
        "strips": _strips_of(trace, layer, unit),
        "off": (layer, unit) in off,
        "row": int(found[0]) if len(found) else -1,
        "missing": "" if len(found) else f" Unit {unit + 1} is not among them.",
    }


def controls_of(settings: dict[str, Any], trace: RecurrentTrace, is_open: bool) -> dict[str, Any]:
    """Return the state of the controls and their choices; `is_open` tells whether there is a model to ask."""
    most = trace.d_model
    sizes = sorted({*(size for size in (12, 24, 40, 80) if size < most), most, settings["how_many"]})
    return {
        "open": is_open,
        **{name: settings[name] for name in ("layer", "quantity", "order", "how_many")},
        "lists": {
            "layer": [[layer, str(layer + 1)] for layer in range(trace.n_layers)],
            "quantity": [[name, one.name] for name, one in QUANTITIES.items()],
            "order": [list(order) for order in ORDERS.items()],
            "how_many": [[size, f"all {size}" if size == most else str(size)] for size in sizes],
        },
        "off": f"Switched off: {names_of_units(settings['off'])}." if settings["off"] else "",
    }


def moved_by(trace: RecurrentTrace, layer: int, place: int) -> dict[str, Any]:
    """Return the table of the units whose cell state changed most at a token, in the order of c' = f c + i g."""
    change = change_of_memory(trace, layer, place)
    cells = trace.cell_state[layer]
    rows = []
    for unit in np.argsort(-np.abs(change), kind="stable")[:LISTED]:
        i, f, g, o = trace.gates[layer, place, :, unit]
        before = cells[place - 1, unit] if place else 0.0
        values = (f, before, i, g, cells[place, unit], o, trace.hidden_state[layer, place, unit])
        cells_of = [with_sign(float(change[unit]), 2), *(number(float(value), 2) for value in values)]
        rows.append({"name": str(unit + 1), "unit": int(unit), "cells": cells_of})
    heading = ["At ", show(trace.typed[place]), ": the units whose memory it moved most"]
    return {"heading": heading, "head": ["unit", "change", "f", "c", "i", "g", "c′", "o", "h"], "rows": rows}


def expected_after(
    name: str, off: Units, answers: Sequence[NextTokens], losses: Sequence[float], word: str
) -> dict[str, Any]:
    """Return the table of the words expected next, with all units on and with some off, and what that did in words.

    Args:
        name: of the model.
        off: the units that are off.
        answers: what is expected with all on, then with some off if any are; the second knows the words of the first.
        losses: of the text, in the same order.
        word: the token that was read last.
    """
    listed = [dict(zip(one.tokens, one.probabilities.tolist(), strict=True)) for one in answers]
    words = list(answers[0].tokens[:LISTED])
    first = answers[0]
    if first.true_token is not None and first.true_token not in words:
        words.append(first.true_token)
    for one, known in zip(answers, listed, strict=True):
        if one.true_token is not None and one.true_probability is not None:
            known[one.true_token] = one.true_probability
    shares = [[known.get(token, 0.0) for known in listed] for token in words]
    scale = nice_share(max(map(max, shares)))
    rows: list[dict[str, Any]] = [
        {
            "name": f"✓ {show(token)}" if token == first.true_token else show(token),
            "cells": [percent(share) if share else "not listed" for share in of],
            "bars": [round(share / scale, 4) for share in of],
            **({"true": True} if token == first.true_token else {}),
        }
        for token, of in zip(words, shares, strict=True)
    ]
    rest = [max(0.0, 1.0 - sum(column)) for column in zip(*shares, strict=True)]
    others = f"all other {count(first.vocab_size - len(words))} words"
    rows.append({"name": others, "cells": [percent(share) for share in rest]})
    sentences = [f"A full bar is {100 * scale:g} %.", f"Loss of the text: {number(losses[0], 3)} nats per token."]
    head = ["next word", name]
    if off:
        head.append(f"without {names_of_units(off)}" if len(off) < 3 else f"without {len(off)} units")
        sentences[1] = (
            f"Loss of the text: {number(losses[0], 3)} nats per token, {head[-1]} {number(losses[1], 3)} "
            f"({with_sign(losses[1] - losses[0], 3)})."
        )
    if first.true_token is not None:
        ranks = " → ".join(count(one.true_rank or 0) for one in answers)
        sentences.append(f"Rank of {show(first.true_token)}, which really follows: {ranks}.")
    said = "; ".join(f"{row['name']} {' then '.join(row['cells'])}" for row in rows[:3])
    return {
        "heading": ["After ", word, ": the next word"],
        "head": head,
        "rows": rows,
        "loss": " ".join(sentences),
        "spoken": f"Next word: {said}. {' '.join(sentences[1:])}",
    }


def map_part(shown: UnitMap, place: int, unit: int, width: float) -> Part:
    """Return the map with its legend as a part for `sketches.stacked`; the selected unit and token are framed."""
    rows, columns = shown.values.shape
    tall = max(4.0, min(14.0, 300 / rows))
    inside = width - _LEFT - _RIGHT

    def draw(picture: Picture, y: float) -> None:
        colours = signed_tints(shown.levels) if shown.quantity.signed else tints(shown.levels)
        left = MARGIN + _LEFT
        picture.raster(left, y, inside, rows * tall, colours)
        step = max(1, round(13 / tall))
        for row in range(0, rows, step):
            label = f"unit {shown.units[row] + 1}"
            picture.text(left - 6, y + row * tall + 10, label, size=10, anchor="end", colour="ink-soft")
        picture.rect(left + place * inside / columns, y, inside / columns, rows * tall, None, edge="ink")
        if unit in shown.units:
            row = int(np.flatnonzero(shown.units == unit)[0])
            picture.rect(left, y + row * tall, inside, tall, None, edge="ink")
        full, signed = shown.quantity.full, shown.quantity.signed
        ramp = np.linspace(-1 if signed else 0, 1, 60)
        pixels = signed_tints(ramp) if signed else tints(ramp)
        words = shown.for_page()["legend"][2]
        draw_legend(picture, left, y + rows * tall + 8, -full if signed else 0, full, words, pixels)
        picture.text(MARGIN, y + rows * tall + 40, shown.sorted_by, size=12, colour="ink-soft")

    return rows * tall + 48, draw
