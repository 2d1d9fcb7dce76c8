"""The scatter of an AttentionVersusOcclusion as a part of a picture."""

from __future__ import annotations

from typing import Any

from widgets.picture import Picture
from widgets.sketches import MARGIN, Box, Part, overlap, text_width

__all__ = ["scatter_part"]

_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 380, 56, 20, 30, 48
_LABEL = 12


def scatter_part(board: dict[str, Any], width: float) -> Part:
    """Return the scatter, what `versus_board.board_of` returns, as a part for `sketches.stacked`."""
    inside = width - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def draw(picture: Picture, top: float) -> None:
        def at(x: float, y: float) -> tuple[float, float]:
            return MARGIN + _LEFT + x * inside[0], top + _TOP + (1 - y) * inside[1]

        picture.text(MARGIN, top + 12, board["captions"][0], size=12, colour="ink-soft")
        for axis, place, words in board["ticks"]:
            if axis == "y":
                (left, y), right = at(0, place), at(1, place)
                picture.line([(left, y), right], "edge" if words == "0" else "line", width=1)
                picture.text(left - 6, y + 4, words, size=11, anchor="end", colour="ink-soft")
            else:
                (x, below), above = at(place, 0), at(place, 1)
                picture.line([(x, below), above], "line", width=1)
                picture.text(x, below + 17, words, size=11, anchor="middle", colour="ink-soft")
        picture.text(MARGIN + _LEFT, top + _HEIGHT - 8, board["captions"][1], size=12, colour="ink-soft")
        key = f"filled: {board['key'][0]}; hollow: {board['key'][1]}"
        picture.text(MARGIN + width - _RIGHT, top + _HEIGHT - 8, key, size=12, anchor="end", colour="ink-soft")
        taken: list[Box] = []
        for dot in board["dots"]:
            x, y = at(dot["x"], dot["y"])
            taken.append((x - 5, y - 5, x + 5, y + 5))
            picture.rect(
                x - 4, y - 4, 8, 8, None if dot["against"] else "for", edge="against" if dot["against"] else None
            )
        for i in board["order"]:
            x, y = at(board["dots"][i]["x"], board["dots"][i]["y"])
            word = board["dots"][i]["word"]
            room = text_width(word, _LABEL)
            for left in (x + 8, x - 8 - room):
                box = left, y - 7, left + room, y + 7
                if box[0] > MARGIN and box[2] < MARGIN + width and not any(overlap(box, other) for other in taken):
                    picture.text(left, y + 4, word, size=_LABEL)
                    taken.append(box)
                    break

    return _HEIGHT, draw
