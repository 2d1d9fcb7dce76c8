"""AttentionExplorer: every head of a Transformer as a small map, one of them large; heads can be switched off."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import NextTokens, TransformerTrace
from widgets.assets import script, style
from widgets.attention_board import MEAN, State
from widgets.attention_maps import packed, packed_difference, packed_stamps
from widgets.attention_picture import picture_of
from widgets.attention_settings import OTHER_TEXT, head_of_cell, state_of
from widgets.attention_source import AttentionSource, Head
from widgets.attention_words import effect_of
from widgets.base import Setting
from widgets.checks import one_of, refuse_unknown, whole
from widgets.picture import Picture
from widgets.requests import handles
from widgets.undo import UndoWidget

__all__ = ["AttentionExplorer"]

_SAY = (
    "Each small map is a head: click one, then click a word. "
    "A row is the word that looks, a column the word it looks at, and each row sums to 1. "
    "The space bar switches a head off and on."
)
_SAY_OF_A_TRACE = _SAY[: _SAY.rindex(" The space bar")]
_REMEMBERED = ("text", "other_text", "layer", "head", "selected", "off", "hide_first", "compare", "target")
_UNDOABLE = {"text", "other_text", "off", "hide_first", "compare", "target"}


class AttentionExplorer(UndoWidget):
    """See where each token looks, in every head, and what happens if heads are switched off.

    Args:
        source: a Transformer (what `load_model` returns), or a TransformerTrace; a trace has one text, and its heads
            cannot be switched off.
        text: what the model reads; None is a sentence to begin with, or the trace's own.
        other_text: the second text, for `compare="text"`.
        layer: whose heads are shown, from 0.
        head: which one, from 0, or "mean" for the mean over the layer's heads.
        selected: place of a token in the window, where 0 is the `<eos>` that starts the line; None for the last one.
        off: the heads that are switched off, as (layer, head) from 0.
        hide_first: whether the first token is hidden and the rows are divided by what is left.
        compare: what is subtracted from the map: None for nothing, another head as (layer, head), "intact" for the same
            head with all heads on, "text" for the same head on `other_text`, place by place.
        target: a word to follow after the selected token; None for the one that really comes there, and after the
            last one for the model's first choice.
        top_k: how many words are listed, 1 to 20.
        title: heading of the card.
        say: what is said under it; None is how to read and use the maps.
        presenting: large type, for a projector.

    Each of these but the source may be assigned later; `change(layer=..., head=...)` changes several at once.
    `weights`, `trace`, `intact`, `before`, `after` and `losses` have the numbers that are on the screen. `undo` takes
    back the last change of a text, of the heads that are off, of what is hidden, compared or followed.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "bars", "attention_explorer")
    _css = style("text_field", "tokens", "bars", "attention_explorer", of="attention_explorer")

    text = Setting()
    other_text = Setting()
    layer = Setting()
    head = Setting()
    selected = Setting()
    off = Setting()
    hide_first = Setting()
    compare = Setting()
    target = Setting()
    top_k = Setting()

    line = t.Dict(help="the text, its tokens and the heads as the page draws them").tag(sync=True)
    board = t.Dict(help="the head, the place and what is said about them").tag(sync=True)
    outcome = t.Dict(help="the bars and numbers of the next word, or nothing").tag(sync=True)
    maps = t.Bytes(help="all heads, small: see packed_stamps").tag(sync=True)
    large = t.Bytes(help="the large map: a head, a mean or a difference; see packed").tag(sync=True)

    def __init__(
        self,
        source: Any,
        *,
        text: str | None = None,
        other_text: str = OTHER_TEXT,
        layer: int = 0,
        head: int | str = 0,
        selected: int | None = None,
        off: Iterable[Head] = (),
        hide_first: bool = False,
        compare: str | Head | None = None,
        target: str | None = None,
        top_k: int = 5,
        title: str = "Where does each word look?",
        say: str | None = None,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._source = AttentionSource(source)
        self._state: State | None = None
        start: dict[str, Any] = {"text": text, "other_text": other_text, "layer": layer, "head": head}
        start |= {
            "selected": selected,
            "off": off,
            "hide_first": hide_first,
            "compare": compare,
            "target": target,
            "top_k": top_k,
        }
        if say is None:
            say = _SAY if self._source.trace is None else _SAY_OF_A_TRACE
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self._source, self._state = None, None  # type: ignore[assignment]

    def _shown(self) -> State:
        self._check_open()
        if self._state is None:
            raise InputError("Nothing is shown yet.")
        return self._state

    # What Python offers.

    @property
    def trace(self) -> TransformerTrace:
        """The trace whose maps are shown: with the heads that are off switched off."""
        return self._shown().now.trace

    @property
    def intact(self) -> TransformerTrace:
        """The trace with all heads on."""
        return self._shown().intact.trace

    @property
    def weights(self) -> np.ndarray:
        """(T, T) the large map: weights, renormalised weights, or differences of weights; read-only."""
        return self._shown().shown

    @property
    def before(self) -> NextTokens | None:
        """What is expected after the selected token with all heads on; its `true_rank` and so on are the target's."""
        effect = self._shown().effect
        return effect.before if effect else None

    @property
    def after(self) -> NextTokens | None:
        """The same with the heads that are off, or None if none is."""
        effect = self._shown().effect
        return effect.after if effect else None

    @property
    def losses(self) -> tuple[float, ...]:
        """Mean surprisal of the text, nats a token: with all heads on and, if some are off, with those off."""
        state = self._shown()
        asked = [state.intact, state.now][: 1 + bool(self.off)]
        return tuple(each.loss for each in asked if each.model is not None)

    def switch(self, layer: int, head: int | str = MEAN) -> None:
        """Switch a head off, or on again if it is off; with "mean" all heads of a layer.

        Args:
            layer, head: from 0.
        """
        trace = self._shown().now.trace
        layer = whole(layer, "layer", 0, trace.n_layers - 1)
        heads = range(trace.n_heads) if head == MEAN else [whole(head, "head", 0, trace.n_heads - 1)]
        named = {(layer, each) for each in heads}
        self.change(off=set(self.off) - named if named <= set(self.off) else set(self.off) | named)

    def picture(self) -> Picture:
        """Return what is on the screen: the tokens, all heads, the large map with its legend, and the next word."""
        return picture_of(self._shown(), self.title, self.line, self.board, self.outcome)

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        state = state_of(self._source, self._state, wanted, changed)
        outcome: dict[str, Any] = {}
        if state.effect is not None:
            after = state.look.named(state.place)
            outcome = effect_of(state.effect, state.intact, state.now, state.settings["off"], after)
        line, board = state.line(), state.board()
        maps = (
            self.maps if self._state is not None and self._state.has_maps_of(state) else packed_stamps(state.stamps())
        )
        large = packed_difference(state.shown) if state.look.signed else packed(state.shown)
        # Nothing below can fail: from here on the new state is the good one.
        old, self._state = self._state, state
        self._revision += old is None or old.intact is not state.intact
        if old is not None and any(old.settings[name] != state.settings[name] for name in _UNDOABLE):
            self._keep_for_undo({name: old.settings[name] for name in _REMEMBERED})
        board = _undoable(board, bool(self._past))
        if outcome:
            board["spoken"] = f"{board['spoken']} {outcome.pop('said')}".rstrip()
        shows = {"line": line | {"revision": self._revision}, "board": board, "outcome": outcome}
        return parts | state.settings | shows | {"maps": maps, "large": large, "note": " ".join(state.intact.notes)}

    # What the page asks.

    @handles("read", text=(str,))
    def _read(self, text: str) -> None:
        self.change(text=text)

    @handles("look", cell=(int,))
    def _look(self, cell: int) -> None:
        layer, head = head_of_cell(cell, self._shown().now.trace)
        self.change(layer=layer, head=head)

    @handles("select", position=(int,), revision=(int,))
    def _select(self, position: int, revision: int) -> None:
        self._check_revision(revision)
        self.change(selected=position)

    @handles("switch", cell=(int,))
    def _switch(self, cell: int) -> None:
        self.switch(*head_of_cell(cell, self._shown().now.trace))

    @handles("hide", hide=(bool,))
    def _hide(self, hide: bool) -> None:
        self.change(hide_first=hide)

    @handles("set", name=(str,), value=(str,))
    def _set(self, name: str, value: str) -> None:
        name = one_of(name, "name", ("compare", "target", "other_text"))
        pair = re.fullmatch(r"([0-9]{1,4}),([0-9]{1,4})", value) if name == "compare" else None
        self.change(**{name: (int(pair[1]), int(pair[2])) if pair else value or None})

    @handles("all_on")
    def _all_on(self) -> None:
        self.change(off=())


def _undoable(board: dict[str, Any], possible: bool) -> dict[str, Any]:
    """Return a board whose button "Undo" can be pressed or cannot."""
    state = {"aria-disabled": str(not possible).lower()}
    buttons = [button | state if button["text"] == "Undo" else button for button in board["buttons"]]
    return board | {"buttons": buttons}
