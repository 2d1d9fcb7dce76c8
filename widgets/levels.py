"""The lines across a chart of perplexities: what counting reaches, and the floor. One set of them if all runs agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lessons.records import RunLog
from widgets.sketches import fitting
from widgets.words import count, numbered

__all__ = ["Levels", "levels_of"]

_SHORT = {"unigram": "single words", "bigram": "pairs"}  # beside a run's name there is little room
_ROOM, _SIZE = 120.0, 13.0  # of a run's name in pixels, and of its letters


@dataclass(frozen=True)
class Levels:
    """Perplexities that are drawn as lines across.

    Attributes:
        values: by what they are called; where they are of one run each, its name is part of it.
        hues: the run's hue by the same names; empty where one set of lines is true of all runs.
        said: that the lines are of one run each, and why; "" where they are true of all.
    """

    values: Mapping[str, float]
    hues: Mapping[str, str]
    said: str


def levels_of(runs: Sequence[tuple[str, str, RunLog]], floor: bool = True) -> Levels:
    """Return the lines of one chart: a set for all runs, or for each run if they differ in their text or their numbers.

    Args:
        runs: name, hue and log of each.
        floor: whether the floor is one of the lines.
    """
    logs = [log for _, _, log in runs]
    own = [{**log.baselines, **({"floor": log.floor} if floor and log.floor is not None else {})} for log in logs]
    shared = {name: value for values in own for name, value in values.items()}
    several = len({log.corpus for log in logs}) > 1
    if not several and all(shared[name] == value for values in own for name, value in values.items()):
        return Levels(shared, {}, "")
    names = numbered([fitting(name, _ROOM, _SIZE) for name, _, _ in runs])
    values, hues = {}, {}
    for name, (_, hue, _), of_run in zip(names, runs, own, strict=True):
        for level, value in of_run.items():
            words = f"{name}: {_SHORT.get(level, level)}"
            values[words], hues[words] = value, hue
    return Levels(values, hues, _said([name for name, _, _ in runs], logs, several, bool(values)))


def _said(names: Sequence[str], logs: Sequence[RunLog], several: bool, lines: bool) -> str:
    texts = [log.corpus if several else f"{count(log.n_valid_tokens)} validation tokens" for log in logs]
    which = "; ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
    differ = "read different texts" if several else "are not measured alike"
    among = f" ({which})" if len(set(texts)) > 1 else ""
    of = "of different texts" if several else "measured so"
    whose = "the lines across belong to one run each, in its hue and with its name, and " if lines else ""
    return f"The runs {differ}{among}: {whose}perplexities {of} cannot be compared."
