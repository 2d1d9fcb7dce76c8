"""Trainings with a fault, or without one: the material of a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lessons.errors import InputError
from lessons.records.run import RunLog

__all__ = ["FAULTS", "FaultyRun"]

#: What can be done wrong, and what that means.
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "healthy": "nothing is wrong",
        "too high a rate": "the learning rate is a thousand times too high",
        "too low a rate": "the learning rate is about thirty times too low",
        "too little text": "the model reads a hundredth of the text again and again, without dropout",
        "gradients never zeroed": "each step adds its gradient to those of all steps before",
        "optimizer never steps": "gradients are computed, and no weight is moved",
        "sees the answer": "the word to predict is the word that the model has just read",
        "damaged batches": "the words of three batches on end have been shuffled",
    }
)


@dataclass(frozen=True)
class FaultyRun:
    """A training, and what was changed in it.

    Attributes:
        fault: one of `FAULTS`.
        log: the run.
        right: the line of code as it should be.
        wrong: the line that stood there instead; the same one if nothing is wrong.
    """

    fault: str
    log: RunLog
    right: str
    wrong: str

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise InputError(f"There is no fault {self.fault!r:.60}; it must be one of {', '.join(FAULTS)}.")
