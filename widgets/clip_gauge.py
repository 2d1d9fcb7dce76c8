"""ClipGauge: gradient clipping by norm and by value, on two numbers, on a training's norms, and in its consequences."""

from __future__ import annotations

from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import ClippingTable, RunLog
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, real, refuse_unknown, whole
from widgets.clip_board import (
    FULL,
    MOST_PLACES,
    arrow_board,
    clip_at,
    place_of,
    runs_board,
    training_board,
    usual_clip,
)
from widgets.picture import Picture
from widgets.requests import handles
from widgets.sketches import sentences_part, stacked
from widgets.static_parts import paragraph, table
from widgets.undo import ResetWidget
from widgets.words import number

__all__ = ["ClipGauge"]

_SAY = {
    "arrow": "Does clipping change where a step goes? Move the gradient (grey) and the limit: blue is clipped by norm, "
    "orange by value.",
    "training": "How often would a real training be clipped? Move the limit through its gradient norms.",
    "runs": "The same training with and without clipping, step by step.",
}
_VIEWS = {"arrow": "One gradient", "training": "A training's gradients", "runs": "With and without"}
_LARGEST, _SMALLEST = 6.0, 0.1  # of the limit
_WIDTH = 720


class ClipGauge(ResetWidget):
    """Show what clipping by norm and by value do to a gradient, how often a training meets them, and what follows.

    Args:
        table: a ClippingTable, for example what `lessons.clipping.shipped_clipping()` returns; None shows the
            arrows, and the norms of `log`.
        log: a RunLog whose gradient norms are shown instead of the table's.
        gradient: two components, each from -4 to 4.
        limit: of the gradient's norm, and of the size of a component; 0.1 to 6.
        clip: limit for the training's norms; None is the one that the run had.
        view: "arrow", "training" or "runs".
        pair: which of the table's trainings.
        title: heading of the card.
        say: one sentence under it; "" for one that suits the view.
        presenting: large type, for a projector.

    All settings may be assigned later. `run` is the RunLog whose norms are shown, `looks` its whole gradients.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("svg", "plot", "choices", "radios", "clip_gauge")
    _css = style("plot", "choices", "clip_gauge", of="clip_gauge")

    table = Setting()
    log = Setting()
    gradient = Setting()
    limit = Setting()
    clip = Setting()
    view = Setting()
    pair = Setting()

    board = t.Dict(help="the chart, the table, sentences and controls as the page draws them").tag(sync=True)

    def __init__(
        self,
        table: ClippingTable | None = None,
        *,
        log: RunLog | None = None,
        gradient: tuple[float, float] = (3.0, 1.0),
        limit: float = 1.5,
        clip: float | None = None,
        view: str = "arrow",
        pair: int = 0,
        title: str = "Clipping a gradient",
        say: str = "",
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._drawn: Any = None
        start: dict[str, Any] = {"table": table, "log": log, "gradient": gradient, "limit": limit}
        start |= {"clip": clip, "view": view, "pair": pair}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    @property
    def run(self) -> RunLog | None:
        """The training whose norms are shown; None if the widget was given none."""
        return self._run_of(self.table, self.log, self.pair)

    @property
    def looks(self) -> tuple[Any, ...]:
        """The whole gradients of some of its steps, where they were looked at."""
        return self.table.looks[self.pair] if self.table is not None and self.log is None else ()

    @staticmethod
    def _run_of(table: ClippingTable | None, log: RunLog | None, pair: int) -> RunLog | None:
        return log if log is not None or table is None else table.runs[pair][0]

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        settings = self._checked(wanted, changed)
        table, log, view, pair = (settings[name] for name in ("table", "log", "view", "pair"))
        run = self._run_of(table, log, pair)
        views = [name for name in _VIEWS if name == "arrow" or (name == "runs" and table) or (name != "runs" and run)]
        if view not in views:
            raise InputError(f"The view {view!r} needs a table of trainings; this widget has none. Give it table=.")
        if view == "arrow":
            drawn = arrow_board(settings["gradient"], settings["limit"])
        elif view == "runs":
            drawn = runs_board(table, pair)
        else:
            assert run is not None
            looks = table.looks[pair] if table is not None and log is None else ()
            drawn = training_board(run, settings["clip"] or usual_clip(run), looks)
        self._drawn = drawn.pop("drawn")
        names = [run.name for run, _ in table.runs] if table is not None else []
        clip = settings["clip"] or (usual_clip(run) if run else 1.0)
        spoken = " ".join(drawn["said"][: 2 if view == "arrow" else 1])
        board = drawn | {
            "views": [[name, _VIEWS[name]] for name in views],
            "view": view,
            "gradient": list(settings["gradient"]),
            "limit": settings["limit"],
            "limits": [_SMALLEST, _LARGEST, FULL],
            "place": place_of(run, clip) if run else 0,
            "places": MOST_PLACES,
            "clip": number(clip, 3),
            "choices": {"pair": [[str(i), name] for i, name in enumerate(names)]} if names and log is None else {},
            "chosen": {"pair": str(pair)},
            "spoken": spoken,
        }
        board.setdefault("facts", [])
        if not parts["say"]:
            parts["card"] = parts["card"] | {"say": _SAY[view]}
        return parts | settings | {"board": board}

    @staticmethod
    def _checked(wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        table, log, gradient = wanted["table"], wanted["log"], wanted["gradient"]
        if table is not None and not isinstance(table, ClippingTable):
            raise InputError(
                "table must be a ClippingTable (what lessons.clipping.shipped_clipping() returns) or None, "
                f"not {type(table).__name__}."
            )
        if log is not None and not isinstance(log, RunLog):
            raise InputError(f"log must be a RunLog or None, not {type(log).__name__}.")
        if log is not None and not log.step.size:
            raise InputError("log has no steps yet; give one of a run that has done some.")
        if not isinstance(gradient, tuple | list) or len(gradient) != 2:
            raise InputError(f"gradient must be two numbers from {-FULL:g} to {FULL:g}, such as (3, 1).")
        names = ("first component", "second component")
        pairs = 0 if table is None else len(table.runs) - 1
        pair = whole(wanted["pair"], "pair", 0, pairs)
        clip = wanted["clip"]
        if clip is not None and changed and "clip" not in changed and {"pair", "table", "log"} & set(changed):
            clip = None  # another run has another limit
        return {
            "table": table,
            "log": log,
            "gradient": tuple(real(x, f"gradient's {n}", -FULL, FULL) for n, x in zip(names, gradient, strict=True)),
            "limit": real(wanted["limit"], "limit", _SMALLEST, _LARGEST),
            "clip": None if clip is None else real(clip, "clip", 1e-6, 1e6),
            "view": one_of(wanted["view"], "view", _VIEWS),
            "pair": pair,
        }

    # What the page asks.

    @handles("gradient", x=(int, float), y=(int, float))
    def _move(self, x: float, y: float) -> None:
        self.change(gradient=(x, y))

    @handles("limit", value=(int, float))
    def _set_limit(self, value: float) -> None:
        self.change(limit=value)

    @handles("clip", place=(int,))
    def _set_clip(self, place: int) -> None:
        if self.run is None:
            raise InputError("There is no training here whose norms could be clipped; give the widget log= or table=.")
        self.change(clip=clip_at(self.run, whole(place, "place", 0, MOST_PLACES)))

    @handles("view", name=(str,))
    def _show(self, name: str) -> None:
        self.change(view=name)

    @handles("choose", name=(str,), value=(str,))
    def _choose(self, name: str, value: str) -> None:
        one_of(name, "the choice", ["pair"])
        n_pairs = 0 if self.table is None else len(self.table.runs)
        self.change(pair=int(one_of(value, "pair", map(str, range(n_pairs)))))

    # On paper.

    def picture(self) -> Picture:
        """Return the chart of the view, and what is said about it."""
        width = 348 if self.view == "arrow" else _WIDTH
        parts = [self._drawn.part(width), sentences_part(self.board["said"], _WIDTH)]
        return stacked(self.title, self.board["spoken"], _WIDTH, parts)

    def _static(self) -> list[str]:
        rows = [table(self.board["rows"], self.board["heads"])] if self.board["rows"] else []
        return [*rows, *map(paragraph, self.board["facts"])]
