"""A cell that is run again replaces the widgets that it made and showed before: nothing shows them any more.

ipywidgets keeps every widget, and with it the models, until it is closed: a hundred runs of a cell would fill a laptop.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from typing import Any

__all__ = ["note_made", "note_shown"]

_made: dict[str, tuple[str, list[weakref.ref[Any]]]] = {}  # by cell: its last run, and the widgets made in that run
_shown: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()  # by widget: the cells that showed it


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
    """Note that the running cell shows a widget."""
    cell, _ = _running() or ("", "")
    _shown.setdefault(widget, set()).add(cell)


def note_made(widget: Any) -> None:
    """Note that the running cell makes a widget; close those of its earlier run that no other cell has shown."""
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
        if one is None or _shown.get(one) != {cell}:
            continue
        with contextlib.suppress(Exception):  # of a learner's own class: the cell that runs is not at fault
            one.close()
