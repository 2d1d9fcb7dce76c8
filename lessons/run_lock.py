"""A folder in which one process trains: locked while it does, and swept of what a killed one left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lessons.errors import CheckpointError

__all__ = ["is_used", "open_folder", "refuse_if_used"]

_LOCK = ".lock"  # held by the process that trains


@contextmanager
def open_folder(folder: str | Path, patience: float = 0.0) -> Iterator[None]:
    """Make a run's folder if it is missing, and keep every other process from training in it inside the `with` block.

    What a killed process had half written there is removed.

    Args:
        folder: of the run.
        patience: seconds to wait for the lock; a look whether it is held holds it for an instant.

    Raises:
        CheckpointError: the folder cannot be written to, or another process trains in it.
    """
    folder = Path(folder)
    lock = FileLock(folder / _LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=patience)
    except Timeout:
        raise _used(folder) from None
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be used for checkpoints: {error}. Choose another folder.") from error
    try:
        for left_over in folder.glob(".*.tmp"):
            with suppress(OSError):
                left_over.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def is_used(folder: Path) -> bool:
    """Whether a process trains in a folder at this moment.

    Raises:
        CheckpointError: the folder cannot be used at all.
    """
    if not (folder / _LOCK).exists():
        return False
    try:
        with FileLock(folder / _LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be used: {error}. Choose another folder.") from error


def refuse_if_used(folder: Path) -> None:
    """Refuse a folder in which a process trains at this moment.

    Raises:
        CheckpointError: there is such a process, or the folder cannot be used at all.
    """
    if is_used(folder):
        raise _used(folder)


def _used(folder: Path) -> CheckpointError:
    return CheckpointError(f"Another process trains in {folder}; stop it, or choose another folder.")
