"""An ImportanceExplorer in words and numbers: a row for each method, the legends, what is said and what is not yet."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from widgets.importance_work import Work
from widgets.methods import METHODS, REALITY
from widgets.token_line import near_ceiling
from widgets.words import count, listing, number, percent, show, with_sign

__all__ = ["board_of", "lead_of", "spoken_of", "without_words"]

FACTS = ("deletion score", "rank agreement", "texts read")
_MOST_NAMED = 3
_READ_AS = {
    "unk": "read as <unk>",
    "zero": "read as a vector of zeros",
    "mean": "read as the mean embedding",
    "delete": "left out",
    "resample": "read as 8 random words in turn",
}


def lead_of(work: Work) -> list[str]:
    """Return how likely the word is and what the model's first choice is, in pieces plain and emphasised in turn."""
    why, expected = work.why, work.why.expected
    known = dict(zip(expected.tokens, expected.probabilities.tolist(), strict=True))
    if expected.true_token is not None and expected.true_probability is not None:
        known[expected.true_token] = expected.true_probability
    p = known[why.target] if why.target in known else float(work.intact.value)
    first, p_first = show(expected.tokens[0]), expected.probabilities[0]
    if why.target == expected.tokens[0]:
        return ["", show(why.target), f" is the model's first choice, with {percent(p)}."]
    return [
        "",
        show(why.target),
        f" has {percent(p)}; the model's first choice is ",
        first,
        f" with {percent(p_first)}.",
    ]


def without_words(work: Work, place: int) -> list[str]:
    """Return what really happens without the word at a place, in pieces plain and emphasised in turn."""
    why, gone, whole = work.why, work.without(place), work.intact
    before, after = percent(float(whole.value)), percent(gone.value)
    said = [
        "Without ",
        why.words[place],
        f" ({_READ_AS[why.baseline]}): ",
        show(why.target),
        f" {before} → {after}",
    ]
    if why.explains not in ("probability", "log_probability"):
        value, score = work.attributions[REALITY].value, float(work.attributions[REALITY].scores[place])
        said[-1] += f", {why.quantity} {number(value, why.digits)} → {number(value - score, why.digits)}"
    choices, was = list(gone.choices), whole.choices[0]
    first = max(dict.fromkeys(choices), key=choices.count)
    here = [p for p, word in zip(gone.probabilities.tolist(), choices, strict=True) if word == first]
    how = percent(sum(here) / len(here)) + (f", in {len(here)} of {len(choices)} draws" if len(choices) > 1 else "")
    if first == was:
        return [*(said[:-1]), f"{said[-1]}. The first choice stays ", show(first), f" ({how})."]
    return [*(said[:-1]), f"{said[-1]}. First choice: ", show(was), " → ", show(first), f" ({how})."]


def board_of(work: Work) -> dict[str, Any]:
    """Return the table of all methods as the page draws it."""
    signed = [found.scores for name, found in work.attributions.items() if METHODS[name].has_sign]
    scale = near_ceiling(max(float(np.abs(scores).max()) for scores in signed))
    rows = [_row(work, name, scale) for name in work.plan.methods]
    if work.plan.n_random:
        rows.append(_random_row(work))
    return {
        "words": list(work.why.words),
        "facts": list(FACTS),
        "rows": rows,
        "legends": _legends(work, scale),
        "about": _about(work),
        "done": work.done,
        "seed": f"seed {work.plan.seed}",
    }


def _row(work: Work, name: str, scale: float) -> dict[str, Any]:
    method, why = METHODS[name], work.why
    row: dict[str, Any] = {"name": method.label, "sub": method.says, "kind": "signed" if method.has_sign else "size"}
    found = work.attributions.get(name)
    if found is None:
        row["facts"] = [["", ""]] * 3
        waits = (
            "No samples yet: they are drawn while nothing else is asked." if method.is_sampled else "This comes next."
        )
        row["instead"] = work.refused.get(name, waits).partition(";")[0].removesuffix(".") + "."
        return row
    if "n_steps" in found.details:
        row["sub"] += f", {count(int(found.details['n_steps']))} steps"
    n_drawn, digits = work.n_drawn(name), why.digits if method.has_sign else 3
    if n_drawn is not None:
        row["sub"] = f"{count(n_drawn)} of {count(max(work.plan.n_samples, 2 * why.n_words))} samples"
    elif found.spread is not None and "n_samples" in found.details:
        row["sub"] = f"{count(int(found.details['n_samples']))} samples"
    elif "n_coalitions" in found.details:
        row["sub"] = f"exact, {count(int(found.details['n_coalitions']))} sets of words"
    row["facts"] = [_deletion(work, name), _agreement(work, name), _cost(found)]
    top = scale if method.has_sign else near_ceiling(float(found.scores.max()))
    row["cells"] = [with_sign(s, digits) if method.has_sign else number(s, digits) for s in found.scores.tolist()]
    row["levels"] = [round(min(1.0, max(-1.0, s / top)), 3) for s in found.scores.tolist()]
    if found.spread is not None:
        known = [s if math.isfinite(s) else 0.0 for s in found.spread.tolist()]
        row["spreads"] = [f"±{number(s, digits)}" for s in known]
        row["whiskers"] = [round(min(1.0, 4 * s / top), 3) for s in known]  # a cell is a quarter of the scale wide
    return row


def _random_row(work: Work) -> dict[str, Any]:
    """Return the row of random orders, which every method has to beat."""
    orders = f"{work.plan.n_random} random order{'s' if work.plan.n_random > 1 else ''}"
    row: dict[str, Any] = {"name": orders, "sub": f"seed {work.plan.seed}", "kind": "size", "facts": [["", ""]] * 3}
    if work.random is None:
        return row | {"instead": "They come last: the deletion score that a method has to beat."}
    scores, digits = work.random.random_scores, work.why.digits
    mean, low, high = (with_sign(float(f(scores)), digits) for f in (np.mean, np.min, np.max))
    cost = count(work.random.forward_passes), f"{number(work.random.seconds, 2)} s"
    row["facts"] = [[mean, "mean"], ["", ""], list(cost)]
    return row | {"instead": f"No scores. Deletion scores from {low} to {high}: what a method has to beat."}


def _deletion(work: Work, name: str) -> list[str]:
    measured = work.faithfulness.get(name)
    if measured is None:
        return ["…", ""]
    beaten = ""
    if work.random is not None:
        n_beaten = measured.n_beaten(work.random.random_scores)
        n_orders = work.plan.n_random
        beaten = f"> all {n_orders}" if n_beaten == n_orders > 1 else f"> {n_beaten} of {n_orders}"
    return [with_sign(measured.deletion_score, work.why.digits), beaten]


def _agreement(work: Work, name: str) -> list[str]:
    if name == REALITY:
        return ["", "the same"]
    found = work.agreement(name)
    return ["none" if found is None else with_sign(found, 2), "" if METHODS[name].has_sign else "of sizes"]


def _cost(found: Any) -> list[str]:
    gradients = f" + {count(found.backward_passes)} ∇" if found.backward_passes else ""
    return [f"{count(found.forward_passes)}{gradients}", f"{number(found.seconds, 2)} s"]


def _legends(work: Work, scale: float) -> list[dict[str, str]]:
    """Return the scale that the signed rows share, and one for each row that has its own."""
    names = [METHODS[name].label for name in work.plan.methods if METHODS[name].has_sign and name in work.attributions]
    one = f"{work.why.unit}: against {show(work.why.target)} or for it, one scale for {listing(names)}"
    if len(names) == 1:
        one = f"{work.why.unit}: against {show(work.why.target)} or for it"
    legends = [{"kind": "signed", "low": f"−{scale:g}", "high": f"{scale:g}", "words": one}]
    for name in work.plan.methods:
        method, found = METHODS[name], work.attributions.get(name)
        if not method.has_sign and found is not None:
            top = near_ceiling(float(found.scores.max()))
            words = f"{method.label}: {method.says}; no sign, no {work.why.unit}, a scale of its own"
            legends.append({"kind": "size", "low": "0", "high": f"{top:g}", "words": words})
    return legends


def _about(work: Work) -> list[list[str]]:
    """Return what the columns mean, in sentences of pieces plain and emphasised in turn."""
    unit = work.why.unit
    deletion = f": mean loss, in {unit}, while the words go one by one, that with the highest score in the row first. "
    beside = "High is a good sign and no proof: '> 9 of 10' means more than in 9 of 10 random orders."
    ranks = ": +1 where the row puts the words in the same order as what really happens, the first row (Spearman); "
    missing = ". ∇: a gradient."
    if any(found.spread is not None for found in work.attributions.values()):
        missing += " ±: the standard error of an estimate, and the line below it is as long;"
        missing += " a cell is as wide as a quarter of the scale."
    return [
        ["", "Deletion score", deletion + beside],
        ["", "Rank agreement", ranks + "a row without a sign is compared with its sizes."],
        ["A missing word is ", _READ_AS[work.why.baseline], missing],
    ]


def spoken_of(work: Work) -> str:
    """Return the question, what each method puts first, and where they differ most."""
    why, said = work.why, [work.why.sentence, "".join(lead_of(work))]
    for name in work.plan.methods:
        method, found = METHODS[name], work.attributions.get(name)
        if found is None:
            said.append(f"{method.label}: no answer." if name in work.refused else f"{method.label}: not yet.")
            continue
        digits = why.digits if method.has_sign else 3
        in_words = with_sign if method.has_sign else number
        top = [f"{why.words[i]} {in_words(float(found.scores[i]), digits)}" for i in found.order[:_MOST_NAMED].tolist()]
        unit = why.unit if method.has_sign else method.unit
        goes = work.faithfulness.get(name)
        lost = "" if goes is None else f"; deletion score {with_sign(goes.deletion_score, why.digits)}"
        said.append(f"{method.label}, {unit}: {', '.join(top)}{lost}.")
    return " ".join([*said, _most_disputed(work)]).strip()


def _most_disputed(work: Work) -> str:
    """Return at which word the methods that share a unit differ most, "" if there is only one or they agree."""
    rows = [(METHODS[n].label, a.scores) for n, a in work.attributions.items() if METHODS[n].has_sign]
    scores = np.array([scores for _, scores in rows])
    apart = scores.max(axis=0) - scores.min(axis=0)
    place, digits = int(apart.argmax()), work.why.digits
    if round(float(apart[place]), digits) == 0:
        return ""
    low, high = int(scores[:, place].argmin()), int(scores[:, place].argmax())
    ends = [f"{with_sign(float(scores[i, place]), digits)} ({rows[i][0]})" for i in (low, high)]
    return f"The methods differ most about {work.why.words[place]}: from {ends[0]} to {ends[1]}."
