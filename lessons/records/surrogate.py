"""A decision tree that imitates a model, and how well it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lessons.errors import InputError
from lessons.records.arrays import frozen

__all__ = ["Surrogate"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Surrogate:
    """A tree of yes-or-no questions about the last words, which guesses the model's first choice.

    Node 0 is the root. Arrays have one entry a node, M in all.

    Attributes:
        model_name: the model that is imitated.
        n_last: how many words back the questions may ask.
        places: (M,) int64: which word a node asks about: 1 for the last one, 2 for the one before; 0 at a leaf.
        words: (M,) int64: 'is it this word?', by its number; -1 at a leaf.
        tokens: (M,) these words; "" at a leaf.
        yes, no: (M,) int64: the next node; -1 at a leaf.
        counts: (M,) int64: how many places of the text that it learned from come to this node.
        shares: (M, C) float64: at which share of them the model's first choice was each of the C choices.
        choices: (C,) int64 numbers of these choices, rising.
        choice_tokens: (C,) the choices.
        fidelities: (depth + 1,) float64: the share of held-out places at which the tree, cut off below each depth,
            guesses the model's first choice; the first is that of always guessing the most frequent one.
        n_places, n_held_out: from how many places it learned, and on how many others it was measured.
        corpus: where they are from.
        seed: of their choice.
    """

    model_name: str
    n_last: int
    places: np.ndarray
    words: np.ndarray
    tokens: tuple[str, ...]
    yes: np.ndarray
    no: np.ndarray
    counts: np.ndarray
    shares: np.ndarray
    choices: np.ndarray
    choice_tokens: tuple[str, ...]
    fidelities: np.ndarray
    n_places: int
    n_held_out: int
    corpus: str
    seed: int

    def __post_init__(self) -> None:
        shape = (len(self.tokens),)
        for name in ("places", "words", "yes", "no", "counts"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64, shape, name))
        n_choices = (len(self.choice_tokens),)
        object.__setattr__(self, "choices", frozen(self.choices, np.int64, n_choices, "choices"))
        object.__setattr__(self, "shares", frozen(self.shares, np.float64, shape + n_choices, "shares"))
        sizes = (np.size(self.fidelities),)
        object.__setattr__(self, "fidelities", frozen(self.fidelities, np.float64, sizes, "fidelities"))

    @property
    def depth(self) -> int:
        """The most questions that are asked."""
        return len(self.fidelities) - 1

    @property
    def fidelity(self) -> float:
        """The share of held-out places at which the whole tree guesses the model's first choice."""
        return float(self.fidelities[-1])

    @property
    def majority(self) -> float:
        """The same for always guessing the choice that was most frequent where the tree learned."""
        return float(self.fidelities[0])

    def path(self, last_ids: Sequence[int] | np.ndarray) -> list[int]:
        """Return the nodes from the root to the leaf where a text ends.

        Args:
            last_ids: numbers of the last `n_last` tokens before the prediction, the last one at the end.

        Raises:
            InputError: there are fewer.
        """
        if len(last_ids) < self.n_last:
            raise InputError(f"{len(last_ids)} tokens were given; this tree asks about the last {self.n_last}.")
        nodes = [0]
        while self.places[nodes[-1]]:
            node = nodes[-1]
            is_word = last_ids[-int(self.places[node])] == self.words[node]
            nodes.append(int(self.yes[node] if is_word else self.no[node]))
        return nodes

    def share(self, node: int, token_id: int) -> float:
        """Return at which share of a node's places the model's first choice was a word, 0 if it never was."""
        (found,) = np.nonzero(self.choices == token_id)
        return float(self.shares[node, found[0]]) if len(found) else 0.0
