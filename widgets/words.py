"""Numbers and tokens as a reader sees them, worded once for the page, the screen reader and the exported picture."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

__all__ = [
    "clean",
    "count",
    "displayed",
    "listing",
    "nats",
    "number",
    "numbered",
    "percent",
    "perplexity",
    "show",
    "told_apart",
    "with_sign",
]

_SURROGATE = re.compile("[\ud800-\udfff]")
_BIDI_CONTROL = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_LONGEST_WORD = 48


def clean(text: str) -> str:
    """Return `text` with each lone surrogate (half an emoji) replaced: no encoder takes one, so none may be sent."""
    return _SURROGATE.sub("\ufffd", text)


def show(token: str) -> str:
    """Return a token as it is displayed: the line end as a mark, control characters visible, a very long word cut."""
    if token == "<eos>":
        return "↵ <eos>"
    if not token:
        return "(empty)"
    token = _BIDI_CONTROL.sub("\ufffd", clean(token))
    token = "".join(chr(0x2400 + ord(c)) if ord(c) < 0x20 else "\u2421" if c == "\x7f" else c for c in token)
    return token if len(token) <= _LONGEST_WORD else token[: _LONGEST_WORD - 1] + "…"


def displayed(tokens: Iterable[str], typed: Iterable[str]) -> list[str]:
    """Return the tokens of a text as they are displayed: an unknown word as it was typed."""
    return [show(was if token == "<unk>" else token) for token, was in zip(tokens, typed, strict=True)]


def percent(probability: float) -> str:
    """Return a probability as a percentage that never rounds to a false 0 or 100.

    Args:
        probability: 0 to 1.
    """
    share = 100 * probability
    if share <= 0:
        return "0 %"
    if share < 0.001:
        return "< 0.001 %"
    if share < 0.995:
        return f"{share:.2g} %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.1f} %" if share < 100 else "100 %"


def nats(surprisal: float, digits: int = 1) -> str:
    """Return a surprisal in words: `5.7 nats`, or `infinitely many nats` for a probability of 0."""
    return f"{number(surprisal, digits)} nats" if math.isfinite(surprisal) else "infinitely many nats"


def number(value: float, digits: int = 1) -> str:
    """Return a number with a fixed number of digits, thousands set off and a real minus sign."""
    if not math.isfinite(value):
        return "none" if math.isnan(value) else "−∞" if value < 0 else "∞"
    text = f"{value:,.{digits}f}".replace("-", "−")
    return text.lstrip("−") if not float(f"{value:.{digits}f}") else text


def with_sign(value: float, digits: int = 1) -> str:
    """Return a number with its sign, `+0.5` or `−0.5`; what is rounded to 0 has none."""
    text = number(value, digits)
    return f"+{text}" if value > 0 and float(f"{value:.{digits}f}") else text


def perplexity(value: float) -> str:
    """Return a perplexity with three or more digits; "no number" if the model has diverged."""
    if math.isnan(value):
        return "no number"
    return f"{value:.2g}" if 1e7 <= value < math.inf else number(value, 1 if value < 100 else 0)


def count(number_of_things: int) -> str:
    """Return a whole number with thousands set off: `33,278`."""
    return f"{number_of_things:,}"


def listing(names: Iterable[str], word: str = "and") -> str:
    """Return `a, b and c`."""
    *most, last = list(names) or [""]
    return f"{', '.join(most)} {word} {last}" if most else last


def numbered(names: Sequence[str]) -> list[str]:
    """Return names of which none is like another: the second of a kind bears a 2, the third a 3."""
    return [f"{name} {names[:i].count(name) + 1}" if name in names[:i] else name for i, name in enumerate(names)]


def told_apart(names: Sequence[str], places: Sequence[int]) -> list[str]:
    """Return names of which none is like another: one that comes twice bears its place in the text, counted from 1.

    Args:
        names: of words, or of groups of words.
        places: in the text, counted from 0, of the first word of each.
    """
    return [
        f"{name} [{place + 1}]" if names.count(name) > 1 else name for name, place in zip(names, places, strict=True)
    ]
