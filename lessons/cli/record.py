"""The command `glassbox record`: what a model could do, and what it looked like inside, at each snapshot of its run."""

from __future__ import annotations

import argparse
from typing import Any

from lessons.cli.terminal import add_corpus, add_threads, corpus_of, say, set_threads
from lessons.errors import CheckpointError, InputError

__all__ = ["add_parser", "run"]


def add_parser(commands: Any) -> None:
    """Add the command to those of `glassbox`. Args: commands, what `add_subparsers` returned."""
    parser = commands.add_parser("record", help="measure the snapshots of a training run, for the TrainingSlider")
    parser.add_argument("folder", help="of a run that 'glassbox train ... --snapshots' has done")
    parser.add_argument("--most", type=int, default=20, metavar="N", help="checkpoints to record (%(default)s)")
    parser.add_argument("--save", action="store_true", help="ship it with the shipped model that came of the run, too")
    add_corpus(parser)
    add_threads(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the recording. Args: arguments of the command line."""
    from pathlib import Path

    from lessons.checkpoint import read_card
    from lessons.places import MODEL_CARD, SHIPPED
    from lessons.recording import RECORDING, record_run, write_recording
    from lessons.records import RecordedCheckpoint

    def tell(found: RecordedCheckpoint, done: float) -> None:
        wrote = found.greedy[0].replace("\n", " ")
        say(f"{done:4.0%}  step {found.step:>7,}  perplexity {found.valid_perplexity:>9,.1f}  {wrote:.60}")

    set_threads(arguments.threads)
    recording = record_run(arguments.folder, corpus_of(arguments.text, arguments.corpus), arguments.most, tell)
    places = [Path(arguments.folder) / RECORDING]
    if arguments.save:
        shipped = SHIPPED / recording.run.architecture
        if read_card(shipped / MODEL_CARD)["weights"]["sha256"] != recording.weights_sha256:
            raise InputError(
                f"The last snapshot of {arguments.folder} is not the shipped {recording.name}; ship the model that "
                "came of this run first, then its recording."
            )
        places.append(shipped / RECORDING)
    for path in places:
        try:
            size = write_recording(path, recording)
        except OSError as error:
            raise CheckpointError(f"{path} could not be written: {error}. Make room on the disk.") from error
        say(f"The recording is in {path} ({size / 1000:,.0f} kB).")
    return 0
