"""LIME: ask the model about many texts that lack some words, and fit a straight line through its answers.

    z         which words are there: n numbers, 1 or 0; all words for the first sample, then a random number of them
    f(z)      the model's number for that text
    weight    exp(-d^2 / (2 width^2)),  d = 1 - sqrt(share of words that are there): the cosine distance to the text
    line      f(z) = w_0 + w . z,  w so that  sum of weight (f(z) - line)^2 + ridge |w|^2  is least

The score of a word is its slope in w. It depends on which texts were drawn (another seed gives other scores, `spread`
says by how much), on the width of the kernel, and on whether a straight line fits at all: `details["r_squared"]`.

Source: Ribeiro, Singh and Guestrin 2016, arXiv:1602.04938, algorithm 1; kernel, distance and ridge as in the authors'
program for texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from lessons.attribution.ask import ask
from lessons.attribution.missing import Baseline, Missing, missing
from lessons.attribution.question import Question
from lessons.attribution.sampling import BLOCK, coefficient_covariance, drawn_rows, random_subsets
from lessons.checks import real, whole
from lessons.records import Attribution, LocalFit, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["MOST_SAMPLES", "lime", "lime_fits", "lime_samples", "lime_weights", "local_fit"]

MOST_SAMPLES = 100_000
_AT_ONCE = 128  # samples that are asked about together


def lime_samples(n_words: int, n_samples: int, seed: int = 0) -> np.ndarray:
    """Return which words are there in each sample: (n_samples, n_words) bool, all of them in the first one."""

    def draw(generator: np.random.Generator, n_rows: int) -> np.ndarray:
        return random_subsets(generator, generator.integers(0, n_words, n_rows), n_words)  # 1 to all are missing

    blocks = drawn_rows(seed, draw)
    rows = np.vstack([next(blocks) for _ in range(-(-n_samples // BLOCK))])
    rows[0] = True
    return rows[:n_samples]


def lime_weights(present: np.ndarray, kernel_width: float) -> np.ndarray:
    """Return how much each sample counts, (N,) float64, 1 for the text itself. Args: present (N, n) bool."""
    distance = 1 - np.sqrt(present.mean(axis=1))
    weights: np.ndarray = np.exp(-(distance**2) / (2 * kernel_width**2))
    return weights


def lime(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    n_samples: int = 256,
    kernel_width: float = 0.25,
    ridge: float = 1.0,
    n_draws: int = 8,
    seed: int = 0,
    each: Callable[[Attribution], object] | None = None,
    every: int = 128,
) -> Attribution:
    """Return the slope of each word in a line that was fitted around the text.

    Args:
        model, text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`.
        baseline, n_draws: what 'missing' means, see `lessons.attribution.missing.missing`.
        n_samples: how many texts are drawn, 2 to 100,000.
        kernel_width: above 0; the smaller, the less a text counts that lacks many words.
        ridge: 0 or more; pulls the slopes towards 0, so that they stay finite where samples are few.
        seed: of the samples.
        each: called with the estimate so far after every `every` samples; if it returns True, that is the answer.
        every: 1 or more.

    Raises:
        InputError: see `ask` and `missing`; a value is out of range.
    """
    return local_fit(
        model,
        text,
        target=target,
        position=position,
        explains=explains,
        against=against,
        baseline=baseline,
        n_samples=n_samples,
        kernel_width=kernel_width,
        ridge=ridge,
        n_draws=n_draws,
        seed=seed,
        each=each,
        every=every,
    ).attribution


def local_fit(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    n_samples: int = 256,
    kernel_width: float = 0.25,
    ridge: float = 1.0,
    n_draws: int = 8,
    seed: int = 0,
    each: Callable[[Attribution], object] | None = None,
    every: int = 128,
) -> LocalFit:
    """Return the texts that LIME has asked about, the model's answers and the line through them.

    The arguments and errors are those of `lime`, whose scores are in it.
    """
    every = whole("every", every, 1)
    fits = lime_fits(
        model,
        text,
        target=target,
        position=position,
        explains=explains,
        against=against,
        baseline=baseline,
        n_samples=n_samples,
        kernel_width=kernel_width,
        ridge=ridge,
        n_draws=n_draws,
        seed=seed,
        every=every if each is not None else None,
    )
    for fit in fits:
        if fit is not None and each is not None and each(fit.attribution) is True:
            break
    assert fit is not None
    return fit


def lime_fits(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    n_samples: int = 256,
    kernel_width: float = 0.25,
    ridge: float = 1.0,
    n_draws: int = 8,
    seed: int = 0,
    every: int | None = None,
) -> Iterator[LocalFit | None]:
    """Return an iterator over the fits to the first `every` samples, to the first 2 `every`, and so on; None for one.

    The arguments and errors are those of `lime`. While there is only one sample, None stands for the fit.
    """
    n_samples = whole("n_samples", n_samples, 2, MOST_SAMPLES)
    kernel_width, ridge = real("kernel_width", kernel_width, 0, open_below=True), real("ridge", ridge, 0)
    seed = whole("seed", seed, 0)
    question = ask(model, text, target, position, explains, against)
    absent = missing(question, baseline, n_draws, seed)
    present = lime_samples(len(question.words), n_samples, seed)
    values = np.empty((n_samples, absent.n_versions))
    step = whole("every", every, 1) if every is not None else _AT_ONCE

    def go() -> Iterator[LocalFit | None]:
        for first in range(0, n_samples, step):
            done = min(first + step, n_samples)
            values[first:done] = question.values(present[first:done], absent)
            if done == n_samples or every is not None:
                enough = done >= 2
                yield (
                    _fitted(question, absent, present[:done], values[:done], kernel_width, ridge, seed)
                    if enough
                    else None
                )

    return go()


def _fitted(
    question: Question,
    absent: Missing,
    present: np.ndarray,
    values: np.ndarray,
    kernel_width: float,
    ridge: float,
    seed: int,
) -> LocalFit:
    """Return the line through the samples so far. Args: present (N, n) bool, values (N, K)."""
    from sklearn.linear_model import Ridge

    weights, observed = lime_weights(present, kernel_width), values.mean(axis=1)
    inputs = present.astype(np.float64)
    line = Ridge(alpha=ridge).fit(inputs, observed, sample_weight=weights)
    fitted = line.predict(inputs)
    residuals = observed - fitted
    around = observed - np.average(observed, weights=weights)
    to_fit = float(weights @ around**2)
    with_constant = np.hstack([np.ones((len(inputs), 1)), inputs])
    penalty = np.concatenate([[0], np.full(inputs.shape[1], ridge)])
    covariance = coefficient_covariance(with_constant, residuals, weights, penalty)
    attribution = question.answer(
        "lime",
        line.coef_,
        value=observed[0],
        forward_passes=values.size,
        baseline=absent.name,
        seed=seed,
        spread=np.sqrt(np.diag(covariance)[1:]),
        details={
            "n_samples": len(values),
            "kernel_width": kernel_width,
            "ridge": ridge,
            "intercept": float(line.intercept_),
            "r_squared": 1 - float(weights @ residuals**2) / to_fit if to_fit > 0 else 1.0,
        },
    )
    unseen = np.ones((len(values), question.n_outside), bool)
    return LocalFit(
        attribution=attribution,
        present=np.hstack([unseen, present]),
        values=observed,
        weights=weights,
        fitted=fitted,
    )
