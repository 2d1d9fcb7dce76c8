"""Tables that ship as JSON: one of another format, or changed by hand, is refused; one of other weights kept back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lessons.errors import InputError
from lessons.places import SHIPPED

__all__ = ["shipped_beside", "table_of"]

_Table = TypeVar("_Table")


class _OfWeights(Protocol):
    @property
    def weights_sha256(self) -> str | None: ...


_Measured = TypeVar("_Measured", bound=_OfWeights)


def shipped_beside(card: Mapping[str, Any], name: str, read: Callable[[Path], _Measured]) -> _Measured | None:
    """Return what ships beside a model if it was made from the very weights that the model's card names, else None.

    Args:
        card: of a model.
        name: of the file, in the folder of the shipped model of that architecture.
        read: reads it.

    Raises:
        InputError: the shipped file is damaged.
    """
    path = SHIPPED / str(card.get("architecture")) / name
    weights = card.get("weights", {}).get("sha256")
    if weights is None or not path.is_file():
        return None
    found = read(path)
    return found if found.weights_sha256 == weights else None


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
