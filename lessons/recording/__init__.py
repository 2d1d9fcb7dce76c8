"""Recorded trainings: what a model could do, and what it looked like inside, at some twenty moments of its training.

glassbox train lstm --out runs/mine --snapshots   keeps the weights at these moments
glassbox record runs/mine                         asks each of them the same questions
shipped_recording("lstm")                         the recorded training of the shipped model

snapshots   the weights, kept while it trains     questions, measure   what each of them is asked, and its answers
run_so_far  the log of the run                    record, files        the whole recording, and its file
"""

from lessons.recording.files import RECORDING, read_recording, shipped_recording, write_recording
from lessons.recording.record import MOST_CHECKPOINTS, record_run
from lessons.recording.snapshots import SNAPSHOTS, keep_snapshots, snapshots_in

__all__ = [
    "MOST_CHECKPOINTS",
    "RECORDING",
    "SNAPSHOTS",
    "keep_snapshots",
    "read_recording",
    "record_run",
    "shipped_recording",
    "snapshots_in",
    "write_recording",
]
