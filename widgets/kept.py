"""Answers that are asked for once and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Kept"]

_Answer = TypeVar("_Answer")


class Kept(Generic[_Answer]):
    """The answers that were asked for last, at most so many of them.

    Args:
        most: how many are kept; the one that was asked for longest ago makes room.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()

    def get(self, key: Hashable, ask: Callable[[], _Answer]) -> _Answer:
        """Return the answer to a question, asking only if it is not at hand."""
        if key not in self._answers:
            answer = ask()  # nothing is kept if this raises
            self._answers[key] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        return self._answers[key]

    def values(self) -> tuple[_Answer, ...]:
        """Return the answers that are kept, the one that was asked for longest ago first."""
        return tuple(self._answers.values())

    def clear(self) -> None:
        """Let go of all answers."""
        self._answers.clear()
