"""Diagnoses of training curves: what each one looks like, what speaks for it and against it, and the cure.

A diagnosis makes claims about the curves. The first one that does not hold is the answer to a wrong choice, so each
answer is made of the numbers of the very curve that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from widgets.curve_signs import Signs, perplexity_in_words
from widgets.words import count, number

__all__ = ["DIAGNOSES", "Diagnosis"]

Claim = Callable[[Signs], tuple[bool, str]]
_say = perplexity_in_words


@dataclass(frozen=True)
class Diagnosis:
    """One thing that can be wrong.

    Attributes:
        name: on the button.
        looks: how it shows, in general.
        claims: each says whether it holds for a curve, and what that curve does, in words.
        cure: what to do.
    """

    name: str
    looks: str
    claims: tuple[Claim, ...]
    cure: str

    def fits(self, signs: Signs) -> bool:
        """Return whether all claims hold."""
        return all(claim(signs)[0] for claim in self.claims)

    def against(self, signs: Signs) -> str:
        """Return what in a curve speaks against the diagnosis; "" where all claims hold."""
        return next((words for holds, words in (claim(signs) for claim in self.claims) if not holds), "")

    def found(self, signs: Signs) -> str:
        """Return what in a curve speaks for the diagnosis."""
        return " ".join(words for holds, words in (claim(signs) for claim in self.claims) if holds)


def _beats_pairs(s: Signs) -> tuple[bool, str]:
    where = "below" if s.last < s.pairs else "not below"
    return s.last < s.pairs, (
        f"Validation ends at {_say(s.last)}, {where} the {_say(s.pairs)} of counting pairs of words."
    )


def _lowest_at_the_end(s: Signs) -> tuple[bool, str]:
    if s.turns_up:
        return (
            False,
            f"Validation is lowest at step {count(s.lowest_at)} ({_say(s.lowest)}) and ends at {_say(s.last)}.",
        )
    return True, "Validation is lowest where the training ends."


def _above_the_floor(s: Signs) -> tuple[bool, str]:
    where = "below" if s.lowest < 0.97 * s.floor else "above"
    return s.lowest >= 0.97 * s.floor, f"Validation comes to {_say(s.lowest)}, {where} the floor of {_say(s.floor)}."


def _no_jump(s: Signs) -> tuple[bool, str]:
    step, nats = s.jump
    if nats > 1.5:
        return False, f"The loss jumps by {number(nats)} nats at step {count(step)}."
    return True, "No step stands out from those before it."


def _flies_up(s: Signs) -> tuple[bool, str]:
    if s.train_highest > 2 * s.train_first:
        return True, f"Training perplexity flies from {_say(s.train_first)} up to {_say(s.train_highest)}."
    return False, f"Training perplexity never climbs above its beginning: it starts at {_say(s.train_first)}."


def _no_better_than_single_words(s: Signs) -> tuple[bool, str]:
    return s.last > 0.8 * s.unigram, (
        f"In the end validation is {_say(s.last)}; counting single words gives {_say(s.unigram)}."
    )


def _creeps_down(s: Signs) -> tuple[bool, str]:
    if s.last > 0.99 * s.valid[0]:
        return False, f"Validation does not come down: {_say(float(s.valid[0]))} first, {_say(s.last)} last."
    return True, f"Validation comes down, from {_say(float(s.valid[0]))} to {_say(s.last)}."


def _stays_far(s: Signs) -> tuple[bool, str]:
    if s.last > 2 * s.pairs:
        return True, f"That is still far from the {_say(s.pairs)} that counting pairs of words gives."
    return False, f"Validation gets down to {_say(s.lowest)}: the steps are large enough to go all that way."


def _turns_up(s: Signs) -> tuple[bool, str]:
    if s.last > 1.1 * s.lowest:
        return True, (
            f"Validation turns at step {count(s.lowest_at)}: from {_say(s.lowest)} there it climbs to {_say(s.last)}."
        )
    return (
        False,
        f"Validation does not climb from a low point: its lowest is {_say(s.lowest)}, its last {_say(s.last)}.",
    )


def _train_goes_on(s: Signs) -> tuple[bool, str]:
    if s.train_last < 0.5 * s.last:
        return (
            True,
            f"Training perplexity falls all the same, to {_say(s.train_last)}: what it reads is known by heart.",
        )
    return False, f"Training and validation end close together, at {_say(s.train_last)} and {_say(s.last)}."


def _norm_piles_up(s: Signs) -> tuple[bool, str]:
    if s.norm_last > 20 * s.norm_first:
        return True, f"The gradient norm goes from {s.norm_first:.2g} to {s.norm_last:.2g}: it piles up step by step."
    return False, f"The gradient norm does not pile up: {s.norm_first:.2g} at first, {s.norm_last:.2g} in the end."


def _nothing_moves(s: Signs) -> tuple[bool, str]:
    low, high = float(s.valid.min()), float(s.valid.max())
    if high < 1.0001 * low:
        return True, (
            f"Each of {len(s.valid)} measurements gives {number(low, 2)}, to the last digit, although there is a "
            f"gradient (norm {s.norm_last:.2g}) and a learning rate."
        )
    return False, f"Validation moves, between {_say(low)} and {_say(high)}."


def _beats_the_floor(s: Signs) -> tuple[bool, str]:
    if s.lowest < 0.9 * s.floor:
        return True, (
            f"Validation is {_say(s.lowest)}; the rules that wrote the text reach {_say(s.floor)}, and no model less."
        )
    return False, f"Validation never gets below the floor of {_say(s.floor)}; its lowest is {_say(s.lowest)}."


def _jumps(s: Signs) -> tuple[bool, str]:
    step, nats = s.jump
    if nats > 1.5:
        return True, f"Around step {count(step)} the loss stands {number(nats)} nats above the steps before."
    return False, "No step stands out: each loss is close to those before it."


def _recovers(s: Signs) -> tuple[bool, str]:
    return not s.turns_up, f"Then it goes on as before: validation ends at {_say(s.last)}, a jump is not the end."


#: By the names of `lessons.records.FAULTS`.
DIAGNOSES: Mapping[str, Diagnosis] = MappingProxyType(
    {
        "healthy": Diagnosis(
            "Nothing is wrong",
            "A healthy run falls fast, then slowly, and ends between counting pairs of words and the floor.",
            (_no_jump, _above_the_floor, _lowest_at_the_end, _beats_pairs),
            "None is needed. Validation lies a little below training because dropout is on in training only.",
        ),
        "too high a rate": Diagnosis(
            "Learning rate far too high",
            "With too high a rate each step leaps over the valley: the loss flies up, and hardly gets back.",
            (_flies_up, _no_better_than_single_words),
            "Divide the rate by ten until the loss falls from the first steps on, or look for it by a range test.",
        ),
        "too low a rate": Diagnosis(
            "Learning rate far too low",
            "With too low a rate everything goes the right way, and far too slowly.",
            (_creeps_down, _stays_far),
            "Multiply the rate by three or ten as long as the curve stays calm.",
        ),
        "too little text": Diagnosis(
            "Overfitting: too little text",
            "A model that learns a small text by heart gets better on it and worse on all other text.",
            (_turns_up, _train_goes_on),
            "Read more text; failing that, use dropout, a smaller model, or stop where validation is lowest.",
        ),
        "gradients never zeroed": Diagnosis(
            "Gradients are never zeroed",
            "Where each step adds its gradient to all earlier ones, the gradient norm grows and grows, and the steps "
            "point to where the slope was long ago.",
            (_norm_piles_up,),
            "Zero the gradients before each backward pass.",
        ),
        "optimizer never steps": Diagnosis(
            "The optimizer never steps",
            "Without a step no weight ever moves: the model stays exactly what it was.",
            (_nothing_moves,),
            "Call the optimizer's step after the backward pass, on the weights of this very model.",
        ),
        "sees the answer": Diagnosis(
            "The model sees the answer",
            "A model that is shown what it has to predict gets better than anyone can be.",
            (_beats_the_floor,),
            "Shift the targets by one word (and check the mask): too good to be true is a mistake.",
        ),
        "damaged batches": Diagnosis(
            "A few damaged batches",
            "Bad data shows as a spike in training at one place; the weights suffer little, and the run recovers.",
            (_jumps, _recovers),
            "Look at the text of just those steps. Let the run go on: clipping has limited the harm.",
        ),
    }
)
