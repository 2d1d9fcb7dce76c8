"""What is on the stage of a TrainingTheatre at one moment: the runs as far as they are shown, and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lessons.errors import InputError
from lessons.records import RunLog
from widgets.checks import flag, one_of, whole
from widgets.levels import levels_of
from widgets.theatre_stage import Stage

__all__ = ["Scene", "scene_of"]

_FARTHEST = 10**9  # of a step


@dataclass(frozen=True)
class Scene:
    """What is on the stage at one moment.

    Attributes:
        stages: one or two.
        logs: of each as far as it is shown, None while nothing is known.
        states: of each as far as it is shown, "" before its start.
        last: the last step that a recording has; 0 for live runs.
        step: up to which step a recording is shown; None for all, and for live runs.
        playing, play_seconds: whether a recording plays, and how long all of it takes.
        checkpoint: the step of the checkpoint that is looked at beside the newest; None for the first one.
        turned: which run the sliders turn: its name, or None for all.
        keep: whether a run stays on the chart when the next one is started.
    """

    stages: tuple[Stage, ...]
    logs: tuple[RunLog | None, ...]
    states: tuple[str, ...]
    last: int
    step: int | None
    playing: bool
    play_seconds: int
    checkpoint: int | None
    turned: str | None
    keep: bool

    @property
    def known(self) -> list[tuple[Stage, RunLog]]:
        """The stages of which something is known."""
        return [(stage, log) for stage, log in zip(self.stages, self.logs, strict=True) if log is not None]

    @property
    def checkpoints(self) -> list[int]:
        """The steps of all checkpoints so far."""
        return sorted({one.step for _, log in self.known for one in log.checkpoints})

    @property
    def chosen(self) -> int | None:
        """The step of the checkpoint that is looked at, None before there is one."""
        steps = self.checkpoints
        if not steps:
            return None
        wanted = steps[0] if self.checkpoint is None else self.checkpoint
        return max((step for step in steps if step <= wanted), default=steps[0])

    @property
    def apart(self) -> str:
        """That the lines across are of one run each, and why; "" if they are true of all."""
        return levels_of([(stage.name, stage.hue, log) for stage, log in self.known]).said

    @property
    def is_live(self) -> bool:
        """Whether one of the runs is live."""
        return any(stage.is_live for stage in self.stages)


def scene_of(stages: tuple[Stage, ...], wanted: Mapping[str, Any], was_playing: bool) -> Scene:
    """Return the scene that settings ask for.

    Args:
        stages: of the theatre.
        wanted: its settings, not checked yet.
        was_playing: whether a recording plays already.

    Raises:
        InputError: a setting cannot be used.
    """
    live = [stage for stage in stages if stage.is_live]
    whole_logs = tuple(stage.log for stage in stages)
    last = 0 if live else max(log.last_step for log in whole_logs if log is not None)
    step, checkpoint, turned = wanted["step"], wanted["checkpoint"], wanted["turned"]
    if live and (step is not None or wanted["playing"] is True):
        raise InputError("A live run is shown as far as it is; step and playing are for recordings.")
    if step is not None:
        step = whole(step, "step", 0, last)
    playing = flag(wanted["playing"], "playing")
    if playing and not was_playing and step in (None, last):
        step = 0  # from the start again
    if checkpoint is not None:
        checkpoint = whole(checkpoint, "checkpoint", 0, _FARTHEST)
    if turned is not None:
        turned = one_of(turned, "turned", [stage.name for stage in live])
    logs = whole_logs if step is None else tuple(log.until(step) for log in whole_logs if log is not None)
    return Scene(
        stages=stages,
        logs=logs,
        states=tuple(
            stage.state if log is None or stage.is_live else log.state for stage, log in zip(stages, logs, strict=True)
        ),
        last=last,
        step=step,
        playing=playing,
        play_seconds=whole(wanted["play_seconds"], "play_seconds", 1, 600),
        checkpoint=checkpoint,
        turned=turned,
        keep=flag(wanted["keep"], "keep"),
    )
