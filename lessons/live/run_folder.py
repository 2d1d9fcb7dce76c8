"""The folder of a live run: made ready for a process, emptied for a fresh start, and never shared by two trainings."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from filelock import FileLock, Timeout

from lessons.corpus import Corpus
from lessons.errors import CheckpointError, InputError
from lessons.live.plan import PLAN, RunPlan
from lessons.live.texts import write_texts
from lessons.run_log import RUN_LOG, RunLogReader, RunLogWriter

__all__ = ["IN_USE", "LOCK", "empty", "is_used", "make_ready", "refuse_another_plan", "refuse_if_used"]

IN_USE = 3  # exit code: another process trains in the folder, so the log is not this one's to write to
LOCK = ".lock"  # held by the process that trains; `lessons.run.open_folder` has the same
_STATE = "training*"  # files that a run goes on from
_MAY_DIFFER = ("changes", "n_steps", "name")  # from the plan of a run that is gone on with


def make_ready(folder: Path, plan: RunPlan, corpus: str | Corpus) -> None:
    """Write what the process needs, and the first lines of the log, if there are none yet.

    Args:
        folder: of the run; it is made if it is missing.
        plan: of the run.
        corpus: as for `LiveRun`.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan.save(folder)
    if isinstance(corpus, Corpus):
        write_texts(corpus, folder)
    log = RunLogWriter(folder / RUN_LOG)
    if RunLogReader(folder / RUN_LOG).look() is None:
        log.run(plan.about)
    log.state("starting", "Starting a process for the training.")


def empty(folder: Path) -> None:
    """Remove what a run would go on from. Raises: OSError."""
    for path in (folder / RUN_LOG, *folder.glob(_STATE)):
        path.unlink(missing_ok=True)


def refuse_another_plan(folder: Path, plan: RunPlan) -> None:
    """Refuse a folder that holds a run with other arguments; it may be longer, or have another name.

    Raises:
        InputError: one of the arguments differs.
        CheckpointError: the plan that is there cannot be read.
    """
    if not (folder / PLAN).exists():
        return
    found = RunPlan.load(folder)
    for name in (one.name for one in fields(RunPlan) if one.name not in _MAY_DIFFER):
        there, here = getattr(found, name), getattr(plan, name)
        if there != here:
            raise InputError(
                f"{folder} holds a run whose {name} is {there!r}, and here it is {here!r}. Choose another folder."
            )


def is_used(folder: Path) -> bool:
    """Whether a process trains in a folder at this moment.

    Raises:
        CheckpointError: the folder cannot be used at all.
    """
    if not (folder / LOCK).exists():
        return False
    try:
        with FileLock(folder / LOCK, timeout=0):
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
        raise CheckpointError(f"Another process trains in {folder}; stop it, or choose another folder.")
