"""Giving memory back: the C library keeps what was freed, and thirty kernels on one server are short of it."""

from __future__ import annotations

import contextlib
import ctypes
import sys

__all__ = ["give_back_memory"]


def give_back_memory() -> None:
    """Let the C library return freed memory to the system, in well under a millisecond; elsewhere than on Linux with
    glibc nothing happens."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
