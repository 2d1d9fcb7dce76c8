"""What the page of a PathSlider draws and says: the curve, the steps, the gap, and a sentence for each place."""

from __future__ import annotations

from typing import Any

import numpy as np

from widgets.path_walk import Walk
from widgets.token_line import nice_ceiling
from widgets.why import Why
from widgets.words import count, listing, number, show, with_sign

__all__ = ["RULES", "STEPS", "board_of"]

STEPS = (1, 2, 4, 8, 16, 32, 64)
RULES = {"gauss_legendre": "Gauss-Legendre", "midpoint": "midpoint"}
_STANDS = {
    "unk": "every word is <unk>",
    "zero": "every word is a vector of zeros",
    "mean": "every word is the mean embedding",
    "resample": "every word is one drawn at random",
}
_NAMES = {
    "log_probability": "log-probability",
    "probability": "probability",
    "logit": "logit",
    "contrast": "lead",
}
_MANY_WORDS = 16  # from here on the largest scores come first
_ROOM = 0.12  # of the chart, above the highest and below the lowest point
_NAMED = 3  # words of a spoken sentence
_NOTHING = 1e-6
_TIMES = 2  # a share above this is told as so many times


def board_of(why: Why, walk: Walk, rule: str) -> dict[str, Any]:
    """Return what the page draws that does not depend on the place.

    Args:
        why: the question.
        walk: its answer.
        rule: how the steps were chosen, one of `RULES`.
    """
    chosen, digits = len(walk.path.places), why.digits
    slopes = np.abs(np.vstack([walk.curve.slopes, walk.path.slopes])).max()
    scores = max(np.abs(walk.collected(place)).max() for place in walk.curve.places)
    steps, full = sorted({*STEPS, chosen}), [nice_ceiling(float(slopes)), nice_ceiling(float(scores))]
    answer = walk.attribution
    words = [f"“{show(word)}”" for word in (why.target, why.against) if word is not None]
    quantity = f"{_NAMES[why.explains]} of {' over '.join(words)}"
    if why.explains == "log_probability":
        quantity += ", in nats"
    if why.explains == "contrast":
        quantity += ", in nats of log-probability"
    is_long = why.n_words > _MANY_WORDS
    gap = _gap_of(why, walk)
    return {
        "words": [f"{word} · {i + 1}" if is_long else word for i, word in enumerate(why.words)],
        "order": (answer.order if is_long else np.arange(len(answer))).tolist(),
        "places": walk.n_places,
        "edges": walk.edges.round(6).tolist(),
        "digits": digits,
        "full": full,
        "chart": _chart_of(walk, digits),
        "key": [quantity, _steps(chosen), "what these steps collect", "slope at the place"],
        "ends": [f"0 · the baseline: {_STANDS[why.baseline]}", "1 · the text"],
        "heads": [
            "word · place, largest score first" if is_long else "word",
            "slope here",
            "collected so far",
            "score",
            "input × gradient",
        ],
        "all": "all words",
        "chosen": [chosen, rule],
        "choices": [[[n, count(n)] for n in steps], [[name, RULES[name]] for name in RULES]],
        "gap": gap,
        "wide": walk.is_wide,
        "last": _last_step(why, walk),
        "facts": _facts(why, walk, full),
        "said": [_said(why, walk, k) for k in range(walk.n_places)],
        "spoken": f"{why.sentence} {_steps(chosen).capitalize()}. {''.join(gap[0])} {gap[1]}",
    }


def _steps(n: int) -> str:
    return "1 step" if n == 1 else f"{count(n)} steps"


def _chart_of(walk: Walk, digits: int) -> dict[str, Any]:
    """Return the lines as points: how far on the way, from 0 to 1, and how high in the field, from 0 to 1.

    Each of the two levels has its height, its words, and whether they stand above it, where they meet no other.
    """
    walked = walk.start + np.concatenate([[0.0], np.cumsum(walk.path.weights * walk.path.slopes.sum(axis=1))])
    every = np.concatenate([walk.curve.values, walk.path.values, walked, [walk.start, walk.attribution.value]])
    span = float(np.ptp(every)) or 1.0
    low, high = float(every.min()) - _ROOM * span, float(every.max()) + _ROOM * span

    def points(places: np.ndarray, values: Any) -> list[list[float]]:
        heights = (np.asarray(values) - low) / (high - low)
        return np.column_stack([places, heights]).round(4).tolist()

    start, end = points(np.array([0.0, 1.0]), [walk.start, walk.attribution.value])
    return {
        "curve": points(walk.curve.places, walk.curve.values),
        "walked": points(walk.edges, walked),
        "steps": points(walk.path.places, walk.path.values),
        "levels": [
            [start[1], f"the baseline: {number(walk.start, digits)}", start[1] > end[1]],
            [end[1], f"the text: {number(walk.attribution.value, digits)}", start[1] <= end[1]],
        ],
        "rise": round(1 / (high - low), 8),  # height of one unit
    }


def _gap_of(why: Why, walk: Walk) -> list[Any]:
    """Return the gap, plain and emphasised in turn, and the sums that it follows from."""
    gap, gained, digits = walk.gap, walk.gained, why.digits + 1
    told = ["Completeness gap ", f"{with_sign(gap, digits)}{_unit(why)}"]
    if abs(gained) > _NOTHING:
        share = abs(gap / gained)
        percent = "below 0.1 %" if share < 0.001 else f"{number(100 * share, 1)} %"
        told += [", ", percent, " of"] if share < _TIMES else [", ", f"{number(share, 1)} times", ""]
        told[-1] += " what all words change together"
    else:
        told.append(": the words together change nothing, so it is no share of that")
    told[-1] += ". Take more steps." if walk.is_wide else "."
    start, end = (number(value, digits) for value in (walk.start, walk.attribution.value))
    gained_words = f"{end} − {f'({start})' if walk.start < 0 else start} = {with_sign(gained, digits)}"
    return [told, f"Sum of the scores {with_sign(walk.total, digits)}; f(text) − f(baseline) = {gained_words}."]


def _unit(why: Why) -> str:
    return "" if why.explains == "probability" else f" {why.unit}"


def _last_step(why: Why, walk: Walk) -> str:
    """Return how the slopes at the text differ from the scores."""
    at_text, scores, digits = walk.curve.slopes[-1], walk.attribution.scores, why.digits
    most = int(np.argmax(np.abs(scores - at_text)))
    return (
        "Input × gradient is the slope at the very end of the way, at the text itself. All words together: "
        f"{with_sign(float(at_text.sum()), digits)}, while the whole way brought {with_sign(walk.gained, digits)}"
        f"{_unit(why)}. They differ most at “{why.words[most]}”: score {with_sign(float(scores[most]), digits)}, input "
        f"× gradient {with_sign(float(at_text[most]), digits)}."
    )


def _facts(why: Why, walk: Walk, full: list[float]) -> list[str]:
    answer, draws = walk.attribution, ""
    if answer.seed is not None:
        n_draws = answer.backward_passes // len(walk.path.places)
        draws = f" All numbers are means over {n_draws} baselines, drawn with seed {answer.seed}."
    passes = answer.backward_passes + walk.curve.attribution.backward_passes
    sees = f"The model does not see the first {answer.n_outside} words; they have 0."
    return [
        f"A full bar: slope {full[0]:g}{_unit(why)} for a whole way, collected {full[1]:g}{_unit(why)}. Blue speaks "
        "for the explained word, orange against it; the upright mark is the score.",
        f"The slider stands at {walk.n_places} places, each of them computed. {count(passes)} gradients in all.{draws}",
        *([sees] if answer.n_outside else []),
    ]


def _said(why: Why, walk: Walk, k: int) -> str:
    """Return in words what is seen at one place."""
    place, digits = float(walk.curve.places[k]), why.digits
    collected = walk.collected(place)
    order = np.argsort(-np.abs(collected), kind="stable")[:_NAMED]
    named = listing(f"“{why.words[i]}” {with_sign(float(collected[i]), digits)}" for i in order)
    slope = with_sign(float(walk.curve.slopes[k].sum()), digits)
    return (
        f"{number(place, 2)} of the way: {_NAMES[why.explains]} {number(float(walk.curve.values[k]), digits)}, slope "
        f"{slope} for a whole way. Collected so far: {with_sign(float(collected.sum()), digits)} in all; {named}."
    )
