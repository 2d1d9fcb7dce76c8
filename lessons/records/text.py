"""A text as a model reads it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen

__all__ = ["TokenizedText"]


@dataclass(frozen=True, eq=False)
class TokenizedText:
    """A text as a model reads it, beside the text as it was typed.

    Attributes:
        text: what was typed, after characters that no page can show were replaced.
        tokens: (T,) the tokens that the model reads; `<unk>` where a word is not in the vocabulary.
        typed: (T,) for each token what the person wrote, so that an unknown word can still be shown.
        token_ids: (T,) int64, the tokens' places in the vocabulary.
        notes: sentences for the reader about what was done to the text (unknown words, replaced characters).
    """

    text: str
    tokens: tuple[str, ...]
    typed: tuple[str, ...]
    token_ids: np.ndarray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.typed) != len(self.tokens):
            raise InputError(f"typed has {len(self.typed)} entries for {len(self.tokens)} tokens; the two must match.")
        object.__setattr__(self, "token_ids", frozen(self.token_ids, np.int64, (len(self.tokens),), "token_ids"))

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def is_unknown(self) -> tuple[bool, ...]:
        """(T,) True where a word was typed that the vocabulary does not hold (a typed `<unk>` is known)."""
        return tuple(
            token == "<unk>" and typed != "<unk>" for token, typed in zip(self.tokens, self.typed, strict=True)
        )
