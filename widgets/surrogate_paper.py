"""The tree of a SurrogateTree as a picture."""

from __future__ import annotations

from typing import Any

from widgets.picture import Picture, tints
from widgets.sketches import MARGIN, Part, fitting
from widgets.surrogate_view import TreeSight

__all__ = ["tree_part"]

_BOX, _GAP, _BETWEEN = 58.0, 24.0, 16.0  # height of a node, height between rows, width between columns


def tree_part(sight: TreeSight, rows: list[list[dict[str, Any] | None]], width: float) -> Part:
    """Return the rows of the tree (what `rows_of` returns) as a part for `sketches.stacked`."""
    columns = [i for i in range(3) if any(row[i] for row in rows)]
    room = (width - _BETWEEN * (len(columns) - 1)) / len(columns)
    left = {column: MARGIN + i * (room + _BETWEEN) for i, column in enumerate(columns)}

    def draw(picture: Picture, top: float) -> None:
        trunk = left[1] + room / 2
        for level, row in enumerate(rows):
            y = top + level * (_BOX + _GAP)
            for column, cell in enumerate(row):
                if cell is None:
                    continue
                x, edge = left[column], sight.hue if cell["here"] else "edge"
                middle, turn = x + room / 2, y - _GAP / 2
                if level:
                    bend = [(trunk, y - _GAP), (trunk, turn), (middle, turn), (middle, y)]
                    picture.line(bend, edge, width=3 if cell["here"] else 1)
                    picture.text(middle + 5, y - 4, cell["answer"], size=11, colour="ink-soft")
                picture.rect(x, y, room, _BOX, tints(0.22 * cell["level"]).tolist(), edge=edge)
                lines = [cell["question"] or "guess", f"{cell['guess']}: {cell['share']}", cell["folded"]]
                for i, words in enumerate(lines):
                    words = fitting(words, room - 12, 12)
                    picture.text(x + 8, y + 17 + 17 * i, words, size=12, bold=bool(i == 0 and cell["question"]))

    return len(rows) * (_BOX + _GAP), draw
