"""PathSlider: integrated gradients as a walk from the baseline to the text."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import traitlets as t

from lessons.records import Attribution, GradientPath
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, real, refuse_unknown, whole
from widgets.path_board import RULES, STEPS, board_of
from widgets.path_picture import picture_of, table_of
from widgets.path_walk import Walk
from widgets.picture import Picture
from widgets.requests import handles
from widgets.why import Why
from widgets.why_widget import WhyWidget

__all__ = ["PathSlider"]

_PLACES = (33, 17, 9)  # where the slider can stand: as many as can be computed in the time of a click
_MOST_VECTORS = 1200  # at all these places together
_DRAWS = 8  # of random words, as in `model.gradient_path`
_SAY = (
    "All words are moved at once, on a straight line from what stands for a missing word to the words themselves. Drag "
    "the place along the way: each word's slope there, and what it has collected so far. At the end that is its score."
)


class PathSlider(WhyWidget):
    """Show the way of integrated gradients, place by place, and the gap that the steps leave.

    Args:
        models: what `load_model` returns, one to four of them.
        text: what they read; of more than 64 tokens the last 64.
        position: place of the predicted word, -1 for the word after the text.
        target: the word to be explained, None for the true word or, after the text, the model's first choice.
        explains: which number is explained, one of `lessons.records.EXPLAINS`.
        against: the other word of a contrast; None for the most probable one.
        baseline: where the way begins: "unk", "zero", "mean" or "resample".
        n_steps: at how many places the slopes are taken for the scores, 1 to 64.
        rule: how these are chosen, "gauss_legendre" or "midpoint".
        place: how far on the way the slider stands, 0 to 1; it goes to the nearest place that was computed.
        asked: name of the model that is asked; None for the first one.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    All but the models may be assigned later. `attribution` has the scores, `path` the steps that they are made of,
    `curve` the finer way that is drawn; `slopes` and `collected` are what is shown of each word at `place`.

    Raises:
        InputError: a value cannot be used; what was shown before stays.

    Source: Sundararajan, Taly and Yan 2017, arXiv:1703.01365.
    """

    _esm = script("text_field", "tokens", "question", "svg", "path_slider")
    _css = style("text_field", "tokens", "question", "path_slider", of="path_slider")
    _needs: ClassVar[tuple[str, ...]] = ("gradient_path",)
    _baselines: ClassVar[tuple[str, ...]] = ("unk", "zero", "mean", "resample")

    n_steps = Setting()
    rule = Setting()
    place = Setting()

    board = t.Dict(help="the curve, the gap and the words, as the page draws them").tag(sync=True)
    way = t.Bytes(b"", help="each word's slope at every place and every step: see Walk.packed").tag(sync=True)
    at = t.Int(0, help="at which of the places the slider stands").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The album was released in the United",
        position: int = -1,
        target: str | None = None,
        explains: str = "log_probability",
        against: str | None = None,
        baseline: str = "unk",
        n_steps: int = 16,
        rule: str = "gauss_legendre",
        place: float = 0.5,
        asked: str | None = None,
        title: str = "Integrated gradients: a walk to the text",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._walk: Walk | None = None
        question = {"text": text, "position": position, "target": target, "explains": explains, "against": against}
        steps = {"baseline": baseline, "asked": asked, "n_steps": n_steps, "rule": rule, "place": place}
        super().__init__(*models, title=title, say=say, presenting=presenting, **question, **steps)

    def _let_go(self) -> None:
        super()._let_go()
        self._walk = None

    # What Python offers.

    @property
    def walk(self) -> Walk:
        """The way as it is shown."""
        self._check_open()
        assert self._walk is not None
        return self._walk

    @property
    def attribution(self) -> Attribution:
        """The scores, what they add up to, and the gap."""
        return self.walk.attribution

    @property
    def path(self) -> GradientPath:
        """The steps that the scores are made of."""
        return self.walk.path

    @property
    def curve(self) -> GradientPath:
        """The way at the places where the slider can stand."""
        return self.walk.curve

    @property
    def slopes(self) -> np.ndarray:
        """(T,) each word's slope at `place`."""
        slopes: np.ndarray = self.curve.slopes[self.at]
        return slopes

    @property
    def collected(self) -> np.ndarray:
        """(T,) what each word has collected on the way to `place`."""
        return self.walk.collected(self.place)

    # What follows.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        if self._walk is not None and set(changed) == {"place"}:
            return self._standing(self._walk, wanted["place"])  # nobody is asked
        return super()._work_out(wanted, changed)

    def _answer_to(self, why: Why, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        n_steps = whole(wanted["n_steps"], "n_steps", 1, STEPS[-1])
        rule = one_of(wanted["rule"], "rule", RULES)
        n_vectors = why.n_words * (_DRAWS if why.baseline == "resample" else 1)
        n_places = next((n for n in _PLACES if n * n_vectors <= _MOST_VECTORS), _PLACES[-1])
        walk = Walk(curve=self._walked(why, n_places, "trapezoid"), path=self._walked(why, n_steps, rule))
        settings = {"n_steps": n_steps, "rule": rule} | self._standing(walk, wanted["place"])
        if self._walk is not None and (n_steps, rule) != (self.n_steps, self.rule):
            self._keep_for_undo({"n_steps": self.n_steps, "rule": self.rule})
        self._walk = walk
        return settings | {"board": board_of(why, walk, rule), "way": walk.packed()}

    def _walked(self, why: Why, n_steps: int, rule: str) -> GradientPath:
        def walk() -> Any:
            return why.model.gradient_path(why.text, n_steps=n_steps, rule=rule, baseline=why.baseline, **why.options)

        path: GradientPath = self._ask(why, (n_steps, rule), walk)
        return path

    @staticmethod
    def _standing(walk: Walk, place: object) -> dict[str, Any]:
        at = walk.nearest(real(place, "place", 0, 1))
        return {"at": at, "place": float(walk.curve.places[at])}

    # What the page asks.

    @handles("go", place=(int, float))
    def _on_go(self, place: float) -> None:
        self.change(place=place)

    @handles("steps", n_steps=(int,))
    def _on_steps(self, n_steps: int) -> None:
        self.change(n_steps=n_steps)

    @handles("rule", rule=(str,))
    def _on_rule(self, rule: str) -> None:
        self.change(rule=rule)

    # For pages without a kernel.

    def picture(self) -> Picture:
        """Return the curve and the words' numbers at the place, for a figure and for pages without a kernel."""
        hue = self.question["hue"]
        return picture_of(self.board, self.walk, self.at, self.title, self.question, hue)

    def _static(self) -> list[str]:
        return table_of(self.board, self.walk, self.at)
