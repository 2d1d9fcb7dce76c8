"""What a FaithfulnessLab shows in each of its views, as its page and its picture draw it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lessons.errors import InputError
from lessons.records import FAITHFULNESS_MEASURES, FaithfulnessTable
from widgets.checks import one_of
from widgets.faithfulness_evidence import Evidence
from widgets.faithfulness_lines import HOW_TO_GET, Lines, lines_plot, lines_view
from widgets.faithfulness_look import DIRECTIONS, METHOD_NAMES, Look
from widgets.faithfulness_redrawn import redrawn_plot, redrawn_view, steps_of
from widgets.faithfulness_words import words_plot, words_view
from widgets.picture import Picture
from widgets.plot import Plot
from widgets.sketches import stacked
from widgets.why import BASELINE_NAMES

__all__ = ["VIEWS", "Sight", "page_board", "paper"]

#: The views, as a choice of a few words.
VIEWS = {"words": "Take words away", "redrawn": "Throw the model away", "lines": "Over many lines"}
_WIDTH = 720.0
_MEASURE_NAMES = {
    "deletion": "deletion",
    "insertion": "insertion",
    "deletion_gain": "deletion, more than random",
    "insertion_gain": "insertion, less than random",
    "between": "area between both curves",
    "comprehensiveness": "comprehensiveness",
    "sufficiency": "sufficiency",
}


@dataclass(frozen=True)
class Sight:
    """All that a view is made of; see `FaithfulnessLab` for the settings.

    Raises:
        InputError: the table has not what is wanted.
    """

    evidence: Evidence
    look: Look
    view: str
    asked_with: str
    table: FaithfulnessTable | None
    measure: str
    compared: tuple[str, str] | None
    hue: str

    def __post_init__(self) -> None:
        one_of(self.measure, "measure", FAITHFULNESS_MEASURES)
        pair = self.compared
        if pair is not None and not (isinstance(pair, (tuple, list)) and [type(one) for one in pair] == [str, str]):
            raise InputError("compared must be two names of methods, for example ('occlusion', 'saliency'), or None.")
        if self.view == "lines":
            _ = self.lines  # whatever is wrong is said now

    @property
    def known_table(self) -> FaithfulnessTable | None:
        """The table that was given, or the model's own."""
        return self.evidence.own_table if self.table is None else self.table

    @cached_property
    def lines(self) -> Lines | None:
        """What is looked at in the table, None without one."""
        table = self.known_table
        if table is None:
            return None
        pair = None if self.compared is None else (self.compared[0], self.compared[1])
        return Lines(table, self.evidence.why, self.measure, pair)

    @property
    def plot(self) -> Plot | None:
        """The chart of the view, None where there is nothing to draw."""
        if self.view == "lines":
            return None if self.lines is None else lines_plot(self.lines, self.hue)
        draw = words_plot if self.view == "words" else redrawn_plot
        return draw(self.evidence, self.look, self.hue)

    @property
    def wanted_redrawn(self) -> tuple[tuple[str, int], ...]:
        """Methods and numbers of layers whose explanations the view shows."""
        if self.view != "redrawn":
            return ()
        parts = range(1, self.evidence.why.model.n_layers + 2)
        return tuple((one, n) for one in self.look.shown if one not in self.evidence.refused for n in parts)

    @property
    def next_piece(self) -> Callable[[], object] | None:
        """What asks for the next thing that is missing, None where all is there."""
        return next(self.evidence.missing(self.look.shown, self.look.methods, self.wanted_redrawn), None)


def _select(name: str, label: str, options: Mapping[str, str], value: str) -> dict[str, Any]:
    return {"name": name, "label": label, "options": [[one, words] for one, words in options.items()], "value": value}


def _controls(sight: Sight) -> dict[str, Any]:
    """Return the slider, the choices and the button of the view."""
    look, why = sight.look, sight.evidence.why
    shown = {method: METHOD_NAMES[method] for method in look.shown}
    if sight.view == "words":
        both = shown | {f"-{method}": f"{name}, reversed" for method, name in shown.items()}
        return {
            "slider": {
                "name": "k",
                "label": f"words {DIRECTIONS[look.direction]}",
                "max": why.n_words,
                "value": look.k,
                "says": [f"{k} of {why.n_words}" for k in range(why.n_words + 1)],
            },
            "selects": [
                _select("direction", "words are", DIRECTIONS, look.direction),
                _select("follow", "in the order of", both, f"{'-' * look.backwards}{look.first}"),
                _select(
                    "asked_with", "to the methods, missing is", {"same": "the same"} | BASELINE_NAMES, sight.asked_with
                ),
            ],
            "redraw": "Other random orders",
        }
    if sight.view == "redrawn":
        names = steps_of(why.model.n_layers)
        says = {"name": "n_layers", "label": "drawn anew", "max": len(names) - 1, "value": look.n_layers, "says": names}
        return {
            "slider": says,
            "selects": [_select("follow", "scores of", shown, look.first)],
            "redraw": "Other random weights",
        }
    if sight.lines is None:
        return {"slider": None, "selects": [], "redraw": ""}
    found = sight.lines
    methods = {one: METHOD_NAMES.get(one, one) for one in found.table.methods(found.model_name)}
    measures = {one: _MEASURE_NAMES[one] for one in found.measures}
    return {
        "slider": None,
        "selects": [
            _select("measure", "measure", measures, found.measure),
            _select("one", "compare", methods, found.pair[0]),
            _select("other", "with", methods, found.pair[1]),
        ],
        "redraw": "",
    }


def page_board(sight: Sight) -> dict[str, Any]:
    """Return what the page draws."""
    nothing: dict[str, Any] = {"text": [], "rows": [], "table": {"head": [], "rows": []}, "facts": [], "choice": []}
    if sight.view == "words":
        shown = nothing | words_view(sight.evidence, sight.look)
    elif sight.view == "redrawn":
        shown = nothing | redrawn_view(sight.evidence, sight.look, sight.known_table)
    elif sight.lines is None:
        shown = nothing | {"at_k": [HOW_TO_GET], "spoken": HOW_TO_GET}
    else:
        shown = nothing | lines_view(sight.lines)
    plot = sight.plot
    return shown | {
        "view": sight.view,
        "views": [[name, words] for name, words in VIEWS.items()],
        "controls": _controls(sight),
        "plot": None if plot is None else plot.page(),
        "hue": sight.hue,
        "pending": sight.next_piece is not None,
    }


def paper(sight: Sight, title: str, alt: str) -> Picture:
    """Return the chart of the view as a picture."""
    plot = sight.plot
    return stacked(title, alt, _WIDTH, [] if plot is None else [plot.part(_WIDTH)])
