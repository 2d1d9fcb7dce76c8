"""The way back: widgets that return to how they were made, and widgets that also take back the last change."""

from __future__ import annotations

from typing import Any

from widgets.base import GlassboxWidget
from widgets.requests import handles

__all__ = ["ResetWidget", "UndoWidget"]

MOST_UNDONE = 100


class ResetWidget(GlassboxWidget):
    """A widget whose `reset` goes back to the settings that it was made with."""

    def __init__(self, *, title: str, say: str, presenting: bool, **settings: Any) -> None:
        super().__init__(title=title, say=say, presenting=presenting, **settings)
        self._start = {name: getattr(self, name) for name in settings}

    def close(self) -> None:
        """Take the widget off the page and let go of its models, and of what it was made with."""
        super().close()
        self._start = {}

    def reset(self) -> None:
        """Go back to the settings that the widget was made with."""
        self.change(**self._start)

    @handles("reset")
    def _reset(self) -> None:
        self.reset()


class UndoWidget(ResetWidget):
    """A widget whose `undo` takes back one change after the other.

    A subclass calls `_keep_for_undo` when it stores something new, and shows from `_past` whether there is a way back.
    """

    def __init__(self, **settings: Any) -> None:
        self._past: list[dict[str, Any]] = []
        self._goes_back = False
        super().__init__(**settings)

    def close(self) -> None:
        """Take the widget off the page and let go of its models, and of all that was shown before."""
        super().close()
        self._past = []

    def undo(self) -> None:
        """Go back to what was shown before the last change that counts; nothing happens if there is none."""
        with self._one_update():
            if not self._past:
                return
            past = self._past
            self._past, self._goes_back = past[:-1], True
            try:
                self._go_back(past[-1])
            except Exception:
                self._past = past
                raise
            finally:
                self._goes_back = False

    def _keep_for_undo(self, before: dict[str, Any]) -> None:
        """Remember what was shown before a change, unless the change is an undo itself."""
        if not self._goes_back:
            self._past = [*self._past, before][-MOST_UNDONE:]

    def _go_back(self, before: dict[str, Any]) -> None:
        """Show what was shown before."""
        self.change(**before)

    @handles("undo")
    def _undo(self) -> None:
        self.undo()
