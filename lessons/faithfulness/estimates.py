"""From numbers about single lines to means with intervals: the bootstrap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from lessons.records import FAITHFULNESS_MEASURES, RANDOM, Estimate, FaithfulnessTable

__all__ = ["COMPARED", "N_RESAMPLES", "Numbers", "estimated_table", "estimates"]

#: All numbers about one line, by what they are: a field of `FaithfulnessTable`, then what is in its key.
Numbers = dict[tuple[str, ...], float]

#: The measures by which methods are compared with each other.
COMPARED = ("deletion", "insertion", "between", "comprehensiveness", "sufficiency")

N_RESAMPLES = 2000


def estimates(values: np.ndarray, seed: int) -> list[Estimate | None]:
    """Return the mean of each column with its 95 % interval: percentiles of the means of resampled lines.

    Args:
        values: (N, M), a line a row; NaN where a line does not have the number.
        seed: of the samples of lines, the same ones for all columns.

    Returns:
        M estimates; None where no line has the number.
    """
    known = ~np.isnan(values)
    n_lines = len(values)
    drawn = np.random.default_rng(seed).integers(0, n_lines, (N_RESAMPLES, n_lines))
    times = np.zeros((N_RESAMPLES, n_lines))  # how often each line is in a sample
    np.add.at(times, (np.arange(N_RESAMPLES)[:, None], drawn), 1)
    filled = np.where(known, values, 0.0)
    sums, counts = times @ filled, times @ known  # (2000, M)
    means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    found: list[Estimate | None] = []
    for column, there, of_samples in zip(filled.T, known.T, means.T, strict=True):
        if not there.any():
            found.append(None)
            continue
        low, high = np.percentile(of_samples[~np.isnan(of_samples)], [2.5, 97.5])
        its = column[there]
        found.append(Estimate(float(its.mean()), float(low), float(high), float(its.max()), len(its)))
    return found


def estimated_table(
    lines: Mapping[str, Sequence[Numbers]], corpus: str, baselines: tuple[str, ...], seed: int
) -> FaithfulnessTable:
    """Return the table of what was measured so far.

    Args:
        lines: for each model the numbers about each line.
        corpus: where the lines are from.
        baselines: what 'missing' meant.
        seed: of the bootstrap.
    """
    fields: dict[str, dict[Any, Any]] = {"scores": {}, "differences": {}, "agreement": {}, "randomised": {}}
    for model_name, of_model in lines.items():
        keys = list(dict.fromkeys(key for line in of_model for key in line))
        values = np.array([[line.get(key, np.nan) for key in keys] for line in of_model])
        column = dict(zip(keys, values.T, strict=True))
        methods = dict.fromkeys(key[1] for key in keys if key[0] == "scores" and key[1] != RANDOM)
        for method, other in combinations(methods, 2):
            for measure in COMPARED:
                for name in baselines:
                    a, b = (column["scores", one, measure, name] for one in (method, other))
                    column["differences", method, other, measure, name] = a - b
        found = estimates(np.stack(list(column.values()), axis=1), seed)
        for (kind, *key), estimate in zip(column, found, strict=True):
            if kind == "randomised":  # one entry for each number of layers, known or not
                entry = estimate or Estimate(math.nan, math.nan, math.nan, math.nan, 0)
                fields[kind].setdefault((model_name, key[0]), []).append(entry)
            elif estimate is not None:
                fields[kind][(model_name, *key)] = estimate
    order = {name: place for place, name in enumerate(FAITHFULNESS_MEASURES)}
    scores = sorted(fields["scores"].items(), key=lambda one: order[one[0][2]])
    return FaithfulnessTable(
        scores=dict(scores),
        differences=fields["differences"],
        agreement=fields["agreement"],
        randomised={key: tuple(row) for key, row in fields["randomised"].items()},
        n_lines=max(map(len, lines.values())),
        corpus=corpus,
        seed=seed,
        baselines=baselines,
    )
