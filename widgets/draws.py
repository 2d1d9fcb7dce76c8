"""What was drawn on a SamplingBench, and asking the models for their distributions after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.records import Distribution, DrawnToken, TokenizedText
from lessons.records.generation import draw_token, random_numbers
from widgets.kept import Kept

__all__ = ["Distributions", "Draws", "Steps", "counted_numbers", "longer"]

Steps = tuple[DrawnToken, ...]


@dataclass(frozen=True)
class Draws:
    """What was drawn so far.

    Attributes:
        drawn: for each model its tokens, equally many.
        revealed: whether the place of the last one is on the screen; otherwise it is the place after it.
        counted: how many draws at the place on the screen are counted only.
        again: for each model the tokens that are being drawn once more, to be compared with.
    """

    drawn: tuple[Steps, ...]
    revealed: bool = False
    counted: int = 0
    again: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.drawn[0])

    @property
    def place(self) -> int:
        """How many drawn tokens stand before the place on the screen."""
        return len(self) - self.revealed

    @property
    def tokens(self) -> tuple[tuple[str, ...], ...]:
        """For each model the tokens that were drawn."""
        return tuple(tuple(step.token for step in steps) for steps in self.drawn)

    def next(self, plains: tuple[Distribution, ...], seed: int, shape: dict[str, Any], more: bool) -> Draws:
        """Return what it is after one more draw: each model's next token, with the seed's next number for all.

        Args:
            plains: for each model its distribution after what was drawn.
            seed: of the numbers.
            shape: temperature, top_k and top_p.
            more: whether this draw goes on with what the one before began.
        """
        u = float(random_numbers(seed, len(self) + 1)[-1])
        new = [draw_token(plain, plain.shaped(**shape), u) for plain in plains]
        drawn = tuple((*steps, step) for steps, step in zip(self.drawn, new, strict=True))
        return Draws(drawn, revealed=True, again=self.again if more else ())


def counted_numbers(seed: int, place: int, n: int) -> np.ndarray:
    """Return the random numbers of draws that are counted only: (n,); they are not those that draw the text."""
    return np.random.Generator(np.random.PCG64([seed, place])).random(n)


def longer(read: TokenizedText, steps: Steps) -> TokenizedText:
    """Return a text with drawn tokens behind it."""
    tokens = tuple(step.token for step in steps)
    ids = np.concatenate([read.token_ids, np.array([step.token_id for step in steps], np.int64)])
    return TokenizedText(" ".join((read.text, *tokens)), read.tokens + tokens, read.typed + tokens, ids, read.notes)


class Distributions:
    """The models' distributions, each asked for once; the last few are remembered."""

    def __init__(self, models: tuple[Any, ...]) -> None:
        self._models = models
        self._known: Kept[Distribution] = Kept(3 * len(models))

    def after(self, texts: tuple[TokenizedText, ...], drawn: tuple[Steps, ...]) -> tuple[Distribution, ...]:
        """Return each model's distribution over the token after its text and what was drawn."""
        asked = zip(texts, drawn, strict=True)
        return tuple(self._one(i, longer(text, steps)) for i, (text, steps) in enumerate(asked))

    def _one(self, i: int, text: TokenizedText) -> Distribution:
        return self._known.get((i, text.token_ids.tobytes()), lambda: self._models[i].distribution(text))
