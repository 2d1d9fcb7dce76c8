"""TrainingTheatre: a model learns on stage, live or from a recording."""

from __future__ import annotations

import time
from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import RunLog
from widgets.assets import script, style
from widgets.base import LOCK, Setting
from widgets.checks import one_of, refuse_unknown, whole
from widgets.picture import Picture
from widgets.requests import handles
from widgets.theatre_board import LIMITS, PLAY_SECONDS, page_board
from widgets.theatre_picture import picture_of, rows_of, table_of
from widgets.theatre_scene import Scene, scene_of
from widgets.theatre_stage import DEEDS, Stage, stages_of
from widgets.undo import ResetWidget

__all__ = ["TrainingTheatre"]

_LIVE = "A model that knows nothing learns to predict the next word of a text. Start it, and turn what can be turned."
_RECORDED = (
    "A training that took long, played in quick motion: how the curves fell, and what the model wrote meanwhile."
)
_LONGEST_GAP = 0.5  # seconds of playing between two looks: a page that was away does not miss anything
_SETTINGS = ("step", "playing", "play_seconds", "checkpoint", "turned", "keep")


class TrainingTheatre(ResetWidget):
    """Show one or two training runs: their curves, what they write at each checkpoint, and what can be turned.

    Args:
        runs: live ones (`lessons.live.LiveRun`), recorded ones, or `lessons.records.RunLog`s.
        step: up to which step recordings are shown; None for all. A live run is always shown up to now.
        playing: whether recordings go on by themselves.
        play_seconds: how long it takes to play all of a recording, 1 to 600.
        checkpoint: the step of the checkpoint that is looked at beside the newest; None for the first.
        turned: name of the run that the sliders turn; None for all live ones.
        keep: whether a run stays on the chart as a faint line when the next one is started in its place.
        title: heading of the card.
        say: one sentence under it; None for one that suits the runs.
        presenting: large type, for a projector.

    All but the runs may be assigned later. `logs` has the `RunLog`s that every number comes from, `log` the first of
    them, `kept` those of the runs before, and `table` the checkpoints as rows.

    Closing the widget, or running its cell again with other runs, ends its live runs, unless another theatre shows
    them.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("svg", "plot", "training_theatre")
    _css = style("plot", "training_theatre", of="training_theatre")
    _looks = frozenset({"news"})
    _stages: tuple[Stage, ...] = ()

    step = Setting()
    playing = Setting()
    play_seconds = Setting()
    checkpoint = Setting()
    turned = Setting()
    keep = Setting()

    board = t.Dict(help="buttons, sliders and a line for each run").tag(sync=True)
    charts = t.Dict(help="the charts, laid out, with their key and sentences about them").tag(sync=True)
    panels = t.Dict(help="what each model wrote, and its surprisals, at two checkpoints").tag(sync=True)
    spoken = t.Unicode("", help="what is read out").tag(sync=True)

    def __init__(
        self,
        *runs: Any,
        step: int | None = None,
        playing: bool = False,
        play_seconds: int = PLAY_SECONDS[1],
        checkpoint: int | None = None,
        turned: str | None = None,
        keep: bool = True,
        title: str = "The training theatre",
        say: str | None = None,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._stages = stages_of(runs)
        self._looked = 0.0
        self._drawn: Any = None
        self._scene: Scene | None = None
        if say is None:
            say = _LIVE if any(stage.is_live for stage in self._stages) else _RECORDED
        looks = {"step": step, "playing": playing, "play_seconds": play_seconds, "checkpoint": checkpoint}
        try:
            super().__init__(title=title, say=say, presenting=presenting, turned=turned, keep=keep, **looks)
        except BaseException:
            for stage in self._stages:
                stage.leave()  # a theatre that was refused ends nobody's run
            self._stages = ()
            raise

    def _let_go(self) -> None:
        for stage in self._stages:
            stage.close()
        self._stages, self._drawn, self._scene = (), None, None

    # What Python offers.

    @property
    def logs(self) -> tuple[RunLog | None, ...]:
        """The runs as they are known now, whole; None for one of which nothing is known yet."""
        with LOCK:
            self._check_open()
            self._look()
            return tuple(stage.log for stage in self._stages)

    @property
    def log(self) -> RunLog | None:
        """The first run as it is known now."""
        return self.logs[0]

    @property
    def kept(self) -> tuple[RunLog, ...]:
        """The runs before, which are drawn as faint lines."""
        with LOCK:
            self._check_open()
            return tuple(log for stage in self._stages for log in stage.kept)

    @property
    def runs(self) -> tuple[Any, ...]:
        """The runs themselves: after 'from the start' those that were started last."""
        with LOCK:
            self._check_open()
            return tuple(stage.run for stage in self._stages)

    def table(self) -> list[dict[str, Any]]:
        """Return a row for each checkpoint of the runs and of those before them."""
        with LOCK:
            return rows_of((*self.kept, *self.logs))

    def start(self) -> None:
        """Start the live runs, or go on with those that are paused or were stopped."""
        self._do("start")

    def pause(self) -> None:
        """Let the live runs wait."""
        self._do("pause")

    def do_steps(self, n: int = 1) -> None:
        """Do a few steps, then wait."""
        self._do("step", whole(n, "n", 1, 100_000))

    def stop(self) -> None:
        """Stop the live runs; what they have learned is kept, and they can go on."""
        self._do("stop")

    def again(self) -> None:
        """Start new runs in place of the live ones, with what they were turned to last."""
        self._do("again")

    def repeat(self) -> None:
        """Start the live runs once more exactly as they were: the same seed, and the same turns at the same steps."""
        self._do("repeat")

    def turn(self, **values: float) -> None:
        """Turn what `values` names, as `lessons.records.TURNED` has it, in the runs that `turned` says."""
        with self._one_update():
            self._check_open()
            for stage in self._live():
                if self.turned in (None, stage.name):
                    stage.turn(**values)
            self._drawn = None
            self.refresh()

    def refresh(self) -> None:
        """Look at the runs and show what is new."""
        with self._one_update():
            self._check_open()
            self._play_on()
            self._draw()

    def _look(self) -> None:
        for stage in self._stages:
            stage.look()

    def _live(self) -> list[Stage]:
        live = [stage for stage in self._stages if stage.is_live]
        if not live:
            raise InputError("This is a recording: it can be played, but not trained.")
        return live

    def _do(self, deed: str, n: int = 1) -> None:
        """Do something with each live run that can; raise InputError if none can."""
        with self._one_update():
            self._check_open()
            live = self._live()
            self._look()
            able = [stage for stage in live if not stage.why_not(deed)] or live[:1]
            try:
                for stage in able:
                    stage.do(deed, keep=bool(self.keep), n=n)
            finally:  # of two runs one may have begun before the other could not
                self.change()

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        self._look()
        scene = scene_of(self._stages, wanted, self.playing is True)
        if scene.playing and not self.playing:
            self._looked = time.monotonic()
        self._scene, self._drawn = scene, None
        return parts | {name: getattr(scene, name) for name in _SETTINGS} | page_board(scene)

    def _play_on(self) -> None:
        """Let a recording that plays go on by the time since the last look."""
        if not self.playing or self._scene is None:
            return
        now = time.monotonic()
        gone = min(now - self._looked, _LONGEST_GAP)
        self._looked = now
        last = self._scene.last
        step = min(last, (self.step or 0) + max(1, round(last * gone / self.play_seconds)))
        self.change(step=step, playing=step < last)

    def _draw(self) -> None:
        """Send the parts of the page that are no longer as they were drawn; nothing if the runs said nothing new."""
        if self._scene is None:
            return
        self._look()
        known = tuple((stage.log, stage.state, stage.is_going) for stage in self._stages)
        if known == self._drawn:  # the very logs
            return
        self._scene = scene_of(self._stages, {name: getattr(self, name) for name in _SETTINGS}, True)
        for name, part in page_board(self._scene).items():
            setattr(self, name, part)
        self._drawn = known

    # What the page asks.

    @handles("news")
    def _on_news(self) -> None:
        self.refresh()

    @handles("do", deed=(str,))
    def _on_do(self, deed: str) -> None:
        self._do(one_of(deed, "deed", DEEDS))

    @handles("turn", name=(str,), value=(int, float))
    def _on_turn(self, name: str, value: float) -> None:
        self.turn(**{one_of(name, "name", LIMITS): value})

    @handles("turns", run=(str,))
    def _on_turns(self, run: str) -> None:
        self.change(turned=run or None)

    @handles("keep", keep=(bool,))
    def _on_keep(self, keep: bool) -> None:
        self.change(keep=keep)

    @handles("checkpoint", step=(int,))
    def _on_checkpoint(self, step: int) -> None:
        self.change(checkpoint=step)

    @handles("play", playing=(bool,))
    def _on_play(self, playing: bool) -> None:
        self.change(playing=playing)

    @handles("seconds", seconds=(int,))
    def _on_seconds(self, seconds: int) -> None:
        self.change(play_seconds=seconds)

    @handles("go", step=(int,))
    def _on_go(self, step: int) -> None:
        self.change(step=step, playing=False)

    # For pages without a kernel.

    def picture(self) -> Picture:
        """Return the charts, and what each model wrote at the two checkpoints."""
        with self._one_update():
            self._check_open()
            self._draw()  # of now
        assert self._scene is not None
        return picture_of(self._scene, self.title, self.spoken)

    def _static(self) -> list[str]:
        assert self._scene is not None
        return table_of(self._scene, rows_of((*self.kept, *(stage.log for stage in self._stages))))
