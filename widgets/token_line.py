"""A text as a line of tokens that can be clicked: what the page needs to draw it, and the same as a static picture."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import TokenizedText
from widgets.words import displayed, number, with_sign

__all__ = ["line_of", "near_ceiling", "nice_ceiling", "static_line", "values_of", "words_of"]


def words_of(source: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tokens of a TokenizedText or of a list of strings, and what was typed for each of them."""
    if isinstance(source, TokenizedText):
        tokens, typed = source.tokens, source.typed
    else:
        is_list = isinstance(source, Sequence) and not isinstance(source, (str, bytes))
        if not is_list or not all(isinstance(token, str) for token in source):
            raise InputError("tokens must be a TokenizedText (what model.tokenize returns) or a list of strings.")
        tokens = typed = tuple(source)
    if not tokens:
        raise InputError("tokens is empty; give at least one token.")
    return tokens, typed


def values_of(values: Any, n_tokens: int) -> tuple[float | None, ...]:
    """Return one number or None (no value) for each token; NaN is no value, infinity is one."""
    if values is None or (isinstance(values, tuple) and not values):
        return ()
    try:
        array = np.array([math.nan if value is None else value for value in values], np.float64)
    except OverflowError as error:
        raise InputError("values has a number too large to draw; give numbers up to 1e308, or math.inf.") from error
    except (TypeError, ValueError) as error:
        raise InputError("values must be a list of numbers, one for each token (None where there is none).") from error
    if array.shape != (n_tokens,):
        given = len(array) if array.ndim == 1 else f"shape {array.shape}"
        raise InputError(f"values has {given} entries for {n_tokens} tokens; give one for each token.")
    return tuple(None if math.isnan(value) else float(value) for value in array)


def nice_ceiling(value: float) -> float:
    """Return the smallest of 1, 2, 3, 5 times a power of ten that is not below `value`: where a scale ends."""
    if not 0 < value < math.inf:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    ends = (step * power for step in (1, 2, 3, 5, 10))
    return next((end for end in ends if end >= value * (1 - 1e-9)), value)  # no power of ten is as small as 5e-324


def near_ceiling(value: float) -> float:
    """Return a round number that is not below `value` and not far above it: where a scale with few pixels ends."""
    end = nice_ceiling(value)
    return next((share * end for share in (0.6, 0.8) if 0 < value <= share * end), end)


def line_of(
    tokens: Sequence[str],
    typed: Sequence[str],
    values: Sequence[float | None],
    *,
    unit: str,
    scale: float,
    signed: bool = False,
    digits: int = 1,
) -> dict[str, Any]:
    """Return what the page draws of a line of tokens.

    Args:
        tokens: (T,) what the model reads.
        typed: (T,) what was typed for each.
        values: (T,) numbers or None, or () for a line without values.
        unit: of the values, for the legend and the screen reader.
        scale: the value at which the underline is full; larger ones are drawn full, their number tells.
        signed: whether values below 0 have a hue of their own.
        digits: after the decimal point.
    """
    words = displayed(tokens, typed)
    kinds = {}
    for i, (token, was) in enumerate(zip(tokens, typed, strict=True)):
        if token == "<unk>":
            kinds[str(i)] = "unknown" if was != "<unk>" else "unk"
        elif token == "<eos>":
            kinds[str(i)] = "eos"
    line: dict[str, Any] = {"words": words, "kinds": kinds, "unit": unit}
    if values:
        in_words = with_sign if signed else number
        line["numbers"] = ["" if value is None else in_words(value, digits) for value in values]
        levels = [0.0 if value is None else max(-1.0, min(1.0, value / scale)) for value in values]
        line["levels"] = [round(level, 3) for level in levels]
        low = f"−{scale:g}" if signed else "0"
        line["legend"] = {"low": low, "high": f"{scale:g}", "signed": signed}
    return line


def static_line(line: dict[str, Any], selected: int | None) -> str:
    """Return a line of tokens as HTML without a script: each word over its number, the selected one framed."""
    cells = []
    for i, word in enumerate(line["words"]):
        frame = "border:2px solid;border-radius:4px" if i == selected else ""
        dotted = "text-decoration:underline dotted" if line["kinds"].get(str(i)) == "unknown" else ""
        below = f"<br><small>{html.escape(line['numbers'][i])}</small>" if "numbers" in line else ""
        cells.append(
            f'<span style="display:inline-block;text-align:center;padding:0 4px;{frame}">'
            f'<bdi style="{dotted}">{html.escape(word)}</bdi>{below}</span>'
        )
    unit = line["unit"] if "numbers" in line else ""
    legend = f"<p><small>Number under a word: {html.escape(unit)}</small></p>" if unit else ""
    return f"<p>{' '.join(cells)}</p>{legend}"
