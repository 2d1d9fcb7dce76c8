"""Where a SurrogateTree has its trees from: records that were given, or models that are asked for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import Surrogate, TokenizedText
from widgets.bars import display_name, hue_of
from widgets.reading import check_model, hues_of, names_of, tokenized_by
from widgets.why import MOST_WORDS

__all__ = ["Tree", "TreeSource", "read_text", "sources_of"]

MOST_SOURCES = 4
_END = "<eos>"
_GIVE = "what load_model returns, or a Surrogate"


class Tree:
    """A surrogate with what follows from it, counted once. Args: record: the surrogate."""

    def __init__(self, record: Surrogate) -> None:
        self.record = record
        self._number = {token: int(word) for token, word in zip(record.tokens, record.words, strict=True) if token}

    def path(self, before: tuple[str, ...]) -> list[int]:
        """Return the nodes from the root to a leaf. Args: before, the words before the prediction."""
        n = self.record.n_last
        last = [_END] * n + list(before)
        return self.record.path([self._number.get(token, -1) for token in last[-n:]])

    def children(self, node: int) -> tuple[int, ...]:
        """Return the node that follows on 'yes' and the one that follows on 'no'; nothing at a leaf."""
        return (int(self.record.yes[node]), int(self.record.no[node])) if self.record.places[node] else ()

    @cached_property
    def parents(self) -> dict[int, int]:
        """The parent of each node but the root."""
        return {child: node for node in range(len(self.record.tokens)) for child in self.children(node)}

    def way_to(self, node: int) -> list[int]:
        """Return the nodes from the root to a node."""
        way = [node]
        while way[-1]:
            way.append(self.parents[way[-1]])
        return way[::-1]

    @cached_property
    def levels(self) -> np.ndarray:
        """(M,) int64, how many questions come before each node."""
        return np.array([len(self.way_to(node)) - 1 for node in range(len(self.record.tokens))])

    def folded(self, node: int, depth: int) -> int:
        """Return how many nodes lie below a node in the tree that is cut after `depth` questions."""
        if self.levels[node] >= depth:
            return 0
        return sum(1 + self.folded(child, depth) for child in self.children(node))

    def guess(self, node: int) -> tuple[str, float]:
        """Return the model's most frequent first choice at the places of a node, and its share there."""
        best = int(self.record.shares[node].argmax())
        return self.record.choice_tokens[best], float(self.record.shares[node, best])

    @cached_property
    def grown_on(self) -> np.ndarray:
        """(depth + 1,) float64, the fidelity at the places that the tree was grown on."""
        record, leaf = self.record, self.record.places == 0
        right = record.counts * record.shares.max(axis=1)
        ends = [(self.levels == depth) | (leaf & (self.levels < depth)) for depth in range(record.depth + 1)]
        return np.array([right[end].sum() for end in ends]) / record.counts[0]


@dataclass
class TreeSource:
    """A model, or a tree of one, under the name that the reader knows.

    Attributes:
        name: of the model.
        hue: of the model.
        model: who is asked, None if only its tree was given.
        tree: None until it is needed.
    """

    name: str
    hue: str
    model: Any
    tree: Tree | None

    def grown(self, grow: Mapping[str, Any]) -> Tree:
        """Return the tree; a model is asked for it once, which takes a second or more. Args: grow, its keywords.

        Raises:
            InputError: the model does not take these keywords or their values.
        """
        if self.tree is None:
            try:
                self.tree = Tree(self.model.surrogate(**grow))
            except TypeError as error:
                raise InputError(f"grow cannot be used: {error}.") from error
        return self.tree


def sources_of(given: tuple[Any, ...]) -> list[TreeSource]:
    """Return what trees can be asked for: a record goes with the model of its name, if that was given, too.

    Raises:
        InputError: nothing was given, too much, or something else.
    """
    records = [one for one in given if isinstance(one, Surrogate)]
    models = tuple(check_model(one, "surrogate", give=_GIVE) for one in given if not isinstance(one, Surrogate))
    sources = []
    for model, name, hue in zip(models, names_of(models), hues_of(models), strict=True):
        own = next((one for one in records if one.model_name == getattr(model, "name", None)), None)
        records = [one for one in records if one is not own]
        sources.append(TreeSource(name, hue, model, None if own is None else Tree(own)))
    for record in records:
        name = display_name(record.model_name)
        taken = sum(one.name == name or one.name.startswith(f"{name} ") for one in sources)
        told = f"{name} {taken + 1}" if taken else name
        sources.append(TreeSource(told, hue_of(record.model_name), None, Tree(record)))
    if not 1 <= len(sources) <= MOST_SOURCES:
        raise InputError(f"{len(sources)} models or trees were given; give 1 to {MOST_SOURCES}: {_GIVE}.")
    return sources


def read_text(sources: list[TreeSource], text: object) -> tuple[str, tuple[TokenizedText, ...], tuple[str, ...]]:
    """Return a text, its last tokens as each model reads them (one entry without a model), and notes.

    Raises:
        InputError: it is no string, it is empty, or the models read it as different tokens.
    """
    models = tuple(source.model for source in sources if source.model is not None) or (_Spaces(),)
    words, _, texts, notes = tokenized_by(models, text, MOST_WORDS)
    return words, texts, notes


class _Spaces:
    """Reads a text where no model is there to do it: words between spaces."""

    def tokenize(self, text: str) -> TokenizedText:
        words = tuple(text.split())
        note = "No model is here to read the text: its words are what stands between spaces."
        return TokenizedText(text, words, words, np.zeros(len(words), np.int64), (note,))
