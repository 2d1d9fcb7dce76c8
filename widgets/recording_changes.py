"""What has changed between two checkpoints of a recorded training: plain and emphasised pieces of sentences in turn."""

from __future__ import annotations

import math

import numpy as np

from lessons.records import GATES, RecordedCheckpoint
from widgets.recording_source import Recorded, when
from widgets.words import listing, nats, number, perplexity, show, with_sign

__all__ = ["changed", "grown", "head_line", "saturated_in_words"]

Said = list[str]
_NAMED = 0.5  # of its weight, from which on a head is called after where it looks
_LITTLE = 0.05  # nats
_CALLED = {
    "previous_token": "a previous-token head",
    "first_token": "a first-token head",
    "own_token": "an own-token head",
    "same_token": "a same-token head",
}


def head_line(one: Recorded, at: RecordedCheckpoint) -> Said:
    """Return where a training stands: its step, its minutes, its perplexity and its learning rate."""
    planned = one.recording.run.n_steps
    of_all = f" of {planned:,}" if planned and planned > at.step else ""
    rate = "" if math.isnan(at.learning_rate) else f", learning rate {at.learning_rate:.2g}"
    minutes = f"{number(at.seconds / 60, 0 if at.seconds >= 600 else 1)} min of training"
    return [
        "",
        one.name,
        f" after step {at.step:,}{of_all} ({minutes}{rate}): perplexity ",
        perplexity(at.valid_perplexity),
        ".",
    ]


def changed(
    look: str, one: Recorded, now: RecordedCheckpoint, then: RecordedCheckpoint, word: int, chosen: tuple[int, int]
) -> Said:
    """Return in words what is different from another checkpoint of the same training.

    Args:
        look: what is looked at.
        one: the recording.
        now, then: the checkpoint that is shown, and the one that it is compared with.
        word: place among the recording's words.
        chosen: layer, and head or gate.
    """
    if now is then:
        return [f"{one.name}: this is the checkpoint that is compared with."]
    opening = f"{one.name}, compared with {when(then)}: "
    factor = now.valid_perplexity / then.valid_perplexity if then.valid_perplexity else math.nan
    told = f"perplexity {perplexity(then.valid_perplexity)} → {perplexity(now.valid_perplexity)}"
    if math.isfinite(factor):
        told += f" ({with_sign(100 * (factor - 1), 0)} %)"
    says = {"writes": _writes, "surprise": _surprise}
    if look in says:
        return _after(f"{opening}{told}; ", says[look](one, now, then))
    if look == "neighbours":
        return _after(f"{opening}{told}; ", _neighbours(one, now, then, word))
    inside = _heads if one.has_heads else _gates
    return _after(f"{opening}{told}; ", inside(one, now, then, chosen))


def _after(opening: str, said: Said) -> Said:
    """Return a sentence with something in front of its first piece, which is a plain one."""
    return [opening + said[0], *said[1:]]


def _writes(one: Recorded, now: RecordedCheckpoint, then: RecordedCheckpoint) -> Said:
    same = 0
    for new, old in zip(now.greedy[0].split(" "), then.greedy[0].split(" "), strict=False):
        if new != old:
            break
        same += 1
    kinds = len(set(now.greedy[0].split())), len(set(then.greedy[0].split()))
    first = (
        "the first word is another one"
        if not same
        else f"the first {same} words are the same"
        if same > 1
        else "the first word is the same"
    )
    if now.greedy[0] == then.greedy[0]:
        first = "they are the same"
    opening = f"its first choices after the first beginning: {first}; different words in them: "
    return [opening, f"{kinds[0]}", f" (then {kinds[1]})."]


def _surprise(one: Recorded, now: RecordedCheckpoint, then: RecordedCheckpoint) -> Said:
    change = now.surprisals - then.surprisals
    means = float(then.surprisals.mean()), float(now.surprisals.mean())
    mean = f"mean surprisal of the sentence {number(means[0], 2)} → {nats(means[1], 2)}"
    tokens = one.recording.run.tokens
    down, up = int(change.argmin()), int(change.argmax())
    said = [mean]
    if change[down] < -_LITTLE:
        said[-1] += "; it has learned most about "
        said += [show(tokens[down]), f" ({with_sign(float(change[down]))} nats)"]
    if change[up] > _LITTLE:
        said[-1] += "; it is more surprised than then by "
        said += [show(tokens[up]), f" ({with_sign(float(change[up]))} nats)"]
    said[-1] += "."
    return said


def _neighbours(one: Recorded, now: RecordedCheckpoint, then: RecordedCheckpoint, word: int) -> Said:
    new = [token for token in now.neighbours[word].tolist() if token not in then.neighbours[word].tolist()]
    name = show(one.recording.words[word])
    if not new:
        return ["the same neighbours of ", name, "."]
    return [f"new among the {now.neighbours.shape[1]} neighbours of ", name, ": ", listing(map(show, new)), "."]


def _heads(one: Recorded, now: RecordedCheckpoint, then: RecordedCheckpoint, chosen: tuple[int, int]) -> Said:
    assert now.attention is not None
    assert then.attention is not None
    moved = np.abs(now.attention - then.attention).sum(-1).mean(-1) / 2  # (L, H) of the weight, what went elsewhere
    layer, head = np.unravel_index(int(moved.argmax()), moved.shape)
    return [
        f"in {one.part(*chosen)}, ",
        f"{100 * float(moved[chosen]):.0f} %",
        f" of the weight went to other words; most in {one.part(int(layer), int(head))}"
        f" ({100 * float(moved.max()):.0f} %).",
    ]


def _gates(one: Recorded, now: RecordedCheckpoint, then: RecordedCheckpoint, chosen: tuple[int, int]) -> Said:
    assert now.gate_means is not None
    assert then.gate_means is not None
    assert now.half_lives is not None
    assert then.half_lives is not None
    means = [number(float(at.gate_means[chosen]), 2) for at in (then, now)]  # type: ignore[index]
    lives = [number(float(at.half_lives[chosen[0], 2]), 1) for at in (then, now)]  # type: ignore[index]
    middle = [number(float(at.half_lives[chosen[0], 1]), 1) for at in (then, now)]  # type: ignore[index]
    return [
        f"mean of {one.part(*chosen)} {means[0]} → ",
        means[1],
        f"; half of a cell of that layer is left after {middle[0]} → ",
        middle[1],
        f" words in the middle unit, and {lives[0]} → ",
        lives[1],
        " in the unit at 90 %.",
    ]


def grown(one: Recorded, score: str, now: RecordedCheckpoint) -> Said:
    """Return when heads or gates became what they are at the end of the recording, as far as a score tells."""
    values, steps = one.over_time(score), one.recording.steps
    if score in _CALLED:
        became = []
        for layer, head in np.ndindex(*one.shape):
            there = values[:, layer, head] >= _NAMED
            if there[-1]:
                first = len(there) - int(np.argmin(there[::-1])) if not there.all() else 0
                became.append((steps[first], f"{one.part(layer, head)} from step {steps[first]:,} on"))
        if became:
            listed = listing([words for _, words in sorted(became)[:6]])
            more = f" and {len(became) - 6} more" if len(became) > 6 else ""
            return [f"With more than half of its weight there, {_CALLED[score]}: ", f"{listed}{more}", "."]
    last = values[-1]
    layer, part = np.unravel_index(int(last.argmax()), last.shape)
    course = values[:, layer, part]
    here, begun = (_in_words(course[place], score) for place in (one.recording.checkpoints.index(now), 0))
    kind = "head" if one.has_heads else "gate"
    told = f": {_in_words(last.max(), score)}; here it has {here}, at the beginning {begun}."
    if score in _CALLED:
        told += f" No head gives more than half of its weight there, so none is called {_CALLED[score]}."
        even = float(one.recording.even[list(one.scores).index(score)])
        above = course >= 2 * even
        if above[-1] and not above.all():
            since = steps[len(above) - int(np.argmin(above[::-1]))]
            told += f" From step {since:,} on it has at least twice what a head has that looks at all words alike."
    return [f"At the end the {kind} with most is ", one.part(int(layer), int(part)), told]


def _in_words(value: float, score: str) -> str:
    return number(float(value), 2) if score == "mean" else f"{100 * float(value):.0f} %"


def saturated_in_words(at: RecordedCheckpoint, layer: int) -> list[list[str]]:
    """Return a table of a layer's gates: name, mean, nearly closed, nearly open."""
    assert at.gate_means is not None
    return [
        [
            f"{name} gate" if name != "candidate" else name,
            number(float(at.gate_means[layer, i]), 2),
            *(f"{100 * float(share):.0f} %" for share in at.saturated[layer, i]),
        ]
        for i, name in enumerate(GATES)
    ]
