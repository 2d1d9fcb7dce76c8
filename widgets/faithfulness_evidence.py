"""What a FaithfulnessLab knows about one prediction: explanations and curves, asked one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import Attribution, Faithfulness, FaithfulnessTable
from widgets.kept import Kept
from widgets.methods import METHODS
from widgets.why import Why

__all__ = ["Evidence"]

_TEXTS_KEPT = 256
_TEXTS_AT_ONCE = 64  # that the model reads for a few random orders, before the page may ask for something else


class Evidence:
    """The explanations of one prediction by several methods, and what has been measured of them.

    Everything is asked for when it is first needed. `missing` says what is still to be asked for, so that a page can
    have it piece by piece.

    Args:
        why: the prediction, and what 'missing' means in the test.
        n_random: R, how many random orders.
        seed: of these orders, and of the weights of a randomised model.
        asked_with: what 'missing' means to the methods.
    """

    def __init__(self, why: Why, n_random: int, seed: int, asked_with: str) -> None:
        self.why, self.n_random, self.seed, self.asked_with = why, n_random, seed, asked_with
        self.curves: dict[str, Faithfulness] = {}
        self.refused: dict[str, str] = {}
        self._random: list[Faithfulness] = []  # some random orders in each
        self.redrawn: dict[tuple[str, int], Attribution] = {}
        self._models: dict[int, Any] = {}
        self._texts: Kept[Any] = Kept(_TEXTS_KEPT)

    def is_about(self, why: Why) -> bool:
        """Return whether this is the same prediction, whatever 'missing' means."""
        mine = self.why
        same_text = mine.text.token_ids.tobytes() == why.text.token_ids.tobytes()
        return mine.model is why.model and same_text and mine.options == why.options

    @cached_property
    def own_table(self) -> FaithfulnessTable | None:
        """What was measured of the model over many lines, None if nobody has."""
        return getattr(self.why.model, "faithfulness_table", None)

    def curve(self, method: str) -> Faithfulness:
        """Return the explanation of a method with its curves.

        Raises:
            InputError: the model cannot be explained in this way.
        """
        if method in self.refused:
            raise InputError(self.refused[method])
        if method not in self.curves:
            why = self.why
            try:
                found = self._explain(why.model, method)
                self.curves[method] = why.model.faithfulness(found, baseline=why.baseline, n_random=0, seed=self.seed)
            except InputError as error:
                self.refused[method] = str(error)
                raise
        return self.curves[method]

    def _explain(self, model: Any, method: str) -> Attribution:
        known, name = METHODS.get(method), self.asked_with
        if known is not None and known.needs_vector and name == "delete":
            name = "unk"  # a gradient needs something that stands in a word's place
        leaves_out = {"baseline": name} if known is not None and known.has_baseline else {}
        found: Attribution = model.explain(self.why.text, method, **leaves_out, **self.why.options)
        return found

    @property
    def n_random_left(self) -> int:
        """How many random orders are still to be measured."""
        return self.n_random - sum(len(one.random_scores) for one in self._random)

    def ask_random(self) -> None:
        """Measure the next random orders, which are the same for all methods."""
        if not self.n_random_left or not self.curves:
            return
        found = next(iter(self.curves.values())).attribution
        n_more = min(self.n_random_left, max(1, _TEXTS_AT_ONCE // len(found)))
        options = {
            "baseline": self.why.baseline,
            "n_random": n_more,
            "first_random": self.n_random - self.n_random_left,
        }
        self._random.append(self.why.model.faithfulness(found, **options, seed=self.seed))

    @property
    def random_deletion(self) -> np.ndarray | None:
        """(R, T + 1) float64, the deletion curves of the random orders; None while they are not measured."""
        return np.vstack([one.random_deletion for one in self._random]) if self._random else None

    @property
    def random_scores(self) -> np.ndarray | None:
        """(R,) float64, the deletion scores of the random orders; None while they are not measured."""
        return np.concatenate([one.random_scores for one in self._random]) if self._random else None

    def beaten(self, method: str) -> str | None:
        """Return how many random orders lose less than a method, in words; None while that is not known."""
        scores = self.random_scores
        if scores is None or method not in self.curves:
            return None
        return f"{self.curves[method].n_beaten(scores)} of {len(scores)}"

    def explain_redrawn(self, method: str, n_layers: int) -> Attribution:
        """Return the explanation of the model whose last layers were drawn anew."""
        if (method, n_layers) not in self.redrawn:
            if n_layers not in self._models:
                self._models[n_layers] = self.why.model.randomised(n_layers, self.seed)
            self.redrawn[method, n_layers] = self._explain(self._models[n_layers], method)
        return self.redrawn[method, n_layers]

    def said(self, order: np.ndarray, k: int, put_back: bool) -> Any:
        """Return what the model reads and says at a point of a curve (an `IncompleteText`).

        Args:
            order: (T,) places of the words.
            k: how many of the first words are missing, or are there.
            put_back: whether they are there and the others missing.
        """
        present = np.full(len(order), not put_back)
        present[order[:k]] = put_back
        why = self.why
        options = {"baseline": why.baseline, "seed": self.seed, **why.options}
        return self._texts.get(present.tobytes(), lambda: why.model.incomplete(why.text, present, **options))

    def missing(
        self, shown: tuple[str, ...], methods: tuple[str, ...], redrawn: tuple[tuple[str, int], ...] = ()
    ) -> Iterator[Callable[[], object]]:
        """Yield a function for each thing that is still to be asked for, what is looked at first.

        Args:
            shown: methods whose curves are drawn.
            methods: all whose curves are wanted.
            redrawn: methods and numbers of layers whose explanations are wanted.
        """
        for method in shown:
            if not self._is_known(method):
                yield partial(self._try, method)
        for method, n_layers in redrawn:
            if (method, n_layers) not in self.redrawn and method not in self.refused:
                yield partial(self.explain_redrawn, method, n_layers)
        if self.n_random_left and self.curves:
            yield self.ask_random
        for method in methods:
            if not self._is_known(method):
                yield partial(self._try, method)

    def _is_known(self, method: str) -> bool:
        return method in self.curves or method in self.refused

    def _try(self, method: str) -> None:
        """Ask for a curve; if that is refused, the sentence is kept and shown."""
        with suppress(InputError):
            self.curve(method)
