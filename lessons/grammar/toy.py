"""The toy language of this course, and a corpus of it: training and measuring need no other text and no network."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lessons.checks import whole
from lessons.corpus import Corpus
from lessons.grammar.language import Grammar

__all__ = ["TOY_RULES", "toy_corpus", "toy_language"]

#: The rules of the toy language, to read, to change and to give to `Grammar`.
TOY_RULES = Path(__file__).with_name("toy_language.txt").read_text(encoding="utf-8")


def toy_language(depth: int = 2) -> Grammar:
    """Return the toy language; it is expanded once, in a few seconds at depth 2, and then kept.

    Args:
        depth: how many levels deep a sentence can be: 0 has no clause about a noun, 2 has clauses inside clauses.

    Raises:
        InputError: `depth` is no whole number of at least 0.
    """
    return _expanded(whole("depth", depth, 0))


@lru_cache(maxsize=4)
def _expanded(depth: int) -> Grammar:
    return Grammar(TOY_RULES, depth)


def toy_corpus(seed: int = 7, n_tokens: int = 400_000, depth: int = 2) -> Corpus:
    """Return a text of the toy language in three parts; its `notes` state the floor.

    Args:
        seed: of the sentences, 0 or more; the same seed writes the same text.
        n_tokens: to train on, `<eos>` counted; valid and test have a tenth of it each.
        depth: as for `toy_language`.

    Raises:
        InputError: a value is out of range.
    """
    return toy_language(depth).corpus(seed, n_tokens, "the toy language")
