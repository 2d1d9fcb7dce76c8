"""Deletion and insertion: does the prediction go where the scores say that it comes from?

    deletion(k)   the explained number after the k words with the highest scores were taken away
    insertion(k)  the same with only these k words there

If the scores are true to the model, deletion falls at once and insertion rises at once. Alone, a steep curve says
little: a prediction may fall whichever words go. So the curves stand beside those of random orders and of the reversed
order, whose deletion curve is the insertion curve read backwards. And none of the texts that are read on the way is a
text that anybody would write.

Source: DeYoung et al. 2020, arXiv:1911.03429 (comprehensiveness, sufficiency); Petsiuk, Das and Saenko 2018,
arXiv:1806.07421 (deletion and insertion curves).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from lessons.attribution.ask import ask
from lessons.attribution.missing import Baseline, Missing, missing
from lessons.attribution.question import Question
from lessons.checks import whole
from lessons.heap import give_back_memory
from lessons.records import Attribution, Faithfulness

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["deletion_curves", "faithfulness", "order_of", "random_orders", "taken_away"]


def order_of(scores: np.ndarray) -> np.ndarray:
    """Return the places of the words, the highest score first, equal ones from left to right: (T,) int64."""
    return np.argsort(-scores, kind="stable")


def random_orders(n_words: int, n_orders: int, seed: int) -> np.ndarray:
    """Return orders of the words that were drawn at random: (n_orders, n_words) int64; more begin with the same."""
    return np.random.default_rng(seed).permuted(np.tile(np.arange(n_words), (n_orders, 1)), axis=1)


def taken_away(order: np.ndarray) -> np.ndarray:
    """Return which words are there after the first k words of an order were taken away: (T + 1, T) bool, k rising."""
    present = np.ones((len(order) + 1, len(order)), bool)
    for k, place in enumerate(order, 1):
        present[k:, place] = False
    return present


def deletion_curves(question: Question, absent: Missing, orders: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the explained number after the first k words of each order were taken away, and how many texts were read.

    Args:
        question: about T words, those that the model cannot see included.
        absent: what is read in place of a missing word.
        orders: (R, T) places of the words.

    Returns:
        (R, T + 1) float64, k rising from 0, and a number.
    """
    present = np.array([taken_away(order) for order in orders])  # (R, T + 1, T)
    rows = present[..., question.n_outside :].reshape(-1, len(question.words))
    texts, which = np.unique(np.packbits(rows, axis=1), axis=0, return_inverse=True)  # each text is read once
    values = question.values(np.unpackbits(texts, axis=1, count=rows.shape[1]).astype(bool), absent)
    return values.mean(axis=1)[which.ravel()].reshape(present.shape[:-1]), values.size


def faithfulness(
    model: LanguageModel,
    attribution: Attribution,
    *,
    baseline: Baseline | None = None,
    n_random: int = 10,
    first_random: int = 0,
    n_draws: int = 8,
    seed: int = 0,
) -> Faithfulness:
    """Return how a prediction changes when words go, and come back, in the order of an explanation's scores.

    Args:
        model: the model that was explained, or another one that is asked the same question.
        attribution: the explanation.
        baseline: what 'missing' means here, see `lessons.attribution.missing.missing`; None for what it meant to the
            method, or `<unk>` if that leaves nothing out.
        n_random: R, how many random orders stand beside it, 0 to 1,000.
        first_random: which of a seed's random orders is the first of these, 0 to 1,000: many can be had piece by piece.
        n_draws: how many random texts the baseline "resample" draws.
        seed: of the random orders, and of these texts.

    Raises:
        InputError: see `missing`; a value is out of range.
    """
    n_random, first_random = whole("n_random", n_random, 0, 1000), whole("first_random", first_random, 0, 1000)
    seed = whole("seed", seed, 0)
    asked = attribution.target_id, attribution.position, attribution.explains, attribution.against_id
    question = ask(model, attribution.text, *asked)
    name = attribution.baseline if baseline is None else baseline
    absent = missing(question, "unk" if name is None else name, n_draws, seed)
    order = order_of(attribution.scores)
    drawn = random_orders(len(attribution), first_random + n_random, seed)[first_random:]
    orders = np.vstack([order, order[::-1], drawn])  # (2 + R, T)
    deletion, n_texts = deletion_curves(question, absent, orders)
    give_back_memory()
    return Faithfulness(
        attribution=attribution,
        baseline=absent.name,
        order=order,
        deletion=deletion[0],
        insertion=deletion[1, ::-1],  # without the T - k lowest scores there are only the k highest
        random_deletion=deletion[2:],
        seed=seed,
        forward_passes=n_texts,
        seconds=time.perf_counter() - question.began,
    )
