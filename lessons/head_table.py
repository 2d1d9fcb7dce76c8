"""The table of head statistics as a file and as text; `glassbox heads transformer --save` makes the shipped one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.files import write_whole
from lessons.records import HEAD_STATISTICS, HeadStatistic, HeadStatistics
from lessons.tables import shipped_beside

__all__ = ["TABLE", "as_table", "read_table", "shipped_statistics", "write_table"]

TABLE = "head_statistics.json"  # beside the model's card
_FORMAT = 1
_DECIMALS = 4


def write_table(path: Path, statistics: HeadStatistics) -> None:
    """Write a table as JSON, its numbers rounded to four decimals."""
    stored: dict[str, Any] = {"format": _FORMAT}
    for field in fields(statistics):
        value = getattr(statistics, field.name)
        stored[field.name] = _plain(value) if isinstance(value, HeadStatistic) else value
    text = json.dumps(stored, ensure_ascii=False).replace(', "', ',\n"').replace("], [", "],\n[")
    write_whole(path, (text + "\n").encode())


def read_table(path: Path) -> HeadStatistics:
    """Return a table that `write_table` wrote.

    Raises:
        InputError: the file is missing, or is no such table.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.pop("format", None) != _FORMAT:
            raise ValueError(f"it is not of format {_FORMAT}")
        for name in HEAD_STATISTICS:
            stored[name] = HeadStatistic(**stored[name])
        return HeadStatistics(**stored)
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as a table of head statistics: {error}. "
            "Make it again with 'glassbox heads transformer --save'."
        ) from error


def shipped_statistics(card: Mapping[str, Any]) -> HeadStatistics | None:
    """Return the shipped table if it belongs to the weights that a card names, else None.

    Args:
        card: of a model.

    Raises:
        InputError: the shipped table is damaged.
    """
    return shipped_beside(card, TABLE, read_table)


def as_table(statistics: HeadStatistics, sentences: bool = True) -> str:
    """Return a table to print: a line for each head, counted from 1, and below it what an even head would have.

    Each number stands before what it is compared with: the same on shuffled text, or for the same token the weight on
    other tokens at the same distances. `back` is how many tokens back a head looks; `entropy` is the relative one.

    Args:
        statistics: of any Transformer.
        sentences: whether each line ends with what `describe` says of the head.
    """
    shares = ("previous_token", "first_token", "own_token", "same_token")
    titles = [f"{name.replace('_token', ''):>14}" for name in shares]
    rows = [f"layer head{''.join(titles)}{'back':>14}{'entropy':>13}"]
    for layer, head in np.ndindex(statistics.n_layers, statistics.n_heads):
        cells = []
        for name in shares:
            one = statistics[name]
            cells.append(f"{one.mean[layer, head]:>7.1%} ({one.null[layer, head]:>4.0%})")
        back = statistics.distance.mean[layer, head], statistics.distance.null[layer, head]
        cells.append(f"{back[0]:>8.1f} ({back[1]:>3.0f})")
        spread = statistics.relative_entropy.mean[layer, head], statistics.relative_entropy.null[layer, head]
        cells.append(f"{spread[0]:>6.0%} ({spread[1]:>4.0%})")
        said = f"   {statistics.describe(layer, head)}" if sentences else ""
        rows.append(f"{layer + 1:>5}{head + 1:>5}{''.join(cells)}{said}")
    even = "".join(f"{statistics[name].even:>7.1%}       " for name in shares)
    rows.append(f"{'even head':>10}{even}{statistics.distance.even:>8.1f}      {1:>6.0%}")
    return "\n".join(rows)


def _plain(statistic: HeadStatistic) -> dict[str, Any]:
    values = {field.name: getattr(statistic, field.name) for field in fields(statistic)}
    return {name: None if value is None else np.round(value, _DECIMALS).tolist() for name, value in values.items()}
