"""What an LRFinder says: what the range test shows, and whether whole runs bear out its advice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.records import OPTIMIZERS, RateCurve, RateTrial
from widgets.bars import display_name
from widgets.rate_plots import CALLED, rate_words
from widgets.words import listing, number

__all__ = ["advice_of", "guess_of", "other_of", "seeds_of", "seen_of", "status_of", "verdict_of"]

_ENDS = {
    "": "the test is still going on",
    "whole": "the test went through all rates",
    "far above": "the test was stopped when it was a nat above that, and above its start, too",
    "no number": "its loss left all bounds",
}
_BORNE_OUT = 0.02  # of the best perplexity: what is nearer is as good


def seen_of(curve: RateCurve) -> str:
    """Return the test in a sentence: where the loss is flat, lowest, and how it ended."""
    name = f"{display_name(curve.architecture)}, {OPTIMIZERS[curve.optimizer]}"
    lowest = int(curve.smoothed.argmin())
    least, rate = float(curve.smoothed[lowest]), float(curve.rates[lowest])
    return (
        f"{name}: one training of {curve.losses.size} steps, each at a higher rate. The loss starts at "
        f"{number(float(curve.losses[0]) if curve.start is None else curve.start, 2)} nats, is lowest with "
        f"{number(least, 2)} at the rate {rate_words(rate)}, and "
        f"{_ENDS[curve.ended]}."
    )


def advice_of(curve: RateCurve) -> str:
    """Return what is read off the curve."""
    if curve.steepest is None or curve.tenth is None:
        return (
            "No rate can be read off this curve: before it breaks, the loss falls by less than it differs from batch "
            "to batch. The test would need larger batches, or more steps."
        )
    lost = "never in this test" if curve.diverges is None else f"at {rate_words(curve.diverges)}"
    return (
        f"Read off the curve: it falls fastest at {rate_words(curve.steepest)}; a tenth of the rate of its lowest "
        f"point is {rate_words(curve.tenth)}; all that was won is lost again {lost}."
    )


def seeds_of(curves: Sequence[RateCurve]) -> str:
    """Return how much the advice hangs on the seed; "" if there is one only."""
    steepest = [one.steepest for one in curves if one.steepest is not None]
    if len(steepest) < 2:
        return ""
    falls = listing(map(rate_words, steepest))
    far = "So far apart, they are read off noise more than off the curve. " if max(steepest) > 5 * min(steepest) else ""
    seeds = listing(str(one.seed) for one in curves if one.steepest is not None)
    return f"Other seeds (faint) give other curves: the steepest fall of seeds {seeds} is at {falls}. {far}".rstrip()


def other_of(curve: RateCurve, others: Sequence[RateCurve]) -> str:
    """Return how far the other optimizer's good rate is away; "" if it was not tested."""
    if not others or others[0].steepest is None or curve.steepest is None:
        return ""
    ratio = others[0].steepest / curve.steepest
    times = f"{number(max(ratio, 1 / ratio), 0)} times {'higher' if ratio > 1 else 'lower'}"
    return (
        f"The rate belongs to the optimizer: with {OPTIMIZERS[others[0].optimizer]} the same model's steepest "
        f"fall is at {rate_words(others[0].steepest)}, {times}."
    )


def verdict_of(trials: Sequence[RateTrial]) -> str:
    """Return whether whole runs bear out the advice, by their own numbers."""
    best = min(trials, key=lambda one: one.perplexity)
    sentences = [
        f"The best of these {len(trials)} runs had the rate {rate_words(best.rate)} "
        f"({CALLED.get(best.why, best.why)}): perplexity {number(best.perplexity, 1)}."
    ]
    for why in ("steepest", "a tenth of the lowest", "diverging"):
        one = next((one for one in trials if one.why == why), None)
        if one is None or one is best:
            continue
        name = {"steepest": "The steepest fall", "diverging": "The rate at which all was lost"}.get(
            why, "A tenth of the lowest"
        )
        if math.isinf(one.perplexity):
            sentences.append(f"{name} ({rate_words(one.rate)}): the run diverged.")
            continue
        more = one.perplexity / best.perplexity - 1
        near = "as good within 2 %" if more <= _BORNE_OUT else f"{100 * more:.0f} % more"
        sentences.append(f"{name} ({rate_words(one.rate)}): {number(one.perplexity, 1)}, {near}.")
    return " ".join(sentences)


def guess_of(guess: float, trials: Sequence[RateTrial]) -> str:
    """Return what is known about the learner's rate: the nearest runs below and above it, nothing in between."""
    limit = guess * (1 + 1e-6)  # a rate that was rounded is still the same one
    below = [one for one in trials if one.rate <= limit]
    above = [one for one in trials if one.rate > limit]
    near = ([below[-1]] if below else []) + ([above[0]] if above else [])
    known = listing(f"{_ended(one)} at {rate_words(one.rate)}" for one in near)
    where = "" if below and above else ", beyond all that was tried"
    return f"Your rate {rate_words(guess)}{where}: the nearest whole runs had {known}."


def _ended(one: RateTrial) -> str:
    return "no perplexity (diverged)" if math.isinf(one.perplexity) else f"perplexity {number(one.perplexity, 1)}"


def _compared(live: RateCurve, shown: RateCurve) -> str:
    """Return whether the test run here gave the numbers of the one in the table.

    Args:
        live: what was run here.
        shown: the curve of the table with the same model, text and optimizer.
    """
    if live.seed != shown.seed:
        return f"Run here with seed {live.seed} (dashed); the curve in the table has seed {shown.seed}."
    n = min(live.losses.size, shown.losses.size)
    apart = float(np.abs(live.losses[:n] - shown.losses[:n]).max(initial=0))
    if not n:
        return ""
    same = "the same" if apart <= 0.00051 else f"at most {number(apart, 3)} nats away"
    return f"Run here (dashed), seed {live.seed}: the first {n} losses are {same} to three digits as those stored."


def status_of(run: Any, live: RateCurve | None, shown: RateCurve) -> str:
    """Return what a test that runs here does, or did, in a sentence.

    Args:
        run: the test itself; None if there is none.
        live: its curve so far, if it is of the model, text and optimizer that are shown.
        shown: the curve of the table.
    """
    if run is None:
        return "" if live is None else _compared(live, shown)
    if run.state == "failed":
        return str(run.message)
    if run.state == "starting":
        return f"{run.name}: a process of its own reads the text and makes the model …"
    here = f"{run.name}: {run.state}."
    if live is None or not live.losses.size:
        return here
    at = f"Step {live.losses.size} of {live.n_steps}, rate {rate_words(float(live.rates[-1]))}"
    return f"{here} {at}. {_compared(live, shown)}"
