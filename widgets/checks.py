"""Checks of what is passed to a widget: each returns the value in one plain type or raises an InputError."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

from lessons.errors import InputError
from widgets.words import clean, listing

__all__ = ["fits", "flag", "one_of", "real", "refuse_unknown", "short_text", "text", "whole"]


def _given(value: object) -> str:
    """Return `value` as an error shows it: short, and never raising itself."""
    try:
        shown = repr(value)
    except Exception:
        shown = f"this {type(value).__name__}"
    return clean(shown if len(shown) <= 60 else shown[:59] + "…")


def refuse_unknown(widget: type, unknown: Mapping[str, object]) -> None:
    """Raise InputError if a widget was made with keywords that it does not have."""
    if unknown:
        parameters = inspect.signature(widget).parameters.values()
        allowed = listing(sorted(p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)))
        raise InputError(f"{widget.__name__} does not know {listing(map(_given, unknown))}; it takes {allowed}.")


def text(value: object, name: str) -> str:
    """Return `value` if it is a string, lone surrogates replaced."""
    if not isinstance(value, str):
        raise InputError(f"{name} must be a string, not {_given(value)}.")
    return clean(value)


def short_text(value: object, name: str, longest: int = 300) -> str:
    """Return a title, a sentence or a unit: a string of at most `longest` characters."""
    value = text(value, name)
    if len(value) > longest:
        raise InputError(f"{name} has {len(value):,} characters; at most {longest} fit.")
    return value


def flag(value: object, name: str) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise InputError(f"{name} must be True or False, not {_given(value)}.")
    return value


def whole(value: object, name: str, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not low <= int(value) <= high:
        raise InputError(f"{name} must be a whole number from {low:,} to {high:,}, not {_given(value)}.")
    return int(value)


def real(value: object, name: str, low: float, high: float) -> float:
    """Return a number from `low` to `high`."""
    try:
        given = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    except OverflowError:  # of a whole number that no float can hold
        given = math.inf
    if not low <= given <= high:
        raise InputError(f"{name} must be a number from {low:g} to {high:g}, not {_given(value)}.")
    return given


def one_of(value: object, name: str, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of the strings allowed."""
    allowed = list(allowed)
    if not isinstance(value, str) or value not in allowed:
        raise InputError(f"{name} must be {listing(map(repr, allowed), 'or')}, not {_given(value)}.")
    return value


def fits(value: Any, kinds: tuple[type, ...]) -> bool:
    """Return whether a value from a message has one of these types; neither True nor NaN is a number here."""
    if isinstance(value, bool):
        return bool in kinds
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return isinstance(value, kinds)
