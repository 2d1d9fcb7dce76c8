"""What a model can be asked about its predictions: why it said a word, and whether an answer to that is true to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from lessons.attribution import coalition_table, estimates, explain, fit_surrogate, gradient_path, local_fit
from lessons.faithfulness import (
    edit_stability,
    faithfulness,
    faithfulness_of,
    randomised_check,
    randomised_network,
    seed_stability,
)
from lessons.faithfulness.incomplete import read_incomplete
from lessons.records import (
    Attribution,
    CoalitionTable,
    Faithfulness,
    FaithfulnessTable,
    GradientPath,
    IncompleteText,
    LocalFit,
    Stability,
    Surrogate,
    TokenizedText,
)

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["Explaining"]


class Explaining:
    """The questions of `lessons.attribution` and `lessons.faithfulness` as methods of a model."""

    def explain(self, text: str | TokenizedText, method: str = "occlusion", **options: Any) -> Attribution:
        """Return what each word contributed to a prediction; see `lessons.attribution` for methods and options.

        Raises:
            InputError: there is no such method or option, or a value is out of range.
        """
        return explain(cast("LanguageModel", self), text, method, **options)

    def estimates(
        self, text: str | TokenizedText, method: str = "lime", **options: Any
    ) -> Iterator[Attribution | None]:
        """Return an iterator over better and better estimates, with pauses; see `lessons.attribution.refining`."""
        return estimates(cast("LanguageModel", self), text, method, **options)

    def gradient_path(self, text: str | TokenizedText, **options: Any) -> GradientPath:
        """Return the way of integrated gradients; see `lessons.attribution.integrated_gradients.gradient_path`."""
        return gradient_path(cast("LanguageModel", self), text, **options)

    def local_fit(self, text: str | TokenizedText, **options: Any) -> LocalFit:
        """Return LIME's texts, answers and line; see `lessons.attribution.lime.local_fit`."""
        return local_fit(cast("LanguageModel", self), text, **options)

    def coalition_table(self, text: str | TokenizedText, **options: Any) -> CoalitionTable:
        """Return what every set of words is worth; see `lessons.attribution.shapley.coalition_table`."""
        return coalition_table(cast("LanguageModel", self), text, **options)

    def incomplete(self, text: str | TokenizedText, present: np.ndarray, **options: Any) -> IncompleteText:
        """Return what is read and said when some words are missing; see `lessons.faithfulness.incomplete`."""
        return read_incomplete(cast("LanguageModel", self), text, present, **options)

    def surrogate(self, **options: Any) -> Surrogate:
        """Return a decision tree that imitates the model; see `lessons.attribution.surrogate_tree.fit_surrogate`."""
        return fit_surrogate(cast("LanguageModel", self), **options)

    def faithfulness(self, attribution: Attribution, **options: Any) -> Faithfulness:
        """Return what happens when words go in the order of their scores; see `lessons.faithfulness.faithfulness`."""
        return faithfulness(cast("LanguageModel", self), attribution, **options)

    @property
    def faithfulness_table(self) -> FaithfulnessTable | None:
        """How faithful the methods are over many lines, if that was measured on these very weights; else None."""
        model = cast("LanguageModel", self)
        return faithfulness_of(model.card, model.name)

    def seed_stability(self, text: str | TokenizedText, method: str = "lime", **options: Any) -> Stability:
        """Return how much scores change from seed to seed; see `lessons.faithfulness.stability.seed_stability`."""
        return seed_stability(cast("LanguageModel", self), text, method, **options)

    def edit_stability(self, text: str | TokenizedText, method: str = "occlusion", **options: Any) -> Stability:
        """Return how much scores change with small edits; see `lessons.faithfulness.stability.edit_stability`."""
        return edit_stability(cast("LanguageModel", self), text, method, **options)

    def randomised(self, n_layers: int = 1, seed: int = 0) -> LanguageModel:
        """Return a model whose last layers are drawn anew, to be asked the same questions.

        Args:
            n_layers: how many layers from the top, 1 to L; L + 1 draws the embedding and the head, too.
            seed: of the weights, see `lessons.faithfulness.randomising.randomised_network`.

        Raises:
            InputError: a value is out of range.
        """
        model = cast("LanguageModel", self)
        counts, card = model.vocabulary.counts, {key: value for key, value in model.card.items() if key != "weights"}
        network = randomised_network(model.network, card["architecture"], n_layers, seed, counts)
        return type(model)(model.name, network, model.vocabulary, card)

    def randomised_check(
        self, text: str | TokenizedText, method: str = "occlusion", *, seed: int = 0, **options: Any
    ) -> np.ndarray:
        """Return how scores change with the number of random layers; see `lessons.faithfulness.randomising`."""
        return randomised_check(cast("LanguageModel", self), text, method, seed=seed, **options)
