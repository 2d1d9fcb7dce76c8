"""Words and tables of the static picture, as HTML without a script in which every text has been escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

__all__ = ["paragraph", "table"]

_CELL = "padding:1px 8px;text-align:right"


def paragraph(words: str) -> str:
    """Return a paragraph."""
    return f"<p>{html.escape(words)}</p>"


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), caption: str = "") -> str:
    """Return a table.

    Args:
        rows: each its name, then its cells.
        head: names of all columns, that of the rows' names first.
        caption: what the table shows.
    """
    above = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    names = "".join(f"<th>{html.escape(name)}</th>" if name else "<td></td>" for name in head)
    lines = [f"<tr>{names}</tr>"] if head else []
    for name, *cells in rows:
        numbers = "".join(f'<td style="{_CELL}">{html.escape(cell)}</td>' for cell in cells)
        lines.append(f'<tr><th scope="row">{html.escape(name)}</th>{numbers}</tr>')
    return f"<table>{above}{''.join(lines)}</table>"
