"""Recorded trainings side by side: the steps at which the slider can stand, and what is the same for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.errors import InputError
from lessons.records import GATES, HEAD_SCORES, RecordedCheckpoint, Recording
from widgets.bars import hue_of
from widgets.token_line import nice_ceiling
from widgets.words import count, numbered

__all__ = ["SCORES", "Recorded", "place_of", "recorded_from", "steps_of", "surprise_scale", "when"]

#: What can be followed over a whole training, and how it is called: of the heads, and of the gates.
SCORES = {
    "previous_token": "weight on the word before",
    "first_token": "weight on the first token, <eos>",
    "own_token": "weight on the word itself",
    "same_token": "weight on earlier copies of the word",
    "relative_entropy": "evenness (entropy, divided by the largest possible)",
    "mean": "mean value of the gate",
    "below": "share below 0.1 (of the candidate below −0.9)",
    "above": "share above 0.9",
}
_MOST = 2


@dataclass(frozen=True, eq=False)
class Recorded:
    """A recording as it is shown: with a name that no other has, and a hue."""

    recording: Recording
    name: str
    hue: str

    @property
    def has_heads(self) -> bool:
        """Whether it is of a Transformer."""
        return self.recording.checkpoints[0].attention is not None

    @property
    def scores(self) -> tuple[str, ...]:
        """What can be followed over its training."""
        return tuple(HEAD_SCORES) if self.has_heads else ("mean", "below", "above")

    @property
    def shape(self) -> tuple[int, int]:
        """L, and H heads or four gates."""
        inside = self.recording.checkpoints[0].attention if self.has_heads else self.recording.checkpoints[0].gates
        assert inside is not None
        return inside.shape[0], inside.shape[1]

    @property
    def telling(self) -> tuple[int, int]:
        """The head that at the end looks most at the word before, or the forget gate of the first layer."""
        if not self.has_heads:
            return 0, GATES.index("forget")
        last = self.over_time("previous_token")[-1]
        layer, head = np.unravel_index(int(last.argmax()), last.shape)
        return int(layer), int(head)

    def part(self, layer: int, part: int) -> str:
        """Return the name of a head or a gate."""
        what = f"head {part + 1}" if self.has_heads else f"{GATES[part]} gate" if part != 2 else "candidate"
        return f"layer {layer + 1}, {what}"

    def over_time(self, score: str) -> np.ndarray:
        """Return (n, L, parts): one of `scores` at each checkpoint."""
        return np.stack([self.value(at, score) for at in self.recording.checkpoints])

    def value(self, at: RecordedCheckpoint, score: str) -> np.ndarray:
        """Return (L, parts): one of `scores` at one checkpoint."""
        if self.has_heads:
            assert at.head_scores is not None
            heads: np.ndarray = at.head_scores[list(HEAD_SCORES).index(score)]
            return heads
        assert at.gate_means is not None
        return at.gate_means if score == "mean" else at.saturated[..., ("below", "above").index(score)]

    def before(self, at: RecordedCheckpoint) -> RecordedCheckpoint:
        """Return the checkpoint before one; the first one for itself."""
        place = self.recording.checkpoints.index(at)
        return self.recording.checkpoints[max(0, place - 1)]


def recorded_from(recordings: Sequence[Any]) -> tuple[Recorded, ...]:
    """Return one or two recordings with names and hues.

    Raises:
        InputError: there are none or too many, or something else was given.
    """
    if not 1 <= len(recordings) <= _MOST:
        raise InputError(f"{len(recordings)} recordings were given; give one or two, such as those of both models.")
    for one in recordings:
        if not isinstance(one, Recording):
            raise InputError(
                f"A {type(one).__name__} is no recording; give what lessons.recording.shipped_recording or "
                "read_recording returns."
            )
    names = numbered([one.name for one in recordings])
    return tuple(Recorded(one, name, hue_of(one.run.architecture)) for one, name in zip(recordings, names, strict=True))


def steps_of(recorded: Sequence[Recorded]) -> list[int]:
    """Return the steps at which the slider can stand: those of all checkpoints."""
    return sorted({step for one in recorded for step in one.recording.steps})


def place_of(step: float) -> float:
    """Return where a step lies on the lower axis: early steps, where most is learned, have more room."""
    return math.log10(1 + step / 10)


def surprise_scale(recorded: Sequence[Recorded]) -> float:
    """Return the surprisal at which an underline is full, the same at all checkpoints of all recordings."""
    found = [at.surprisals for one in recorded for at in one.recording.checkpoints]
    finite = np.concatenate(found)
    return nice_ceiling(float(finite[np.isfinite(finite)].max(initial=1)))


def when(at: RecordedCheckpoint) -> str:
    """Return the step of a checkpoint in words."""
    return f"step {count(at.step)}"
