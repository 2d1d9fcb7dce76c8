"""The folder of a live run: made ready for a process, emptied for a fresh start, and kept to one plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from lessons.corpus import Corpus
from lessons.errors import CheckpointError, InputError
from lessons.live.plan import PLAN, RunPlan
from lessons.live.texts import write_texts
from lessons.run_log import RUN_LOG, RunLogReader, RunLogWriter

__all__ = ["IN_USE", "beside", "empty", "make_ready", "refuse_another_plan"]

IN_USE = 3  # exit code: another process trains in the folder, so the log is not this one's to write to
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


@contextmanager
def beside(folder: Path | None) -> Iterator[Path | None]:
    """Make a new folder beside one: the first of `folder-2`, `folder-3` and so on that is not there yet.

    It is removed if the `with` block fails. Beside None there is None.

    Raises:
        CheckpointError: none can be made there.
    """
    sibling = None if folder is None else _made_beside(folder.resolve() if folder.name in ("", "..") else folder)
    try:
        yield sibling
    except BaseException:
        if sibling is not None:
            sibling.rmdir()
        raise


def _made_beside(folder: Path) -> Path:
    number = 2
    while True:
        sibling = folder.with_name(f"{folder.name}-{number}")
        try:
            sibling.mkdir(parents=True)
        except FileExistsError:
            number += 1
            continue
        except OSError as error:
            raise CheckpointError(f"{sibling} cannot be made: {error}. Choose another folder.") from None
        return sibling


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
