"""A bare page with a widget's real script, style sheet and state, and the real Python widget behind it: no kernel.

What the page sends goes to the widget's message handler in this process, and what the widget sends goes back to the
page, as a kernel would do it: a click in the page reaches Python, and Python's answer is painted.
"""

from __future__ import annotations

import base64
import json
import pathlib
import re
from typing import Any

from ipywidgets.widgets.widget import _put_buffers

_PAGE = (pathlib.Path(__file__).parent / "standin.html").read_text(encoding="utf-8")


def portable(value: Any) -> Any:
    """Return a state as JSON takes it: bytes, which travel beside a message, as what the page turns into a DataView."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: portable(part) for name, part in value.items()}
    return [portable(part) for part in value] if isinstance(value, (list, tuple)) else value


def _code(value: Any) -> str:
    return json.dumps(portable(value), allow_nan=False).replace("</", "<\\/").replace("<!--", "<\\!--")


class Wire:
    """Stands in for the comm: keeps what the widget sends, and hands it to a page if there is one."""

    comm_id = "standin"

    def __init__(self, widget: Any) -> None:
        self.widget, self.page, self.sent = widget, None, []
        widget.comm.close()
        widget.comm = self

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        """Take a message of the widget: JSON as it travels, without NaN or infinity, its buffers put back into it."""
        if buffers:
            _put_buffers(data["state"], data["buffer_paths"], buffers)
        data = json.loads(json.dumps(portable(data), allow_nan=False).encode("utf-8"))
        self.sent.append(data)
        if self.page is not None and data["method"] == "update":
            self.page.evaluate("changes => fromPython(changes)", data["state"])

    def receive(self, data: Any) -> None:
        """Give the widget a message of the page."""
        self.widget._handle_msg({"content": {"data": data}, "buffers": []})

    def on_msg(self, callback: Any) -> None:
        """Nothing to do: `receive` calls the widget."""

    def close(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do."""


def page_of(widget: Any, theme: str = "") -> str:
    """Return the page's HTML, with the state exactly as ipywidgets would send it."""
    state = {name: value for name, value in widget.get_state().items() if name not in ("layout", "_esm", "_css")}
    parts = {"THEME": theme, "STATE": _code(state), "CSS": _code(widget._css), "ESM": _code(widget._esm)}
    return re.sub("@(THEME|STATE|CSS|ESM)@", lambda match: parts[match[1]], _PAGE)
