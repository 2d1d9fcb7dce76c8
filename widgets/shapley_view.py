"""The coalitions, the order of joining, the values and the sentences of a ShapleyTable, as its page draws them."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from typing import Any

import numpy as np

from lessons.records import Attribution, CoalitionTable
from widgets.shapley_orders import largest_changes
from widgets.signed_rows import ends_told
from widgets.token_line import near_ceiling
from widgets.why import Why
from widgets.words import count, listing, number, with_sign

__all__ = ["chips_of", "facts_of", "lattice_of", "of_players", "rows_of", "step_told"]

_WITH_NUMBERS = 6  # up to so many players the numbers stand in the cells


def _members(mask: int, names: Sequence[str]) -> str:
    """Return who is in a set, by name."""
    return listing(name for i, name in enumerate(names) if mask >> i & 1) if mask else "no word"


def lattice_of(table: CoalitionTable, names: Sequence[str], why: Why) -> dict[str, Any]:
    """Return all sets of players in rows by their size, each with its number and how full its colour is.

    Args:
        table: what all sets are worth.
        names: of the players.
        why: the question.
    """
    n, values = len(names), table.values
    low, high = float(values.min()), float(values.max())
    rows: list[dict[str, Any]] = [{"name": f"{size} of {n}", "cells": []} for size in range(n + 1)]
    for mask, value in enumerate(values.tolist()):
        shown = number(value, why.digits)
        cell = {
            "mask": mask,
            "there": "".join("●" if mask >> i & 1 else "○" for i in range(n)) if n <= _WITH_NUMBERS else "",
            "value": shown if n <= _WITH_NUMBERS else "",
            "level": round((value - low) / (high - low), 3) if high > low else 0.0,
            "words": _members(mask, names),
            "number": f"{shown} {why.unit}",
            "told": f"{_members(mask, names)}: {shown} {why.unit}",
        }
        rows[mask.bit_count()]["cells"].append(cell)
    ends = f"Palest: {number(low, why.digits)}. Fullest: {number(high, why.digits)} {why.unit}."
    dots = f" Dots: who is there, in the order {', '.join(names)}." if n <= _WITH_NUMBERS else ""
    return {"rows": rows, "legend": ends + dots, "summary": f"All {count(2**n)} sets as a table"}


def chips_of(
    order: Sequence[int], joined: int, added: np.ndarray, names: Sequence[str], why: Why
) -> list[dict[str, Any]]:
    """Return the players in their order of joining, with what those add who have joined.

    Args:
        order: the players.
        joined: how many have joined.
        added: (P,) what each adds in this order.
        names: of the players.
        why: the question.
    """
    chips = []
    for at, player in enumerate(order):
        gain = with_sign(float(added[player]), why.digits) if at < joined else ""
        told = (
            f"{names[player]} joined as number {at + 1} and adds {gain}" if gain else f"let {names[player]} join next"
        )
        chips.append({"player": player, "word": names[player], "gain": gain, "told": told})
    return chips


def step_told(table: CoalitionTable, order: Sequence[int], joined: int, names: Sequence[str], why: Why) -> list[str]:
    """Return what the last step did, plain and emphasised in turn."""
    digits, unit = why.digits, why.unit
    if not joined:
        none = number(float(table.values[0]), digits)
        return ["Nobody has joined: ", none, f" {unit}. Step lets the first word join."]
    last, others = order[joined - 1], sum(1 << one for one in order[: joined - 1])
    without, there = float(table.values[others]), float(table.values[others | 1 << last])
    before = f" joins {_members(others, names)}" if others else " joins first"
    gain = with_sign(there - without, digits)
    way = f": {number(without, digits)} becomes {number(there, digits)}, so it adds "
    return ["", names[last], before + way, gain, f" {unit}."]


def rows_of(
    table: CoalitionTable,
    shown: np.ndarray,
    mean: np.ndarray | None,
    n_orders: int,
    kernel: tuple[np.ndarray, np.ndarray | None],
    names: Sequence[str],
    why: Why,
) -> dict[str, Any]:
    """Return the players' values as signed bars, with the mean of the orders so far and KernelSHAP's estimate.

    Args:
        table: what all sets are worth.
        shown: (P,) what each player adds in the present order, NaN for who has not joined.
        mean: (P,) over the orders gone through; None if there is none.
        n_orders: how many these are.
        kernel: (P,) KernelSHAP's estimates and their standard errors.
        names: of the players.
        why: the question.
    """
    exact, digits = table.shapley_values, why.digits
    estimate, spread = kernel[0], np.zeros(len(names)) if kernel[1] is None else kernel[1]
    # No mean of orders is larger than the largest change: so the scale stays where it is, whatever the order.
    full = near_ceiling(float(max(largest_changes(table).max(), (np.abs(estimate) + spread).max())))
    rows = []
    for i, name in enumerate(names):
        about = f" ± {number(float(spread[i]), digits)}" if kernel[1] is not None else ""
        gain = "" if np.isnan(shown[i]) else with_sign(float(shown[i]), digits)
        rows.append(
            {
                "word": name,
                "level": round(float(exact[i]) / full, 3),
                "ends": [round(float(estimate[i] + sign * spread[i]) / full, 3) for sign in (-1, 1)],
                "ticks": [] if mean is None else [round(float(mean[i]) / full, 3)],
                "cells": [
                    gain,
                    "" if mean is None else with_sign(float(mean[i]), digits),
                    with_sign(float(exact[i]), digits),
                    with_sign(float(estimate[i]), digits) + about,
                ],
            }
        )
    orders = "1 order" if n_orders == 1 else f"{count(n_orders)} orders"
    return {
        "head": ["player", "adds now", f"mean of {orders}", "Shapley value", "KernelSHAP ± standard error"],
        "rows": rows,
        **ends_told(full, why.unit),
        "full": full,
        "marks": "Bar: the Shapley value. Upright line: the mean of the orders so far. Bracket: KernelSHAP's estimate.",
    }


def of_players(table: CoalitionTable, estimate: Attribution) -> tuple[np.ndarray, np.ndarray | None]:
    """Return (P,) an estimate and its standard errors for players, whose words share both evenly."""

    def summed(values: np.ndarray) -> np.ndarray:
        return np.array([values[list(places)].sum() for places in table.groups])

    return summed(estimate.scores), None if estimate.spread is None else summed(estimate.spread)


def facts_of(
    table: CoalitionTable,
    mean: np.ndarray | None,
    n_orders: int,
    kernel: tuple[np.ndarray, np.ndarray | None],
    n_samples: int,
    names: Sequence[str],
    why: Why,
) -> list[list[str]]:
    """Return what holds of the values as numbers, each fact plain and emphasised in turn; see `rows_of`."""
    digits, unit, exact, done = why.digits, why.unit, table.shapley_values, table.attribution
    none, every = float(table.values[0]), float(table.values[-1])
    gap = abs(float(exact.sum() - (every - none)))
    off = "less than a billionth" if gap < 1e-9 else number(gap, 9)
    sets = count(len(table.values))
    efficiency = [
        "Efficiency: all words give ",
        number(every, digits),
        f", no word {number(none, digits)}: a difference of {with_sign(every - none, digits)}. The values sum to ",
        with_sign(float(exact.sum()), digits),
        f" {unit}, which differs from it by {off}.",
    ]
    return [
        efficiency,
        _dummy(table, names, why),
        _mean_told(exact, mean, n_orders, len(names), digits + 1, unit),
        _kernel_told(exact, kernel, n_samples, len(names), digits + 1, unit),
        [f"Cost: {count(done.forward_passes)} texts read for all {sets} sets. {' '.join(done.notes)}"],
    ]


def _dummy(table: CoalitionTable, names: Sequence[str], why: Why) -> list[str]:
    """Return which players never change anything, or which one changes least."""
    changes = largest_changes(table)
    dummies = [i for i, change in enumerate(changes) if change == 0]
    if dummies:
        verb = "never changes" if len(dummies) == 1 else "never change"
        largest = float(np.abs(table.shapley_values[dummies]).max())
        value = "exactly 0" if largest == 0 else number(largest, 9)
        return ["Dummy: ", listing(names[i] for i in dummies), f" {verb} the number, whoever is there: value {value}."]
    least = int(changes.argmin())
    change, value = number(float(changes[least]), why.digits), with_sign(float(table.shapley_values[least]), why.digits)
    return [
        "Dummy: a word that never changes the number would get 0. None is one here; nearest is ",
        names[least],
        f", which changes it by at most {change} and gets {value}.",
    ]


def _mean_told(
    exact: np.ndarray, mean: np.ndarray | None, n_orders: int, n_players: int, digits: int, unit: str
) -> list[str]:
    every = f"All {count(factorial(n_players))} orders give the Shapley values."
    if mean is None:
        return [f"Orders: none gone through so far. {every}"]
    gap = number(float(np.abs(mean - exact).max()), digits)
    return [f"Orders: {count(n_orders)} gone through; their mean is at most ", gap, f" {unit} off. {every}"]


def _kernel_told(
    exact: np.ndarray,
    kernel: tuple[np.ndarray, np.ndarray | None],
    n_samples: int,
    n_players: int,
    digits: int,
    unit: str,
) -> list[str]:
    if kernel[1] is None:
        return ["KernelSHAP: one player gets the whole difference; there is nothing to estimate."]
    gap, spread = (number(float(np.abs(one).max()), digits) for one in (kernel[0] - exact, kernel[1]))
    return [
        f"KernelSHAP from {count(n_samples)} drawn sets, without knowing all {count(2**n_players)}: at most ",
        gap,
        f" {unit} off; its standard errors are at most {spread}.",
    ]
