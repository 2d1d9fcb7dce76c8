"""What a page draws of traces: the grid of layers and places, and at one cell of it what the head would say there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from lessons.records import TopTokens
from widgets.bars import nice_share, row_of
from widgets.block_steps import full_length, layer_names
from widgets.traced_text import Trace, loss_of
from widgets.words import count, displayed, nats, number, percent, show, with_sign

__all__ = ["Shown", "effect_of", "grid_of", "panel_of", "scale_of"]

_CAVEAT = (
    "Only the answer row was trained to be read by the head; the others show how it takes shape, not what a layer "
    "knows."
)
LISTED = 5  # words of each distribution that have a bar


@dataclass(frozen=True)
class Shown:
    """A model on the screen: what it computed, and what it had computed before anything was switched off."""

    name: str
    hue: str
    trace: Trace
    whole: Trace
    vocab_size: int

    @property
    def is_switched(self) -> bool:
        """Whether a part of it is off."""
        return self.trace is not self.whole

    @property
    def full(self) -> float:
        """Length of a full bar, the same whatever is switched off."""
        return full_length(self.whole)

    @property
    def lens(self) -> TopTokens:
        """(L + 1, T, k) what the head says at each layer."""
        assert self.trace.lens is not None
        return self.trace.lens

    @property
    def lens_before(self) -> TopTokens:
        """The same before anything was switched off."""
        assert self.whole.lens is not None
        return self.whole.lens

    def highest(self, layer: int, place: int) -> float:
        """Return the highest probability that a bar shows, before or after the switch."""
        records = (self.lens, self.lens_before)
        values = [float(lens.probabilities[layer, place, 0]) for lens in records]
        values += [float(lens.next_probability[layer, place]) for lens in records]
        return max(value for value in values if not math.isnan(value))


def grid_of(models: list[Shown]) -> dict[str, Any]:
    """Return the grid: the places, and for each model and layer the first choice at each place."""
    rows = [row for i, shown in enumerate(models) for row in _rows_of(shown, i)]
    return {"words": displayed(models[0].trace.tokens, models[0].trace.typed), "rows": rows, "caveat": _CAVEAT}


def _rows_of(shown: Shown, which: int) -> list[dict[str, Any]]:
    """Return a model's rows; a word of `true` really follows, one of `moved` is another than before the switch."""
    following = (*shown.trace.tokens[1:], None)
    names = layer_names(shown.trace)
    rows = []
    for layer, name in enumerate(names):
        firsts = shown.lens.tokens[layer, :, 0].tolist()
        probabilities = shown.lens.probabilities[layer, :, 0].tolist()
        formerly = shown.lens_before.tokens[layer, :, 0].tolist()
        row = {
            "group": shown.name,
            "hue": shown.hue,
            "model": which,
            "layer": layer,
            "name": name,
            "words": [show(word) for word in firsts],
            "levels": [round(p, 3) for p in probabilities],
            "shares": [percent(p) for p in probabilities],
            "true": [i for i, word in enumerate(firsts) if word == following[i]],
            "moved": [i for i, word in enumerate(firsts) if word != formerly[i]],
        }
        rows.append(row if layer else row | {"span": len(names)})
    return rows


def panel_of(shown: Shown, layer: int, place: int, scale: float) -> dict[str, Any]:
    """Return the bars of one model at one layer and place, with what each was before the switch.

    Args:
        shown: the model.
        layer: 0 to L.
        place: 0 to T - 1.
        scale: probability of a full bar.
    """
    now = _Listed(shown.lens, layer, place, shown.trace.tokens)
    was = _Listed(shown.lens_before, layer, place, shown.trace.tokens)
    rows = [row_of(token, p, scale, token == now.truth) for token, p in list(now.listed.items())[:LISTED]]
    if now.truth is not None and not any(row.get("true") for row in rows):
        rows.append(row_of(now.truth, now.true_probability, scale, True))
    rest = max(0.0, 1 - sum(now.of(row["token"]) or 0.0 for row in rows))
    others = shown.vocab_size - len(rows)
    if shown.is_switched:
        for row in rows:
            before = was.of(row["token"])
            old = f"< {percent(was.smallest)}" if before is None else percent(before)
            if old != row["share"]:
                row["share"] = f"{old.removesuffix(' %')} → {row['share']}"
            row["was"] = round(min(1.0, (before or 0.0) / scale), 4)
    panel: dict[str, Any] = {
        "name": shown.name,
        "hue": shown.hue,
        "aside": f"read at {layer_names(shown.trace)[layer]}",
        "rows": rows,
        "facts": [
            _truth_fact(now),
            ["Loss of the text, from its answers: ", nats(loss_of(shown.trace), 2), " a token."],
        ],
    }
    if others > 0:
        label = f"all other {count(others)} word{'s' * (others != 1)}"
        panel["rest"] = {"label": label, "share": percent(rest), "width": round(rest, 4)}
    return panel


class _Listed:
    """One distribution, as far as the trace keeps it."""

    def __init__(self, lens: TopTokens, layer: int, place: int, tokens: tuple[str, ...]) -> None:
        words, probabilities = lens.tokens[layer, place].tolist(), lens.probabilities[layer, place].tolist()
        self.listed: dict[str, float] = dict(zip(words, probabilities, strict=True))
        self.smallest = probabilities[-1]
        self.truth = tokens[place + 1] if place + 1 < len(tokens) else None
        self.true_probability = float(lens.next_probability[layer, place])

    def of(self, token: str) -> float | None:
        """Return a word's probability, None if it is not kept."""
        return self.true_probability if token == self.truth else self.listed.get(token)

    @property
    def choice(self) -> str:
        """Which of the model's choices the true word is, in words."""
        words = list(self.listed)
        return f"choice {words.index(self.truth) + 1}" if self.truth in words else f"below choice {len(words)}"


def _truth_fact(now: _Listed) -> list[str]:
    if now.truth is None:
        return ["Here the text ends: no word to compare with"]
    surprisal = -math.log(now.true_probability) if now.true_probability else math.inf
    word = ["What comes is ", show(now.truth), ": ", percent(now.true_probability)]
    return [*word, ", ", nats(surprisal), f", {now.choice}"]


def effect_of(shown: Shown) -> str:
    """Return what the switches did to the loss of the text, in words."""
    before, after = loss_of(shown.whole), loss_of(shown.trace)
    change = with_sign(after - before, 2)
    return f"Loss of the text under the {shown.name}: {number(before, 2)} → {nats(after, 2)} a token ({change})"


def scale_of(models: list[Shown], layers: list[int], place: int) -> float:
    """Return the probability at which a bar is full, one for all models."""
    return nice_share(max(shown.highest(layer, place) for shown, layer in zip(models, layers, strict=True)))
