"""The list of tokens that a model knows: each has a number, its place in the list."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from lessons.errors import InputError
from lessons.files import write_whole
from lessons.text.tokenizers import UNKNOWN

__all__ = ["Vocabulary"]

_FORMAT, _VERSION = "glassbox-vocabulary", 1


class Vocabulary:
    """Tokens and their numbers; it never changes after it is made.

    Attributes:
        itos: (V,) the tokens in the order of their numbers ("integer to string").
        stoi: the number of each token ("string to integer"), read-only.
        counts: (V,) int64, read-only: how often each token stood in the text; 0 where that is not known.
        unknown_id: the number that every other word gets (that of `<unk>`), or None where there is no such token.
    """

    __slots__ = ("counts", "itos", "stoi", "unknown_id")

    def __init__(self, itos: Iterable[str], counts: Iterable[int] | None = None, unknown: str | None = UNKNOWN) -> None:
        """Take over a list of tokens as it is.

        Args:
            itos: the tokens, all different, in the order of their numbers.
            counts: one for each token; left out, all are 0.
            unknown: the token for words outside the list; without it in the list, there is none.

        Raises:
            InputError: a token is not a string or stands there twice, or the counts do not fit the tokens.
        """
        if unknown is not None and not isinstance(unknown, str):
            raise InputError(f"unknown is {unknown!r:.60}; it must be the token for unknown words, or None.")
        self.itos: Final = tuple(_strings(itos, "itos"))
        numbers = {token: number for number, token in enumerate(self.itos)}
        if len(numbers) < len(self.itos):
            twice = next(token for number, token in enumerate(self.itos) if numbers[token] != number)
            raise InputError(f"The token {twice!r} stands in the list twice; a token has one number.")
        try:
            "".join(self.itos).encode()
        except UnicodeEncodeError:
            raise InputError("A token holds half a character (a lone surrogate), which no file can store.") from None
        self.stoi: Final[Mapping[str, int]] = MappingProxyType(numbers)
        self.counts: Final = _counts(counts, len(self.itos))
        self.unknown_id: Final[int | None] = None if unknown is None else numbers.get(unknown)

    @classmethod
    def build(
        cls,
        token_lists: Iterable[Iterable[str]],
        specials: Sequence[str] = (UNKNOWN,),
        special_first: bool = True,
        min_freq: int = 1,
        max_tokens: int | None = None,
    ) -> Vocabulary:
        """Return the vocabulary of a text, the most frequent token first, equals in the order of their characters.

        The numbers are those of torchtext's `build_vocab_from_iterator` with the same arguments. One consequence: a
        special token that also stands in the text takes a place among the `max_tokens` most frequent ones and frees it
        again, so that the vocabulary may come out smaller than `max_tokens`.

        Args:
            token_lists: the text as lists of tokens, for example `map(wikitext, WikiText2("train"))`.
            specials: tokens that are in the vocabulary whether or not they stand in the text.
            special_first: True puts the specials at the front, False at the end.
            min_freq: a token that is seen less often is left out; at least 1.
            max_tokens: the size that the vocabulary, with its specials, does not exceed; None for no limit.

        Returns:
            The vocabulary, with the counts of this text.

        Raises:
            InputError: an argument is of the wrong kind or outside its range, or a special token is given twice.

        Source: torchtext 0.18, `torchtext.vocab.build_vocab_from_iterator`.
        """
        specials = _strings(specials, "specials")
        if not _is_whole(min_freq) or min_freq < 1:
            raise InputError(f"min_freq is {min_freq!r}; it must be a whole number of at least 1.")
        if max_tokens is not None and (not _is_whole(max_tokens) or max_tokens <= len(specials)):
            raise InputError(
                f"max_tokens is {max_tokens!r}; with {len(specials)} special tokens it must be a whole number "
                f"of at least {len(specials) + 1}, or None for no limit."
            )
        seen = _count(token_lists)
        ranked = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
        if max_tokens is not None:
            ranked = ranked[: max_tokens - len(specials)]
        special = set(specials)
        words = [token for token, count in ranked if count >= min_freq and token not in special]
        itos = [*specials, *words] if special_first else [*words, *specials]
        return cls(itos, (seen[token] for token in itos))

    @classmethod
    def from_torchtext(cls, vocab: Any) -> Vocabulary:
        """Return the same vocabulary as a `torchtext.vocab.Vocab`, its default index as the number of unknown words.

        Args:
            vocab: anything with torchtext's methods `get_itos()` and `get_default_index()`.

        Raises:
            InputError: `vocab` lacks one of the methods, or what they return is no vocabulary.
        """
        try:
            itos, default = vocab.get_itos(), vocab.get_default_index()
        except AttributeError:
            raise InputError(
                f"A torchtext vocabulary has get_itos() and get_default_index(), this {type(vocab).__name__} has not; "
                "pass what torchtext.vocab.build_vocab_from_iterator returned."
            ) from None
        vocabulary = cls(itos, unknown=None)
        if default is None:
            return vocabulary  # torchtext raises on unknown words then, and so does this vocabulary
        if not _is_whole(default) or not 0 <= default < len(vocabulary):
            raise InputError(
                f"The default index is {default!r}; it must be a token's number, 0 to {len(vocabulary) - 1}."
            )
        return cls(vocabulary.itos, unknown=vocabulary.itos[default])

    def __len__(self) -> int:
        return len(self.itos)

    def __contains__(self, token: object) -> bool:
        return isinstance(token, str) and token in self.stoi

    def __iter__(self) -> Iterator[str]:
        return iter(self.itos)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return (
            self.itos == other.itos
            and self.unknown_id == other.unknown_id
            and bool((self.counts == other.counts).all())
        )

    def __hash__(self) -> int:
        return hash((self.itos, self.unknown_id))

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} tokens: {', '.join(self.itos[:5])}{', …' if len(self) > 5 else ''})"

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """Return the numbers of `tokens`, `unknown_id` for those outside the vocabulary.

        Args:
            tokens: a list of T tokens (not a text: cut it with a tokenizer first).

        Returns:
            (T,) int64.

        Raises:
            InputError: `tokens` is a text or holds something else than strings, or an unknown word meets a vocabulary
                without a number for it.
        """
        tokens = _strings(tokens, "tokens")
        get, unknown = self.stoi.get, self.unknown_id
        if unknown is None:
            missing = next((token for token in tokens if token not in self.stoi), None)
            if missing is not None:
                raise InputError(
                    f"{missing!r} is not in this vocabulary of {len(self)} tokens, which has none for unknown words; "
                    f'build it with specials=["{UNKNOWN}"].'
                )
        return np.fromiter((get(token, unknown) for token in tokens), dtype=np.int64, count=len(tokens))

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens with the numbers `ids`.

        Args:
            ids: whole numbers from 0 to V - 1, in a list, an array or a tensor of one dimension.

        Raises:
            InputError: something in `ids` is not a whole number in that range.
        """
        try:
            array = np.asarray(ids if hasattr(ids, "__array__") else list(ids))
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"ids must be a list of whole numbers, and {ids!r:.80} is not.") from None
        if array.size == 0:
            return []
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise InputError(f"ids must be a list of whole numbers from 0 to {len(self) - 1}; {ids!r:.80} is not.")
        if array.min() < 0 or array.max() >= len(self):
            bad = next(int(index) for index in array if not 0 <= index < len(self))
            raise InputError(f"{bad} is no token's number: this vocabulary has the numbers 0 to {len(self) - 1}.")
        return [self.itos[index] for index in array.tolist()]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the vocabulary to a JSON file, whole or not at all.

        Raises:
            OSError: the folder is missing or read-only, or the disk is full; an older file is still there.
        """
        unknown = None if self.unknown_id is None else self.itos[self.unknown_id]
        fields = {"format": _FORMAT, "version": _VERSION, "unknown": unknown}
        document = {**fields, "itos": self.itos, "counts": self.counts.tolist()}
        write_whole(path, json.dumps(document, ensure_ascii=False).encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Return the vocabulary that `save` wrote to `path`.

        Raises:
            InputError: the file is no vocabulary, or of a newer format.
            OSError: the file is missing or cannot be read.
        """
        data = Path(path).read_bytes()
        try:
            document = json.loads(data)
            if document["format"] != _FORMAT:
                raise ValueError("another format")
            version, unknown = document["version"], document["unknown"]
            itos, counts = document["itos"], document["counts"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(
                f"{path} is not a vocabulary that Glassbox LM saved; save it again with Vocabulary.save."
            ) from None
        if version != _VERSION:
            raise InputError(f"{path} has format {version!r}, and this Glassbox LM reads format {_VERSION}; update it.")
        return cls(itos, counts, unknown)


def _strings(values: Iterable[str], name: str) -> list[str]:
    """Return `values` as a list of strings; a single text in place of a list is a slip that would pass unnoticed."""
    if isinstance(values, str):
        raise InputError(f"{name} is one text, {values!r:.60}; it must be a list of tokens: cut it with a tokenizer.")
    if not isinstance(values, Iterable):
        raise InputError(f"{name} must be a list of tokens, and this is of type {type(values).__name__}.")
    values = list(values)
    wrong = next((value for value in values if not isinstance(value, str)), None)
    if wrong is not None or None in values:
        raise InputError(f"{name} holds {wrong!r:.60}; every token must be a string.")
    return values


def _count(token_lists: Iterable[Iterable[str]]) -> Counter[str]:
    """Return how often each token stands in the lists."""
    if isinstance(token_lists, str) or not isinstance(token_lists, Iterable):
        kind = type(token_lists).__name__
        raise InputError(
            f"token_lists is of type {kind}; it must be a list of lists of tokens, as in [wikitext(text)]."
        )
    seen: Counter[str] = Counter()
    for tokens in token_lists:
        seen.update(_strings(tokens, "An entry of token_lists"))
    return seen


def _counts(counts: Iterable[int] | None, length: int) -> np.ndarray:
    """Return the counts as a read-only array of `length` whole numbers."""
    try:
        array = np.zeros(length, np.int64) if counts is None else np.fromiter(counts, np.int64)
    except (TypeError, ValueError, OverflowError):
        raise InputError("counts must be whole numbers, one for each token.") from None
    if array.shape != (length,) or (array < 0).any():
        raise InputError(
            f"counts has {array.size} entries for {length} tokens; it must have one for each, none below 0."
        )
    array.setflags(write=False)
    return array


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
