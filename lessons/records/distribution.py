"""A distribution over the whole vocabulary at one place, and what temperature, top-k and top-p make of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lessons.checks import real, whole
from lessons.errors import InputError
from lessons.records.arrays import frozen

__all__ = ["Distribution"]

_ROUNDING = 1e-12  # sums of fractions miss their target by less than this: three ninths reach a third


@dataclass(frozen=True, eq=False)
class Distribution:
    """A probability for every token of the vocabulary at one place; or, once it was shaped, for those that are left.

    The entries are sorted by falling probability, equal ones by token id. The entry of rank r, counted from 1, has
    `tokens[r - 1]` and `probabilities[r - 1]`, and it keeps its rank at every temperature.

    Attributes:
        model_name: the model that was asked.
        position: place of the predicted token in the text, -1 for the one after the text.
        tokens: (n,) all tokens that can be drawn; n is V until something is cut.
        token_ids: (n,) int64.
        probabilities: (n,) float64, their sum is 1.
        context: number of tokens before the predicted one that the model could see, the start `<eos>` included.
        temperature, top_k, top_p: what `shaped` was given; 1, None and None for the model as trained.
        cut_probability: what the tokens that were cut away had together, after the temperature.
        cut_count: how many were cut away.
    """

    model_name: str
    position: int
    tokens: tuple[str, ...]
    token_ids: np.ndarray
    probabilities: np.ndarray
    context: int
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    cut_probability: float = 0.0
    cut_count: int = 0

    def __post_init__(self) -> None:
        shape = (len(self.tokens),)
        p = frozen(self.probabilities, np.float64, shape, "probabilities")
        object.__setattr__(self, "token_ids", frozen(self.token_ids, np.int64, shape, "token_ids"))
        object.__setattr__(self, "probabilities", p)
        if not len(p) or not math.isclose(p.sum(), 1, abs_tol=1e-6) or p[-1] < 0 or (np.diff(p) > 0).any():
            raise InputError("probabilities must be sorted, largest first, none below 0, and their sum must be 1.")

    @classmethod
    def of(
        cls, model_name: str, tokens: Sequence[str], probabilities: np.ndarray, position: int, context: int
    ) -> Distribution:
        """Return the distribution of a whole vocabulary.

        Args:
            model_name: the model that was asked.
            tokens: (V,) in the order of their ids.
            probabilities: (V,) in the same order.
            position: place of the predicted token, -1 for the one after the text.
            context: number of tokens that the model could see.
        """
        order = np.argsort(-probabilities, kind="stable")
        sorted_tokens = tuple(map(tokens.__getitem__, order.tolist()))
        return cls(model_name, position, sorted_tokens, order, probabilities[order], context)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def entropy(self) -> float:
        """The mean surprisal that the distribution itself expects, -sum p ln p, in nats (Shannon 1948)."""
        p = self.probabilities[self.probabilities > 0]
        return float(-(p * np.log(p)).sum()) + 0.0

    @property
    def effective_choices(self) -> float:
        """exp of the entropy: as unsure as an even choice among so many tokens."""
        return math.exp(self.entropy)

    @cached_property
    def cumulative(self) -> np.ndarray:
        """(n + 1,) float64 from 0 to 1: the token of rank r has the interval cumulative[r - 1] <= u < cumulative[r]."""
        sums = np.concatenate([[0.0], np.cumsum(self.probabilities)])
        return frozen(sums / sums[-1], np.float64, (len(self) + 1,), "cumulative")

    def shaped(self, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None) -> Distribution:
        """Return what is left to draw from: first the temperature, then top-k, then top-p, and the sum made 1 again.

        A distribution that was shaped before is shaped once more; `cut_probability` and `cut_count` are of this time.

        Args:
            temperature: the logits are divided by it, above 0: p becomes p^(1/temperature), made to sum to 1 again.
            top_k: only so many of the most probable tokens stay, 1 or more; None for all.
            top_p: only the smallest set of most probable tokens stays whose share of what top-k has left reaches
                this, above 0 and at most 1; at least one token stays. None for all.

        Raises:
            InputError: a value is out of range.

        Source: top-k: Fan et al. 2018, arXiv:1805.04833, section 5; top-p: Holtzman et al. 2020, arXiv:1904.09751,
        section 3.
        """
        temperature = real("temperature", temperature, 0, open_below=True)
        top_k = None if top_k is None else whole("top_k", top_k, 1)
        top_p = None if top_p is None else _share("top_p", top_p)
        p = self.probabilities
        if temperature != 1:
            with np.errstate(divide="ignore", over="ignore"):  # log 0 is minus infinity, and its exp 0 again
                logs = np.log(p)
                p = np.exp((logs - logs[0]) / temperature)  # the largest first: 0 stays 0 at any temperature
            p = p / p.sum()
        kept = len(p) if top_k is None else min(top_k, len(p))
        if top_p is not None and top_p < 1:
            reached = np.cumsum(p[:kept])
            kept = min(kept, int(np.searchsorted(reached, top_p * reached[-1] - _ROUNDING)) + 1)
        return Distribution(
            self.model_name,
            self.position,
            self.tokens if kept == len(self) else self.tokens[:kept],
            self.token_ids[:kept],
            p[:kept] / p[:kept].sum() if kept < len(p) else p,
            self.context,
            temperature,
            top_k,
            top_p,
            cut_probability=float(p[: kept - 1 : -1].sum()) if kept < len(p) else 0.0,  # the smallest first: exact
            cut_count=len(p) - kept,
        )

    def draw(self, u: float) -> int:
        """Return the rank of the token into whose interval a number falls (sampling by the inverse of `cumulative`).

        Args:
            u: at least 0 and below 1; uniform random numbers draw each token with its probability.

        Raises:
            InputError: `u` lies outside.
        """
        return int(np.searchsorted(self.cumulative[1:], real("u", u, 0, 1), side="right")) + 1

    def interval(self, rank: int) -> tuple[float, float]:
        """Return where the interval of the token of a rank begins and ends on the way from 0 to 1."""
        rank = whole("rank", rank, 1, len(self))
        return float(self.cumulative[rank - 1]), float(self.cumulative[rank])

    def count_draws(self, numbers: np.ndarray) -> np.ndarray:
        """Return how often each token is drawn by these numbers: (n,) int64; the expected counts are N p.

        Args:
            numbers: (N,) each at least 0 and below 1.
        """
        numbers = np.asarray(numbers, np.float64)
        if numbers.ndim != 1 or not ((numbers >= 0) & (numbers < 1)).all():
            raise InputError("numbers must be a list of numbers, each at least 0 and below 1.")
        ranks = np.searchsorted(self.cumulative[1:], numbers, side="right")
        return np.bincount(ranks, minlength=len(self))


def _share(name: str, value: float) -> float:
    """Return a number above 0 and at most 1."""
    try:
        share = real(name, value, 0, open_below=True)
    except InputError:
        share = math.inf
    if share > 1:
        raise InputError(f"{name} is {value!r}; it must be above 0 and at most 1, a share of the probability.")
    return share
