"""The players of a Shapley game: the words, or groups of neighbouring words where there are more than eight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from widgets.words import count, listing, told_apart

__all__ = ["GROUPINGS", "groups_of", "groups_told", "names_of_groups"]

_MOST_PLAYERS = 8
_LONGEST_NAME = 30

#: How the words of a text with more than eight of them are made into players.
GROUPINGS = {
    "last": "the last 7 words alone, all before them as one",
    "even": "8 groups of neighbours",
}


def groups_of(n_words: int, grouping: str) -> list[list[int]] | None:
    """Return the players as lists of places; None if each word is one.

    Args:
        n_words: how many words stand before the prediction.
        grouping: one of `GROUPINGS`, for more than eight words.
    """
    if n_words <= _MOST_PLAYERS:
        return None
    if grouping == "last":
        alone = n_words - _MOST_PLAYERS + 1
        return [list(range(alone)), *([place] for place in range(alone, n_words))]
    ends = [round(i * n_words / _MOST_PLAYERS) for i in range(_MOST_PLAYERS + 1)]
    return [list(range(first, last)) for first, last in pairwise(ends)]


def names_of_groups(groups: Sequence[Sequence[int]], words: Sequence[str]) -> list[str]:
    """Return what each player is called: its words, or the first and the last of many.

    A word that two players have bears its place in the text, counted from 1.

    Args:
        groups: the places of each player.
        words: (T,) as they are displayed.
    """
    names = []
    for places in groups:
        name = " ".join(words[place] for place in places)
        if len(name) > _LONGEST_NAME and len(places) > 1:
            name = f"{words[places[0]]} … {words[places[-1]]}"
        names.append(f"{name} ({len(places)} words)" if len(places) > 1 else name)
    return told_apart(names, [places[0] for places in groups])


def groups_told(groups: Sequence[Sequence[int]], names: Sequence[str], n_words: int) -> str:
    """Return in words why and how words were grouped, or nothing if each is for itself."""
    if n_words <= _MOST_PLAYERS:
        return ""
    many = [name for name, places in zip(names, groups, strict=True) if len(places) > 1]
    return (
        f"{n_words} words would make {count(2**n_words)} sets. So neighbours join together, as one player: "
        f"{listing(many)}. What a group gets says nothing about the words inside it."
    )
