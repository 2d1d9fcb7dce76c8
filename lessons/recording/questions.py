"""What is asked at every checkpoint of a run: the same prompts, sentence, words and lines each time.

They are our own where the vocabulary has all their words. A run on another text (the toy language, a file of one's own)
is asked about a line and about words of that text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.passages import EXPLORER_TEXT, RECORDED_TEXT
from lessons.records import TokenizedText
from lessons.text import Vocabulary, typed_text, wikitext

__all__ = ["CANDIDATES", "SEED", "Questions", "questions_on"]

PROMPTS = (EXPLORER_TEXT, "The army crossed the river and")
WORDS = ("king", "three", "river", "London", "January", "was", "he", "music", "north", "film", "year", "good")
CANDIDATES = 10_000  # of the most frequent tokens, among which neighbours are looked for
SEED = 7
_VALID_TOKENS = 20_000  # the first ones of the validation split, for the perplexity
_LINES, _LONG, _MOST = 30, 32, 64  # lines; tokens that make a line long; tokens that are read of it


@dataclass(frozen=True, eq=False)
class Questions:
    """The questions.

    Attributes:
        prompts: what the model goes on from.
        sentence: whose surprisals, attention maps or gates are taken.
        words: whose neighbours are looked for.
        lines: over which heads and gates are averaged.
        valid_ids: (N,) int64, what the perplexity is measured on.
    """

    prompts: tuple[TokenizedText, ...]
    sentence: TokenizedText
    words: tuple[str, ...]
    lines: tuple[TokenizedText, ...]
    valid_ids: Tensor


def questions_on(vocabulary: Vocabulary, corpus: Corpus) -> Questions:
    """Return what is asked of a model with this vocabulary, trained on this corpus.

    Args:
        vocabulary: the model's.
        corpus: its validation split is measured on, and 30 of its lines are drawn with seed 7.

    Raises:
        InputError: the validation split has no line of four tokens.
    """
    lines = [wikitext(line)[:-1] for line in corpus.lines("valid")]
    lines = [words for words in lines if len(words) >= 4]
    if not lines:
        raise InputError(
            f"The validation part of {corpus.name} has no line of four or more tokens; take a longer text."
        )
    long = [words for words in lines if len(words) >= _LONG]
    drawn = _drawn(long if len(long) >= _LINES else lines, vocabulary)
    own = [typed_text(text, vocabulary) for text in (*PROMPTS, RECORDED_TEXT)]
    if any("<unk>" in text.tokens for text in own):
        own = [_text(words, vocabulary) for words in (lines[0][:3], lines[-1][:3], lines[0][:20])]
    words = tuple(word for word in WORDS if word in vocabulary.stoi)
    if len(words) < len(WORDS) / 2:
        usual = [word for word in vocabulary.itos if word.isalpha()][:200]
        words = tuple(usual[:: max(1, len(usual) // len(WORDS))][: len(WORDS)])
    valid_ids = torch.from_numpy(vocabulary.encode(wikitext(corpus.text("valid")))[:_VALID_TOKENS])
    return Questions(tuple(own[:-1]), own[-1], words, drawn, valid_ids)


def _text(words: list[str], vocabulary: Vocabulary) -> TokenizedText:
    known = tuple(word if word in vocabulary.stoi else "<unk>" for word in words)
    return TokenizedText(" ".join(words), known, tuple(words), vocabulary.encode(known))


def _drawn(lines: list[list[str]], vocabulary: Vocabulary) -> tuple[TokenizedText, ...]:
    """Return up to 30 lines that are drawn at random, in their order, each cut at its 64th token."""
    rng = np.random.default_rng(SEED)
    places = np.sort(rng.choice(len(lines), min(_LINES, len(lines)), replace=False))
    return tuple(_text(lines[place][:_MOST], vocabulary) for place in places)
