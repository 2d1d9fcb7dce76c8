"""Counting n-grams: which runs of n tokens stand in a text, how often, and behind how many different tokens.

Every different n-gram gets a number, its place in a sorted list. An n-gram's key is made of the number of its first
n - 1 tokens and of its last token, so that a key fits into 64 bits for any n, and the n-grams with the same first
tokens lie side by side. Looking one up is a binary search; all of a text is looked up at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from lessons.checks import whole
from lessons.errors import InputError
from lessons.heap import give_back_memory

__all__ = ["MOST_TOKENS", "NgramCounts", "NgramLevel", "count_ngrams"]

MOST_TOKENS = 5  # longest n-gram: at 5 a corpus of two million tokens hardly repeats itself


@dataclass(frozen=True, eq=False)
class NgramLevel:
    """All different n-grams of one length; there are m of them, and their numbers are 0 to m - 1.

    Attributes:
        keys: (m,) int64, rising: the number of the first n - 1 tokens times V, plus the last token.
        counts: (m,) int32, how often each stands in the text.
        continuations: (m,) int32, how many different tokens stood in front of each: 1 for "Francisco", if it always
            followed "San". None at the longest length that was counted.
    """

    keys: np.ndarray
    counts: np.ndarray
    continuations: np.ndarray | None

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, keys: np.ndarray) -> np.ndarray:
        """Return the numbers of the n-grams with these keys, -1 for one that was never seen.

        Args:
            keys: (N,) int64; a negative one belongs to no n-gram.
        """
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places, -1)


@dataclass(frozen=True, eq=False)
class NgramCounts:
    """The n-grams of a text, from single tokens up to the longest that were counted.

    Attributes:
        vocab_size: V.
        n_tokens: of the text, the `<eos>` in front of it not counted.
        order: the length of the longest n-grams.
        levels: for n = 1, 2, ... all n-grams of that length; the first has all V tokens, seen or not. A text that is
            shorter than the order has fewer of them.
    """

    vocab_size: int
    n_tokens: int
    order: int
    levels: tuple[NgramLevel, ...]

    def look_up(self, stream: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield, for n = 1, 2, ..., the numbers of all n-grams of a text and of their contexts, -1 if never seen.

        Args:
            stream: (T + 1,) int64, an `<eos>`, then the numbers of T tokens.

        Yields:
            The numbers of the first n - 1 tokens, and those of the n-grams: T of each, one less for each n above 2.
        """
        yield np.zeros(len(stream) - 1, np.int64), stream[1:]
        numbers = stream
        for n, level in enumerate(self.levels[1:], 2):
            contexts = numbers[:-1]
            numbers = level.find(np.where(contexts >= 0, contexts * self.vocab_size + stream[n - 1 :], -1))
            yield contexts, numbers

    def occurrences(self, stream: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return how often each n-gram of a text was counted, and how often its first n - 1 tokens in front of any.

        Args:
            stream: as for `look_up`.
            n: the length of the n-grams, 1 to the longest.

        Returns:
            Two arrays of whole numbers, one entry for each n-gram; with one token, the second is the text's length.

        Raises:
            InputError: `n` is out of range.
        """
        level = self.levels[whole("n", n, 1, len(self.levels)) - 1]
        contexts, numbers = next(islice(self.look_up(stream), n - 1, None))
        totals = np.bincount(level.keys // self.vocab_size, level.counts, max(1, contexts.max(initial=0) + 1))
        of_contexts = np.where(contexts >= 0, totals[contexts], 0).astype(np.int64)
        return np.where(numbers >= 0, level.counts[numbers], 0), of_contexts


def count_ngrams(token_ids: np.ndarray, start: int, vocab_size: int, order: int = 5) -> NgramCounts:
    """Count all n-grams of a text, those that run over the end of a line included.

    Args:
        token_ids: (N,) whole numbers from 0 to V - 1.
        start: number of the token in front of the first one, `<eos>`.
        vocab_size: V.
        order: the length of the longest n-grams, 1 to 5.

    Raises:
        InputError: there is no token, one lies outside the vocabulary, or `order` is out of range.
    """
    order = whole("order", order, 1, MOST_TOKENS)
    token_ids = np.asarray(token_ids)
    if token_ids.ndim != 1 or not token_ids.size or token_ids.dtype.kind not in "iu":
        raise InputError(
            f"token_ids has shape {token_ids.shape} and type {token_ids.dtype}; "
            "it must be a list of at least one whole number, as Vocabulary.encode gives it."
        )
    if token_ids.min() < 0 or token_ids.max() >= vocab_size:
        raise InputError(f"A token number lies outside 0 to {vocab_size - 1}; encode the text with this vocabulary.")
    stream = np.concatenate([[start], token_ids]).astype(np.int64)
    # For each place of the stream from the n-th on: the number of the n-gram that ends there. Tokens are 1-grams.
    numbers = stream
    found = [(np.arange(vocab_size), np.bincount(token_ids, minlength=vocab_size))]
    continuations: list[np.ndarray | None] = []
    for n in range(2, min(order, len(stream)) + 1):
        keys = numbers[:-1] * vocab_size + stream[n - 1 :]
        different, first, inverse, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        endings = numbers[1:][first]  # of each different n-gram, the number of its last n - 1 tokens
        continuations.append(np.bincount(endings, minlength=len(found[-1][0])))
        found.append((different, counts))
        numbers = inverse
    continuations.append(None)
    levels = tuple(
        NgramLevel(keys, counts.astype(np.int32), None if others is None else others.astype(np.int32))
        for (keys, counts), others in zip(found, continuations, strict=True)
    )
    del found, continuations, numbers
    give_back_memory()
    return NgramCounts(vocab_size, len(token_ids), order, levels)
