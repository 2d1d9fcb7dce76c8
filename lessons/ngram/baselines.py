"""What counting words and pairs of words reaches on the same tokens: two lines to compare a learning model with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from lessons.ngram.counts import count_ngrams
from lessons.ngram.kneser_ney import NgramModel
from lessons.records import perplexity_of
from lessons.text import Vocabulary
from lessons.text.tokenizers import END_OF_LINE

if TYPE_CHECKING:
    from lessons.run import Run

__all__ = ["baselines_of", "counted_baselines"]

_NAMES = {1: "unigram", 2: "bigram"}


def baselines_of(run: Run, token_ids: Tensor) -> dict[str, float]:
    """Return the perplexities of an interpolated Kneser-Ney unigram and bigram, counted on the training split.

    Args:
        run: whose training split and vocabulary are used.
        token_ids: (N,) int64, what they are measured on.
    """
    return counted_baselines(run.vocabulary, run.trainer.batches.tokens, token_ids)


def counted_baselines(vocabulary: Vocabulary, train_ids: Tensor, token_ids: Tensor) -> dict[str, float]:
    """Return the same for any text.

    Args:
        vocabulary: of both texts.
        train_ids: (M,) int64, what is counted.
        token_ids: (N,) int64, what they are measured on.
    """
    start = vocabulary.stoi[END_OF_LINE]
    counts = count_ngrams(train_ids.numpy(), start, len(vocabulary), max(_NAMES))
    stream = np.concatenate([[start], token_ids.numpy()])
    return {
        name: perplexity_of(float(NgramModel(counts, vocabulary, order).stream_surprisals(stream).mean()))
        for order, name in _NAMES.items()
    }
