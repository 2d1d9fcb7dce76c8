"""BlockTracer: the whole way from a token to the next one, layer by layer, with switches to bypass parts of it."""

from __future__ import annotations

from typing import Any

import traitlets as t

from lessons.records import TransformerTrace
from widgets.assets import script, style
from widgets.bars import legend_of, spoken
from widgets.base import Setting
from widgets.block_picture import picture_of
from widgets.block_steps import steps_of
from widgets.block_view import Shown, effect_of, grid_of, panel_of, scale_of
from widgets.checks import refuse_unknown, whole
from widgets.picture import Picture
from widgets.reading import check_models, hues_of, names_of
from widgets.requests import handles
from widgets.traced_text import Switches, Trace, TracedText, loss_of
from widgets.undo import ResetWidget
from widgets.words import displayed, listing

__all__ = ["BlockTracer"]

_SAY = (
    "Each column is a place in the text, each row a layer. A cell has the word that would come next if the model "
    "stopped there and asked its head. Click a cell to follow its token; switch attention or an MLP off."
)
_BEFORE = " A line marks where a bar ended with everything on."


class BlockTracer(ResetWidget):
    """Follow each token through one or more models, layer by layer, and bypass parts of a Transformer.

    Args:
        models: what `load_model` returns, one to four of them.
        text: what the models read; the last 127 tokens of a longer one (fewer if a model's context is shorter).
        selected: place of the token that is followed; 0 is the `<eos>` that starts the line, None the last place.
        layer: where the head is asked, 0 is the embedding; None is each model's last. A model with fewer layers is
            asked at its last one.
        attention_off: layers, counted from 0, whose attention heads are all switched off.
        mlp_off: layers, counted from 0, whose MLP is switched off.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    Each of these but the models may be assigned later; `change(selected=..., layer=...)` changes several at once.
    `traces` has the numbers that are on the screen, `whole_traces` those before anything was switched off.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "bars", "block_tracer")
    _css = style("text_field", "bars", "block_tracer", of="block_tracer")

    text = Setting()
    selected = Setting()
    layer = Setting()
    attention_off = Setting()
    mlp_off = Setting()

    grid = t.Dict(help="layers and places with the first choice of each").tag(sync=True)
    board = t.Dict(help="the selected cell: bars and steps").tag(sync=True)
    controls = t.Dict(help="the text and the state of the switches").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The king was crowned in",
        selected: int | None = None,
        layer: int | None = None,
        attention_off: tuple[int, ...] = (),
        mlp_off: tuple[int, ...] = (),
        title: str = "From a token to the next one",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self.models = check_models(models, "trace", "ablate")
        self._names, self._hues = names_of(self.models), hues_of(self.models)
        self._traced: TracedText | None = None
        self._traces: tuple[Trace, ...] = ()
        start = {"text": text, "selected": selected, "layer": layer, "attention_off": attention_off, "mlp_off": mlp_off}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self.models, self._traced, self._traces = (), None, ()

    # What Python offers.

    @property
    def tokens(self) -> tuple[str, ...]:
        """The places of the grid: `<eos>`, which starts the line, then the tokens; `selected` counts them from 0."""
        return self._traced.tokens if self._traced else ()

    @property
    def traces(self) -> tuple[Trace, ...]:
        """For each model the trace that is on the screen, with whatever is switched off."""
        return self._traces

    @property
    def whole_traces(self) -> tuple[Trace, ...]:
        """For each model the trace before anything was switched off."""
        return self._traced.traces if self._traced else ()

    @property
    def losses(self) -> tuple[float, ...]:
        """For each model the loss of the text, in nats per token, with whatever is switched off."""
        return tuple(map(loss_of, self._traces))

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        is_new = self._traced is None or ("text" in changed and wanted["text"] != self.text)
        traced = TracedText(self.models, wanted["text"]) if is_new or self._traced is None else self._traced
        blocks = [trace.n_layers for trace in traced.traces if isinstance(trace, TransformerTrace)]
        n_blocks = min(blocks, default=0)
        off = Switches.of(wanted["attention_off"], wanted["mlp_off"], n_blocks)
        layer, selected = wanted["layer"], None if is_new and "selected" not in changed else wanted["selected"]
        if selected is not None:
            selected = whole(selected, "selected", 0, len(traced.tokens) - 1)
        if layer is not None:
            layer = whole(layer, "layer", 0, max(trace.n_layers for trace in traced.traces))
        traces = traced.without(off)
        asked = zip(self._names, self._hues, traces, traced.traces, self.models, strict=True)
        models = [Shown(name, hue, trace, before, model.vocab_size) for name, hue, trace, before, model in asked]
        grid = self.grid
        if is_new or traces is not self._traces:
            grid = grid_of(models)
        place = len(traced.tokens) - 1 if selected is None else selected
        effects = [effect_of(shown) for shown in models if shown.is_switched]
        board = self._board(models, place, layer, off)
        # Nothing below can fail: from here on the new state is the good one.
        self._traced, self._traces = traced, traces
        self._revision += is_new
        board |= {"revision": self._revision, "spoken": " ".join([board["spoken"], *(f"{said}." for said in effects)])}
        controls = {
            "text": traced.text,
            "blocks": n_blocks,
            "of": listing(shown.name for shown in models if isinstance(shown.trace, TransformerTrace)),
            "attention": list(off.attention),
            "mlp": list(off.mlp),
            "effect": "; ".join(effects),
        }
        settings = {"text": traced.text, "selected": selected, "layer": layer}
        settings |= {"attention_off": off.attention, "mlp_off": off.mlp}
        shows = {"grid": grid, "board": board, "controls": controls}
        return parts | settings | shows | {"note": " ".join(traced.notes)}

    def _board(self, models: list[Shown], place: int, layer: int | None, off: Switches) -> dict[str, Any]:
        layers = [min(shown.trace.n_layers, 99 if layer is None else layer) for shown in models]
        scale = scale_of(models, layers, place)
        panels = [panel_of(shown, at, place, scale) for shown, at in zip(models, layers, strict=True)]
        ways = [
            {"name": shown.name, "hue": shown.hue} | steps_of(shown.trace, place, at, shown.full, shown.vocab_size, off)
            for shown, at in zip(models, layers, strict=True)
        ]
        last = len(models[0].trace) - 1
        where = "at the start of the line" if place == 0 else f"token {place} of {last}"
        words = displayed(models[0].trace.tokens, models[0].trace.typed)
        heading = ["After ", words[place], f", {where}: what would the head say comes next?"]
        return {
            "selected": place,
            "layers": layers,
            "heading": heading,
            "panels": panels,
            "legend": legend_of(scale, 1.0) + (_BEFORE if any(shown.is_switched for shown in models) else ""),
            "ways": ways,
            "spoken": " ".join([f"{''.join(heading)}", *(f"{panel['aside']}. {spoken(panel)}" for panel in panels)]),
        }

    # What the page asks.

    @handles("read", text=(str,))
    def _read(self, text: str) -> None:
        self.change(text=text)

    @handles("select", position=(int,), layer=(int,), revision=(int,))
    def _select(self, position: int, layer: int, revision: int) -> None:
        self._check_revision(revision)
        self.change(selected=position, layer=layer)

    @handles("switch", attention=(list,), mlp=(list,))
    def _switch(self, attention: list[int], mlp: list[int]) -> None:
        self.change(attention_off=attention, mlp_off=mlp)

    # On paper.

    def picture(self) -> Picture:
        """Return the grid, the bars and the steps as a picture."""
        return picture_of(self.grid, self.board)
