"""Tables that are kept as JSON: a file of another format, or one that was changed by hand, is refused in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lessons.errors import InputError

__all__ = ["table_of"]

_Table = TypeVar("_Table")


def table_of(
    stored: Mapping[str, Any], make: Callable[[Mapping[str, Any]], _Table], number: int, what: str, command: str
) -> _Table:
    """Return what `make` makes of the content of a file.

    Args:
        stored: the content.
        make: reads it; it may trip over whatever is missing.
        number: of the format that it reads, which stands in the file.
        what: it should be: "table of clipping".
        command: that makes the file again.

    Raises:
        InputError: the content is of another format, or not such a table.
    """
    found = stored.get("format") if isinstance(stored, Mapping) else None
    if found != number:
        raise InputError(f"The {what} has format {found!r}; this version reads format {number}.")
    try:
        return make(stored)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"This is no {what}: {error!r}. Make it again with '{command}'.") from error
