"""MaskPainter: paint a mask over attention scores, and see it work before the softmax and fail after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import flag, one_of, refuse_unknown, whole
from widgets.mask_board import board_of, picture_of, weights_of
from widgets.picture import Picture
from widgets.requests import handles
from widgets.undo import UndoWidget
from widgets.words import clean

__all__ = ["PRESETS", "MaskPainter"]

PRESETS = ("causal", "none", "padding", "self only")
MOST_TOKENS = 8
LARGEST_SCORE = 100.0
# e to these scores is 1, 2 or 4, and each row of them sums to 8: weights before any mask are eighths.
_TOKENS = ("The", "king", "ruled", "Rome", "<pad>")
_POWERS = ((4, 1, 1, 1, 1), (2, 2, 2, 1, 1), (1, 4, 1, 1, 1), (1, 1, 2, 2, 2), (1, 1, 1, 1, 4))
_SAY = (
    "Click a score to hide that key from that query, or to show it again. Both results follow: the mask before the "
    "softmax (the score becomes −∞) and after it (the weight becomes 0). A row has to sum to 1."
)


class MaskPainter(UndoWidget):
    """Paint which key each query may look at, and compare the mask at its right and at its wrong place.

    Args:
        tokens: 2 to 8 words; None for an example.
        scores: (T, T) what goes into the softmax, from −100 to 100; None for an example.
        visible: (T, T) True where the query of a row may look at the key of a column, or the name of one of `PRESETS`.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    All of these may be assigned later. `weights("before")` and `weights("after")` are the numbers on the screen;
    `undo` takes back the last painting.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("grid", "mask_painter")
    _css = style("grid", "mask_painter", of="mask_painter")

    tokens = Setting()
    scores = Setting()
    visible = Setting()

    board = t.Dict(help="the painted scores, both tables of weights and what is to be seen in them").tag(sync=True)

    def __init__(
        self,
        tokens: Sequence[str] | None = None,
        scores: object = None,
        *,
        visible: object = "causal",
        title: str = "Where does the mask go?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        if scores is None and tokens is None:
            tokens, scores = _TOKENS, [[math.log(power) for power in row] for row in _POWERS]
        elif scores is None or tokens is None:
            raise InputError("Give both tokens and scores, or neither for an example.")
        super().__init__(title=title, say=say, presenting=presenting, tokens=tokens, scores=scores, visible=visible)

    # What Python offers.

    def weights(self, place: str = "before") -> np.ndarray:
        """Return (T, T): the weights with the mask before or after the softmax; a row that sees nothing holds zeros.

        Args:
            place: `before` or `after`.
        """
        place = one_of(place, "place", ("before", "after"))
        return weights_of(np.array(self.scores), np.array(self.visible), place)

    def paint(self, row: int, column: int, visible: bool) -> None:
        """Let a query (row) look at a key (column), or not."""
        with self._one_update():
            n = len(self.tokens)
            row, column = whole(row, "row", 0, n - 1), whole(column, "column", 0, n - 1)
            cells = [list(line) for line in self.visible]
            cells[row][column] = flag(visible, "visible")
            self._do(cells)

    def preset(self, name: str) -> None:
        """Paint one of `PRESETS` over everything."""
        with self._one_update():
            self._do(one_of(name, "The preset", PRESETS))

    def reset(self) -> None:
        """Go back to the mask that the painter was made with."""
        with self._one_update():
            self._do(self._start["visible"])

    # What follows.

    def _do(self, visible: Any) -> None:
        """Paint in a way that Undo takes back."""
        before = self.visible
        self.change(visible=visible)
        if self.visible != before:
            self._keep_for_undo({"visible": before})
            self.board = self.board | {"undo": True}

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        tokens = _tokens_of(wanted["tokens"])
        scores = _scores_of(wanted["scores"], len(tokens))
        if "tokens" in changed and "visible" not in changed and len(tokens) != len(wanted["visible"]):
            wanted["visible"] = "causal"
        visible = _visible_of(wanted["visible"], tokens)
        past = [] if {"tokens", "scores"} & set(changed) else self._past
        named = {name: _visible_of(name, tokens) == visible for name in PRESETS}
        board = board_of(tokens, np.array(scores), np.array(visible), named, bool(past))
        self._past = past
        return parts | {"tokens": tokens, "scores": scores, "visible": visible, "board": board}

    # What the page asks.

    @handles("paint", row=(int,), column=(int,), visible=(bool,))
    def _paint(self, row: int, column: int, visible: bool) -> None:
        self.paint(row, column, visible)

    @handles("preset", name=(str,))
    def _preset(self, name: str) -> None:
        self.preset(name)

    def picture(self) -> Picture:
        """Return the three tables, for a figure and for pages without a kernel."""
        return picture_of(self.board, self.title)


def _tokens_of(given: Any) -> tuple[str, ...]:
    good = isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(x, str) for x in given)
    if not good or not 2 <= len(given) <= MOST_TOKENS:
        raise InputError(f"tokens must be a list of 2 to {MOST_TOKENS} words.")
    return tuple(clean(token) for token in given)


def _scores_of(given: Any, n: int) -> tuple[tuple[float, ...], ...]:
    """Return a square of finite numbers."""
    try:
        array = np.asarray(given)
    except ValueError:  # rows of different lengths
        array = np.empty(0)
    if (
        array.shape != (n, n)
        or array.dtype.kind not in "iuf"
        or not (np.abs(array.astype(float)) <= LARGEST_SCORE).all()
    ):
        raise InputError(
            f"scores must be a square of {n} × {n} numbers from −{LARGEST_SCORE:g} to {LARGEST_SCORE:g}: "
            "a row for each query, a column for each key."
        )
    return tuple(tuple(float(x) for x in row) for row in array)


def _visible_of(given: Any, tokens: tuple[str, ...]) -> tuple[tuple[bool, ...], ...]:
    """Return a mask that was given or named."""
    n = len(tokens)
    if isinstance(given, str):
        name = one_of(given, "The preset", PRESETS)
        padding = [token == "<pad>" for token in tokens] if "<pad>" in tokens else [i == n - 1 for i in range(n)]
        masks = {
            "causal": np.tril(np.ones((n, n), bool)),
            "none": np.ones((n, n), bool),
            "padding": np.tile(~np.array(padding), (n, 1)),
            "self only": np.eye(n, dtype=bool),
        }
        given = masks[name]
    try:
        array = np.asarray(given)
    except ValueError:
        array = np.empty(0)
    if array.shape != (n, n) or array.dtype != np.bool_:
        raise InputError(f"visible must be {n} × {n} True or False, or one of {', '.join(map(repr, PRESETS))}.")
    return tuple(tuple(bool(x) for x in row) for row in array)
