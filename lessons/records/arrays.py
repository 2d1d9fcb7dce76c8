"""What records have in common: read-only copies of arrays whose shape has been checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.errors import InputError

__all__ = ["frozen"]


def frozen(values: object, dtype: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return `values` as a read-only copy.

    Args:
        values: an array or what becomes one.
        dtype: of the copy.
        shape: what it must have.
        name: of the field, for the error.

    Raises:
        InputError: the shape is another one.
    """
    array: np.ndarray = np.array(values, dtype=dtype)
    if array.shape != shape:
        raise InputError(f"{name} has shape {array.shape}; it must have {shape}.")
    array.setflags(write=False)
    return array
