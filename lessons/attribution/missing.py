"""What 'missing' means: what the model reads in place of a word that is left out.

There is no neutral choice. `<unk>` is a word like any other and says that a rare word stands here; a vector of zeros
and the mean of all embeddings are no words; leaving the word out moves the words after it to other places; words drawn
at random make another text. Each choice asks another question and gives other scores (Sturmfels, Lundberg and Lee 2020,
Visualizing the Impact of Feature Attribution Baselines).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from lessons.attribution.ask import number_of
from lessons.checks import whole
from lessons.errors import InputError
from lessons.records import BASELINES

if TYPE_CHECKING:
    from lessons.attribution.question import Question

__all__ = ["Baseline", "Missing", "missing"]

#: What a method takes as `baseline`: one of `BASELINES`, a list of words, or vectors (D,) or (n, D).
Baseline = str | Sequence[str] | np.ndarray | Tensor

_ROWS_AT_ONCE = 2048


@dataclass(frozen=True)
class Missing:
    """What stands in place of each of the n words that can be missing.

    Attributes:
        name: one of `BASELINES`, "words" or "vectors".
        token_ids: (K, n) int64, K versions of a text of which all words are missing; V + k stands for the vector k;
            None if words are left out.
        vectors: (P, D) what is no word's embedding.
        seed: of what was drawn at random, else None.
    """

    name: str
    token_ids: np.ndarray | None
    vectors: Tensor
    seed: int | None = None

    @property
    def n_versions(self) -> int:
        """K, how many texts are read for one set of missing words; the mean of their values counts."""
        return 1 if self.token_ids is None else len(self.token_ids)

    def texts(self, question: Question, present: np.ndarray) -> np.ndarray:
        """Return the texts of which some words are missing, as `lessons.attribution.many_texts` reads them.

        Args:
            question: the words, and what stands before them.
            present: (N, n) bool, False where a word is missing.

        Returns:
            (N * K, S + n) int64, the K versions of a row one after another.
        """
        words, start = question.words, question.start
        if self.token_ids is None:
            kept = np.argsort(~present, axis=1, kind="stable")  # the words that are left, in their order, first
            kept_words = np.where(np.take_along_axis(present, kept, axis=1), words[kept], -1)
            if not len(start):  # nothing is left of a window that does not begin with the line: read its start
                kept_words[~present.any(axis=1), 0] = question.end_of_line
            return np.hstack([np.tile(start, (len(present), 1)), kept_words])
        filled = np.where(present[:, None], words, self.token_ids)  # (N, K, n)
        filled = filled.reshape(-1, len(words))
        return np.hstack([np.tile(start, (len(filled), 1)), filled])

    def embeddings(self, question: Question) -> Tensor:
        """Return (K, n, D), the vectors that stand in place of the words.

        Raises:
            InputError: words are left out, and nothing stands in their place.
        """
        if self.token_ids is None:
            raise InputError(
                "baseline is 'delete'; this method moves from a vector that stands for a missing word to the word's "
                "own, and a word that is left out has none. Choose 'unk', 'zero', 'mean' or 'resample'."
            )
        network, ids = question.network, torch.from_numpy(self.token_ids)
        size = network.config.vocab_size
        values = F.embedding(ids.clamp(max=size - 1), network.embedding.weight.detach()).to(network.head.bias.dtype)
        values[ids >= size] = self.vectors[ids[ids >= size] - size]
        return values


def missing(question: Question, baseline: Baseline, n_draws: int = 8, seed: int = 0) -> Missing:
    """Return what stands in place of missing words.

    Args:
        question: whose words can be missing.
        baseline: "unk", "zero", "mean", "delete" or "resample" (see `BASELINES`); or one word of the vocabulary for
            each word before the prediction; or vectors, (D,) for all of them or (n, D) for each.
        n_draws: how many random texts "resample" draws, 1 to 1,000.
        seed: of these.

    Raises:
        InputError: there is no such baseline, or it has the wrong length.
    """
    network = question.network
    n_words, size, width = len(question.words), network.config.vocab_size, network.config.d_model
    none = torch.zeros(0, width, dtype=network.head.bias.dtype)
    if not isinstance(baseline, str):
        return _given(question, baseline, none)
    if baseline == "unk":
        return Missing(baseline, np.full((1, n_words), question.unknown_id), none)
    if baseline == "zero":
        return Missing(baseline, np.full((1, n_words), size), none.new_zeros(1, width))
    if baseline == "mean":
        return Missing(
            baseline, np.full((1, n_words), size), _mean_embedding(network.embedding.weight.detach(), none.dtype)
        )
    if baseline == "delete":
        return Missing(baseline, None, none)
    if baseline == "resample":
        n_draws, seed = whole("n_draws", n_draws, 1, 1000), whole("seed", seed, 0)
        counts = question.counts.astype(float) if question.counts.any() else np.ones(size)
        drawn = np.random.default_rng(seed).choice(size, (n_draws, n_words), p=counts / counts.sum())
        return Missing(baseline, drawn, none, seed)
    raise InputError(
        f"baseline is {baseline!r:.60}; it must be one of {', '.join(BASELINES)}, a list of words, or vectors."
    )


def _mean_embedding(embedding: Tensor, dtype: torch.dtype) -> Tensor:
    """Return (1, D). Args: embedding (V, D), widened some rows at a time."""
    total = sum(rows.double().sum(dim=0) for rows in embedding.split(_ROWS_AT_ONCE))
    return (torch.as_tensor(total) / len(embedding)).to(dtype)[None]


def _given(question: Question, baseline: Any, none: Tensor) -> Missing:
    """Return words or vectors that were given, after checking how many there are."""
    words, size, width = question.words, question.network.config.vocab_size, none.shape[1]
    is_words = isinstance(baseline, (list, tuple)) and all(isinstance(word, str) for word in baseline)
    outside = question.n_outside
    if is_words:
        if len(baseline) != len(words) + outside:
            raise InputError(
                f"baseline has {len(baseline)} words; {len(words) + outside} words stand before the prediction, "
                "and it must have one for each."
            )
        return Missing(
            "words",
            np.array([[number_of("A word of baseline", word, question.vocabulary) for word in baseline[outside:]]]),
            none,
        )
    try:
        array = np.asarray(baseline, np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"baseline is of type {type(baseline).__name__}; it must be a name, a list of words, or numbers."
        ) from None
    if array.shape == (len(words) + outside, width):
        array = array[outside:]
    elif array.shape == (width,):
        array = array[None]
    else:
        raise InputError(
            f"baseline has shape {array.shape}; it must be ({width},), one vector for all words, "
            f"or ({len(words) + outside}, {width}), one for each word before the prediction."
        )
    if not np.isfinite(array).all():
        raise InputError("baseline holds a number that is not finite; an embedding has finite numbers only.")
    each = np.arange(len(words)) if len(array) == len(words) else np.zeros(len(words), np.int64)
    return Missing("vectors", size + each[None], torch.from_numpy(array).to(none.dtype))
