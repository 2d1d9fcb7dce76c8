"""Attention in words: which head is shown, what a token looks at, who looks at it, and what switching heads off did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lessons.records import NextTokens
from widgets.attention_source import Attended, Effect, Head
from widgets.bars import common_scale, legend_of, panel_of
from widgets.words import count, number, percent, show, with_sign

__all__ = ["Look", "averages", "effect_of", "head_name", "hidden_words"]

_MOST_NAMED = 3
CAUTION = (
    "A head that is off adds 0, which the layers after it may never have met: "
    "a large change says that the head was used, not what for."
)
_NO_MORE = "The other text has no token after this place."
MEAN_CAUTION = "A mean hides how heads differ: look at each of them, too."


def head_name(layer: int, head: int | str, n_heads: int) -> str:
    """Return `layer 2, head 3`, counted from 1, or that it is the mean over a layer's heads."""
    return f"layer {layer + 1}, {f'mean of {n_heads} heads' if head == 'mean' else f'head {int(head) + 1}'}"


def hidden_words(word: str, weights: np.ndarray, place: int, here: str) -> list[str]:
    """Return what is said while the first token is hidden: how much of the weight it had, here and on average."""
    said = ["", "Renormalised: ", f"{word} is hidden and each row is divided by what is left. It has "]
    said += [percent(float(weights[place, 0])), " of the weight of ", here]
    if len(weights) > 1:
        said += [", and ", percent(float(weights[1:, 0].mean())), " on average"]
    return [*said, "."]


def averages(weights: np.ndarray, first: str) -> str:
    """Return where a head looks on this text: means over the rows after the first, whose only key is itself."""
    if len(weights) < 2:
        return ""
    shares = weights[1:, 0].mean(), np.diagonal(weights, -1).mean(), np.diagonal(weights)[1:].mean()
    at_first, before, own = (percent(float(share)) for share in shares)
    return f"On this text, on average: {at_first} on {first}, {before} on the token before, {own} on the token itself."


@dataclass(frozen=True)
class Look:
    """A row and a column of a map, in words.

    Attributes:
        words: (T,) the tokens.
        values: (n, n) weights, or differences of weights; n is at most T.
        place: of the token that looks and is looked at.
        signed: whether the values are differences.
        first_number: number of the first token, by which equal words are told apart.
    """

    words: Sequence[str]
    values: np.ndarray
    place: int
    signed: bool
    first_number: int

    def named(self, place: int) -> str:
        """Return a token, with its number if it occurs more than once."""
        word = self.words[place]
        return f"{word} ({self.first_number + place})" if self.words.count(word) > 1 else word

    def sentences(self, hidden: bool) -> list[list[str]]:
        """Return, in pieces that are plain and emphasised in turn, where the token looks and who looks at it."""
        here, n = self.named(self.place), len(self.values)
        if self.place >= n:
            return [["", here, " stands at a place that the other text does not have."]]
        row, column = self.values[self.place, : self.place + 1], self.values[self.place + 1 :, self.place]
        looks = [["", here, ", differences: " if self.signed else " looks at ", *self._listed(row, 0)]]
        if hidden and self.place == 0:
            looks = [["", here, " is hidden."]]
        elif hidden and not row.any():
            looks = [["", here, " looks at the hidden token alone."]]
        if self.place == n - 1:
            return [*looks, ["No token comes after it that could look at it." if n == len(self.words) else _NO_MORE]]
        if hidden and self.place == 0:
            return looks
        who = "Differences in who looks at " if self.signed else "Who looks at "
        return [*looks, [who, here, ": ", *self._listed(column, self.place + 1)]]

    def _listed(self, values: np.ndarray, offset: int) -> list[str]:
        places = np.argsort(-np.abs(values), kind="stable")[:_MOST_NAMED].tolist()
        said = []
        for i, place in enumerate(places):
            end = "." if i == len(places) - 1 else ", "
            said += [self.named(offset + place), f" {self._amount(float(values[place]))}{end}"]
        return said

    def _amount(self, value: float) -> str:
        if not self.signed:
            return f"with {percent(value)}"
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return f"{sign}{number(100 * abs(value))} points"


def _panel(answer: NextTokens, effect: Effect, scale: float, hue: str, name: str) -> dict[str, Any]:
    shown = answer
    if not effect.is_true:  # what is followed is not what came: no tick
        shown = replace(answer, true_token=None, true_probability=None, true_rank=None)
    return panel_of(shown, scale, name=name, hue=hue)


def effect_of(effect: Effect, intact: Attended, now: Attended, off: Sequence[Head], after: str) -> dict[str, Any]:
    """Return the bars and the table of numbers as the page draws them.

    Args:
        effect: the distributions after one token.
        intact: the text with all heads on.
        now: the text with some off.
        off: which.
        after: the token after which they are.
    """
    answers = [answer for answer in (effect.before, effect.after) if answer is not None]
    names = ["all heads on", f"{count(len(off))} head{'s' * (len(off) != 1)} off"][: len(answers)]
    columns = ["all on", f"{count(len(off))} off", "change"]
    scale = common_scale(answers)
    hues = "transformer", "transformer"
    probabilities = [float(answer.true_probability or 0.0) for answer in answers]
    ranks = [int(answer.true_rank or 0) for answer in answers]
    losses = [intact.loss, now.loss][: len(answers)]
    target = show(effect.target)
    rows = [
        ["", *columns],
        ["loss, nats a token", *(number(loss, 3) for loss in losses), with_sign(losses[-1] - losses[0], 3)],
        [
            f"probability of “{target}”",
            *map(percent, probabilities),
            with_sign(100 * (probabilities[-1] - probabilities[0]), 2),
        ],
        [f"rank of “{target}”", *map(count, ranks), with_sign(ranks[-1] - ranks[0], 0)],
    ]
    what = "the word that really comes" if effect.is_true else "the word that is followed"
    said = ""
    if effect.after is not None:
        (loss, loss_off), (p, p_off), (rank, rank_off) = (row[1:3] for row in rows[1:])
        said = (
            f"{names[1]}: loss {loss} to {loss_off}; {target}: probability {p} to {p_off}, rank {rank} to {rank_off}."
        )
    return {
        "question": [["What comes after ", after, "? “", target, f"” is {what}; click a bar to follow another one."]],
        "rows": [row if effect.after else row[:2] for row in rows],
        "panels": [_panel(*pair[:1], effect, scale, *pair[1:]) for pair in zip(answers, hues, names, strict=False)],
        "legend": legend_of(scale, 1.0),
        "caution": [[CAUTION]] if effect.after else [],
        "said": said,
    }
