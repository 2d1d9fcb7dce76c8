"""Orders of joining, drawn one after the other, and what each player adds in them."""

from __future__ import annotations

import numpy as np

from lessons.records import CoalitionTable

__all__ = ["drawn_orders", "gained", "largest_changes"]


def drawn_orders(n_players: int, n_orders: int, seed: int) -> np.ndarray:
    """Return (n_orders, n_players) int64: permutations by `np.random.default_rng(seed)`, one after the other."""
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(n_players) for _ in range(n_orders)]
    return np.array(orders, np.int64).reshape(n_orders, n_players)


def gained(table: CoalitionTable, orders: np.ndarray) -> np.ndarray:
    """Return (N, P) what each player adds in each order, in the order of the players. Args: orders (N, P)."""
    masks = np.cumsum(1 << orders, axis=1)
    masks = np.hstack([np.zeros((len(orders), 1), np.int64), masks])
    added = np.empty(orders.shape)
    np.put_along_axis(added, orders, np.diff(table.values[masks], axis=1), axis=1)
    return added


def largest_changes(table: CoalitionTable) -> np.ndarray:
    """Return (P,) by how much each player changes the number at most, whoever is there; 0 for a dummy."""
    changes = []
    for player in range(len(table.groups)):
        (without,) = np.nonzero(~table.present[:, player])
        changes.append(np.abs(table.values[without + (1 << player)] - table.values[without]).max())
    return np.array(changes)
