"""Interpolated Kneser-Ney smoothing: count, take a little from every count, and give it to what was never seen.

    P(w | h) = max(c(hw) - D, 0) / c(h) + left(h) P(w | h without its first token)

c is a count at the longest n-grams, and below them the number of different tokens that stood in front. D depends on
the count: D1 for 1, D2 for 2, D3 for 3 and more. left(h) is what the discounts have taken from the context h, as a
share; where h was never seen, it is 1.

Source: Kneser and Ney (1995), "Improved backing-off for m-gram language modeling"; Chen and Goodman (1999), "An
empirical study of smoothing techniques for language modeling", section 3, there called modified Kneser-Ney.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lessons.checks import whole
from lessons.errors import InputError
from lessons.heap import give_back_memory
from lessons.ngram.counts import NgramCounts, NgramLevel, count_ngrams
from lessons.simple_model import SimpleModel
from lessons.text import Vocabulary
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["NgramModel", "discounts_of", "fit_ngram"]


@dataclass(frozen=True, eq=False)
class _Smoothed:
    """The n-grams of one length, smoothed.

    Attributes:
        level: the n-grams, m of them.
        discounts: (4,) what is taken from counts of 0, 1, 2, and 3 or more.
        shares: (m,) float64, what is left of each count, divided by all counts of its context.
        left: (contexts,) float64, the share that was taken from each context.
    """

    level: NgramLevel
    discounts: np.ndarray
    shares: np.ndarray
    left: np.ndarray

    @classmethod
    def of(
        cls, level: NgramLevel, counts: np.ndarray, n_contexts: int, discounts: np.ndarray, vocab_size: int
    ) -> _Smoothed:
        taken = discounts[np.minimum(counts, 3)]
        contexts = level.keys // vocab_size
        totals = np.bincount(contexts, counts, n_contexts)
        seen = np.maximum(totals, 1)  # a context that was seen at the very end of the text has no follower: 0 / 1
        left = np.where(totals > 0, np.bincount(contexts, taken, n_contexts) / seen, 1.0)
        return cls(level, discounts, (counts - taken) / seen[contexts], left)


def discounts_of(counts: np.ndarray) -> np.ndarray:
    """Return what is taken from counts of 0, 1, 2, and 3 or more: (4,) float64, the first 0.

    Three discounts follow from how many n-grams were counted once, twice, three and four times. Where one of these
    numbers is 0, or a discount is not above 0, a single one stands in for all three (1/2 if nothing was counted once).

    Args:
        counts: (m,) whole numbers.

    Source: Chen and Goodman (1999), equation 26; the single one: Ney, Essen and Kneser (1994).
    """
    n1, n2, n3, n4 = (int((counts == count).sum()) for count in (1, 2, 3, 4))
    single = n1 / (n1 + 2 * n2) if n1 else 0.5
    if min(n1, n2, n3, n4) > 0:
        three = np.array([0, single, 2 - 3 * single * n3 / n2, 3 - 4 * single * n4 / n3])
        if (three[1:] > 0).all():  # so that something is left for what was never seen
            return three
    return np.array([0, single, single, single])


class NgramModel(SimpleModel):
    """Interpolated modified Kneser-Ney over n-grams of up to n tokens: it predicts from the last n - 1.

    Near the start of a text, where fewer tokens stand before, the shorter n-grams answer alone.

    Attributes:
        order: n, the length of its longest n-grams.
        counts: what was counted; models of several orders share it.
    """

    def __init__(self, counts: NgramCounts, vocabulary: Vocabulary, order: int | None = None) -> None:
        self.order = whole("order", counts.order if order is None else order, 1, counts.order)
        super().__init__(f"{self.order}-gram", vocabulary, self.order - 1)
        if len(vocabulary) != counts.vocab_size:
            raise InputError(
                f"The vocabulary has {len(vocabulary)} tokens, and {counts.vocab_size} were counted; give the same one."
            )
        self.counts = counts
        self._levels: list[_Smoothed] = []
        n_contexts = 1
        for level in counts.levels[: self.order]:
            longest = len(self._levels) + 1 == self.order
            seen = level.counts if longest or level.continuations is None else level.continuations
            # Single tokens need no discount where every one was seen: the relative frequencies are all above 0.
            discounts = np.zeros(4) if not self._levels and seen.all() else discounts_of(seen)
            self._levels.append(_Smoothed.of(level, seen, n_contexts, discounts, len(vocabulary)))
            n_contexts = len(level)
        give_back_memory()

    @cached_property
    def discounts(self) -> tuple[tuple[float, float, float], ...]:
        """For n-grams of 1, 2, ... tokens what is taken from a count of 1, of 2, and of 3 or more."""
        return tuple((float(d[1]), float(d[2]), float(d[3])) for d in (one.discounts for one in self._levels))

    def probabilities(self, stream: np.ndarray) -> np.ndarray:
        """Return the probability of every token after a stream: (V,) float64, see `SimpleModel.probabilities`."""
        size = self.vocab_size
        p = self._levels[0].shares + self._levels[0].left[0] / size
        for n, one in enumerate(self._levels[1:], 2):
            context = self._number_of(stream[len(stream) - n + 1 :]) if len(stream) >= n - 1 else -1
            if context < 0:
                break  # no longer context was seen, either
            first, last = np.searchsorted(one.level.keys, [context * size, (context + 1) * size])
            p = p * one.left[context]
            p[one.level.keys[first:last] - context * size] += one.shares[first:last]
        return p

    def stream_surprisals(self, stream: np.ndarray) -> np.ndarray:
        """Return -log P of each token of a stream after the first, in nats: (T,) float64."""
        p = np.full(len(stream) - 1, 1 / self.vocab_size)
        for n, (one, (contexts, numbers)) in enumerate(zip(self._levels, self.counts.look_up(stream), strict=False), 1):
            there = slice(max(n - 2, 0), None)  # in front of the first tokens stand fewer than n - 1
            p[there] *= np.where(contexts >= 0, one.left[contexts], 1.0)
            p[there] += np.where(numbers >= 0, one.shares[numbers], 0.0)
        return -np.log(p)

    def _number_of(self, tokens: np.ndarray) -> int:
        """Return the number of an n-gram, -1 if it was never seen."""
        number = 0
        for one, token in zip(self._levels, tokens.tolist(), strict=False):
            number = int(one.level.find(np.array([number * self.vocab_size + token]))[0])
            if number < 0:
                break
        return number


def fit_ngram(token_ids: np.ndarray, vocabulary: Vocabulary, order: int = 5) -> NgramModel:
    """Return the Kneser-Ney model of a text: two million tokens take seconds.

    Args:
        token_ids: (N,) the text as `vocabulary.encode(wikitext(text))` gives it.
        vocabulary: V tokens, `<eos>` among them.
        order: n, the length of the longest n-grams, 1 to 5.

    Raises:
        InputError: there is no token, one lies outside the vocabulary, or `order` is out of range.
    """
    if not isinstance(vocabulary, Vocabulary) or END_OF_LINE not in vocabulary:
        raise InputError(f"vocabulary must be a Vocabulary with {END_OF_LINE}; build it from `wikitext` tokens.")
    counts = count_ngrams(token_ids, vocabulary.stoi[END_OF_LINE], len(vocabulary), order)
    return NgramModel(counts, vocabulary, order)
