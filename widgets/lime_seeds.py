"""How much LIME's answer varies when other texts are drawn, in numbers and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from lessons.records import LocalFit
from widgets.words import listing, number

__all__ = ["MOST_SEEDS", "told_of_seeds", "variation"]

MOST_SEEDS = 10
_TOP = 3


def variation(runs: Sequence[LocalFit]) -> np.ndarray:
    """Return (T,) the standard deviation of each score over runs with different seeds. Args: runs, at least two."""
    deviation: np.ndarray = np.std([run.attribution.scores for run in runs], axis=0, ddof=1)
    return deviation


def told_of_seeds(runs: Sequence[LocalFit], words: Sequence[str], unit: str, digits: int) -> list[str]:
    """Return in sentences what several seeds say: which words lead, and how much the scores vary.

    Args:
        runs: one for each seed.
        words: (T,) as they are displayed.
        unit: of the scores.
        digits: after the point.
    """
    if len(runs) < 2:
        return []
    return [*_leading(runs, words), _varying(runs, unit, digits + 1)]


def _leading(runs: Sequence[LocalFit], words: Sequence[str]) -> list[str]:
    """Return which words have the largest scores, and in how many runs."""
    k = min(_TOP, len(words) - 1)
    if k < 1:
        return []
    sets = Counter(tuple(sorted(run.attribution.order[:k].tolist())) for run in runs)
    top, times = sets.most_common(1)[0]
    leaders = listing(words[i] for i in top)
    these = f"these {k} words lead" if k > 1 else "this word leads"
    if len(sets) == 1:
        return [f"Top {k}: {these} for each of the {len(runs)} seeds: {leaders}."]
    others = "one other set" if len(sets) == 2 else f"{len(sets) - 1} other sets"
    return [f"Top {k}: {these} for {times} of {len(runs)} seeds: {leaders}. The other seeds name {others} of {k}."]


def _varying(runs: Sequence[LocalFit], unit: str, digits: int) -> str:
    """Return how much a score varies, beside the standard error that each run reports of itself."""
    deviation = float(variation(runs).mean())
    reported = float(np.mean([run.attribution.spread for run in runs]))
    ratio = deviation / reported if reported > 0 else 1.0
    verdict = "about as much as" if 2 / 3 <= ratio <= 1.5 else "more than" if ratio > 1 else "less than"
    return (
        f"Over the {len(runs)} seeds a score varies by {number(deviation, digits)} {unit} (standard deviation, mean of "
        f"all words). That is {verdict} one run says of itself: standard error {number(reported, digits)}."
    )
