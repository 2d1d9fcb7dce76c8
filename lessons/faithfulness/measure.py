"""The methods measured over many lines: so that 'more faithful on this model' is a number with an interval.

    for table in measure_faithfulness([lstm, transformer], n_lines=20):
        print(table.done)
    print(table.sentence("occlusion", "saliency", "lstm"))

A test that takes words away takes them away in some way. Occlusion, LIME and Shapley values ask what happens with
`<unk>` in the place of a word; a deletion curve made with `<unk>` asks the same thing once more and favours them. So
the same explanations are tested with other meanings of 'missing', too: words left out, and words drawn at random.

Equal scores say nothing about the order of their words. Such words go in several random orders, and the mean counts.

All methods and the random orders are measured on the same lines. Intervals are percentiles of the means of 2,000
samples of lines, drawn with replacement, the same ones for every number: differences are paired (bootstrap).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from lessons.at_hand import corpus_at_hand
from lessons.attribution import METHODS, explain, fit_surrogate
from lessons.attribution.ask import ask
from lessons.attribution.missing import missing
from lessons.checks import whole
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.faithfulness.curves import deletion_curves, order_of, random_orders
from lessons.faithfulness.estimates import Numbers, estimated_table
from lessons.faithfulness.randomising import all_parts
from lessons.faithfulness.sample import Place, sample_places
from lessons.faithfulness.stability import SAMPLED, compared, edits_that_count, small_edits
from lessons.heap import give_back_memory
from lessons.records import BASELINES, RANDOM, Attribution, Faithfulness, FaithfulnessTable, rank_correlation

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["MISSING_MEANS", "SHARES", "Settings", "measure_faithfulness", "orders_of"]

#: What 'missing' means in the tests, one after another.
MISSING_MEANS = ("unk", "delete", "resample")

#: The shares of the words whose comprehensiveness and sufficiency are averaged.
SHARES = (0.1, 0.2, 0.5)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How much is drawn for each line.

    Attributes:
        baselines: what 'missing' means, see `lessons.attribution.missing.missing`.
        n_random: random orders that the curves are compared with.
        n_ties: random orders of words with equal scores.
        n_draws: random texts of the baseline "resample".
        n_seeds: seeds of the sampled methods; 1 leaves stability over seeds out.
        n_edits: small edits; 0 leaves stability over edits out.
        n_randomised: how many of the lines are put to models with random layers, too; 0 leaves that out.
        seed: of lines, orders, and weights.
    """

    baselines: tuple[str, ...] = MISSING_MEANS
    n_random: int = 10
    n_ties: int = 5
    n_draws: int = 4
    n_seeds: int = 3
    n_edits: int = 2
    n_randomised: int = 60
    seed: int = 7

    def __post_init__(self) -> None:
        least = {"n_random": 1, "n_ties": 1, "n_draws": 1, "n_seeds": 1, "n_edits": 0, "n_randomised": 0, "seed": 0}
        for name, lowest in least.items():
            whole(name, getattr(self, name), lowest)
        if not self.baselines or any(name not in BASELINES for name in self.baselines):
            raise InputError(f"baselines is {self.baselines!r:.60}; choose from {', '.join(BASELINES)}.")


def measure_faithfulness(
    models: Sequence[LanguageModel],
    corpus: Corpus | None = None,
    methods: Sequence[str] = tuple(METHODS),
    n_lines: int = 20,
    settings: Settings | None = None,
    every: int = 10,
) -> Iterator[FaithfulnessTable]:
    """Measure methods on models, one line after another; yield the table as it grows, the last one whole.

    Args:
        models: they share a vocabulary, and are asked about the same predictions.
        corpus: whose validation split the lines are from; None for the corpus at hand.
        methods: names in `lessons.attribution.METHODS`; those that need attention are left out for an LSTM.
        n_lines: how many lines, 2 or more.
        settings: None for those of the shipped table.
        every: a table is yielded after so many lines, and at the end.

    Raises:
        InputError: no model, models with different vocabularies, an unknown method, a model without any, or too few
            lines.
    """
    settings = settings or Settings()
    if not models or any(model.vocabulary != models[0].vocabulary for model in models):
        raise InputError("Give at least one model, and only models that share a vocabulary: they read the same tokens.")
    of_each = [_methods_for(model, methods) for model in models]
    corpus = corpus or corpus_at_hand()
    n_lines, every = whole("n_lines", n_lines, 2), whole("every", every, 1)
    places = sample_places(models[0].vocabulary, corpus, n_lines=n_lines, seed=settings.seed)
    weights = {model.name: model.card["weights"]["sha256"] for model in models if "weights" in model.card}
    found: dict[str, list[Numbers]] = {}
    for number, (model, its_methods) in enumerate(zip(models, of_each, strict=True)):
        asker = _Asker(model, its_methods, corpus, settings)
        lines = found.setdefault(model.name, [])
        for place in places:
            lines.append(asker.numbers(place, len(lines) < settings.n_randomised))
            if len(lines) % every and len(lines) < n_lines:
                continue
            done = (number + len(lines) / n_lines) / len(models)
            table = estimated_table(found, f"{corpus.name}, validation split", settings.baselines, settings.seed)
            yield replace(table, n_lines=n_lines, weights=weights, done=done, source="measured here")


def _methods_for(model: LanguageModel, methods: Sequence[str]) -> list[str]:
    """Return those of the methods that work for a model."""
    unknown = [name for name in methods if name not in METHODS]
    if unknown:
        raise InputError(f"There is no method {unknown[0]!r:.60}; choose from {', '.join(METHODS)}.")
    working = [name for name in methods if model.context_length is not None or not name.startswith("attention")]
    if not working:
        raise InputError(f"No method is left to measure on {model.name!r}; an LSTM has no attention.")
    return working


def orders_of(scores: np.ndarray, n_ties: int, seed: int) -> np.ndarray:
    """Return the places of the words, the highest score first, in several orders if scores are equal: (R, T) int64.

    Args:
        scores: (T,).
        n_ties: R where at least two scores are equal; else R is 1.
        seed: of the orders of equal scores.
    """
    if len(np.unique(scores)) == len(scores):
        return order_of(scores)[None]
    return np.array([np.lexsort((drawn, -scores)) for drawn in random_orders(len(scores), n_ties, seed)])


class _Asker:
    """Asks one model, and the same model with random layers, about one prediction after another."""

    def __init__(self, model: LanguageModel, methods: Sequence[str], corpus: Corpus, settings: Settings) -> None:
        self.methods, self.settings = methods, settings
        n_parts = all_parts(model.network) if settings.n_randomised else 0
        self.models = [model, *(model.randomised(n, settings.seed) for n in range(1, n_parts + 1))]
        self.options: list[Mapping[str, Any]] = [
            {"surrogate": fit_surrogate(one, corpus)} if "surrogate_tree" in methods else {} for one in self.models
        ]

    def _explain(self, which: int, method: str, text: Any, target: int, **options: Any) -> Attribution:
        own = self.options[which] if method == "surrogate_tree" else {}
        return explain(self.models[which], text, method, target=target, **own, **options)

    def numbers(self, place: Place, randomised: bool) -> Numbers:
        """Return all numbers about one prediction, by what they are; with those of random layers if wanted."""
        text, target = place
        found = {method: self._explain(0, method, text, target) for method in self.methods}
        numbers: Numbers = {}
        for name in self.settings.baselines:
            self._curves(place, found, name, numbers)
        unknown = text.token_ids == self.models[0].vocabulary.unknown_id
        for method, one in found.items():
            numbers["scores", method, "seconds", ""] = one.seconds
            sizes = np.abs(one.scores)
            if unknown.any() and sizes.any():
                numbers["scores", method, "dummy", ""] = float(sizes[unknown].max() / sizes.max())
            numbers["scores", method, "forward_passes", ""] = one.forward_passes
            numbers["scores", method, "backward_passes", ""] = one.backward_passes
            if one.convergence_delta is not None:
                numbers["scores", method, "gap", ""] = abs(one.convergence_delta)
        for method, other in combinations(found, 2):
            a, b = found[method].scores, found[other].scores
            numbers["agreement", method, other, "signed"] = _or_nan(rank_correlation(a, b))
            numbers["agreement", method, other, "sizes"] = _or_nan(rank_correlation(np.abs(a), np.abs(b)))
        self._stability(place, found, numbers)
        for which in range(1, len(self.models) if randomised else 1):
            for method, one in found.items():
                other_model = self._explain(which, method, text, target)
                numbers["randomised", method, str(which)] = _or_nan(rank_correlation(one.scores, other_model.scores))
        give_back_memory()
        return numbers

    def _curves(self, place: Place, found: Mapping[str, Attribution], baseline: str, numbers: Numbers) -> None:
        """Add what the deletion and insertion curves say, all orders of all methods being read at once."""
        settings = self.settings
        question = ask(self.models[0], place.text, place.target_id)
        absent = missing(question, baseline, settings.n_draws, settings.seed)
        orders = [orders_of(one.scores, settings.n_ties, settings.seed) for one in found.values()]
        drawn = random_orders(len(place.text), settings.n_random, settings.seed)
        forward = np.vstack([*orders, drawn])
        curves, _ = deletion_curves(question, absent, np.vstack([forward, forward[:, ::-1]]))
        there, back = curves[: len(forward)], curves[len(forward) :, ::-1]  # deletion, insertion
        ends = np.cumsum([len(of_one) for of_one in orders])
        first = 0
        for (method, one), last in zip(found.items(), ends.tolist(), strict=True):
            record = Faithfulness(
                attribution=one,
                baseline=baseline,
                order=forward[first],
                deletion=there[first:last].mean(axis=0),
                insertion=back[first:last].mean(axis=0),
                random_deletion=there[ends[-1] :],
                seed=settings.seed,
                forward_passes=0,
                seconds=0.0,
            )
            first = last
            by_chance = float(record.random_scores.mean())
            values = _measures(record)
            values["deletion_gain"] = values["deletion"] - by_chance
            values["insertion_gain"] = by_chance - values["insertion"]
            numbers.update({("scores", method, name, baseline): value for name, value in values.items()})
        chance = replace(record, deletion=there[ends[-1] :].mean(axis=0), insertion=back[ends[-1] :].mean(axis=0))
        numbers.update({("scores", RANDOM, name, baseline): value for name, value in _measures(chance).items()})

    def _stability(self, place: Place, found: Mapping[str, Attribution], numbers: Numbers) -> None:
        """Add how much the explanations change with other seeds, and with small edits."""
        text, target = place
        for method in SAMPLED:
            if method in found and found[method].spread is not None and self.settings.n_seeds > 1:
                seeds = range(1, self.settings.n_seeds)
                others = (self._explain(0, method, text, target, seed=seed) for seed in seeds)
                _add(numbers, method, "seed", compared("seeds", (found[method], *others)))
        edits = small_edits(text, self.models[0].vocabulary) if self.settings.n_edits else ()
        if not edits:
            return
        counting = edits_that_count(self.models[0], next(iter(found.values())), edits)[: self.settings.n_edits]
        for method, one in found.items():
            if counting:
                others = (self._explain(0, method, edit, target) for edit in counting)
                _add(numbers, method, "edit", compared("edits", (one, *others)))


def _measures(record: Faithfulness) -> dict[str, float]:
    return {
        "deletion": record.deletion_score,
        "insertion": record.insertion_score,
        "between": record.deletion_score - record.insertion_score,
        "comprehensiveness": float(np.mean([record.comprehensiveness(share) for share in SHARES])),
        "sufficiency": float(np.mean([record.sufficiency(share) for share in SHARES])),
    }


def _add(numbers: Numbers, method: str, kind: str, found: Any) -> None:
    numbers["scores", method, f"{kind}_correlation", ""] = _or_nan(found.rank_correlation)
    numbers["scores", method, f"{kind}_overlap", ""] = _or_nan(found.overlap)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
