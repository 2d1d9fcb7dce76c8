"""Recordings of tiny trainings, each done once, in seconds: what a TrainingSlider is tried with."""

import tempfile
from functools import cache
from pathlib import Path

from lessons.recording import keep_snapshots, record_run
from lessons.run import prepare, run_steps
from tests import tiny


@cache
def recording(architecture):
    """Return the recording of a tiny training of "lstm" or "transformer": 126 steps, eight checkpoints."""
    with tempfile.TemporaryDirectory() as folder:
        run = prepare(architecture, tiny.preset(architecture), tiny.corpus())
        for _ in keep_snapshots(run, run_steps(run, folder), folder):
            pass
        return record_run(Path(folder), tiny.corpus())


def both():
    """Return the recordings of both models."""
    return recording("lstm"), recording("transformer")
