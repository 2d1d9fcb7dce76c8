"""Stability: an explanation should not change where nothing has changed, or hardly anything.

    seeds   the same question, asked again with other random numbers: of LIME and of estimated Shapley values
    edits   one word is replaced by another that means nearly the same, for example 'large' by 'big'

An edit counts only if the model's own answer stays nearly the same: if it moves, the explanation has a reason to. The
edits are a list of our own (`SYNONYMS`), small on purpose: one word for one word, so that every other word keeps its
place, and both words frequent.

Source: in the manner of Alvarez-Melis and Jaakkola 2018, arXiv:1806.08049 (small edits), and of Visani et al. 2020,
arXiv:2001.11757 (other seeds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from lessons.attribution import explain
from lessons.attribution.ask import ask
from lessons.checks import real, whole
from lessons.errors import InputError
from lessons.faithfulness.agreement import agreement
from lessons.records import Attribution, Stability, TokenizedText
from lessons.text import Vocabulary, readable_text

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = [
    "SAMPLED",
    "SYNONYMS",
    "compared",
    "edit_stability",
    "edits_that_count",
    "seed_stability",
    "small_edits",
]

#: Methods whose scores come from random samples.
SAMPLED = ("lime", "shapley")

_PAIRS = """
    large big, small little, began started, said stated, many numerous, built constructed, often frequently,
    nearly almost, although though, film movie, shortly soon, bought purchased, difficult hard, whole entire,
    mainly mostly, mainly primarily, initially originally, received got, however nevertheless, several various,
    main chief, made created, ended finished, quickly rapidly, usually generally, upon on, while whereas,
    required needed, tried attempted, largest biggest, road street, home house, ship vessel, car automobile, moved went,
    very extremely, important significant, old ancient, army troops, show display, released issued, headed led,
    fast quick, song tune, called named, area region, during throughout, among amongst, team squad, match game,
    town city
"""


def _synonyms() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pair in _PAIRS.split(","):
        one, other = pair.split()
        found[one] = (*found.get(one, ()), other)
        found[other] = (*found.get(other, ()), one)
    return found


#: For each word those that may stand in its place without a great change of meaning.
SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(_synonyms())


def small_edits(text: str | TokenizedText, vocabulary: Vocabulary, position: int = -1) -> tuple[TokenizedText, ...]:
    """Return the texts in which one word before a prediction is replaced by one that means nearly the same.

    Args:
        text: typed, or already tokenized.
        vocabulary: of the model; words that it does not know are left out.
        position: place of the prediction, -1 for the word after the text.

    Returns:
        The texts from left to right, as many as there are; often none.
    """
    text = readable_text(text, vocabulary)
    position = whole("position", position, -1, len(text) - 1)
    edited = []
    for place, word in enumerate(text.tokens[: len(text) if position < 0 else position]):
        for other in SYNONYMS.get(word, ()):
            if other in vocabulary:
                tokens = (*text.tokens[:place], other, *text.tokens[place + 1 :])
                edited.append(TokenizedText(" ".join(tokens), tokens, tokens, vocabulary.encode(tokens)))
    return tuple(edited)


def seed_stability(
    model: LanguageModel,
    text: str | TokenizedText,
    method: str = "lime",
    *,
    n_seeds: int = 5,
    k: int = 3,
    sizes: bool = False,
    **options: Any,
) -> Stability:
    """Return how much an explanation changes from seed to seed.

    Args:
        model: the model.
        text: what is explained.
        method: one that draws samples; with any other, all explanations are the same.
        n_seeds: how many seeds, 0, 1, 2 and so on; 2 to 100.
        k: how many of the first words are compared.
        sizes: whether the scores are compared without their signs.
        options: further ones of the method, such as `n_samples`.

    Raises:
        InputError: the method takes no seed, or a value is out of range.
    """
    n_seeds = whole("n_seeds", n_seeds, 2, 100)
    if "seed" in options:
        raise InputError("seed_stability chooses the seeds itself, 0, 1, 2 and so on; leave seed out.")
    found = tuple(explain(model, text, method, seed=seed, **options) for seed in range(n_seeds))
    return compared("seeds", found, k, sizes)


def edit_stability(
    model: LanguageModel,
    text: str | TokenizedText,
    method: str = "occlusion",
    *,
    edits: Sequence[str | TokenizedText] | None = None,
    most_change: float = 0.25,
    k: int = 3,
    sizes: bool = False,
    **options: Any,
) -> Stability:
    """Return how much an explanation changes with small edits that hardly change the model's answer.

    Args:
        model: the model.
        text: what is explained.
        method: a name in `lessons.attribution.METHODS`.
        edits: texts of the same length that mean nearly the same; None for those of `small_edits`.
        most_change: an edit that changes the explained number by more, in its unit, does not count.
        k: how many of the first words are compared.
        sizes: whether the scores are compared without their signs.
        options: further ones of the method; the target stays that of the text as it was.

    Returns:
        The first explanation is that of the text as it was; there may be no other.

    Raises:
        InputError: an edit has another length, or a value is out of range.
    """
    first = explain(model, text, method, **options)
    if edits is None:
        edits = small_edits(first.text, model.vocabulary, first.position)
    same = {**options, "target": first.target_id}
    others = [explain(model, edit, method, **same) for edit in edits_that_count(model, first, edits, most_change)]
    return compared("edits", (first, *others), k, sizes)


def edits_that_count(
    model: LanguageModel, first: Attribution, edits: Sequence[str | TokenizedText], most_change: float = 0.25
) -> tuple[TokenizedText, ...]:
    """Return those edits of an explained text that change the explained number of the model by little.

    Args:
        model: the model.
        first: an explanation of the text as it was.
        edits: texts of the same length.
        most_change: the largest change, in the unit of that number.

    Raises:
        InputError: an edit has another length.
    """
    most_change = real("most_change", most_change, 0)
    asked: dict[str, Any] = {"position": first.position, "explains": first.explains, "against": first.against_id}
    was = ask(model, first.text, first.target_id, **asked).value()
    counting = []
    for edit in edits:
        read = readable_text(edit, model.vocabulary)
        if len(read) != len(first.text):
            raise InputError(
                f"An edit has {len(read)} tokens and the text {len(first.text)}; scores are compared place by place, "
                "so replace words and leave none out."
            )
        if abs(ask(model, read, first.target_id, **asked).value() - was) <= most_change:
            counting.append(read)
    return tuple(counting)


def compared(kind: str, attributions: tuple[Attribution, ...], k: int = 3, sizes: bool = False) -> Stability:
    """Return the comparisons of explanations, each with each ("seeds") or each with the first ("edits").

    Args:
        kind: "seeds" or "edits".
        attributions: of texts of the same length.
        k: how many of the first words are compared.
        sizes: whether the scores are compared without their signs.
    """
    pairs = combinations(attributions, 2) if kind == "seeds" else ((attributions[0], one) for one in attributions[1:])
    found = [agreement(one, other, k, sizes) for one, other in pairs]
    correlations = [np.nan if one.rank_correlation is None else one.rank_correlation for one in found]
    return Stability(
        kind=kind,
        attributions=attributions,
        rank_correlations=np.array(correlations),
        overlaps=np.array([one.overlap for one in found]),
        k=whole("k", k, 1),
        sizes=sizes,
    )
