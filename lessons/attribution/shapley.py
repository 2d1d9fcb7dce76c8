"""Shapley values: share f(text) - f(no words) out so that every word gets the mean of what it adds.

Words are players who join in a random order. What word i adds to the set S of words that are there already:

    phi_i = sum over the sets S without i of  |S|! (n - |S| - 1)! / n!  (f(S + i) - f(S))

It is the only rule for which the scores add up to the whole (*efficiency*), a word that never changes anything gets 0
(*dummy*), words that add the same get the same (*symmetry*), and scores of a sum of models are sums of scores. Up to 8
words this is computed from all 2^n sets; beyond, `lessons.attribution.kernel_shap` estimates it.

Source: Shapley 1953, A value for n-person games; Lundberg and Lee 2017, arXiv:1705.07874.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lessons.attribution.ask import ask
from lessons.attribution.kernel_shap import estimates, fewest_samples
from lessons.attribution.missing import Baseline, Missing, missing
from lessons.attribution.question import Question
from lessons.checks import whole
from lessons.errors import InputError
from lessons.records import Attribution, CoalitionTable, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["MOST_EXACT", "coalition_table", "coalitions", "shapley", "shapley_estimates", "shapley_values"]

MOST_EXACT = 8
_SAMPLES = 512
_MOST_SAMPLES = 100_000


def coalitions(n_players: int) -> np.ndarray:
    """Return all sets of players: (2^n, n) bool; row k holds player i if bit i of k is set."""
    return (np.arange(2**n_players)[:, None] >> np.arange(n_players) & 1).astype(bool)


def shapley_values(values: np.ndarray) -> np.ndarray:
    """Return the Shapley value of each player by the formula above.

    Args:
        values: (2^n, ...) float64, what each set of `coalitions` is worth.

    Returns:
        (n, ...) float64.
    """
    n = len(values).bit_length() - 1
    sets = coalitions(n)
    sizes = sets.sum(axis=1)
    weight = np.array([math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n) for s in range(n)])
    phi = []
    for player in range(n):
        (without,) = np.nonzero(~sets[:, player])
        added = values[without + (1 << player)] - values[without]
        phi.append(np.tensordot(weight[sizes[without]], added, axes=1))
    return np.array(phi)


def shapley(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    groups: Sequence[Sequence[int]] | None = None,
    n_samples: int | None = None,
    n_draws: int = 8,
    seed: int = 0,
    each: Callable[[Attribution], object] | None = None,
    every: int = 128,
) -> Attribution:
    """Return the Shapley value of each word; exactly up to 8 words or groups, estimated from samples beyond.

    Args:
        model, text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`.
        baseline, n_draws: what 'missing' means, see `lessons.attribution.missing.missing`.
        groups: words that are there or missing together, each a list of places; every word before the prediction in
            exactly one. The words of a group share its value evenly. None: each word for itself.
        n_samples: how many sets are drawn, at least twice as many as words or groups, and even; None for all sets up
            to 8 words or groups, and 512 (or 8 a word) beyond.
        seed: of the samples.
        each: called with the estimate so far after every `every` samples; if it returns True, that is the answer.
        every: 1 or more.

    Raises:
        InputError: see `ask` and `missing`; a value is out of range, or the groups do not hold every word once.
    """
    every = whole("every", every, 1)
    found = shapley_estimates(
        model,
        text,
        target=target,
        position=position,
        explains=explains,
        against=against,
        baseline=baseline,
        groups=groups,
        n_samples=n_samples,
        n_draws=n_draws,
        seed=seed,
        every=every if each is not None else None,
    )
    for estimate in found:
        if estimate is not None and each is not None and each(estimate) is True:
            break
    assert estimate is not None
    return estimate


def shapley_estimates(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    groups: Sequence[Sequence[int]] | None = None,
    n_samples: int | None = None,
    n_draws: int = 8,
    seed: int = 0,
    every: int | None = None,
) -> Iterator[Attribution | None]:
    """Return an iterator over the estimates from the first `every` sets, from the first 2 `every`, and so on.

    The arguments and errors are those of `shapley`. None stands for an estimate while there are too few sets for one;
    with `every` None there is only the last. Exact values are all there is, and come at once.
    """
    seed = whole("seed", seed, 0)
    every = None if every is None else whole("every", every, 1)
    question = ask(model, text, target, position, explains, against)
    absent = missing(question, baseline, n_draws, seed)
    member = _players(groups, question)  # (P, n)
    n_players = len(member)
    if n_samples is not None:
        n_samples = whole("n_samples", n_samples, fewest_samples(n_players), _MOST_SAMPLES)
    elif n_players > MOST_EXACT:
        n_samples = max(_SAMPLES, 8 * n_players)
    if n_samples is None or n_players == 1:
        return iter([_exact(question, absent, member).attribution])

    def answer(phi: np.ndarray, spread: np.ndarray, ends: np.ndarray, n_drawn: int) -> Attribution:
        details = {"n_samples": n_drawn, "n_players": n_players}
        n_texts = (n_drawn + 2) * absent.n_versions
        return _answer(question, absent, member, phi, ends, n_texts, spread, seed, details)

    def worth(sets: np.ndarray) -> np.ndarray:
        return question.values(sets @ member, absent).mean(axis=1)

    return estimates(n_players, n_samples, seed, worth, answer, every)


def coalition_table(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    groups: Sequence[Sequence[int]] | None = None,
    n_draws: int = 8,
    seed: int = 0,
) -> CoalitionTable:
    """Return what every set of words is worth, and the exact Shapley values that follow.

    The arguments are those of `shapley`.

    Raises:
        InputError: see `shapley`; there are more than 8 words or groups.
    """
    question = ask(model, text, target, position, explains, against)
    absent = missing(question, baseline, n_draws, whole("seed", seed, 0))
    member = _players(groups, question)
    if len(member) > MOST_EXACT:
        raise InputError(
            f"There are {len(member)} words or groups before the prediction, so 2^{len(member)} sets; the whole table "
            f"is made for at most {MOST_EXACT}. Give groups of words, a shorter text, or a place nearer to its start."
        )
    return _exact(question, absent, member)


def _exact(question: Question, absent: Missing, member: np.ndarray) -> CoalitionTable:
    sets = coalitions(len(member))
    values = question.values(sets @ member, absent)  # (2^P, K)
    phi = shapley_values(values)  # (P, K)
    n_versions = values.shape[1]
    spread = phi.std(axis=1, ddof=1) / n_versions**0.5 if n_versions > 1 else None
    ends, details = values[[-1, 0]].mean(axis=1), {"n_coalitions": len(sets), "n_players": len(member)}
    attribution = _answer(question, absent, member, phi.mean(axis=1), ends, values.size, spread, absent.seed, details)
    return CoalitionTable(
        attribution=attribution,
        groups=tuple(tuple((np.flatnonzero(row) + question.n_outside).tolist()) for row in member),
        present=sets,
        values=values.mean(axis=1),
        shapley_values=phi.mean(axis=1),
    )


def _answer(
    question: Question,
    absent: Missing,
    member: np.ndarray,
    phi: np.ndarray,
    ends: np.ndarray,
    n_texts: int,
    spread: np.ndarray | None,
    seed: int | None,
    details: Mapping[str, float],
) -> Attribution:
    """Return the record of the players' values (P,). Args: ends (2,), what all words and none are worth."""
    share = member / member.sum(axis=1, keepdims=True)  # of each word in its group
    scores = phi @ share
    grouped = len(member) < member.shape[1]
    return question.answer(
        "shapley",
        scores,
        value=ends[0],
        baseline_value=float(ends[1]),
        convergence_delta=float(scores.sum() - (ends[0] - ends[1])),
        forward_passes=n_texts,
        baseline=absent.name,
        seed=seed,
        spread=None if spread is None else spread @ share,
        details=details,
        notes=("The words of a group share its value evenly.",) if grouped else (),
    )


def _players(groups: Sequence[Sequence[int]] | None, question: Question) -> np.ndarray:
    """Return which words each player stands for: (P, n) bool."""
    n_words, outside = len(question.words), question.n_outside
    if groups is None:
        return np.eye(n_words, dtype=bool)
    try:
        listed = [[whole("A place in groups", place, 0, n_words + outside - 1) for place in group] for group in groups]
    except TypeError:
        raise InputError(f"groups is {groups!r:.60}; it must be a list of lists of places.") from None
    if sorted(place for group in listed for place in group) != list(range(n_words + outside)):
        raise InputError(
            f"groups must hold each of the places 0 to {n_words + outside - 1} exactly once; they hold {listed!r:.60}."
        )
    member = np.array([[place + outside in group for place in range(n_words)] for group in listed])
    return member[member.any(axis=1)]
