"""What an ImportanceExplorer has to compute for a question, in small steps: first what is fast, then what can wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import Attribution, Faithfulness, rank_correlation
from widgets.methods import METHODS, REALITY
from widgets.why import Why

__all__ = ["Plan", "Work"]

_PLACES_AT_ONCE = 1024  # words of all samples of one step: a few hundredths of a second
_NO_VECTOR = "It needs a vector that stands for a missing word; here the word is left out, so there is none."


@dataclass(frozen=True)
class Plan:
    """What is to be computed for every question.

    Attributes:
        methods: names, what really happens first.
        n_samples: how many texts LIME and Shapley values are estimated from.
        n_steps: of integrated gradients.
        n_random: how many random orders the deletion scores are compared with.
        seed: of all that is drawn at random.
    """

    methods: tuple[str, ...]
    n_samples: int
    n_steps: int
    n_random: int
    seed: int


class Work:
    """The answers to one question, as far as they have been worked out.

    Making it takes one step, which says whether the question can be answered at all.

    Attributes:
        why: the question.
        plan: what is to be computed.
        attributions: by method; those of LIME and Shapley values are estimates until `n_drawn` reaches the plan's.
        faithfulness: the deletion curves, by method.
        random: the curves of the first row again, with random orders beside them; None until all else is done.
        refused: why a method has no answer, by method.
        removed: what the model says without one word, by its place; those that were asked for.
        stage: "fast", then "tests" (the deletion scores of these), then "samples", and what comes after them.
        done: whether all has been worked out.

    Raises:
        InputError: the model refuses the question.
    """

    def __init__(self, why: Why, plan: Plan) -> None:
        self.why, self.plan = why, plan
        self.attributions: dict[str, Attribution] = {}
        self.faithfulness: dict[str, Faithfulness] = {}
        self.random: Faithfulness | None = None
        self.refused: dict[str, str] = {}
        self.removed: dict[int, Any] = {}
        self.stage = "fast"
        self.done = False
        self._left = {name: self._estimates(name) for name in plan.methods if METHODS[name].is_sampled}
        self._steps = self._all_steps()
        self._explain(REALITY)

    def begin(self) -> None:
        """Do all that is fast, and one step of each estimate: the first one ever loads what only estimates need."""
        while not self.done and self.stage == "fast":
            self._step()
        if self._left:
            for _ in self._in_turn():
                pass

    def go_on(self, seconds: float, *, refine: bool) -> None:
        """Do one step and then more, as long as the next one, if it takes as long as the last, ends in time.

        Args:
            seconds: how long; nothing is done in 0 or less.
            refine: whether to draw samples, too.
        """
        end = time.perf_counter() + seconds
        while seconds > 0 and self.is_busy(refine):
            began = time.perf_counter()
            self._step()
            now = time.perf_counter()
            if now + (now - began) > end:
                return

    def is_busy(self, refine: bool) -> bool:
        """Whether anything is left to do. Args: refine, whether samples are to be drawn, too."""
        return not self.done and (refine or self.stage != "samples")

    def _step(self) -> None:
        self.done = next(self._steps, "done") == "done"

    def n_drawn(self, name: str) -> int | None:
        """How many samples an unfinished estimate has been made from; None if the method is finished or draws none."""
        found = self.attributions.get(name)
        if name not in self._left or (found is not None and "n_samples" not in found.details):
            return None
        return 0 if found is None else int(found.details["n_samples"])

    def agreement(self, name: str) -> float | None:
        """Rank correlation of a method's scores with what really happens; without signs if the method has none."""
        real, scores = self.attributions[REALITY].scores, self.attributions[name].scores
        return rank_correlation(real if METHODS[name].has_sign else np.abs(real), scores)

    def without(self, place: int) -> Any:
        """Return what the model says without the word at a place: a `lessons.records.incomplete.IncompleteText`."""
        if place not in self.removed:
            present = np.arange(self.why.n_words) != place
            self.removed[place] = self._incomplete(present)
        return self.removed[place]

    @cached_property
    def intact(self) -> Any:
        """What the model says with all words, in the same form."""
        return self._incomplete(np.ones(self.why.n_words, bool))

    def _incomplete(self, present: np.ndarray) -> Any:
        why = self.why
        options = {"target": why.target, "position": why.position, "baseline": why.baseline, "seed": self.plan.seed}
        return why.model.incomplete(why.text, present, explains="probability", **options)

    # The steps.

    def _all_steps(self) -> Iterator[None]:
        quick = [name for name in self.plan.methods if not METHODS[name].is_sampled]
        for name in sorted(quick, key=lambda name: name == "integrated_gradients"):  # it takes longest
            if name != REALITY:
                self._try(name, self._explain)
                yield
        self.stage = "tests"
        yield
        for name in quick:
            yield from self._measure(name)
        self.stage = "samples"
        yield
        while self._left:
            yield from self._in_turn()
        for name in self.plan.methods:
            yield from self._measure(name)
        if self.plan.n_random:
            self.random = self._faithfulness(self.attributions[REALITY], self.plan.n_random)

    def _in_turn(self) -> Iterator[None]:
        """Do a step of each estimate that is left, so that they can be watched side by side."""
        for name, steps in list(self._left.items()):
            if next(steps, "done") == "done":
                del self._left[name]
            yield

    def _try(self, name: str, step: Any) -> None:
        try:
            step(name)
        except InputError as error:
            self.refused[name] = str(error)

    def _options(self, name: str) -> dict[str, Any]:
        options = dict(self.why.options)
        if METHODS[name].has_baseline:
            options |= {"baseline": self.why.baseline, "seed": self.plan.seed}
        if name == "integrated_gradients":
            options["n_steps"] = self.plan.n_steps
        return options

    def _explain(self, name: str) -> None:
        if METHODS[name].needs_vector and self.why.baseline == "delete":
            self.refused[name] = _NO_VECTOR
            return
        self.attributions[name] = self.why.model.explain(self.why.text, name, **self._options(name))

    def _estimates(self, name: str) -> Iterator[None]:
        n_words = self.why.n_words
        n_versions = 8 if self.why.baseline == "resample" else 1
        every = max(2, min(64, _PLACES_AT_ONCE // (n_words * n_versions) // 2 * 2))
        options = self._options(name) | {"every": every}
        if name == "lime" or n_words > 8:  # Shapley values of up to 8 words are exact
            options["n_samples"] = max(self.plan.n_samples, 2 * n_words)
        try:
            for estimate in self.why.model.estimates(self.why.text, name, **options):
                if estimate is not None:
                    self.attributions[name] = estimate
                yield
        except InputError as error:
            self.refused[name] = str(error)

    def _measure(self, name: str) -> Iterator[None]:
        """Take the words away in the order of a method's scores, unless that is done or cannot be."""
        if name in self.attributions and name not in self.faithfulness:
            self.faithfulness[name] = self._faithfulness(self.attributions[name], 0)
            yield

    def _faithfulness(self, attribution: Attribution, n_random: int) -> Faithfulness:
        options = {"baseline": self.why.baseline, "n_random": n_random, "seed": self.plan.seed}
        found: Faithfulness = self.why.model.faithfulness(attribution, **options)
        return found
