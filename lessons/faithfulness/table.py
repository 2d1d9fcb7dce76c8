"""The shipped table of how faithful the methods are: read at once, and made again by one command.

    glassbox faithfulness --save        # measures both shipped models and writes the table; needs WikiText-2, and time

The table names the SHA-256 of the weights that were measured.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

from lessons.files import write_whole
from lessons.places import SHIPPED
from lessons.records import FAITHFULNESS_MEASURES, RANDOM, Estimate, FaithfulnessTable
from lessons.tables import table_of

__all__ = ["TABLE", "as_text", "faithfulness_of", "from_json", "shipped_faithfulness", "to_json", "write_table"]

TABLE = SHIPPED / "faithfulness.json"
_FORMAT = 1
_COMMAND = "glassbox faithfulness --save"
_PLAIN = ("n_lines", "corpus", "seed")  # fields that JSON can hold as they are
_KEYED = ("scores", "differences", "agreement")


def _row(estimate: Estimate) -> list[Any]:
    numbers = [None if math.isnan(number) else float(f"{number:.4g}") for number in estimate[:-1]]
    return [*numbers, estimate.n]


def _estimate(row: list[Any]) -> Estimate:
    mean, low, high, largest = (math.nan if number is None else number for number in row[:-1])
    return Estimate(mean, low, high, largest, row[-1])


def to_json(table: FaithfulnessTable) -> dict[str, Any]:
    """Return a table as what JSON can hold: each number as its key, then what it is; rounded to four digits."""
    return {
        "format": _FORMAT,
        "weights": dict(table.weights),
        **{name: getattr(table, name) for name in _PLAIN},
        "baselines": list(table.baselines),
        **{name: [[*key, *_row(one)] for key, one in getattr(table, name).items()] for name in _KEYED},
        "randomised": [[*key, [_row(one) for one in row]] for key, row in table.randomised.items()],
    }


def from_json(stored: Mapping[str, Any], source: str) -> FaithfulnessTable:
    """Return a table from what `to_json` made of it.

    Args:
        stored: the content of a file.
        source: where it comes from, for the reader.

    Raises:
        InputError: it is of another format, or not such a table.
    """
    n = len(Estimate._fields)

    def made(stored: Mapping[str, Any]) -> FaithfulnessTable:
        keyed: dict[str, Any] = {
            name: {tuple(row[:-n]): _estimate(row[-n:]) for row in stored[name]} for name in _KEYED
        }
        randomised = {
            (model_name, method): tuple(_estimate(row) for row in rows)
            for model_name, method, rows in stored["randomised"]
        }
        return FaithfulnessTable(
            **keyed,
            randomised=randomised,
            baselines=tuple(stored["baselines"]),
            weights=stored["weights"],
            source=source,
            **{name: stored[name] for name in _PLAIN},
        )

    return table_of(stored, made, _FORMAT, "table of faithfulness", _COMMAND)


def shipped_faithfulness() -> FaithfulnessTable:
    """Return what was measured on the shipped models and WikiText-2's validation split; no model is loaded."""
    return from_json(json.loads(TABLE.read_text(encoding="utf-8")), "shipped with the models")


def faithfulness_of(card: Mapping[str, Any], name: str) -> FaithfulnessTable | None:
    """Return the shipped table if it was measured on the weights that a card names, else None.

    Args:
        card: of a model.
        name: under which the model stands in the table.
    """
    weights = card.get("weights", {}).get("sha256")
    if weights is None or not TABLE.is_file():
        return None
    table = shipped_faithfulness()
    return table if table.weights.get(name) == weights else None


def write_table(path: str | os.PathLike[str], table: FaithfulnessTable) -> None:
    """Write a table to a file, whole or not at all; a number and its key stand on one line."""
    parts = []
    for name, value in to_json(table).items():
        rows = [json.dumps(row, ensure_ascii=False) for row in value] if isinstance(value, list) else None
        text = json.dumps(value, ensure_ascii=False) if rows is None else "[\n" + ",\n".join(rows) + "\n]"
        parts.append(f"{json.dumps(name)}: {text}")
    write_whole(path, ("{\n" + ",\n".join(parts) + "\n}\n").encode())


def as_text(table: FaithfulnessTable) -> str:
    """Return a table for reading: for each model and meaning of 'missing' the methods, the most faithful first."""
    lines = []
    for model_name in table.models:
        for name in table.baselines:
            lines.append(f"{model_name}, missing is '{name}': mean and 95 % interval in nats")
            by = [measure for measure, what in FAITHFULNESS_MEASURES.items() if what.by_baseline]
            lines.append(f"{'':20}" + "".join(f"{measure:>22}" for measure in by))
            for method in [*(method for method, _ in table.ranking(model_name, "deletion", name)), RANDOM]:
                cells = [table.score(model_name, method, measure, name) for measure in by]
                lines.append(f"{method:20}" + "".join(f"{'' if one is None else str(one):>22}" for one in cells))
            lines.append("")
        rest = [measure for measure, what in FAITHFULNESS_MEASURES.items() if not what.by_baseline]
        for method in table.methods(model_name):
            found = {measure: table.score(model_name, method, measure) for measure in rest}
            told = [f"{measure} {one.mean:.3g}" for measure, one in found.items() if one is not None]
            gap = found["gap"]
            told += [] if gap is None else [f"largest gap {gap.largest:.2g}"]
            lines.append(f"{method:20}  " + ", ".join(told))
            layers = table.randomised.get((model_name, method), ())
            if layers:
                drop = ", ".join(f"{number}: {one if one.n else 'none'}" for number, one in enumerate(layers, 1))
                lines.append(f"{'':20}  rank correlation with random layers {drop}")
        lines.append("")
    return "\n".join(lines).rstrip()
