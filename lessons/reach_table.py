"""The shipped table of how far the shipped models' memory reaches: read at once, and made again by one command.

    glassbox reach --save        # measures both models and writes the table; needs WikiText-2, and some ten minutes

The table names the SHA-256 of the weights that were measured.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.files import write_whole
from lessons.places import SHIPPED
from lessons.records import ReachCurve, ReachExample, ReachTable
from lessons.tables import table_of

__all__ = ["TABLE", "as_text", "from_json", "shipped_reach", "to_json", "write_table"]

TABLE = SHIPPED / "memory_reach.json"
_FORMAT = 1
_COMMAND = "glassbox reach --save"


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in values]


def to_json(table: ReachTable) -> dict[str, Any]:
    """Return a table as what JSON can hold; losses are rounded to 5 digits."""
    curves = [
        {
            **{name: getattr(curve, name) for name in ("model_name", "kind", "context", "n_targets", "seed", "corpus")},
            "distances": curve.distances.tolist(),
            "whole_loss": round(curve.whole_loss, 5),
            **{name: _rounded(getattr(curve, name)) for name in ("losses", "extra", "standard_error")},
        }
        for curve in table.curves
    ]
    examples = [
        {
            "kind": one.kind,
            "tokens": list(one.tokens),
            "target": one.target,
            "distances": one.distances.tolist(),
            "contexts": [list(words) for words in one.contexts],
            "surprisals": {name: _rounded(values) for name, values in one.surprisals.items()},
            "whole": {name: round(value, 5) for name, value in one.whole.items()},
        }
        for one in table.examples
    ]
    return {"format": _FORMAT, "weights": dict(table.weights), "curves": curves, "examples": examples}


def from_json(stored: Mapping[str, Any], source: str) -> ReachTable:
    """Return a table from what `to_json` made of it.

    Args:
        stored: the content of a file.
        source: where it comes from, for the reader.

    Raises:
        InputError: it is of another format, or not such a table.
    """

    def made(stored: Mapping[str, Any]) -> ReachTable:
        curves = tuple(ReachCurve(**one) for one in stored["curves"])
        examples = tuple(
            ReachExample(
                one["kind"],
                tuple(one["tokens"]),
                one["target"],
                one["distances"],
                tuple(map(tuple, one["contexts"])),
                one["surprisals"],
                one["whole"],
            )
            for one in stored["examples"]
        )
        return ReachTable(curves, examples, source, stored["weights"])

    return table_of(stored, made, _FORMAT, "table of memory reach", _COMMAND)


def shipped_reach() -> ReachTable:
    """Return what was measured on the shipped models and WikiText-2's validation split; no model is loaded."""
    return from_json(json.loads(TABLE.read_text(encoding="utf-8")), "shipped with the models")


def write_table(path: str | os.PathLike[str], table: ReachTable) -> None:
    """Write a table to a file, whole or not at all."""
    write_whole(path, (json.dumps(to_json(table), indent=1, ensure_ascii=False) + "\n").encode())


def as_text(table: ReachTable) -> str:
    """Return a table for reading: a line a curve and, for each distance, the extra loss with its 95 % interval."""
    lines = []
    for curve in table.curves:
        within = curve.reach()
        lines.append(
            f"{curve.model_name}, {curve.kind}: loss {curve.whole_loss:.3f} with all {curve.context} tokens; within "
            f"0.01 nats from k = {within}. More than with all, in nats:"
        )
        points = zip(curve.distances, curve.extra, 1.96 * curve.standard_error, strict=True)
        lines.append("   ".join(f"{k}: {extra:+.3f} ± {error:.3f}" for k, extra, error in points))
    return "\n".join(lines)
