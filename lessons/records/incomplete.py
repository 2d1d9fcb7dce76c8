"""A text of which some words are missing: what a model reads in their place, and what it says then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessons.records.arrays import frozen

__all__ = ["IncompleteText"]


@dataclass(frozen=True, eq=False, kw_only=True)
class IncompleteText:
    """What a model says after a text of which some words are missing.

    Random words make several texts, K in all; every other baseline makes one.

    Attributes:
        model_name: the model that was asked.
        position: place of the predicted word in the whole text, -1 for the word after it.
        target: the word that is explained.
        baseline: what is read in place of a missing word, one of `BASELINES`, "words" or "vectors".
        present: (T,) bool, False where a word before the prediction is missing.
        texts: (K,) each with T tokens that are read; "" where a vector is read that is no word's, or nothing.
        values: (K,) float64, the explained number.
        choices: (K,) the model's first choice.
        probabilities: (K,) float64, how likely it is.
        seed: of what was drawn at random, None if nothing was.
    """

    model_name: str
    position: int
    target: str
    baseline: str
    present: np.ndarray
    texts: tuple[tuple[str, ...], ...]
    values: np.ndarray
    choices: tuple[str, ...]
    probabilities: np.ndarray
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "present", frozen(self.present, np.bool_, (len(self.texts[0]),), "present"))
        for name in ("values", "probabilities"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64, (len(self.texts),), name))

    @property
    def value(self) -> float:
        """The explained number, the mean over the texts."""
        return float(self.values.mean())
