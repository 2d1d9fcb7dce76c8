"""What a TrainingTheatre says: how far each run is, what it is made of, what went wrong, and what is read out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lessons.records import RunCheckpoint, RunLog
from widgets.curves import COUNTED
from widgets.theatre_charts import TURNED_NAMES, settled, small
from widgets.words import count, listing, number, perplexity

__all__ = [
    "about",
    "problem_of",
    "recorded",
    "same_so_far",
    "settings_in_words",
    "spoken_of",
    "status_of",
    "took",
]

_DOING = {
    "": "has not been started",
    "starting": "is being made ready",
    "running": "is training",
    "paused": "is paused",
    "stopped": "was stopped",
    "finished": "has finished",
    "diverged": "has diverged",
    "failed": "has failed",
}
_ADVICE = {
    "diverged": "Turn the learning rate down, to a third for example, and train from the start.",
    "failed": "Start goes on from the last step that was saved; if it fails again, train from the start.",
}


def took(seconds: float) -> str:
    """Return a duration: `12 s`, `3 min 20 s`, `1 h 24 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{number(seconds, 1) if seconds < 10 else whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def settings_in_words(settings: dict[str, float]) -> str:
    """Return `learning rate 0.004, dropout 0.1, clipping 0.25`."""
    return ", ".join(f"{TURNED_NAMES[name]} {small(value)}" for name, value in settings.items())


def status_of(name: str, log: RunLog | None, state: str, is_live: bool) -> list[str]:
    """Return how far a run is, in pieces, plain and emphasised in turn. Args: log, as far as it is shown."""
    doing = _DOING[state] if is_live else "is a recording"
    if log is None or not (log.last_step or state not in ("", "starting")):
        return ["", name, f" {doing}.{_also(log, state)}"]
    of, left = (f" of {count(log.n_steps)}", log.n_steps - log.last_step) if log.n_steps else ("", 0)
    pieces = ["", name, f" {doing}: step ", f"{count(log.last_step)}{of}", ""]
    if left > 0 and is_live:
        pieces[-1] += f", {count(left)} left"
    if len(log.step):
        pieces[-1] += ", "
        pieces += [took(float(log.seconds[-1])), " of training"]
    pieces[-1] += f".{_also(log, state)}" if _also(log, state) else ""
    return pieces


def _also(log: RunLog | None, state: str) -> str:
    """Return what the run itself says of its state, where that is not told as a problem."""
    return f" {log.message}" if log is not None and log.message and state and state not in _ADVICE else ""


def about(log: RunLog, settings: dict[str, float] | None, folder: str = "") -> str:
    """Return what a run is made of: its text, its size, its seed and, unless they are seen elsewhere, its settings.

    Args:
        log: of the run.
        settings: None where they are seen elsewhere.
        folder: where it was told to keep its state; "" if it was not.
    """
    size = f" · {count(log.n_parameters)} weights" if log.n_parameters else ""
    also = "" if settings is None else f" · {settings_in_words(settings)}"
    speed = float(log.tokens_per_second[-1]) if len(log.step) else 0.0
    fast = f" · {count(round(speed))} tokens a second" if speed > 0 else ""
    kept = f" · kept in {folder}" if folder else ""
    return f"on {log.corpus}{size} · seed {log.seed}{fast}{also}{kept}"


def recorded(logs: Sequence[RunLog], play_seconds: float) -> str:
    """Return the sentence that says what is played. Args: logs, whole."""
    whole = listing(f"the {log.name} for {took(_seconds(log))} ({count(log.last_step)} steps)" for log in logs)
    return f"A recording: {whole} of training, played in {took(play_seconds)}. Nothing is trained here."


def _seconds(log: RunLog) -> float:
    if len(log.step):
        return float(log.seconds[-1])
    return log.checkpoints[-1].seconds if log.checkpoints else 0.0


def problem_of(name: str, log: RunLog | None, state: str, is_live: bool) -> str:
    """Return what went wrong and what to do, "" if nothing did."""
    if log is None or state not in _ADVICE:
        return ""
    first = next((int(step) for step, loss in zip(log.step, log.loss, strict=True) if not math.isfinite(loss)), None)
    where = f"step {count(log.last_step if first is None else first)}"
    said = log.message or f"{name} {_DOING[state]} at {where}: the loss is no longer a number."
    said = said if name in said else f"{name}: {said}"
    said = said if said.endswith((".", "!", "?")) else f"{said}."
    knows = state == "diverged" and log.message  # it says by itself what to do
    return f"{said} {_ADVICE[state]}" if is_live and not knows else said


def same_so_far(log: RunLog, before: RunLog) -> str:
    """Return whether a run that repeats another has the same losses, bit by bit."""
    n = min(len(log.step), len(before.step))
    if not n:
        return ""
    is_same = log.step[:n] == before.step[:n]
    is_same &= (log.loss[:n] == before.loss[:n]) | (
        ~(log.loss[:n] == log.loss[:n]) & ~(before.loss[:n] == before.loss[:n])
    )
    if is_same.all():
        return f"{log.name} repeats the run before: all {count(n)} losses so far are the same, to the last digit."
    step = int(log.step[int(is_same.argmin())])
    return f"{log.name} does not repeat the run before: the loss of step {count(step)} differs."


def spoken_of(name: str, log: RunLog | None, state: str, is_live: bool) -> str:
    """Return what is read out: it changes where something happens, not with every step."""
    doing = "" if state == "running" or not is_live else f" {name} {_DOING[state]}."
    problem = problem_of(name, log, state, is_live)
    doing = f" {problem}" if problem else doing
    if log is None or not log.checkpoints:
        return doing.strip()
    last: RunCheckpoint = log.checkpoints[-1]
    of = f" of {count(log.n_steps)}" if log.n_steps else ""
    also = [f"{COUNTED.get(kind, kind)} reaches {perplexity(value)}" for kind, value in log.baselines.items()]
    also += [] if log.floor is None else [f"the floor is {perplexity(log.floor)}"]
    beside = f", {listing(also)}" if also else ""
    said = f"{name}, step {count(last.step)}{of}: validation perplexity {perplexity(last.valid_perplexity)}{beside}."
    turned = [
        f" {TURNED_NAMES[c.name]} turned to {small(c.value)} after step {count(c.step)}." for c in settled(log.changes)
    ]
    return f"{said}{turned[-1] if turned else ''}{doing}"
