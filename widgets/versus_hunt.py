"""The hunt for counter-examples: predictions of many texts, ranked by how strongly attention and removal disagree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import TokenizedText
from widgets.checks import text as checked_text
from widgets.reading import tokenized_by
from widgets.versus_board import share
from widgets.versus_evidence import Evidence, Look, evidence_for
from widgets.why import MOST_WORDS, Why, ask_why
from widgets.words import count, show, with_sign

__all__ = ["LEAST_WORDS", "ORDERS", "TEXTS", "Compared", "Hunt", "check_texts"]

#: Sentences of our own, in the manner of an encyclopaedia.
TEXTS = (
    "The museum was founded in 1902 and moved to its present building after the war.",
    "The song was recorded in a small studio in London and became the band's first number one.",
    "The hurricane reached its peak near the coast of Mexico and weakened over land the next day.",
    "He played for the national team until an injury ended his career in the summer of 1998.",
    "The river rises in the mountains, flows through three towns and reaches the sea in the south.",
    "The film received mixed reviews from critics, who praised the music but not the story.",
)
#: What the predictions are ranked by, in words.
ORDERS = {
    "idle": "most attention, least change",
    "overlooked": "largest change, least attention",
    "correlation": "lowest rank correlation",
}
LEAST_WORDS = 5
_MOST_TEXTS = 100
_ROWS = 6
_WORDS_BEFORE = 7
PIECE = 0.05  # seconds that a request may go on


def check_texts(texts: Any) -> tuple[str, ...]:
    """Return the texts to be searched, or raise InputError if they are no list of strings."""
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise InputError(f"texts must be a list of strings, not {type(texts).__name__}.")
    if len(texts) > _MOST_TEXTS:
        raise InputError(f"texts has {len(texts)} entries; at most {_MOST_TEXTS} are searched.")
    return tuple(checked_text(text, "A text of texts") for text in texts)


@dataclass(frozen=True, eq=False)
class Compared:
    """A prediction that the hunt has looked at.

    Attributes:
        text: in which it stands.
        position: its place there.
        target: the word that is explained.
        tokens: (n,) the words before it that the model sees.
        attention: (n,) weights, 0 to 1.
        lost: (n,) what is lost without each word.
        rank_correlation: of both as they are compared on the screen; None where all of one are equal.
    """

    text: str
    position: int
    target: str
    tokens: tuple[str, ...]
    attention: np.ndarray
    lost: np.ndarray
    rank_correlation: float | None


@dataclass(eq=False)
class Hunt:
    """A search that goes on piece by piece.

    Attributes:
        key: model, explained number and baseline; with others the search does not count.
        waiting: functions that each work out one prediction, with the text that it stands in.
        found: what was worked out: the text and the evidence.
        running: whether it goes on.
    """

    key: tuple[Any, ...]
    waiting: Iterator[tuple[str, Callable[[], Evidence]]]
    total: int
    found: list[tuple[str, Evidence]] = field(default_factory=list)
    running: bool = True

    @classmethod
    def over(cls, why: Why, texts: Sequence[str], baselines: tuple[str, ...]) -> Hunt:
        """Return a search for predictions like one that is on the screen: of the same model, with the same choices.

        Args:
            why: what is on the screen.
            texts: each is searched once, at every place with enough words before it.
            baselines: that can be chosen.

        Raises:
            InputError: no word of these texts has enough words before it, or the model cannot read one of them.
        """
        read = {text: tokenized_by((why.model,), text, MOST_WORDS)[2][0] for text in texts if text.strip()}
        places: dict[bytes, tuple[str, TokenizedText, int]] = {}
        for text, tokens in read.items():
            for place in range(LEAST_WORDS, len(tokens)):  # texts may begin alike: each prediction counts once
                places.setdefault(tokens.token_ids[: place + 1].tobytes(), (text, tokens, place))
        if not places:
            raise InputError(f"No word of these texts has {LEAST_WORDS} words before it; give longer texts.")
        asked = {"target": None, "against": None, "explains": why.explains, "baseline": why.baseline}

        def look_at(tokens: TokenizedText, place: int) -> Evidence:
            return evidence_for(ask_why(why.model, why.name, tokens, asked | {"position": place}, baselines))

        waiting = ((text, partial(look_at, tokens, place)) for text, tokens, place in places.values())
        return cls(cls.key_of(why), waiting, len(places))

    @staticmethod
    def key_of(why: Why) -> tuple[Any, ...]:
        """Return what all predictions of one search have in common."""
        return id(why.model), why.explains, why.baseline

    def go_on(self) -> None:
        """Work out predictions for a moment, one at least."""
        end = time.perf_counter() + PIECE
        while self.running:
            following = next(self.waiting, None)
            if following is None:
                self.running = False
                return
            self.found.append((following[0], following[1]()))
            self.running = len(self.found) < self.total
            if time.perf_counter() >= end:
                return

    def compared(self, look: Look) -> tuple[Compared, ...]:
        """Return what was looked at, in its order."""
        return tuple(
            Compared(
                text,
                one.why.position,
                one.why.target,
                one.removed.tokens[one.n_outside :],
                one.attention(look),
                one.change,
                one.correlation(look),
            )
            for text, one in self.found
        )

    def page(self, look: Look, order: str, current: Evidence) -> dict[str, Any]:
        """Return what the page shows of the search.

        Args:
            look: which attention is compared.
            order: a key of `ORDERS`.
            current: the evidence on the screen.
        """
        told = [(i, text, one) for i, (text, one) in enumerate(self.found) if one.says_something(look)]
        ranked = sorted(told, key=lambda entry: -_disagreement(entry[2], look, order))[:_ROWS]
        return {
            "running": self.running,
            "done": len(self.found) / self.total,
            "button": "Hunt again" if len(self.found) == self.total else "Go on hunting",
            "facts": _summary([one for *_, one in told], len(self.found), self.total, look),
            "order": order,
            "orders": [[key, words] for key, words in ORDERS.items()],
            "rows": [_row(i, one, look, one.why.key == current.why.key) for i, _, one in ranked],
        }


def _tops(evidence: Evidence, look: Look) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Return weights, sizes of changes, the word with the largest weight and the one with the largest change."""
    weights, sizes = evidence.attention(look), np.abs(evidence.change)
    return weights, sizes, int(np.argmax(weights)), int(np.argmax(sizes))


def _disagreement(evidence: Evidence, look: Look, order: str) -> float:
    weights, sizes, most, largest = _tops(evidence, look)
    if order == "idle":
        return float(weights[most] * (1 - sizes[most] / sizes[largest]))
    if order == "overlooked":
        return float(sizes[largest] * (1 - weights[largest] / weights[most]))
    found = evidence.correlation(look)
    return -2.0 if found is None else -found


def _row(i: int, evidence: Evidence, look: Look, here: bool) -> dict[str, Any]:
    """Return one prediction: its last words, its word, and the two words that disagree."""
    why, words = evidence.why, evidence.words
    weights, _, most, largest = _tops(evidence, look)
    ellipsis = "… " if why.n_words > _WORDS_BEFORE else ""

    def told(place: int) -> str:
        return f" ({share(float(weights[place]))} of the attention, {_lost(evidence, place)} without it)"

    found = evidence.correlation(look)
    ending = "." if found is None else f". Rank correlation {with_sign(found, 2)}."
    if most == largest:
        facts = ["Most attention and largest change: ", words[most], told(most)]
    else:
        facts = ["Most attention: ", words[most], f"{told(most)}. Largest change: ", words[largest], told(largest)]
    return {
        "id": i,
        "before": f"{ellipsis}{' '.join(why.words[-_WORDS_BEFORE:])} ",
        "target": show(why.target),
        "facts": [*facts[:-1], facts[-1] + ending],
        "here": here,
    }


def _lost(evidence: Evidence, place: int) -> str:
    """Return the change without a word: `−0.17 nats`."""
    why = evidence.why
    return f"{with_sign(-float(evidence.change[place]), why.digits)} {why.unit}"


def _summary(told: list[Evidence], n_found: int, total: int, look: Look) -> list[list[str]]:
    """Return what holds over all predictions so far: how often the two name the same word first, beside chance."""
    if not told:
        return [[f"{count(n_found)} of {count(total)} predictions so far."]]
    tops = [_tops(one, look) for one in told]
    same = sum(most == largest for *_, most, largest in tops)
    chance = float(np.mean([1 / one.n_words for one in told]))
    silent = n_found - len(told)
    left = f" {count(silent)} more, where all weights or all changes are equal, are left out." if silent else ""
    n_heads = told[0].shape[1]
    facts = [
        [
            "In ",
            f"{count(same)} of {count(len(told))} predictions",
            f" ({share(same / len(told))}) the word with most attention is the one whose removal changes most; a word "
            f"picked blindly would be it in {share(chance)}.{left}",
        ]
    ]
    table = np.array([one.correlations[look.size] for one in told], dtype=np.float64)  # None becomes nan
    known = ~np.isnan(table)
    mean = np.where(known, table, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    mean[~known.any(axis=0)] = np.nan
    here = float(mean[look.row(n_heads)])
    heads = mean[:-1].reshape(-1, n_heads + 1)[:, :-1]
    pieces = ["Mean rank correlation: ", with_sign(here, 2), f" ({look.name(n_heads)})."]
    if not np.isnan(heads).all():
        ends = [np.unravel_index(at, heads.shape) for at in (int(np.nanargmax(heads)), int(np.nanargmin(heads)))]
        named = [f"{with_sign(float(heads[end]), 2)} (layer {end[0] + 1}, head {end[1] + 1})" for end in ends]
        pieces[-1] += (
            f" Over the {heads.size} heads it goes from {named[1]} to {named[0]}; the best of so many, picked "
            "afterwards, is flattered: try it on other texts."
        )
    return [*facts, pieces]
