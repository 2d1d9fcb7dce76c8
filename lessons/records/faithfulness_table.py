"""How faithful the methods are on average: numbers over many lines, with intervals, and what may be said of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from lessons.errors import InputError

__all__ = ["FAITHFULNESS_MEASURES", "RANDOM", "Estimate", "FaithfulnessTable", "Measure"]

#: The name under which a table holds the random orders, beside the methods.
RANDOM = "random"


class Measure(NamedTuple):
    """What is measured of a method.

    Attributes:
        meaning: what one number is.
        unit: "nats", "seconds", "passes", or "" for a share or a correlation.
        good: +1 if a high number speaks for the method, -1 if a low one does, 0 if neither.
        by_baseline: whether it was measured once for each meaning of 'missing'.
    """

    meaning: str
    unit: str
    good: int
    by_baseline: bool


#: The measures, in the order of a table.
FAITHFULNESS_MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "deletion": Measure("what is lost without the first 1 to T words, on average", "nats", 1, True),
        "insertion": Measure("what is still lost with the first 0 to T - 1 words only, on average", "nats", -1, True),
        "deletion_gain": Measure("deletion score minus that of random orders", "nats", 1, True),
        "insertion_gain": Measure("insertion score of random orders minus that of the method", "nats", 1, True),
        "between": Measure("area between the two curves: deletion score minus insertion score", "nats", 1, True),
        "comprehensiveness": Measure("what is lost without the first 10, 20 and 50 %, on average", "nats", 1, True),
        "sufficiency": Measure("what is lost with only the first 10, 20 and 50 %, on average", "nats", -1, True),
        "seed_correlation": Measure("rank correlation of the scores of two seeds", "", 1, False),
        "seed_overlap": Measure("share of the 3 highest words that two seeds have in common", "", 1, False),
        "edit_correlation": Measure("rank correlation of the scores before and after a small edit", "", 1, False),
        "edit_overlap": Measure("share of the 3 highest words that stay after a small edit", "", 1, False),
        "dummy": Measure(
            "largest score of an <unk>, whose loss with <unk> for 'missing' is none, as a share of all", "", -1, False
        ),
        "gap": Measure("by how much the scores miss the sum that the method promises", "nats", -1, False),
        "seconds": Measure("time for one text on one thread", "seconds", -1, False),
        "forward_passes": Measure("texts that the model reads", "passes", -1, False),
        "backward_passes": Measure("gradients that are taken", "passes", -1, False),
    }
)


class Estimate(NamedTuple):
    """The mean of a number over lines.

    Attributes:
        mean: over the lines.
        low, high: its 95 % confidence interval (bootstrap over lines).
        largest: that of any line.
        n: how many lines have this number.
    """

    mean: float
    low: float
    high: float
    largest: float
    n: int

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside the interval."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        mean, low, high = (f"{round(number, 2) + 0.0:+.2f}" for number in self[:3])  # no minus zero
        return f"{mean} [{low}, {high}]"


@dataclass(frozen=True, eq=False, kw_only=True)
class FaithfulnessTable:
    """What was measured of the methods on some models over a sample of lines; see `lessons.faithfulness.measure`.

    Not every line has every number: scores that are all the same have no rank correlation, and many lines have no small
    edit. `Estimate.n` says how many lines have it; where none has, a number is missing, or its `n` is 0.

    Attributes:
        scores: for (model name, method, measure, baseline) the mean over lines. `measure` is one of
            `FAITHFULNESS_MEASURES`; `baseline` is what 'missing' meant while it was measured, or "" for a measure that
            takes nothing away. The method `RANDOM` stands for random orders.
        differences: for (model name, method, other method, measure, baseline) the mean of the method's number minus
            the other's, line by line (paired); each pair stands there once.
        agreement: for (model name, method, other method, kind) the mean rank correlation of their scores ("signed")
            or of their sizes ("sizes"); each pair stands there once.
        randomised: for (model name, method) one entry for each number of layers that were drawn anew, from the top
            down, 1 first: the rank correlation of the scores with those of the trained model, on some of the lines. The
            last entry is a model of which nothing is left.
        n_lines: how many lines were drawn, each with one prediction.
        corpus: where they are from.
        seed: of their choice, and of all that is drawn.
        baselines: what 'missing' meant, in the order of a table.
        source: where the numbers come from, for example "shipped with the models".
        weights: for each model the SHA-256 of the weights that were measured; left out if it is not known.
        done: share of the measuring that is done, 0 to 1; a table grows while it is measured.
    """

    scores: Mapping[tuple[str, str, str, str], Estimate]
    differences: Mapping[tuple[str, str, str, str, str], Estimate]
    agreement: Mapping[tuple[str, str, str, str], Estimate]
    randomised: Mapping[tuple[str, str], tuple[Estimate, ...]]
    n_lines: int
    corpus: str
    seed: int
    baselines: tuple[str, ...]
    source: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
    done: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.done <= 1 or math.isnan(self.done):
            raise InputError(f"done is {self.done!r}; it is a share from 0 to 1.")
        for key in self.scores:
            if key[2] not in FAITHFULNESS_MEASURES:
                raise InputError(f"There is no measure {key[2]!r}; there are {', '.join(FAITHFULNESS_MEASURES)}.")
        for name in ("scores", "differences", "agreement", "randomised", "weights"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def models(self) -> tuple[str, ...]:
        """The models that were measured."""
        return tuple(dict.fromkeys(key[0] for key in self.scores))

    def methods(self, model_name: str) -> tuple[str, ...]:
        """Return the methods that were measured on a model, without the random orders."""
        return tuple(dict.fromkeys(key[1] for key in self.scores if key[0] == model_name and key[1] != RANDOM))

    def score(
        self, model_name: str, method: str, measure: str = "deletion", baseline: str | None = None
    ) -> Estimate | None:
        """Return what was measured of a method, or None if it was not measured.

        Args:
            model_name, method: a model and a method, or `RANDOM`.
            measure: one of `FAITHFULNESS_MEASURES`.
            baseline: what 'missing' meant; None for the first of `baselines` where it matters.
        """
        return self.scores.get((model_name, method, measure, self._baseline(measure, baseline)))

    def difference(
        self, model_name: str, method: str, other: str, measure: str = "deletion", baseline: str | None = None
    ) -> Estimate | None:
        """Return by how much a method's number is above another's, line by line; None if it was not measured."""
        where = self._baseline(measure, baseline)
        found = self.differences.get((model_name, method, other, measure, where))
        if found is not None:
            return found
        found = self.differences.get((model_name, other, method, measure, where))
        return None if found is None else Estimate(-found.mean, -found.high, -found.low, math.nan, found.n)

    def rank_correlation(self, model_name: str, method: str, other: str, sizes: bool = False) -> Estimate | None:
        """Return how far two methods agree; None if it was not measured.

        Args:
            model_name, method, other: a model and two methods, in any order.
            sizes: whether the scores are compared without their signs, as is fair to methods that have none.
        """
        kind = "sizes" if sizes else "signed"
        found = self.agreement.get((model_name, method, other, kind))
        return self.agreement.get((model_name, other, method, kind)) if found is None else found

    def ranking(
        self, model_name: str, measure: str = "deletion", baseline: str | None = None
    ) -> tuple[tuple[str, Estimate], ...]:
        """Return the methods with their numbers, the best mean first; the order of two may be chance, see `sentence`.

        The arguments are those of `score`.
        """
        good = FAITHFULNESS_MEASURES[measure].good or 1
        found = ((method, self.score(model_name, method, measure, baseline)) for method in self.methods(model_name))
        return tuple(sorted(((m, s) for m, s in found if s is not None), key=lambda one: -good * one[1].mean))

    def sentence(self, method: str, other: str, model_name: str, measure: str = "deletion") -> str:
        """Return what the table says about two methods on a model, in words.

        A method is called more faithful where the interval of the paired differences lies on one side of 0, and without
        a 'with' only if it does so for every meaning of 'missing': a test that takes words away in the way in which a
        method does favours that method. Of 100 pairs without any difference, five would be told apart by chance.

        Args:
            method, other: two methods.
            model_name: the model.
            measure: "deletion", "insertion", "between", "comprehensiveness" or "sufficiency".

        Raises:
            InputError: that was not measured.
        """
        found = {name: self.difference(model_name, method, other, measure, name) for name in self.baselines}
        known = {name: one for name, one in found.items() if one is not None}
        if not known or not FAITHFULNESS_MEASURES[measure].by_baseline:
            raise InputError(
                f"{method} and {other} were not compared on {model_name!r} by {measure}; this table has the models "
                f"{', '.join(self.models)} with the methods {', '.join(self.methods(model_name)) or 'of these'}."
            )
        good = FAITHFULNESS_MEASURES[measure].good
        better = [name for name, one in known.items() if one.excludes_zero and one.mean * good > 0]
        worse = [name for name, one in known.items() if one.excludes_zero and one.mean * good < 0]
        numbers = "; ".join(f"{one} nats with '{name}'" for name, one in known.items())
        if better and worse:
            said = f"whether {method} or {other} is more faithful to {model_name} depends on what 'missing' means"
        elif better or worse:
            more = "more" if better else "less"
            said = f"the scores of {method} are {more} faithful to {model_name} than those of {other}"
            if len(better or worse) < len(known):
                said += f" with {_listed(better or worse)}, and otherwise no difference was found"
        else:
            said = f"no difference in faithfulness to {model_name} was found between {method} and {other}"
        return f"By {measure}, {said}: {method} minus {other} is {numbers} ({self.n_lines} lines)."

    def _baseline(self, measure: str, baseline: str | None) -> str:
        if measure not in FAITHFULNESS_MEASURES:
            raise InputError(f"There is no measure {measure!r:.60}; there are {', '.join(FAITHFULNESS_MEASURES)}.")
        if not FAITHFULNESS_MEASURES[measure].by_baseline:
            return ""
        return self.baselines[0] if baseline is None else baseline


def _listed(names: list[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)
