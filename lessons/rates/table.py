"""The shipped table of learning-rate range tests: read at once, and made again by one command.

glassbox rates --save        # both models, two optimizers, two texts, three seeds, and 24 trainings: some 15 minutes
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lessons.corpus import Corpus
from lessons.files import write_whole
from lessons.grammar import toy_corpus, toy_language
from lessons.places import SHIPPED
from lessons.rates.finder import find_rate, try_rate
from lessons.records import OPTIMIZERS, RateCurve, RateTable, RateTrial
from lessons.tables import table_of

__all__ = [
    "ABOUT",
    "TABLE",
    "from_json",
    "line_of",
    "measure_rates",
    "shipped_rates",
    "to_json",
    "trial_rates",
    "write_table",
]

TABLE = SHIPPED / "rates.json"
SEEDS = (7, 8, 9)
_MODELS = ("lstm", "transformer")
_FORMAT = 1
_COMMAND = "glassbox rates --save"
#: The fields of a `RateCurve` that do not grow.
ABOUT = ("architecture", "corpus", "optimizer", "seed", "clip", "low", "high", "n_steps")


def trial_rates(curve: RateCurve) -> dict[str, float]:
    """Return the rates that a range test's advice is put to the test with, by what they are; none without advice."""
    steepest, tenth, diverges = curve.steepest, curve.tenth, curve.diverges
    if steepest is None or tenth is None:
        return {}
    rates = {"a third of the steepest": steepest / 3, "steepest": steepest, "3 × the steepest": 3 * steepest}
    rates |= {"10 × the steepest": 10 * steepest, "a tenth of the lowest": tenth}
    return rates | ({} if diverges is None else {"diverging": diverges})


def measure_rates(
    corpora: Sequence[Corpus] = (),
    seeds: Sequence[int] = SEEDS,
    each: Callable[[RateCurve | RateTrial], object] = lambda one: None,
    n_steps: int = 300,
) -> RateTable:
    """Do the range tests of both models with both optimizers, and on the toy language the trainings, too.

    Args:
        corpora: texts besides the toy language.
        seeds: of the range tests; the trainings have the first one's curve and seed.
        each: is told each result as it comes.
        n_steps: length of a training.
    """
    toy = toy_corpus()
    curves: list[RateCurve] = []
    trials: list[RateTrial] = []
    for corpus in (toy, *corpora):
        for architecture in _MODELS:
            for optimizer in OPTIMIZERS:
                found = [find_rate(architecture, corpus, optimizer=optimizer, seed=seed) for seed in seeds]
                curves += found
                for curve in found:
                    each(curve)
                if corpus is not toy:
                    continue
                for why, rate in trial_rates(found[0]).items():
                    how: dict[str, Any] = {"optimizer": optimizer, "seed": seeds[0], "n_steps": n_steps, "why": why}
                    trials.append(try_rate(architecture, rate, corpus, **how))
                    each(trials[-1])
    return RateTable(tuple(curves), tuple(trials), {toy.name: toy_language().perplexity})


def to_json(table: RateTable) -> dict[str, Any]:
    """Return a table as what JSON can hold; losses and perplexities are rounded, infinity is null."""
    curves = [
        {
            **{name: getattr(one, name) for name in (*ABOUT, "ended")},
            "losses": [round(x, 3) for x in one.losses.tolist()],
        }
        for one in table.curves
    ]
    trials = [
        {**vars(one), "perplexity": round(one.perplexity, 3) if math.isfinite(one.perplexity) else None}
        for one in table.trials
    ]
    return {"format": _FORMAT, "floors": dict(table.floors), "curves": curves, "trials": trials}


def from_json(stored: Mapping[str, Any], source: str) -> RateTable:
    """Return a table from what `to_json` made of it.

    Args:
        stored: the content of a file.
        source: where it comes from, for the reader.

    Raises:
        InputError: it is of another format, or not such a table.
    """

    def made(stored: Mapping[str, Any]) -> RateTable:
        curves = tuple(RateCurve(**one) for one in stored["curves"])
        trials = tuple(
            RateTrial(**{**one, "perplexity": math.inf if one["perplexity"] is None else one["perplexity"]})
            for one in stored["trials"]
        )
        return RateTable(curves, trials, stored["floors"], source)

    return table_of(stored, made, _FORMAT, "table of learning rates", _COMMAND)


def shipped_rates() -> RateTable:
    """Return the range tests and trainings that are shipped; nothing is trained."""
    return from_json(json.loads(TABLE.read_text(encoding="utf-8")), "shipped")


def write_table(path: str | os.PathLike[str], table: RateTable) -> None:
    """Write a table to a file, whole or not at all."""
    stored = to_json(table)
    lists = {name: stored.pop(name) for name in ("curves", "trials")}
    parts = [json.dumps(stored, ensure_ascii=False)[1:-1]]
    for name, ones in lists.items():  # a line for each of them
        lines = ",\n".join(json.dumps(one, ensure_ascii=False, allow_nan=False) for one in ones)
        parts.append(f'"{name}": [\n{lines}\n]')
    text = ",\n".join(parts)
    write_whole(path, f"{{{text}}}\n".encode())


def line_of(one: RateCurve | RateTrial) -> str:
    """Return a range test or a training as a line to read."""
    what = f"{one.architecture}, {one.corpus}, {one.optimizer}, seed {one.seed}"
    if isinstance(one, RateTrial):
        return f"{what}: rate {one.rate:.3g} ({one.why}): perplexity {one.perplexity:.2f} after {one.n_steps} steps"
    named = (("steepest", one.steepest), ("a tenth of the lowest", one.tenth), ("diverging", one.diverges))
    advice = ", ".join(f"{name} {'none' if rate is None else f'{rate:.3g}'}" for name, rate in named)
    return f"{what}: {advice} ({one.losses.size} steps)"
