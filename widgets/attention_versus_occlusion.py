"""AttentionVersusOcclusion: does the word with most attention matter most? Weights against removals, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import TransformerTrace
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import flag, one_of, refuse_unknown, whole
from widgets.picture import Picture
from widgets.reading import check_models, names_of
from widgets.requests import handles
from widgets.sketches import fitting, stacked
from widgets.static_parts import paragraph, table
from widgets.versus_board import board_of
from widgets.versus_evidence import MEAN, NO_ATTENTION, ROLLOUT, Evidence, Look, evidence_for
from widgets.versus_hunt import LEAST_WORDS, ORDERS, TEXTS, Compared, Hunt, check_texts
from widgets.versus_picture import scatter_part
from widgets.why import Why
from widgets.why_widget import WhyWidget

__all__ = ["AttentionVersusOcclusion"]

_SAY = (
    "Each dot is a word before the prediction: to the right, how much attention it gets; upwards, what changes when it "
    "is removed. If attention were an explanation, the dots would climb from left to right."
)


class AttentionVersusOcclusion(WhyWidget):
    """Compare what a Transformer attends to with what happens when words are removed, and hunt for counter-examples.

    Args:
        models: Transformers, what `load_model("transformer")` returns; one to four of them.
        text: what they read; of more than 64 tokens the last 64.
        layer: whose attention is compared, counted from 0; "rollout" for the rollout over all layers, None for the
            last layer.
        head: counted from 0; "mean" or None for the mean over the heads of the layer.
        size: whether removals are compared by the size of the change (a weight has no sign either) or with its sign.
        texts: what the hunt goes through after the present text; the widget has some sentences of its own.
        order: what the hunt ranks by: "idle" (most attention, least change), "overlooked" (largest change, least
            attention) or "correlation" (the lowest first).
        position, target, explains, against, baseline, asked: the question, see `widgets.why_widget.WhyWidget`. A
            missing word cannot be "resample" here: that reads eight texts a word.
        title, say, presenting: see `GlassboxWidget`.

    `attention`, `lost` and `rank_correlation` are what is on the screen, `found` is what the hunt has looked at.

    Raises:
        InputError: a value cannot be used, or a model has no attention; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "question", "attention_versus_occlusion")
    _css = style("text_field", "tokens", "question", "attention_versus_occlusion", of="attention_versus_occlusion")
    _needs = ("explain", "trace")
    _baselines = ("unk", "zero", "mean", "delete")

    layer = Setting()
    head = Setting()
    size = Setting()
    order = Setting()

    board = t.Dict(help="axes, dots, words and table as the page draws them").tag(sync=True)
    hunt = t.Dict(help="the hunt: how far it is, its summary and its first rows").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The king was crowned in London and the queen was crowned in",
        layer: int | str | None = None,
        head: int | str | None = None,
        size: bool = True,
        texts: Sequence[str] = TEXTS,
        order: str = "idle",
        position: int = -1,
        target: str | None = None,
        explains: str = "log_probability",
        against: str | None = None,
        baseline: str = "unk",
        asked: str | None = None,
        title: str = "Attention against removal",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        check_models(models, *self._needs)
        for model, name in zip(models, names_of(models), strict=True):
            if not isinstance(model.trace("the", top_k=0), TransformerTrace):
                raise InputError(NO_ATTENTION.format(f"The {name}"))
        self.texts = check_texts(texts)
        self._evidence: Evidence | None = None
        self._look: Look | None = None
        self._search: Hunt | None = None
        question = {"text": text, "position": position, "target": target, "explains": explains, "against": against}
        compared = {"layer": layer, "head": head, "size": size, "order": order}
        super().__init__(
            *models,
            title=title,
            say=say,
            presenting=presenting,
            **question,
            **compared,
            baseline=baseline,
            asked=asked,
        )

    def _let_go(self) -> None:
        super()._let_go()
        self._evidence = self._search = None

    # What is on the screen, as numbers.

    def _shown(self) -> tuple[Evidence, Look]:
        self._check_open()
        assert self._evidence is not None
        assert self._look is not None
        return self._evidence, self._look

    @property
    def attention(self) -> np.ndarray:
        """(n,) the weights on the words before the prediction that the model sees, 0 to 1."""
        evidence, look = self._shown()
        return evidence.attention(look)

    @property
    def lost(self) -> np.ndarray:
        """(n,) what is lost without each word, with its sign: the scores of occlusion."""
        return self._shown()[0].change

    @property
    def rank_correlation(self) -> float | None:
        """The rank correlation of the dots, -1 to 1; None where all weights or all changes are equal."""
        evidence, look = self._shown()
        return evidence.correlation(look)

    @property
    def found(self) -> tuple[Compared, ...]:
        """What the hunt has looked at, in its order."""
        _, look = self._shown()
        return () if self._search is None else self._search.compared(look)

    # What follows from the settings.

    def _answer_to(self, why: Why, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        size, order = flag(wanted["size"], "size"), one_of(wanted["order"], "order", ORDERS)
        evidence = self._ask(why, "evidence", partial(evidence_for, why))
        layer, head = wanted["layer"], wanted["head"]
        if layer == ROLLOUT and "head" not in changed:
            head = MEAN
        look = Look.of(layer, head, size, evidence)
        search = self._search
        if search is not None and search.key != Hunt.key_of(why):
            search = None
        parts = {
            "layer": look.layer,
            "head": look.head,
            "size": size,
            "order": order,
            "board": board_of(evidence, look),
            "hunt": self._page_hunt(search, evidence, look, order),
        }
        self._evidence, self._look, self._search = evidence, look, search
        return parts

    def _page_hunt(self, search: Hunt | None, evidence: Evidence, look: Look, order: str) -> dict[str, Any]:
        texts = f"the text above and {len(self.texts)} other{'s' if len(self.texts) != 1 else ''}"
        about = f"Looks at every word with {LEAST_WORDS} or more words before it, in {texts}."
        if search is None:
            return {"about": about, "button": "Hunt for counter-examples"}
        return {"about": about} | search.page(look, order, evidence)

    # The hunt.

    def search(self) -> None:
        """Hunt through all texts at once; on the page the same goes on in small pieces that can be stopped."""
        with self._one_update():
            self._begin()
            assert self._search is not None
            while self._search.running:
                self._search.go_on()
            self._paint_hunt()

    def reset(self) -> None:
        """Go back to the settings that the widget was made with, before any hunt."""
        with self._one_update():
            self._search = None
            super().reset()

    def _begin(self) -> None:
        """Start a hunt, or go on with one that was stopped; one that is over starts again with the present text."""
        evidence, _ = self._shown()
        if self._search is not None and len(self._search.found) < self._search.total:
            self._search.running = True
        else:
            self._search = Hunt.over(evidence.why, (self.text, *self.texts), self._baselines)

    def _paint_hunt(self) -> None:
        evidence, look = self._shown()
        self.hunt = self._page_hunt(self._search, evidence, look, self.order)

    # What the page asks.

    @handles("see", name=(str,), value=(str,))
    def _on_see(self, name: str, value: str) -> None:
        one_of(name, "name", ("layer", "head", "size", "order"))
        chosen: Any = value
        if name == "size":
            chosen = one_of(value, "size", ("size", "signed")) == "size"
        elif name in ("layer", "head") and value.isdecimal() and len(value) < 6:
            chosen = int(value)
        self.change(**{name: chosen})

    @handles("hunt")
    def _on_hunt(self) -> None:
        self._begin()
        self._on_go_on()

    @handles("go_on")
    def _on_go_on(self) -> None:
        if self._search is not None and self._search.running:
            try:
                self._search.go_on()
            except Exception:
                self._search.running = False
                raise
            finally:
                self._paint_hunt()

    @handles("stop")
    def _on_stop(self) -> None:
        if self._search is not None:
            self._search.running = False
            self._paint_hunt()

    @handles("open", row=(int,))
    def _on_open(self, row: int) -> None:
        found = self._search.found if self._search else []
        if not found:
            raise InputError("There is nothing to open: the hunt has not begun, or its results are over.")
        text, evidence = found[whole(row, "row", 0, len(found) - 1)]
        self.change(text=text, position=evidence.why.position, target=None, against=None)

    # On paper.

    def picture(self) -> Picture:
        """Return the scatter."""
        title = fitting(self._shown()[0].why.sentence, 720, 17)
        return stacked(title, self.board["spoken"], 720, [scatter_part(self.board, 720)])

    def _static(self) -> list[str]:
        board = self.board
        words = ["".join(fact) for fact in board["facts"] if any(fact)]
        found = [[f"{row['before']}→ {row['target']}", "".join(row["facts"])] for row in self.hunt.get("rows", [])]
        hunted = ["".join(fact) for fact in self.hunt.get("facts", [])]
        return [
            table(board["rows"], board["head"]),
            *map(paragraph, (*words, board["about"], *hunted)),
            *([table(found, ["counter-example", "what disagrees"])] if found else []),
            *map(paragraph, board["follows"]),
        ]
