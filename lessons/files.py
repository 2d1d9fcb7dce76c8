"""Files are put in place whole or not at all, and a text file is read as UTF-8 or refused with the reason."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from lessons.errors import CorpusError

__all__ = ["check_room", "put_in_place", "read_text", "write_whole"]

_BUSY_ON_WINDOWS = (5, 32, 33)  # access denied, sharing violation, lock violation: a virus scanner looks at the file
_KEPT_FREE = 100_000_000  # bytes of a disk that are left to others, or a twentieth of a small one
_LARGEST = 64_000_000  # bytes of a text file; a text of that size would train for days on a laptop
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_STALE = 3600.0  # seconds after which a temporary file is nobody's any more
_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between two tries


def write_whole(path: str | os.PathLike[str], data: bytes, flush: bool = True) -> None:
    """Write `data` to `path` so that a reader, at any moment, finds the old file or the new one and nothing between.

    The bytes go to a temporary file in the same folder, and the file is renamed. Whatever goes wrong, the temporary
    file is removed and the old file is still there. Temporary files that a killed process left are removed after an
    hour.

    Args:
        path: the file to write; its folder must exist.
        data: the file's new content.
        flush: whether to wait until the disk has it, seconds if it is busy: without that a power cut may damage the
            file, though no killed process does.

    Raises:
        OSError: the folder is missing or read-only, or the disk is full.
    """
    path = Path(path)
    _sweep(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes private files; a class may share the folder
        put_in_place(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def check_room(folder: Path, n_bytes: int) -> None:
    """Refuse what would fill a disk: a full home directory lets nobody log in.

    Args:
        folder: where the bytes are to go; it must exist.
        n_bytes: how many. Beyond them 100 MB are to stay free, or a twentieth of a disk below 2 GB.

    Raises:
        OSError: there is no room for them; the message gives both sizes.
    """
    disk = shutil.disk_usage(folder)
    kept = min(_KEPT_FREE, disk.total // 20)
    if disk.free < n_bytes + kept:
        need, free = f"{n_bytes / 1e6:.1f} MB", f"{disk.free / 1e6:.1f} MB"
        raise OSError(errno.ENOSPC, f"it needs {need}, {free} are free, and {kept / 1e6:.0f} MB are to stay free")


def read_text(path: str | os.PathLike[str], replace: bool = False) -> tuple[str, int]:
    """Return the text of a UTF-8 file, with `\\n` at the end of each line whatever system wrote it.

    A byte order mark at the start is left out.

    Args:
        path: the file, of at most 64 MB.
        replace: False refuses a file with bytes that are not UTF-8; True reads each such place as `\ufffd`.

    Returns:
        The text, and how many places were replaced.

    Raises:
        CorpusError: the file is missing, cannot be read, is empty, too large, no text, or in another encoding.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > _LARGEST:
            raise CorpusError(f"{path} has {size:,} bytes; at most {_LARGEST:,} can be read. Take a part of it.")
        data = path.read_bytes()
    except CorpusError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CorpusError(f"{path} cannot be read: {reason}. Check the path; it must name a text file.") from error
    if data.startswith(_UTF16):
        raise CorpusError(f"{path} is in the encoding UTF-16; save it as UTF-8 (in an editor: Save as, Encoding).")
    if b"\0" in data:
        raise CorpusError(f"{path} is no text: byte {data.index(0):,} is zero. It must be a plain text file in UTF-8.")
    try:
        text = data.decode("utf-8-sig")
        replaced = 0
    except UnicodeDecodeError as error:
        if not replace:
            line = data.count(b"\n", 0, error.start) + 1
            raise CorpusError(
                f"{path} is not in the encoding UTF-8: byte {error.start:,} (line {line:,}) is "
                f"0x{data[error.start]:02x}. It may come from Windows-1252 or Latin-1: save it as UTF-8, "
                "or pass replace=True to read \ufffd there."
            ) from None
        text = data.decode("utf-8-sig", "replace")
        replaced = text.count("\ufffd") - data.count("\ufffd".encode())
    if not text.strip():
        raise CorpusError(f"{path} holds no text: {len(data):,} bytes, and no word among them.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), replaced


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


def _sweep(path: Path) -> None:
    """Remove the temporary files beside `path` that nobody writes to any more."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink()


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
