"""NextTokenBars: what a model expects next, as bars."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import NextTokens
from widgets.assets import script, style
from widgets.bars import common_scale, display_name, legend_of, panel_of, record_of, spoken, static_panel
from widgets.base import GlassboxWidget, Setting
from widgets.checks import real, refuse_unknown
from widgets.picture import Picture
from widgets.requests import handles
from widgets.sketches import bars_part, stacked

__all__ = ["NextTokenBars"]


class NextTokenBars(GlassboxWidget):
    """Show the most probable next tokens as bars, all others as one hatched bar, and where the true token stands.

    Args:
        record: a NextTokens (what `model.next_tokens` returns). Assign `.record` later to show another one here.
        scale: probability (0 to 1) of a full bar; None takes a round number above the largest. Two widgets that
            stand side by side should have the same.
        on_pick: called with the token whenever a bar is clicked.
        title: heading of the card; None says whose word it is.
        say: one sentence under it.
        presenting: large type, for a projector.

    `clicked` is the token whose bar was clicked last, or None; `observe(f, names="clicked")` tells of it.

    Raises:
        InputError: a value cannot be used.
    """

    _picture_is_exported = False
    _esm = script("bars", "next_token_bars")
    _css = style("bars", of="next_token_bars")

    record = Setting(help="the NextTokens shown")
    scale = Setting(help="probability of a full bar, or None")
    clicked = Setting(help="the token whose bar was clicked last, or None")

    board = t.Dict(help="the bars as the page draws them").tag(sync=True)

    def __init__(
        self,
        record: NextTokens,
        *,
        scale: float | None = None,
        on_pick: Callable[[str], object] | None = None,
        title: str | None = None,
        say: str = "",
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        if on_pick is not None and not callable(on_pick):
            raise InputError("on_pick must be a function that takes the token, or None.")
        self._on_pick = on_pick
        if title is None:
            title = f"{display_name(record_of(record).model_name)}: the next word"
        super().__init__(title=title, say=say, presenting=presenting, record=record, scale=scale)

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        record = record_of(wanted["record"])
        scale = wanted["scale"]
        if scale is not None:
            scale = real(scale, "scale", 0.0001, 1.0)
        clicked = None if "record" in changed and "clicked" not in changed else wanted["clicked"]
        if clicked is not None and clicked not in (*record.tokens, record.true_token):
            raise InputError("That word is not among the bars any more; please click again.")
        full = scale or common_scale([record])
        panel = panel_of(record, full)
        board = {"panels": [panel], "legend": legend_of(full, record.temperature), "spoken": spoken(panel)}
        return parts | {"record": record, "scale": scale, "clicked": clicked, "board": board}

    @handles("pick", token=(str,))
    def _pick(self, token: str) -> None:
        self.change(clicked=token)
        if self._on_pick is not None:
            self._after.append(partial(self._on_pick, token))

    def picture(self) -> Picture:
        """Return the bars as a picture."""
        part = bars_part(self.board["panels"], self.board["legend"], 560)
        return stacked(self.title, self.board["spoken"], 560, [part])

    def _static(self) -> list[str]:
        return [static_panel(self.board["panels"][0], self.board["legend"])]
