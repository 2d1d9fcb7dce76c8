"""MemoryReach: what each model loses when the words before a distance are taken away, on real lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import REACH_KINDS, ReachTable
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, refuse_unknown, whole
from widgets.picture import Picture
from widgets.reach_view import chart_of, chart_part, distances_of, example_of, rows_of, spoken_of, verdict_of
from widgets.requests import handles
from widgets.sketches import stacked
from widgets.static_parts import paragraph, table
from widgets.undo import ResetWidget

__all__ = ["MemoryReach"]

_SAY = (
    "A word is predicted from the words before it. What does it cost to take away those that stand farther "
    "back than k? Move k, and choose what is done to them."
)
_KINDS = {"cut": "not read (cut)", "shuffle": "shuffled", "replace": "words of another place"}
PUBLISHED = (
    "Khandelwal and others (2018) found for a larger LSTM, on this corpus, that about 200 tokens are used, "
    "and that their order counts within about the last 50."
)


class MemoryReach(ResetWidget):
    """Show the extra loss of models over the distance before which the words are cut, shuffled or replaced.

    Args:
        table: a ReachTable, for example what `lessons.reach_table.shipped_reach()` returns.
        measure: a function that measures again and yields a ReachTable after each distance, the last one whole, for
            example `lambda: measure_reach([lstm, transformer])`; None hides the button.
        kind: "cut", "shuffle" or "replace".
        distance: k, one of the table's distances; None is 10 or the one next to it.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    `table`, `kind` and `distance` may be assigned later; `table` has all numbers that are on the screen.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("svg", "plot", "radios", "memory_reach")
    _css = style("memory_reach", of="memory_reach")

    table = Setting()
    kind = Setting()
    distance = Setting()

    board = t.Dict(help="curves, table, sentence and controls as the page draws them").tag(sync=True)

    def __init__(
        self,
        table: ReachTable,
        *,
        measure: Callable[[], Iterator[ReachTable]] | None = None,
        kind: str = "cut",
        distance: int | None = None,
        title: str = "How far back does it remember?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        if measure is not None and not callable(measure):
            raise InputError("measure must be a function that yields tables, or None.")
        self._measure = measure
        self._running: Iterator[ReachTable] | None = None
        self._before: dict[str, Any] = {}
        start = {"table": table, "kind": kind, "distance": distance}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self._measure = self._running = None
        self._before = {}

    # What Python offers.

    def reset(self) -> None:
        """Go back to the table and the settings that the widget was made with; a measuring under way is stopped."""
        with self._one_update():
            self._running = None
            super().reset()

    def measure(self) -> None:
        """Measure again, all at once; on the page the same goes on in small parts that can be stopped."""
        self._begin()
        while self._running is not None:
            self._go_on()

    def _begin(self) -> None:
        if self._measure is None:
            raise InputError("This widget was made without a way to measure; give it measure=.")
        if self._running is None:
            self._before = {name: getattr(self, name) for name in ("table", "kind", "distance")}
            self._running = iter(self._measure())
        self._go_on()

    def _go_on(self) -> None:
        """Take the next table; the last one ends the measuring, and an error brings back what was shown before."""
        if self._running is None:
            return
        try:
            table = next(self._running, None)
            if table is None or table.done >= 1:
                self._running = None
            self.change(**({} if table is None else {"table": table}))
        except Exception:
            self._stop()
            raise

    def _stop(self) -> None:
        """Leave off measuring and go back to what was shown before."""
        self._running = None
        self.change(**self._before)

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        table = wanted["table"]
        if not isinstance(table, ReachTable) or not table.curves:
            raise InputError(
                "table must be a ReachTable with at least one curve (what lessons.reach_table.shipped_reach() "
                f"returns), not {type(table).__name__}."
            )
        measured = {curve.kind for curve in table.curves}
        kinds = [kind for kind in REACH_KINDS if kind in measured]
        kind = one_of(wanted["kind"], "kind", REACH_KINDS)
        if kind not in measured:  # a table that is still growing
            if "kind" in changed and "table" not in changed:
                raise InputError(f"{kind!r} is not in the table yet; it has {', '.join(kinds)}.")
            kind = kinds[-1]
        distances = distances_of(table, kind)
        distance = wanted["distance"]
        if distance is None or (distance not in distances and "distance" not in changed):
            near = 10 if distance is None else distance
            distance = min(distances, key=lambda one: abs(one - near))
        distance = whole(distance, "distance", distances[0], distances[-1])
        if distance not in distances:
            listed = ", ".join(map(str, distances))
            raise InputError(f"distance is {distance}; the table has {listed}.")
        curves = [curve for curve in table.curves if curve.kind == kind]
        example = table.example(kind)
        facts = curves[0]
        share = f"{table.done:.0%} measured. " if table.done < 1 else ""
        board = {
            "kind": kind,
            "kinds": [[one, _KINDS[one]] for one in kinds],
            "distances": distances,
            "distance": distance,
            "chart": chart_of(table, kind, distance),
            "rows": rows_of(curves, distances, distance),
            "names": [curve.model_name for curve in curves],
            "verdict": verdict_of(curves),
            "published": PUBLISHED,
            "example": None if example is None else example_of(example, distance),
            "source": (
                f"{share}{facts.n_targets:,} words of {facts.corpus}, seed {facts.seed}; {table.source}. "
                "The bands are 95 % confidence intervals of the differences, word by word."
            ),
            "can_measure": self._measure is not None,
            "measuring": self._running is not None,
            "done": table.done,
            "spoken": spoken_of(curves, distance),
        }
        settings = {"table": table, "kind": kind, "distance": distance}
        return parts | settings | {"board": board}

    # What the page asks.

    @handles("set", done=(str,), distance=(int,))
    def _set(self, done: str, distance: int) -> None:
        self.change(**({"distance": distance} if done == self.kind else {"kind": done}))

    @handles("measure")
    def _measure_it(self) -> None:
        self._begin()

    @handles("go_on")
    def _go_on_measuring(self) -> None:
        self._go_on()

    @handles("stop")
    def _stop_measuring(self) -> None:
        if self._running is not None:
            self._stop()

    # On paper.

    def picture(self) -> Picture:
        """Return the curves with their confidence intervals."""
        return stacked(self.title, self.board["spoken"], 720, [chart_part(self.board["chart"], 720)])

    def _static(self) -> list[str]:
        board = self.board
        rows = [[str(row["distance"]), *row["cells"]] for row in board["rows"]]
        facts = map(paragraph, (*board["verdict"], PUBLISHED, board["source"]))
        return [table(rows, ["k", *board["chart"]["head"]]), *facts]
