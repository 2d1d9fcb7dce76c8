"""Methods of one object of which only one runs at a time.

A kernel may carry out what a page asks in a second thread while a cell runs, and both may hold the same run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

__all__ = ["one_at_a_time"]


class _Locked(Protocol):
    _lock: threading.RLock


_Given = ParamSpec("_Given")
_Back = TypeVar("_Back")
_Self = TypeVar("_Self", bound=_Locked)


def one_at_a_time(method: Callable[Concatenate[_Self, _Given], _Back]) -> Callable[Concatenate[_Self, _Given], _Back]:
    """Return a method that waits until no other thread is in a method of the object; `_lock` is the object's RLock."""

    @wraps(method)
    def alone(self: _Self, *args: _Given.args, **kwargs: _Given.kwargs) -> _Back:
        with self._lock:
            return method(self, *args, **kwargs)

    return alone
