"""A cell that is run again replaces the widgets that it made and showed before: nothing shows them any more.

ipywidgets keeps every widget, and with it the models, until it is closed: a hundred runs of a cell would fill a laptop.
A widget is seen where it is shown itself and where a box that holds it is shown, so both are noted.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from typing import Any

from ipywidgets import Box

__all__ = ["note_made", "note_shown", "watch_boxes"]

_made: dict[str, tuple[str, list[weakref.ref[Any]]]] = {}  # by cell: its last run, and the widgets made in that run
_shown: weakref.WeakKeyDictionary[Any, dict[str, str]] = weakref.WeakKeyDictionary()  # by widget: where, in which run


def _running() -> tuple[str, str] | None:
    """Return the cell that is being run and the number of this run; None where the front end does not tell."""
    ipython = sys.modules.get("IPython")
    try:
        parent = ipython.get_ipython().get_parent()  # type: ignore[union-attr]
        if parent["header"]["msg_type"] == "execute_request":
            return str(parent["metadata"]["cellId"]), str(parent["header"]["msg_id"])
    except (AttributeError, KeyError, LookupError, TypeError):
        pass
    return None


def note_shown(widget: Any) -> None:
    """Note that the running cell shows a widget or a box."""
    cell, run = _running() or ("", "")
    _shown.setdefault(widget, {})[cell] = run


def watch_boxes() -> None:
    """Have IPython tell which cell shows an ipywidgets box; if something else draws them already, it stays."""
    ipython = sys.modules.get("IPython")
    try:
        formatter = ipython.get_ipython().display_formatter.mimebundle_formatter  # type: ignore[union-attr]
    except AttributeError:
        return
    try:
        formatter.lookup_by_type(Box)
    except KeyError:
        formatter.for_type(Box, _shown_box)


def _shown_box(box: Box) -> Any:
    note_shown(box)
    return box._repr_mimebundle_()


def _holds(box: Any, widget: Any) -> bool:
    """Return whether a box holds a widget, itself or in a box within it."""
    return any(child is widget or _holds(child, widget) for child in getattr(box, "children", ()))


def _seen(widget: Any) -> set[tuple[str, str]]:
    """Return where a widget is seen: each cell, and the run that showed it."""
    showing = [runs for one, runs in list(_shown.items()) if one is widget or _holds(one, widget)]
    return {shown for runs in showing for shown in runs.items()}


def note_made(widget: Any) -> None:
    """Note that the running cell makes a widget; close those of its earlier run that are seen nowhere else."""
    cell, run = _running() or ("", "")
    if not cell:
        return
    last_run, widgets = _made.get(cell, (run, []))
    if last_run == run:
        _made[cell] = run, [*widgets, weakref.ref(widget)]
        return
    _made[cell] = run, [weakref.ref(widget)]
    for reference in widgets:
        one = reference()
        seen = _seen(one)
        if one is None or not seen or any(place != cell or when == run for place, when in seen):
            continue
        with contextlib.suppress(Exception):  # of a learner's own class: the cell that runs is not at fault
            one.close()


watch_boxes()
