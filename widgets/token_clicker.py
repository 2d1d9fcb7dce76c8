"""TokenClicker: a text as a line of words that can be clicked, each with a number if there is one."""

from __future__ import annotations

import math
from typing import Any

import traitlets as t

from widgets.assets import script, style
from widgets.base import GlassboxWidget, Setting
from widgets.checks import real, refuse_unknown, short_text, whole
from widgets.picture import Picture
from widgets.requests import handles
from widgets.sketches import stacked, tokens_part
from widgets.token_line import line_of, nice_ceiling, static_line, values_of, words_of
from widgets.words import count

__all__ = ["TokenClicker"]

MOST_SHOWN = 512


class TokenClicker(GlassboxWidget):
    """Show a text as a line of tokens; a click or an arrow key selects one.

    Args:
        tokens: a TokenizedText (what `model.tokenize` returns) or a list of strings; 512 are shown, a note says so.
        values: one number for each token, or None where there is none. Those below 0 get a hue and a sign of their own.
        unit: of the values, for example `surprisal in nats`.
        scale: the value at which the underline under a word is full; None takes a round number above the largest value.
        digits: of each number, after the decimal point.
        selected: place of the selected token, 0 for the first, or None.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    `tokens`, `values`, `unit`, `scale`, `digits` and `selected` may be assigned later; `observe(f, names="selected")`
    tells of clicks.

    Raises:
        InputError: a value cannot be used.
    """

    _picture_is_exported = False
    _esm = script("tokens", "token_clicker")
    _css = style("tokens", of="token_clicker")

    source = Setting(help="the tokens as they were given")
    values = Setting(help="(T,) one number or None for each token, or () for none")
    unit = Setting()
    scale = Setting()
    digits = Setting()
    selected = Setting(help="place of the selected token, or None")

    line = t.Dict(help="the line as the page draws it").tag(sync=True)
    chosen = t.Int(None, allow_none=True, help="what the page marks as selected").tag(sync=True)

    def __init__(
        self,
        tokens: object,
        values: object = None,
        *,
        unit: str = "",
        scale: float | None = None,
        digits: int = 1,
        selected: int | None = None,
        title: str = "Click a word",
        say: str = "",
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        numbers = {"values": values, "unit": unit, "scale": scale, "digits": digits}
        super().__init__(title=title, say=say, presenting=presenting, source=tokens, selected=selected, **numbers)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens shown, as the model reads them. Assigning new ones drops the values and the selection."""
        return words_of(self.source)[0]

    @tokens.setter
    def tokens(self, tokens: object) -> None:
        self.change(source=tokens)

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        if "source" in changed:
            wanted |= {name: None for name in ("values", "selected") if name not in changed}
        tokens, typed = words_of(wanted["source"])
        values = values_of(wanted["values"], len(tokens))
        shown = min(len(tokens), MOST_SHOWN)
        selected = wanted["selected"]
        if selected is not None:
            selected = whole(selected, "selected", 0, shown - 1)
        digits = whole(wanted["digits"], "digits", 0, 6)
        unit = short_text(wanted["unit"], "unit", 80)
        finite = [value for value in values if value is not None and math.isfinite(value)]
        scale = wanted["scale"]
        if scale is not None:
            scale = real(scale, "scale", 1e-9, 1e9)
        full = float(scale or nice_ceiling(max(map(abs, finite), default=1.0)))
        signed = any(value is not None and value < 0 for value in values)
        cut = tokens[:shown], typed[:shown], values[:shown]
        line = line_of(*cut, unit=unit, scale=full, digits=digits, signed=signed)
        if {"source", "values", "unit", "scale", "digits"} & set(changed):
            self._revision += 1
        notes = list(getattr(wanted["source"], "notes", ()))
        if shown < len(tokens):
            notes.append(f"{count(len(tokens))} tokens were given; the first {shown} are shown.")
        settings = {"values": values, "unit": unit, "scale": scale, "digits": digits, "selected": selected}
        line["revision"] = self._revision
        shows = {"line": line, "chosen": selected, "note": " ".join(notes)}
        return parts | settings | shows | {"source": wanted["source"]}

    @handles("select", position=(int, type(None)), revision=(int,))
    def _select(self, position: int | None, revision: int) -> None:
        self._check_revision(revision)
        self.change(selected=position)

    def picture(self) -> Picture:
        """Return the line of tokens as a picture."""
        alt = f"{self.title}: {len(self.line['words'])} tokens"
        return stacked(self.title, alt, 760, [tokens_part(self.line, self.selected, 760)])

    def _static(self) -> list[str]:
        return [static_line(self.line, self.selected)]
