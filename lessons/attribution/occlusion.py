"""Occlusion: leave a word out and see what changes.

    score of word t = f(text) - f(text without word t)

It is no estimate: this is what the model does when this word is missing in this way. What it cannot see are words that
stand in for each other, since only one is missing at a time; a window of several words sees those that are neighbours.

Source: Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2 (images); Li, Monroe and Jurafsky 2016, arXiv:1612.08220
(words, as 'representation erasure').
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lessons.attribution.ask import ask
from lessons.attribution.missing import Baseline, missing
from lessons.checks import whole
from lessons.records import Attribution, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["occlusion"]


def occlusion(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    window: int = 1,
    n_draws: int = 8,
    seed: int = 0,
) -> Attribution:
    """Return what is lost without each word.

    With a window of several words, each set of so many neighbours is left out in turn, and a word's score is the mean
    over the windows that it is in, as in Captum's `Occlusion`.

    Args:
        model, text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`.
        baseline, n_draws, seed: what 'missing' means, see `lessons.attribution.missing.missing`.
        window: how many neighbours are missing at a time, 1 to the number of words.

    Raises:
        InputError: see `ask` and `missing`; `window` is out of range.
    """
    question = ask(model, text, target, position, explains, against)
    absent = missing(question, baseline, n_draws, seed)
    n_words = len(question.words)
    window = whole("window", window, 1, n_words)
    covered = np.stack([np.eye(n_words, dtype=bool)[i : i + window].any(axis=0) for i in range(n_words - window + 1)])
    present = np.vstack([np.ones((1, n_words), bool), ~covered])  # first the text itself
    values = question.values(present, absent)  # (1 + windows, K)
    lost = values[0] - values[1:]  # (windows, K)
    per_word = covered.T @ lost / covered.sum(axis=0)[:, None]  # (n, K)
    n_versions = values.shape[1]
    return question.answer(
        "occlusion",
        per_word.mean(axis=1),
        value=values[0].mean(),
        forward_passes=values.size,
        baseline=absent.name,
        seed=absent.seed,
        spread=per_word.std(axis=1, ddof=1) / n_versions**0.5 if n_versions > 1 else None,
        details={"window": window},
    )
