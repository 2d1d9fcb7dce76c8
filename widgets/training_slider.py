"""TrainingSlider: one slider over a recorded training, from the first guess to the finished model."""

from __future__ import annotations

from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import RecordedCheckpoint, Recording
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, refuse_unknown, whole
from widgets.picture import Picture
from widgets.recording_board import LOOKS, State
from widgets.recording_picture import picture_of, table_of
from widgets.recording_source import Recorded, recorded_from, steps_of
from widgets.requests import handles
from widgets.undo import ResetWidget

__all__ = ["TrainingSlider"]

_SAY = (
    "Move the slider through the training, from the first step to the last: what the model writes, what surprises it, "
    "and what it looks like inside. All scales stay the same, so what grows on the page has grown in the model."
)


class TrainingSlider(ResetWidget):
    """Move through a recorded training, and see what each checkpoint could do and what it looked like inside.

    Args:
        recordings: one or two, for example `lessons.recording.shipped_recording("lstm")`.
        step: where the slider stands; it goes to the last checkpoint up to this step. None is the last one.
        look: "writes", "surprise", "neighbours", "inside" (attention maps or gates) or "growth" (the same over time).
        against: what is compared with: "before" (the checkpoint before), "first", or a step.
        asked: name of the recording whose inside is shown; None for the first one.
        word: whose neighbours are listed, one of the recording's words; None for the first one.
        selected: place of a word in the sentence, from 0.
        layer: whose head or gate is shown, from 0.
        part: which head, or which gate (input, forget, candidate, output), from 0. With None for either, it is the head
            that in the end looks most at the word before, or the forget gate of the first layer.
        score: what is followed over time, one of the recording's; None for the first one.
        title: heading of the card.
        say: what is said under it.
        presenting: large type, for a projector.

    All but the recordings may be assigned later. `recording` is the one that is asked, `checkpoint` and `compared` are
    its two checkpoints: every number on the screen is in them. `checkpoints` has that of each recording.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("svg", "plot", "tokens", "radios", "training_slider")
    _css = style("plot", "tokens", "training_slider", of="training_slider")

    step = Setting()
    look = Setting()
    against = Setting()
    asked = Setting()
    word = Setting()
    selected = Setting()
    layer = Setting()
    part = Setting()
    score = Setting()

    board = t.Dict(help="charts, words and tables as the page draws them").tag(sync=True)
    drawn = t.Dict(help="how the bytes of `maps` are laid out").tag(sync=True)
    maps = t.Bytes(b"", help="all small maps, then the large one: one byte a cell").tag(sync=True)

    def __init__(
        self,
        *recordings: Recording,
        step: int | None = None,
        look: str = "writes",
        against: str | int = "before",
        asked: str | None = None,
        word: str | None = None,
        selected: int = 0,
        layer: int | None = None,
        part: int | None = None,
        score: str | None = None,
        title: str = "A model learns: its whole training on one slider",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._recorded: tuple[Recorded, ...] = recorded_from(recordings)
        self._state: State | None = None
        start: dict[str, Any] = {"step": step, "look": look, "against": against, "asked": asked, "word": word}
        start |= {"selected": selected, "layer": layer, "part": part, "score": score}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self._recorded, self._state = (), None

    # What Python offers.

    def _shown(self) -> State:
        self._check_open()
        assert self._state is not None
        return self._state

    @property
    def recording(self) -> Recording:
        """The recording that is asked."""
        return self._shown().one.recording

    @property
    def checkpoint(self) -> RecordedCheckpoint:
        """Its checkpoint where the slider stands."""
        return self._shown().now(self._shown().one)

    @property
    def compared(self) -> RecordedCheckpoint:
        """Its checkpoint that is compared with."""
        return self._shown().then(self._shown().one)

    @property
    def checkpoints(self) -> tuple[RecordedCheckpoint, ...]:
        """The checkpoint of each recording where the slider stands."""
        return tuple(self._shown().now(one) for one in self._shown().recorded)

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        settings = {name: wanted[name] for name in ("step", "look", "against", "asked", "word", "selected")}
        settings |= {name: wanted[name] for name in ("layer", "part", "score")}
        state, settings = _state_of(self._recorded, settings, changed)
        maps, drawn = state.maps()
        self._state = state
        return parts | settings | {"board": state.board(), "maps": maps, "drawn": drawn}

    # What the page asks.

    @handles("go", at=(int,))
    def _go(self, at: int) -> None:
        steps = steps_of(self._recorded)
        self.change(step=steps[whole(at, "at", 0, len(steps) - 1)])

    @handles("set", name=(str,), value=(str,))
    def _set(self, name: str, value: str) -> None:
        name = one_of(name, "name", ("look", "against", "asked", "word", "score"))
        if name == "word":
            value = self._named(value, self.recording.words, "word")
        elif name == "asked":
            value = self._named(value, [one.name for one in self._recorded], "asked")
        self.change(**{name: int(value) if name == "against" and value.isdecimal() and len(value) < 12 else value})

    @staticmethod
    def _named(value: str, names: Any, what: str) -> str:
        """Return the name at a place that the page sent."""
        place = int(value) if value.isdecimal() and len(value) < 6 else -1
        name: str = names[whole(place, what, 0, len(names) - 1)]
        return name

    @handles("pin")
    def _pin(self) -> None:
        self.change(against=self.step)

    @handles("select", position=(int,))
    def _select(self, position: int) -> None:
        self.change(selected=max(0, position - (self.look == "inside")))

    @handles("choose", cell=(int,))
    def _choose(self, cell: int) -> None:
        layers, parts = self._shown().one.shape
        layer, part = divmod(whole(cell, "cell", 0, layers * parts - 1), parts)
        self.change(layer=layer, part=part)

    # For pages without a kernel.

    def picture(self) -> Picture:
        """Return the chart, what is said, and what is looked at, for a figure and for pages without a kernel."""
        return picture_of(self._shown(), self.title, self.board)

    def _static(self) -> list[str]:
        return table_of(self._shown())


def _state_of(recorded: tuple[Recorded, ...], settings: dict[str, Any], changed: Any) -> tuple[State, dict[str, Any]]:
    """Return what is shown with these settings, and the settings as they are then.

    Raises:
        InputError: a value cannot be used.
    """
    names = [one.name for one in recorded]
    asked = settings["asked"] = names[0] if settings["asked"] is None else one_of(settings["asked"], "asked", names)
    one = recorded[names.index(asked)]
    steps = steps_of(recorded)
    step = steps[-1] if settings["step"] is None else whole(settings["step"], "step", 0, 10**12)
    settings["step"] = max([at for at in steps if at <= step], default=steps[0])
    settings["look"] = one_of(settings["look"], "look", LOOKS)
    against = settings["against"]
    if isinstance(against, str):
        against = one_of(against, "against", ("before", "first"))
    settings["against"] = against if isinstance(against, str) else whole(against, "against", 0, 10**12)
    words, scores = one.recording.words, one.scores
    for name, known in (("word", words), ("score", scores)):
        other = "asked" in changed and name not in changed and settings[name] not in known  # of the other recording
        if settings[name] is None or other:
            settings[name] = known[0]
    settings["word"] = one_of(settings["word"], "word", words)
    settings["score"] = one_of(settings["score"], "score", scores)
    layers, parts = one.shape
    of_other = "asked" in changed and not {"layer", "part"} & set(changed)
    if of_other or settings["layer"] is None or settings["part"] is None:
        settings |= dict(zip(("layer", "part"), one.telling, strict=True))
    settings["layer"] = whole(settings["layer"], "layer", 0, layers - 1)
    settings["part"] = whole(settings["part"], "part", 0, parts - 1)
    shortest = min(len(each.recording.run.tokens) for each in recorded)
    settings["selected"] = whole(settings["selected"], "selected", 0, shortest - 1)
    if any(each.recording.words != words for each in recorded):
        raise InputError("The two recordings list neighbours of other words; give recordings of the same corpus.")
    state = State(
        recorded=recorded,
        step=settings["step"],
        against=settings["against"],
        look=settings["look"],
        asked=names.index(asked),
        word=words.index(settings["word"]),
        selected=settings["selected"],
        chosen=(settings["layer"], settings["part"]),
        score=settings["score"],
    )
    return state, settings
