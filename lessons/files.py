"""Files are put in place whole or not at all: written beside their place first, then renamed into it."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

__all__ = ["put_in_place", "write_whole"]

_BUSY_ON_WINDOWS = (5, 32, 33)  # access denied, sharing violation, lock violation: a virus scanner looks at the file
_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between two tries


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` so that a reader, at any moment, finds the old file or the new one and nothing between.

    The bytes go to a temporary file in the same folder, are flushed to the disk, and the file is renamed. Whatever goes
    wrong, the temporary file is removed and the old file is still there.

    Args:
        path: the file to write; its folder must exist.
        data: the file's new content.

    Raises:
        OSError: the folder is missing or read-only, or the disk is full.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes private files; a class may share the folder
        put_in_place(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def put_in_place(temporary: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Rename `temporary` to `path` in one step, in place of what is there; on Windows, wait for a file that is in use.

    Args:
        temporary: a complete file in the same folder as `path`.
        path: where it belongs.

    Raises:
        OSError: the file cannot be renamed.
    """
    for wait in (*_WAITS, None):
        try:
            os.replace(temporary, path)
            return
        except OSError as error:
            busy = sys.platform == "win32" and getattr(error, "winerror", None) in _BUSY_ON_WINDOWS
            if wait is None or not busy:
                raise
        time.sleep(wait)


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
