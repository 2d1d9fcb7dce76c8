"""What a page may ask of Python: one request for each thing that a person does, checked before anything happens.

A request is a custom message: what is asked, by which view, the number of the view's request, and the values.

    {"kind": "select", "view": "k3x9", "n": 7, "with": {"position": 3, "revision": 2}}

A widget's handler names each value and its types:

    @handles("select", position=(int,), revision=(int,))
    def _select(self, position: int, revision: int) -> None: ...
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from lessons.errors import InputError
from widgets.checks import fits
from widgets.words import clean

__all__ = ["Request", "RequestLog", "data_of", "handlers_of", "handles", "read"]

LONGEST_TEXT = 2_000_000
_VIEW = re.compile(r"[a-z0-9]{1,16}")
_Handler = TypeVar("_Handler", bound=Callable[..., None])


@dataclass(frozen=True)
class Request:
    """A request whose form has been checked: `values` has exactly the names and types that the handler asks for."""

    kind: str
    view: str
    n: int
    values: dict[str, Any]


def handles(kind: str, **values: tuple[type, ...]) -> Callable[[_Handler], _Handler]:
    """Mark a method as the handler of requests of one kind, called with the values named here as keywords."""

    def mark(method: _Handler) -> _Handler:
        method.handled = (kind, values)  # type: ignore[attr-defined]
        return method

    return mark


def handlers_of(widget: type) -> dict[str, tuple[str, dict[str, tuple[type, ...]]]]:
    """Return for each kind of request that a widget class handles its method's name and the types of its values."""
    names = {name: member for parent in reversed(widget.__mro__) for name, member in vars(parent).items()}
    marked = {name: getattr(member, "handled", None) for name, member in names.items()}
    return {mark[0]: (name, mark[1]) for name, mark in marked.items() if mark is not None}


def data_of(message: object) -> dict[str, Any]:
    """Return the data of a comm message, empty if it has none."""
    for name in ("content", "data"):
        message = message.get(name) if isinstance(message, dict) else None
    return message if isinstance(message, dict) else {}


def read(content: object, kinds: dict[str, tuple[str, dict[str, tuple[type, ...]]]]) -> Request:
    """Return the request in a message from the page, or raise InputError if it is not one that this widget handles."""
    if not isinstance(content, dict):
        raise InputError("The page sent a message that this widget cannot read; run the cell again to draw it afresh.")
    kind, view, n, values = (content.get(name) for name in ("kind", "view", "n", "with"))
    if not isinstance(kind, str) or kind not in kinds:
        known = ", ".join(sorted(kinds))
        raise InputError(f"The page asked for something that this widget does not do; it does {known}.")
    wanted = kinds[kind][1]
    if (
        not isinstance(view, str)
        or not _VIEW.fullmatch(view)
        or not fits(n, (int,))
        or not isinstance(values, dict)
        or values.keys() != wanted.keys()
        or not all(fits(values[name], types) for name, types in wanted.items())
        or any(isinstance(value, str) and len(value) > LONGEST_TEXT for value in values.values())
    ):
        raise InputError(f"The page's request to {kind} was incomplete or of the wrong type; please try again.")
    values = {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}
    return Request(kind, view, int(n), values)  # type: ignore[arg-type]


class RequestLog:
    """Remembers the last request of each view, so that none is carried out twice or after a later one."""

    def __init__(self, views: int = 64) -> None:
        self._last: OrderedDict[str, int] = OrderedDict()
        self._views = views

    def is_new(self, request: Request) -> bool:
        """Return whether this is a later request than all those that the same view sent before; then remember it."""
        if request.n <= self._last.get(request.view, 0):
            return False
        self._last[request.view] = request.n
        self._last.move_to_end(request.view)
        while len(self._last) > self._views:
            self._last.popitem(last=False)
        return True
