"""Snapshots of a run: the weights that count, in half precision, at some twenty moments of a training.

    glassbox train transformer --out runs/mine --snapshots

Each is a whole model: `load_model("runs/mine/snapshots/step-0001000.json")`. Beside them the run's log grows, from
which the run can be replayed. Early on, where most is learned, they are close together; later one is kept where the
validation split is measured.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from lessons.checkpoint import read_card, write_checkpoint
from lessons.devices import on_processor
from lessons.errors import CheckpointError, InputError, TrainingError
from lessons.recording.run_so_far import RunSoFar
from lessons.records import TrainingStep
from lessons.run import Run, has_started

__all__ = ["EARLY", "SNAPSHOTS", "chosen", "keep_snapshots", "snapshots_in"]

SNAPSHOTS = "snapshots"  # in a run's folder
EARLY = (0, 10, 30, 100, 300, 1000, 3000)
_LATE = 13  # measurements of the validation split at which one is kept
_VOCABULARY = "vocabulary.json"


def keep_snapshots(
    run: Run, steps: Generator[TrainingStep, None, None], folder: str | Path, resume: bool = False
) -> Generator[TrainingStep, None, None]:
    """Yield the steps of a run as they come, and keep snapshots and a log on the way.

    What was kept of steps after the one that a resumed run goes on from is dropped. Closing the generator closes
    `steps`, too.

    Args:
        run: what `lessons.run.prepare` returned.
        steps: what `lessons.run.run_steps` returned.
        folder: of the run; `snapshots` and `log.jsonl` go into it.
        resume: as for `run_steps`.

    A snapshot that cannot be written later on, for lack of room above all, ends nothing: the step's note says so.

    Raises:
        CheckpointError: they cannot be written from the beginning.
    """
    folder = Path(folder)
    goes_on = resume and has_started(folder)
    so_far: RunSoFar | None = None
    told = False
    try:
        if not goes_on:
            so_far = _begin(run, folder, -1)
            _keep(run, folder, so_far, None)
        for step in steps:
            so_far = so_far or _begin(run, folder, step.step - 1)
            failed = _try_to_keep(run, folder, so_far, step)
            if failed and not told:
                step = replace(step, note=f"{step.note} {failed}" if step.note else failed)
            told = failed is not None
            yield step
        _end(so_far, "finished")
    except (GeneratorExit, KeyboardInterrupt):
        _end(so_far, "stopped")
        raise
    except TrainingError as error:
        _end(so_far, "diverged", str(error))
        raise
    except CheckpointError as error:
        _end(so_far, "failed", str(error))
        raise
    except OSError as error:
        raise CheckpointError(
            f"Snapshots and a log cannot be written to {folder}: {error}. Make room on the disk, or leave out "
            "--snapshots."
        ) from error
    finally:
        steps.close()


def _try_to_keep(run: Run, folder: Path, so_far: RunSoFar, step: TrainingStep) -> str | None:
    """Log a step, and keep a snapshot if one is due; return what went wrong, if anything did."""
    try:
        so_far.step(step)
        if _is_due(step, run.preset.recipe.evaluations):
            _keep(run, folder, so_far, step)
    except (CheckpointError, OSError) as error:
        return f"What step {step.step:,} did could not be kept, and the training goes on without it: {error}"
    return None


def _end(so_far: RunSoFar | None, state: str, message: str = "") -> None:
    """Log how a run has ended, if it was logged at all and the disk has room."""
    if so_far is not None:
        with contextlib.suppress(OSError):
            so_far.state(state, message)


def _is_due(step: TrainingStep, evaluations: int) -> bool:
    """Return whether a snapshot is kept after a step: at an early one, at one in so many measurements, at the end."""
    every = max(1, math.ceil(evaluations / _LATE))
    late = step.valid_perplexity is not None and math.floor(step.progress * evaluations) % every == 0
    return step.step in EARLY or late or step.progress >= 1


def _begin(run: Run, folder: Path, last: int) -> RunSoFar:
    """Drop what was kept of steps after the last one that counts, and go on with the log from there."""
    snapshots = folder / SNAPSHOTS
    snapshots.mkdir(parents=True, exist_ok=True)
    for path in snapshots.glob("step-*.json"):
        if _step_of(path) > last:
            path.unlink()
            for weights in snapshots.glob(f"{path.stem}-*.safetensors"):
                weights.unlink()
    run.vocabulary.save(snapshots / _VOCABULARY)
    return RunSoFar(run, folder, last)


def _keep(run: Run, folder: Path, so_far: RunSoFar, step: TrainingStep | None) -> None:
    """Write the weights that count after a step, None being before the first, with a card that says all of them."""
    trainer = run.trainer
    path = folder / SNAPSHOTS / f"step-{trainer.step:07d}.json"
    card = run.about(path.with_name(_VOCABULARY)) | {
        "step": trainer.step,
        "epoch": trainer.step / trainer.batches.per_epoch,
        "seconds": trainer.seconds,
        "loss": step and step.loss,
        "learning_rate": step and step.learning_rate,
        "gradient_norm": step and step.gradient_norm,
        "valid_perplexity": step and step.valid_perplexity,
    }
    with trainer.result() as trained:
        network = on_processor(trained)
        write_checkpoint(path, {name: value.half() for name, value in network.state_dict().items()}, card)
        so_far.checkpoint(network)


def _step_of(path: Path) -> int:
    """Return the step that a snapshot's name tells."""
    number = path.stem.removeprefix("step-")
    return int(number) if number.isdigit() else -1


def snapshots_in(folder: str | Path) -> list[Path]:
    """Return the cards of a run's snapshots, in order of their steps.

    Raises:
        InputError: there is none.
    """
    found = sorted(
        (path for path in (Path(folder) / SNAPSHOTS).glob("step-*.json") if _step_of(path) >= 0), key=_step_of
    )
    if not found:
        raise InputError(
            f"{folder} holds no snapshots of a run. Train with 'glassbox train ... --snapshots', then record that run."
        )
    return found


def chosen(paths: list[Path], most: int) -> list[Path]:
    """Return at most so many snapshots: the first, the last, and others spread evenly over log(1 + step / 10).

    Args:
        paths: in order of their steps.
        most: at least 2.

    Raises:
        CheckpointError: a card cannot be read.
    """
    kept = list(paths)
    places = [math.log10(1 + int(read_card(path).get("step", 0)) / 10) for path in kept]
    while len(kept) > most:
        crowded = min(range(1, len(kept) - 1), key=lambda i: places[i + 1] - places[i - 1])
        del kept[crowded], places[crowded]
    return kept
