"""Checks of single values: each returns a good value, or raises a sentence with what was given and what is allowed."""

from __future__ import annotations

import math
import numbers

from lessons.errors import InputError

__all__ = ["real", "whole"]


def whole(name: str, value: object, lowest: int, highest: int | None = None) -> int:
    """Return a whole number from `lowest` to `highest` (None: no limit).

    Raises:
        InputError: it is none, or lies outside.
    """
    number = int(value) if isinstance(value, numbers.Integral) and not isinstance(value, bool) else None
    if number is None or number < lowest or (highest is not None and number > highest):
        allowed = f"of at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        raise InputError(f"{name} is {value!r}; it must be a whole number {allowed}.")
    return number


def real(name: str, value: object, lowest: float, below: float = math.inf, *, open_below: bool = False) -> float:
    """Return a finite number that is at least `lowest` (with `open_below`, above it) and less than `below`.

    Raises:
        InputError: it is none, or lies outside.
    """
    try:
        number = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.inf
    if not lowest <= number < below or (open_below and number == lowest):
        allowed = f"above {lowest}" if open_below else f"at least {lowest}"
        limit = "finite" if below == math.inf else f"below {below}"
        raise InputError(f"{name} is {value!r}; it must be {allowed} and {limit}.")
    return number
