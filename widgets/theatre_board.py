"""What the page of a TrainingTheatre draws: its controls, its charts, what the models could do at each checkpoint."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lessons.records import RunCheckpoint, RunLog
from widgets.curves import ShownRun
from widgets.theatre_charts import TURNED_NAMES, Charts, charts_of, settled, small
from widgets.theatre_scene import Scene
from widgets.theatre_stage import DEEDS, Stage
from widgets.theatre_words import (
    about,
    problem_of,
    recorded,
    same_so_far,
    settings_in_words,
    spoken_of,
    status_of,
)
from widgets.token_line import near_ceiling
from widgets.words import count, number, perplexity, show

__all__ = ["LIMITS", "PLAY_SECONDS", "charts_in", "page_board"]

#: Ends of the sliders, and how many steps they have; where the lower end is above 0, equal ways are equal factors.
LIMITS = {"learning_rate": (1e-5, 1.0, 100), "dropout": (0.0, 0.9, 90), "clip": (0.01, 10.0, 100)}
PLAY_SECONDS = (10, 20, 40, 80)
_NOT_YET = (
    "Here will be seen, at each checkpoint, what the model writes and how much each token of a sentence surprises it."
)
_BUTTONS = {
    "start": "Start",
    "pause": "Pause",
    "step": "Step",
    "stop": "Stop",
    "again": "From the start",
    "repeat": "Repeat exactly",
}


def page_board(scene: Scene) -> dict[str, Any]:
    """Return the parts of the page, by their traits' names."""
    named = zip(scene.stages, scene.logs, scene.states, strict=True)
    spoken = [spoken_of(stage.name, log, state, stage.is_live) for stage, log, state in named]
    if not scene.checkpoints:  # a sentence that stays is read out at the beginning, and not again
        spoken.append(scene.apart)
    return {
        "board": _controls(scene),
        "charts": _page_charts(scene, charts_in(scene)),
        "panels": _panels_in(scene),
        "spoken": " ".join(sentence for sentence in spoken if sentence),
    }


# The controls, and a line for each run.


def _controls(scene: Scene) -> dict[str, Any]:
    live = [stage for stage in scene.stages if stage.is_live]
    named = list(zip(scene.stages, scene.logs, scene.states, strict=True))
    settings = [_settings(stage, log) for stage, log in scene.known]
    one_for_all = bool(live) and all(one == settings[0] for one in settings)  # the sliders show them
    return {
        "live": bool(live),
        "going": scene.playing or any(stage.is_going for stage in live),
        "buttons": [[deed, words, _why_not(live, deed)] for deed, words in _BUTTONS.items()] if live else [],
        "sliders": _sliders(scene),
        "turns": [["", "both"], *([stage.name] * 2 for stage in live)] if len(live) > 1 else [],
        "turned": scene.turned or "",
        "keep": scene.keep,
        "replay": None if live else _replay(scene),
        "runs": [
            {
                "hue": stage.hue,
                "status": status_of(stage.name, log, state, stage.is_live),
                "about": about(log, None if one_for_all else _settings(stage, log), stage.folder) if log else "",
            }
            for stage, log, state in named
        ],
        "problems": [
            said for stage, log, state in named if (said := problem_of(stage.name, log, state, stage.is_live))
        ],
    }


def _why_not(live: list[Stage], deed: str) -> str:
    """Return why none of the runs can do a deed, "" if one of them can."""
    assert deed in DEEDS
    reasons = [stage.why_not(deed) for stage in live]
    return "" if "" in reasons else reasons[0]


def _sliders(scene: Scene) -> list[dict[str, Any]]:
    turned = [stage for stage, _ in scene.known if stage.is_live and scene.turned in (None, stage.name)]
    if not turned:
        return []
    values = turned[0].settings
    return [
        {"name": name, "label": TURNED_NAMES[name], "low": low, "high": high, "stops": stops}
        | {"value": values[name], "says": small(values[name])}
        for name, (low, high, stops) in LIMITS.items()
    ]


def _settings(stage: Stage, log: RunLog) -> dict[str, float]:
    return stage.settings if stage.is_live else log.settings_at(log.last_step)


def _replay(scene: Scene) -> dict[str, Any]:
    step = scene.last if scene.step is None else scene.step
    logs = [log for stage in scene.stages if (log := stage.log) is not None]
    return {
        "playing": scene.playing,
        "last": scene.last,
        "step": step,
        "says": f"step {count(step)} of {count(scene.last)}",
        "next": _next(step, *(log.step for log in logs)),
        "skip": _next(step, *(np.array([one.step for one in log.checkpoints], np.int64) for log in logs)),
        "seconds": scene.play_seconds,
        "choices": [[seconds, f"in {seconds} s"] for seconds in sorted({*PLAY_SECONDS, scene.play_seconds})],
        "about": recorded(logs, scene.play_seconds),
    }


def _next(step: int, *steps: np.ndarray) -> int:
    """Return the first of these rising steps that is later, or the same step if there is none."""
    later = [int(some[at]) for some in steps if (at := int(np.searchsorted(some, step, "right"))) < len(some)]
    return min(later, default=step)


# The charts.


def charts_in(scene: Scene) -> Charts | None:
    """Return the charts, None while nothing is known of any run."""
    shown = [ShownRun(log, stage.hue, stage.which) for stage, log in scene.known]
    if not shown:
        return None
    kept = [ShownRun(log, stage.hue, stage.which, faint=True) for stage in scene.stages for log in stage.kept]
    ends = [log.n_steps or log.last_step for _, log in scene.known] + [run.log.last_step for run in kept]
    return charts_of([*kept, *shown], max(1, scene.last, *ends), scene.chosen or None)


def _page_charts(scene: Scene, charts: Charts | None) -> dict[str, Any]:
    if charts is None:
        return {"plots": [], "words": [], "key": [], "read": "", "facts": []}
    main, rate, norm, facts = charts
    key = [[stage.hue, f"line{stage.which}", stage.name] for stage, _ in scene.known]
    faint = [[stage.hue, "raw", f"{stage.name} before: {_kept(log)}"] for stage in scene.stages for log in stage.kept]
    repeats = [same_so_far(log, stage.repeats) for stage, log in scene.known if stage.repeats is not None]
    return {
        "plots": [main.page(), rate.page(), norm.page()],
        "words": [
            "Training loss and validation perplexity over the steps.",
            *(" ".join(_now(stage.name, log, what) for stage, log in scene.known) for what in ("rate", "norm")),
        ],
        "key": key + faint,
        "read": "lines: training · marks: validation",
        "facts": [sentence for sentence in (*repeats, *facts) if sentence],
    }


def _now(name: str, log: RunLog, what: str) -> str:
    """Return what a small chart shows of a run, at its last step."""
    values, words = {"rate": (log.learning_rate, "learning rate"), "norm": (log.gradient_norm, "gradient norm")}[what]
    now = f"{values[-1]:.3g}" if len(values) and math.isfinite(values[-1]) else "no number"
    return f"{name}: {words} of the last step {now}."


def _kept(log: RunLog) -> str:
    reached = f", perplexity {perplexity(log.checkpoints[-1].valid_perplexity)}" if log.checkpoints else ""
    later = len([change for change in settled(log.changes) if change.step])
    turned = f", later turned {'once' if later == 1 else f'{later} times'}" if later else ""
    return f"{settings_in_words(log.settings_at(0))}{turned}; to step {count(log.last_step)}{reached}"


# What the models could do at two checkpoints.


def _panels_in(scene: Scene) -> dict[str, Any]:
    """Return what each model wrote and how surprised it was, at the chosen checkpoint and at the newest."""
    steps, chosen = scene.checkpoints, scene.chosen
    every = [float(value) for _, log in scene.known for one in log.checkpoints for value in one.surprisals]
    full = near_ceiling(max([value for value in every if math.isfinite(value)] or [1.0]))
    return {
        "steps": [[step, f"step {count(step)}"] for step in steps],
        "at": 0 if chosen is None else steps.index(chosen),
        "legend": f"Surprisal of each token, in nats: hatched then, filled now. A full bar is {full:g}."
        if every
        else _NOT_YET,
        "runs": [_panel(stage, log, chosen or 0, full) for stage, log in scene.known if log.checkpoints],
    }


def _panel(stage: Stage, log: RunLog, chosen: int, full: float) -> dict[str, Any]:
    newest = log.checkpoints[-1]
    earlier = max((one for one in log.checkpoints if one.step <= chosen), key=lambda one: one.step, default=newest)
    both = [newest] if earlier.step == newest.step else [earlier, newest]
    return {
        "name": stage.name,
        "hue": stage.hue,
        "prompt": show(log.prompt) if log.prompt else "",
        "wrote": [[_when(one), one.sample] for one in both],
        "tokens": [
            [show(token), *([_nats(float(one.surprisals[i])), _share(float(one.surprisals[i]), full)] for one in both)]
            for i, token in enumerate(log.tokens)
        ],
        "mean": f"mean surprisal {' → '.join(map(_mean, both))} nats" if log.tokens else "",
    }


def _when(one: RunCheckpoint) -> str:
    return f"step {count(one.step)}, perplexity {perplexity(one.valid_perplexity)}"


def _mean(one: RunCheckpoint) -> str:
    mean = float(one.surprisals.mean())
    return number(mean, 2) if math.isfinite(mean) else "no number"


def _nats(value: float) -> str:
    return number(value, 1) if math.isfinite(value) else "–"


def _share(value: float, full: float) -> float:
    return round(min(1.0, max(0.0, value / full)), 3) if math.isfinite(value) else 0.0
