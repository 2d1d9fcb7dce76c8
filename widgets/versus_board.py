"""Words, axes and table of an AttentionVersusOcclusion, as its page and its picture draw them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from widgets.token_line import nice_ceiling
from widgets.versus_evidence import MEAN, ROLLOUT, Evidence, Look
from widgets.why import BASELINE_NAMES
from widgets.words import number, with_sign

__all__ = ["board_of", "share"]

_HEAD = ("word", "attention", "its rank", "lost without it", "its rank")
_FOLLOWS = (
    "A weight says how much of a word's value vector is mixed in at one place of one layer. It has no sign, does not "
    "know which word is explained, and after the first layer the vector at a place is no longer that word's alone.",
    "A removal is measured: this is what the model says when the word is missing in this way. But the text without it "
    "is an unusual one, and words that stand in for each other change little one at a time.",
    "So where the two disagree, neither is shown to be wrong: they answer different questions. A weight alone is no "
    "explanation; to use it as one, show that changing the weight changes the prediction.",
)
_HINT = "Point at a dot, or walk with the arrow keys: left and right by attention, up and down by change."
_FEW = 8  # words below which chance can give nearly any correlation
_CHANCE = 1.96  # standard deviations that chance exceeds once in 20
_ROOM = 0.085  # least distance of two ticks, as a share of the axis


def share(weight: float) -> str:
    """Return a weight as a percentage: with a tenth below 10 %."""
    return f"{number(100 * weight, 0 if weight >= 0.0995 else 1)} %"


def _ticks(full: float, room: float = _ROOM) -> list[float]:
    """Return round numbers from `full` down to 0 that have room on a square-root scale."""
    found = [full]
    power = 10.0 ** math.ceil(math.log10(full))
    while math.sqrt(power / full) > room / 5:
        for step in (5, 2, 1):
            value = power * step
            if math.sqrt(found[-1] / full) - math.sqrt(value / full) >= room and value / full >= room**2:
                found.append(value)
        power /= 10
    return [*found, 0.0]


def _places(values: np.ndarray) -> np.ndarray:
    """Return (n,) float64, how many numbers are larger, and one more: 1 for the largest."""
    placed: np.ndarray = (values[None] > values[:, None]).sum(axis=1) + 1
    return placed


def _order_of(evidence: Evidence, look: Look) -> list[int]:
    """Return the words from the most striking to the least: far out on either axis. Their labels come first."""
    weights, changes = evidence.attention(look), np.abs(evidence.change)
    far = [values / max(float(values.max()), 1e-12) for values in (weights, changes)]
    return [int(i) for i in np.argsort(-np.maximum(*far), kind="stable")]


def _correlation_words(evidence: Evidence, look: Look) -> list[str]:
    """Return the rank correlation and what is to be thought of it, in pieces plain and emphasised in turn."""
    n, found = evidence.n_words, evidence.correlation(look)
    over = f"over {n} word{'s' if n > 1 else ''}"
    if found is None:
        if n == 1:
            return ["No rank correlation: there is one word only, and nothing to put in order."]
        flat = "changes" if evidence.says_something(look) or np.ptp(evidence.compared(look)) < 1e-6 else "weights"
        return [f"No rank correlation {over}: all {flat} are equal, they put the words in no order."]
    if n < _FEW:
        verdict = f"With {n} words chance can give nearly any value."
    else:
        limit = _CHANCE / math.sqrt(n - 1)
        inside = "so this may be chance." if abs(found) <= limit else "so this is more than chance gives."
        verdict = f"With {n} words chance goes beyond ±{number(limit, 2)} once in 20 times, {inside}"
    return ["Rank correlation ", with_sign(found, 2), f" {over}. {verdict}"]


def _lost(evidence: Evidence, i: int) -> str:
    why, value = evidence.why, float(evidence.change[i])
    size = number(abs(value), why.digits)
    if not float(size.replace(",", "")):
        return "stays as it is"
    return f"{'falls' if value > 0 else 'rises'} by {size} {_unit(evidence)}".rstrip()


def _unit(evidence: Evidence) -> str:
    return "" if evidence.why.explains == "probability" else evidence.why.unit


def board_of(evidence: Evidence, look: Look) -> dict[str, Any]:
    """Return all that the page draws of one prediction."""
    why, n = evidence.why, evidence.n_words
    weights, changes = evidence.attention(look), evidence.compared(look)
    first, second = _places(weights), _places(changes)
    across = nice_ceiling(max(float(weights.max()), 0.001))
    up = nice_ceiling(max(float(np.abs(changes).max()), 10.0**-why.digits))
    bottom = 0.0 if look.size or float(changes.min()) >= 0 else -_end(-float(changes.min()), up)
    top = up if look.size or float(changes.max()) > 0 else 0.0
    if not look.size and top and float(changes.max()) < up:
        top = _end(float(changes.max()), up)
    low, high = (math.copysign(math.sqrt(abs(end)), end) for end in (bottom, top))

    def height(value: float) -> float:
        return round((math.copysign(math.sqrt(abs(value)), value) - low) / (high - low), 4)

    what = why.quantity
    dots, rows = [], []
    for i, word in enumerate(evidence.words):
        weight, lost = share(float(weights[i])), float(evidence.change[i])
        places = f"(number {first[i]} of {n})", f"(number {second[i]})"
        dots.append(
            {
                "word": evidence.labels[i],
                "x": round(math.sqrt(max(0.0, float(weights[i])) / across), 4),
                "y": height(float(changes[i])),
                "against": lost < 0,
                "words": (
                    f"{word}: attention {weight} {places[0]}; without it the {what} {_lost(evidence, i)} {places[1]}."
                ),
            }
        )
        rows.append([word, weight, str(first[i]), with_sign(lost, why.digits), str(second[i])])
    most, largest = int(np.argmax(weights)), int(np.argmax(np.abs(evidence.change)))
    pieces = _correlation_words(evidence, look)
    unit = _unit(evidence) and f", in {_unit(evidence)}"
    size, loss = f"size of the change of the {what} without the word", f"what the {what} loses without the word"
    up_words = f"↑ {size if look.size else loss}{unit}"
    facts = [pieces, *_extremes(evidence, look, most, largest, first, second)]
    return {
        "ticks": [
            *(["x", round(math.sqrt(tick / across), 4), f"{100 * tick:g} %"] for tick in _ticks(across)),
            *(["y", height(tick), f"{tick:g}".replace("-", "−")] for tick in _marks(bottom, top)),
        ],
        "captions": [up_words, f"→ attention weight: {look.name(evidence.shape[1])}"],
        "dots": dots,
        "order": _order_of(evidence, look),
        "key": [f"without it the {what} falls", "it rises"],
        "facts": facts,
        "rows": rows,
        "head": list(_HEAD),
        "hint": _HINT,
        "about": _about(evidence),
        "follows": list(_FOLLOWS),
        "spoken": f"{why.sentence} {look.name(evidence.shape[1])}. {''.join(pieces)} {''.join(facts[1])}",
        **_choices(evidence, look),
    }


def _end(value: float, up: float) -> float:
    """Return where the shorter side of a signed axis ends: its own round number, but not too near to 0."""
    return max(nice_ceiling(value), 0.02 * up)


def _marks(bottom: float, top: float) -> list[float]:
    """Return the ticks of the upward axis, from its top to its bottom."""
    span = math.sqrt(top) + math.sqrt(-bottom)
    above = _ticks(top, 0.11 * span / math.sqrt(top)) if top else [0.0]
    below = _ticks(-bottom, 0.11 * span / math.sqrt(-bottom)) if bottom else [0.0]
    return [*above, *(-value for value in reversed(below[:-1]))]


def _extremes(
    evidence: Evidence, look: Look, most: int, largest: int, first: np.ndarray, second: np.ndarray
) -> list[list[str]]:
    """Return what is said about the word with most attention and the one whose removal changes most."""
    if not evidence.says_something(look):
        return [[""]]
    words, weights, n = evidence.words, evidence.attention(look), evidence.n_words
    what, sizes = evidence.why.quantity, _places(np.abs(evidence.change))
    start = f"{share(evidence.start(look))} of the weight is on the <eos> before the text, which is never removed."
    if most == largest:
        told = [
            "Most attention and the largest change: ",
            words[most],
            f" ({share(float(weights[most]))}; without it the {what} {_lost(evidence, most)}).",
        ]
        return [told, [start]]
    told = [
        "Most attention: ",
        words[most],
        f" ({share(float(weights[most]))}), but its change is number {sizes[most]} of {n}: the {what} "
        f"{_lost(evidence, most)} without it. Largest change: ",
        words[largest],
        f" (it {_lost(evidence, largest)}), with the attention number {first[largest]} "
        f"({share(float(weights[largest]))}).",
    ]
    return [told, [start]]


def _about(evidence: Evidence) -> str:
    """Return what was done, and what it cost."""
    removed, why = evidence.removed, evidence.why
    outside = evidence.n_outside
    missing = BASELINE_NAMES[why.baseline].partition(":")[0]
    left = f" {outside} words at the front are outside the model's window and left out." if outside else ""
    if why.baseline == "unk" and "<unk>" in removed.tokens[outside:]:
        left += " A word that is read as <unk> anyway changes nothing here: that says nothing about the word."
    return (
        f"One word at a time is read as {missing}; {removed.forward_passes + 1} texts were read. Both axes are "
        f"square-root scales, so that small numbers stay apart: half way is a quarter.{left}"
    )


def _choices(evidence: Evidence, look: Look) -> dict[str, Any]:
    """Return the lists of layers and heads, each head with its rank correlation here, and what is chosen."""
    n_layers, n_heads = evidence.shape

    def named(name: str, head: int | str) -> list[str]:
        found = evidence.correlation(Look(look.layer, head, look.size))
        return [str(head), name if found is None else f"{name} ({with_sign(found, 2)})"]

    heads = [named(f"mean over {n_heads}", MEAN)]
    if look.layer != ROLLOUT:
        heads += [named(f"head {head + 1}", head) for head in range(n_heads)]
    layers = [[str(layer), f"layer {layer + 1}"] for layer in range(n_layers)]
    return {
        "choices": {
            "layer": [*layers, [ROLLOUT, "rollout over all"]],
            "head": heads,
            "size": [["signed", "with its sign"], ["size", "its size only"]],
        },
        "chosen": {"layer": str(look.layer), "head": str(look.head), "size": "size" if look.size else "signed"},
    }
