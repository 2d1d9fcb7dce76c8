"""ScaleSlider: what the division by √d is for, from vectors of 2 numbers to vectors of 512."""

from __future__ import annotations

from typing import Any

import traitlets as t

from lessons.attention_by_hand import ScaleDraw, average_scores, draw_scores
from lessons.errors import InputError
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import refuse_unknown, whole
from widgets.picture import Picture
from widgets.requests import handles
from widgets.scale_board import board_of, picture_of
from widgets.undo import ResetWidget

__all__ = ["WIDTHS", "ScaleSlider"]

WIDTHS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
CURVE = (2, 4, 8, 16, 32, 64, 128, 256, 512)
N_DRAWS = 100
MOST_KEYS = 16
LARGEST_SEED = 2**32 - 1
_SAY = (
    "One query meets some keys; all their numbers are drawn at random, each with mean 0 and standard deviation 1. "
    "Move d and compare the weights without and with the division by √d."
)


class ScaleSlider(ResetWidget):
    """Show the softmax weights of one query over some keys, without and with the scale √d.

    Args:
        d: how many numbers the query and each key have, one of `WIDTHS`, from 2 to 512.
        seed: of the draw; the same d and seed give the same numbers.
        n_keys: 2 to 16.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    `d`, `seed` and `n_keys` may be assigned later. `draw` has the numbers on the screen, `average` their means over
    100 draws, the seeds 0 to 99.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("scale_slider")
    _css = style("grid", "scale_slider", of="scale_slider")

    d = Setting()
    seed = Setting()
    n_keys = Setting()

    board = t.Dict(help="the two rows of bars, the table and the curves as the page draws them").tag(sync=True)

    def __init__(
        self,
        d: int = 64,
        *,
        seed: int = 7,
        n_keys: int = 8,
        title: str = "Why divide by √d?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._draw: ScaleDraw | None = None
        super().__init__(title=title, say=say, presenting=presenting, d=d, seed=seed, n_keys=n_keys)

    # What Python offers.

    @property
    def draw(self) -> ScaleDraw:
        """The query's scores and their softmax, without and with the scale."""
        assert self._draw is not None
        return self._draw

    @property
    def average(self) -> Any:
        """The same over 100 draws."""
        return average_scores(self.d, N_DRAWS, self.n_keys)

    def another(self) -> None:
        """Draw with the next seed."""
        with self._one_update():
            self.change(seed=(self.seed + 1) % (LARGEST_SEED + 1))

    def repeat(self) -> bool:
        """Draw once more with the same seed; return whether every number is the same."""
        with self._one_update():
            before = self.draw
            self.change(seed=self.seed)
            same = bool((before.scores == self.draw.scores).all())
            how = "every score is the same, to the last digit" if same else "THE SCORES DIFFER"
            self.board = self.board | {"repeated": f"Drawn once more with seed {self.seed}: {how}."}
            return same

    # What follows.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        d = whole(wanted["d"], "d", WIDTHS[0], WIDTHS[-1])
        if d not in WIDTHS:
            raise InputError(f"d must be one of {', '.join(map(str, WIDTHS))}, not {d}.")
        seed = whole(wanted["seed"], "seed", 0, LARGEST_SEED)
        n_keys = whole(wanted["n_keys"], "n_keys", 2, MOST_KEYS)
        draw = draw_scores(d, seed, n_keys)
        curve = [average_scores(width, N_DRAWS, n_keys) for width in CURVE]
        board = board_of(draw, average_scores(d, N_DRAWS, n_keys), curve, WIDTHS)
        if not {"d", "seed", "n_keys"} & set(changed):
            board["repeated"] = self.board.get("repeated", "")
        self._draw = draw
        return parts | {"d": d, "seed": seed, "n_keys": n_keys, "board": board}

    # What the page asks.

    @handles("set", d=(int,))
    def _set(self, d: int) -> None:
        self.change(d=d)

    @handles("another")
    def _another(self) -> None:
        self.another()

    @handles("repeat")
    def _repeat(self) -> None:
        self.repeat()

    def picture(self) -> Picture:
        """Return the bars and the averages, for a figure and for pages without a kernel."""
        return picture_of(self.board, self.title)
