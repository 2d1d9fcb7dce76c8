"""Estimates that get better while somebody looks at them: LIME and Shapley values, with a pause after each piece.

    for estimate in model.estimates("The king was crowned in", "lime", every=64):
        ...                                   # 64 samples, 128, 192, 256

Nothing goes on between two pieces: who asks decides when the next one is computed, and may stop at any time. Every
estimate is the answer that the method itself gives from so many samples.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lessons.attribution.lime import lime_fits
from lessons.attribution.shapley import shapley_estimates
from lessons.errors import InputError
from lessons.records import Attribution, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = ["estimates"]


def estimates(
    model: LanguageModel, text: str | TokenizedText, method: str = "lime", *, every: int = 64, **options: Any
) -> Iterator[Attribution | None]:
    """Return an iterator over the estimates from the first `every` samples, from the first 2 `every`, and so on.

    Args:
        model, text: as for `lessons.attribution.explain`.
        method: "lime" or "shapley"; Shapley values of up to 8 words are exact and come at once.
        every: how many samples more for each estimate, 1 or more.
        options: further ones of the method; `n_samples` says how many there are in the end.

    Returns:
        Attributions whose `seconds` leave the pauses out; None while there are too few samples for an estimate.

    Raises:
        InputError: there is no such method, or a value is out of range.
    """
    began = time.perf_counter()
    if method == "lime":
        fits = lime_fits(model, text, every=every, **options)
        return _without_pauses((None if fit is None else fit.attribution for fit in fits), time.perf_counter() - began)
    if method == "shapley":
        found = shapley_estimates(model, text, every=every, **options)
        return _without_pauses(found, time.perf_counter() - began)
    raise InputError(f"method is {method!r:.60}; samples are drawn for 'lime' and 'shapley' only.")


def _without_pauses(found: Iterator[Attribution | None], spent: float) -> Iterator[Attribution | None]:
    """Yield records with the seconds that were spent on them. Args: spent before the first one."""
    while True:
        began = time.perf_counter()
        try:
            record = next(found)
        except StopIteration:
            return
        spent += time.perf_counter() - began
        yield None if record is None else replace(record, seconds=spent)
