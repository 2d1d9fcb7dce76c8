"""The shipped table of how far the shipped models' memory reaches: read at once, and made again by one command.

    python -m lessons.reach_table        # measures both models again and writes the table; needs WikiText-2

It takes some ten minutes on one thread. The table names the SHA-256 of the weights that were measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.errors import GlassboxError, InputError
from lessons.files import write_whole
from lessons.places import SHIPPED
from lessons.records import ReachCurve, ReachExample, ReachTable

__all__ = ["TABLE", "from_json", "main", "shipped_reach", "to_json"]

TABLE = SHIPPED / "memory_reach.json"
_FORMAT = 1
_N_TARGETS = 2000
_COMMAND = "python -m lessons.reach_table"


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
    if stored.get("format") != _FORMAT:
        raise InputError(f"The table has format {stored.get('format')!r}; this version reads format {_FORMAT}.")
    try:
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
    except (KeyError, TypeError) as error:
        raise InputError(f"This is not a table of memory reach: {error!r}. Make it again with '{_COMMAND}'.") from error


def shipped_reach() -> ReachTable:
    """Return what was measured on the shipped models and WikiText-2's validation split; no model is loaded."""
    return from_json(json.loads(TABLE.read_text(encoding="utf-8")), "shipped with the models")


def main() -> int:
    """Measure the shipped models on WikiText-2, write the table, and return 0; 1 for an error that was explained."""
    import torch

    from lessons.memory_reach import measure_reach, reach_text
    from lessons.model import load_model

    torch.set_num_threads(1)
    try:
        models = [load_model("lstm"), load_model("transformer")]
        token_ids, corpus = reach_text(models[0])
        if not corpus.startswith("WikiText-2"):
            raise InputError("WikiText-2 is not on this machine; the shipped table is measured on it. See lesson 02.")
        table = None
        for table in measure_reach(models, n_targets=_N_TARGETS, token_ids=token_ids, corpus=corpus):
            sys.stdout.write(f"\r{table.done:5.0%}")
            sys.stdout.flush()
        assert table is not None
        write_whole(TABLE, (json.dumps(to_json(table), indent=1, ensure_ascii=False) + "\n").encode())
        sys.stdout.write(f"\n{TABLE} is written.\n")
    except GlassboxError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
