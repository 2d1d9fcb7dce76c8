"""Integrated gradients: the slope, averaged over the straight way from a baseline to the text.

    score of word t = (e_t - b_t) . integral from 0 to 1 of  d f / d e_t  at  b + a (e - b)  d a

The scores add up to f(text) - f(baseline): what is gained on the way is shared out among the words (*completeness*).
The integral is computed from `n_steps` places on the way, so the sum misses that by a little; `convergence_delta` is
the gap, and a large one says: take more steps.

Source: Sundararajan, Taly and Yan 2017, arXiv:1703.01365, equation 1 and section 5. With words drawn at random as
baseline, the mean over the draws is what Erion et al. 2021, arXiv:1906.10670, call expected gradients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from lessons.attribution.ask import ask
from lessons.attribution.missing import Baseline, missing
from lessons.checks import whole
from lessons.errors import InputError
from lessons.records import Attribution, GradientPath, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["MOST_STEPS", "gradient_path", "integrated_gradients", "places_on_the_way"]

MOST_STEPS = 1000
_WIDE = 0.05  # a gap of this share of the whole gets a note


def places_on_the_way(n_steps: int, rule: str = "gauss_legendre") -> tuple[np.ndarray, np.ndarray]:
    """Return where on the way from 0 to 1 the slope is taken, and the weight of each place; the weights sum to 1.

    Args:
        n_steps: how many places.
        rule: "gauss_legendre", exact where the slope is a polynomial of a degree below twice `n_steps`; "midpoint", the
            middles of `n_steps` equal parts; or "trapezoid", evenly from 0 to 1 with both ends, which count half.

    Returns:
        (n_steps,) and (n_steps,) float64.

    Raises:
        InputError: there is no such rule, or no step.
    """
    n_steps = whole("n_steps", n_steps, 1, MOST_STEPS)
    if rule == "midpoint":
        return (np.arange(n_steps) + 0.5) / n_steps, np.full(n_steps, 1 / n_steps)
    if rule == "gauss_legendre":
        nodes, weights = np.polynomial.legendre.leggauss(n_steps)
        return (nodes + 1) / 2, weights / 2
    if rule == "trapezoid":
        n_parts = whole("n_steps", n_steps, 2, MOST_STEPS) - 1
        weights = np.full(n_steps, 1 / n_parts)
        weights[[0, -1]] /= 2
        return np.arange(n_steps) / n_parts, weights
    raise InputError(f"rule is {rule!r:.60}; it must be 'gauss_legendre', 'midpoint' or 'trapezoid'.")


def integrated_gradients(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    n_steps: int = 16,
    rule: str = "gauss_legendre",
    n_draws: int = 8,
    seed: int = 0,
) -> Attribution:
    """Return each word's share of the way from the baseline to the text, and the gap that the steps leave.

    Args:
        model, text, target, position, explains, against: the question, see `lessons.attribution.ask.ask`.
        baseline, n_draws, seed: what 'missing' means, see `lessons.attribution.missing.missing`; not "delete".
        n_steps: how many places on the way, 1 to 1,000.
        rule: how they are chosen, see `places_on_the_way`.

    Raises:
        InputError: see `ask`, `missing` and `places_on_the_way`.
    """
    return gradient_path(
        model,
        text,
        target=target,
        position=position,
        explains=explains,
        against=against,
        baseline=baseline,
        n_steps=n_steps,
        rule=rule,
        n_draws=n_draws,
        seed=seed,
    ).attribution


def gradient_path(
    model: LanguageModel,
    text: str | TokenizedText,
    *,
    target: str | int | None = None,
    position: int = -1,
    explains: str = "log_probability",
    against: str | int | None = None,
    baseline: Baseline = "unk",
    n_steps: int = 16,
    rule: str = "gauss_legendre",
    n_draws: int = 8,
    seed: int = 0,
) -> GradientPath:
    """Return the way that integrated gradients follow: the explained number and each word's slope at every step.

    The arguments and errors are those of `integrated_gradients`, whose scores are in it.
    """
    places, weights = places_on_the_way(n_steps, rule)
    question = ask(model, text, target, position, explains, against)
    absent = missing(question, baseline, n_draws, seed)
    words, starts = question.embeddings(), absent.embeddings(question)  # (n, D), (K, n, D)
    along = torch.from_numpy(places).to(words.dtype)[:, None, None]
    values, slopes = [], []  # (n_steps,) and (n_steps, n) for each of the K baselines
    for start in starts:
        value, gradients = question.gradients(start + along * (words - start))  # (n_steps,), (n_steps, n, D)
        values.append(value)
        slopes.append(((words - start).double() * gradients.double()).sum(dim=-1).numpy())
    each = weights @ np.array(slopes)  # (K, n)
    scores = each.mean(axis=0)
    ends = question.values(np.array([[True], [False]]).repeat(len(words), axis=1), absent).mean(axis=1)
    gap = float(scores.sum() - (ends[0] - ends[1]))
    is_wide = abs(gap) > _WIDE * max(abs(ends[0] - ends[1]), np.abs(scores).max())
    n_texts = len(places) * len(starts)
    attribution = question.answer(
        "integrated_gradients",
        scores,
        value=ends[0],
        baseline_value=float(ends[1]),
        convergence_delta=gap,
        forward_passes=n_texts + 1 + len(starts),
        backward_passes=n_texts,
        baseline=absent.name,
        seed=absent.seed,
        spread=np.std(each, axis=0, ddof=1) / len(each) ** 0.5 if len(each) > 1 else None,
        details={"n_steps": len(places)},
        notes=(f"The scores miss their sum by {gap:+.3f}: take more than {len(places)} steps.",) if is_wide else (),
    )
    unseen = np.zeros((len(places), question.n_outside))
    return GradientPath(
        attribution=attribution,
        places=places,
        weights=weights,
        values=np.mean(values, axis=0),
        slopes=np.hstack([unseen, np.mean(slopes, axis=0)]),
    )
