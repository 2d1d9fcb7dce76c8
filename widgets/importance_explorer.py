"""ImportanceExplorer: which words made the model say that, by several methods at once, each with the test of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import traitlets as t

from lessons.records import Attribution, Faithfulness
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import flag, refuse_unknown, whole
from widgets.importance_picture import picture_of
from widgets.importance_rows import board_of, lead_of, spoken_of, without_words
from widgets.importance_work import Plan, Work
from widgets.methods import METHODS, chosen_methods
from widgets.picture import Picture
from widgets.requests import handles
from widgets.static_parts import paragraph, table
from widgets.why import Why
from widgets.why_widget import WhyWidget

__all__ = ["ImportanceExplorer"]

_CLICK = 0.06  # seconds of work for the answer to a click; the rest follows in pieces
_REST = 0.15  # seconds of work for what is fast and was left over by the click
_PIECE = 0.05  # seconds of work for a piece that the page asks for while it is idle: a click may have to wait for it
_PLANNED = ("methods", "n_samples", "n_steps", "n_random", "seed")
_SAY = (
    "Each row explains the same prediction by another method. "
    "Point at a word to see what really happens without it; click another word of the text to ask about that one."
)


class ImportanceExplorer(WhyWidget):
    """See by several methods which words made a model expect a word, and what happens when these words go.

    Args:
        models: what `load_model` returns, one to four of them.
        text, position, target, explains, against, baseline, asked: the question, see `WhyWidget`.
        methods: names as in `model.explain`; occlusion, which is what really happens, is always the first row.
        n_samples: how many texts LIME and Shapley values are estimated from, 16 to 4,096; two for each word at least.
        n_steps: of integrated gradients, 1 to 256.
        n_random: how many random orders the deletion scores are compared with, 0 to 100.
        seed: of samples, random words and random orders.
        refine: whether samples are drawn while the page is idle; all else is worked out in any case.
        title: heading of the card.
        say: what is said under it; None is how to read and use the table.
        presenting: large type, for a projector.

    Each of these but the models may be assigned later; `change(text=..., target=...)` changes several at once.
    `attributions`, `faithfulness`, `agreement` and `random_scores` have the numbers that are on the screen, and
    `finish()` works out at once what the page would ask for while it is idle.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "question", "importance_explorer")
    _css = style("text_field", "tokens", "question", "importance_explorer", of="importance_explorer")
    _needs: ClassVar[tuple[str, ...]] = ("explain", "estimates", "faithfulness", "incomplete")

    methods = Setting()
    n_samples = Setting()
    n_steps = Setting()
    n_random = Setting()
    seed = Setting()
    refine = Setting()

    board = t.Dict(help="the table of all methods as the page draws it").tag(sync=True)
    removed = t.Dict(help="what really happens without a word, by its place; those that were asked for").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The king was crowned in",
        position: int = -1,
        target: str | None = None,
        explains: str = "log_probability",
        against: str | None = None,
        baseline: str = "unk",
        asked: str | None = None,
        methods: Sequence[str] = tuple(METHODS),
        n_samples: int = 512,
        n_steps: int = 16,
        n_random: int = 10,
        seed: int = 0,
        refine: bool = True,
        title: str = "Why did it say that?",
        say: str | None = None,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._work: Work | None = None
        self._questions = 0
        question: dict[str, Any] = {
            "text": text,
            "position": position,
            "target": target,
            "explains": explains,
            "against": against,
        }
        question |= {"baseline": baseline, "asked": asked}
        plan: dict[str, Any] = {"methods": methods, "n_samples": n_samples, "n_steps": n_steps, "n_random": n_random}
        plan |= {"seed": seed, "refine": refine}
        say = _SAY if say is None else say
        super().__init__(*models, title=title, say=say, presenting=presenting, **question, **plan)

    def _let_go(self) -> None:
        super()._let_go()
        self._work = None

    # What Python offers.

    @property
    def attributions(self) -> MappingProxyType[str, Attribution]:
        """The answer of each method by its name, as far as it is there: unfinished estimates, too."""
        return self._in_order(self._shown().attributions)

    @property
    def faithfulness(self) -> MappingProxyType[str, Faithfulness]:
        """The deletion curves of each method by its name, as far as they are there."""
        return self._in_order(self._shown().faithfulness)

    @property
    def agreement(self) -> MappingProxyType[str, float | None]:
        """Rank correlation of each method with occlusion; sizes are compared where the method has no sign."""
        work = self._shown()
        return self._in_order({name: work.agreement(name) for name in work.attributions})

    @property
    def random_scores(self) -> np.ndarray | None:
        """(R,) deletion scores of random orders, None until all else has been worked out."""
        found = self._shown().random
        return None if found is None else found.random_scores

    @property
    def is_finished(self) -> bool:
        """Whether all has been worked out."""
        return self._shown().done

    def without(self, place: int) -> Any:
        """Return what the model says without one word, as `model.incomplete` does.

        Args:
            place: of the word, from 0.

        Raises:
            InputError: no such word stands before the prediction.
        """
        work = self._shown()
        return work.without(whole(place, "place", 0, work.why.n_words - 1))

    def finish(self) -> ImportanceExplorer:
        """Work out at once all that the page would ask for while it is idle; return the widget itself.

        With `refine=False` no samples are drawn, and there are no random orders.
        """
        with self._one_update():
            self._shown().go_on(float("inf"), refine=self.refine)
            self._show_work()
        return self

    def picture(self) -> Picture:
        """Return the table as it is on the screen; of many words the last ones."""
        return picture_of(self.title, self.question["heading"], self.board)

    def _static(self) -> list[str]:
        facts = [[row["name"], *(" ".join(fact).strip() for fact in row["facts"])] for row in self.board["rows"]]
        parts = [paragraph(self.board["spoken"]), table(facts, ("method", *self.board["facts"]))]
        return [*parts, *(paragraph("".join(said)) for said in self.board["about"])]

    def _shown(self) -> Work:
        self._check_open()
        assert self._work is not None
        return self._work

    def _in_order(self, found: dict[str, Any]) -> MappingProxyType[str, Any]:
        return MappingProxyType({name: found[name] for name in self.methods if name in found})

    # What follows from the settings.

    def _answer_to(self, why: Why, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        plan = Plan(
            methods=chosen_methods(wanted["methods"]),
            n_samples=whole(wanted["n_samples"], "n_samples", 16, 4096),
            n_steps=whole(wanted["n_steps"], "n_steps", 1, 256),
            n_random=whole(wanted["n_random"], "n_random", 0, 100),
            seed=whole(wanted["seed"], "seed", 0, 2**31 - 1),
        )
        settings = {"refine": flag(wanted["refine"], "refine")}
        settings |= {name: getattr(plan, name) for name in _PLANNED}
        began = time.perf_counter()
        work = self._ask(why, plan, lambda: Work(why, plan))
        if work is not self._work:
            if self._work is None:
                work.begin()
            else:
                work.go_on(_CLICK - (time.perf_counter() - began), refine=False)
            if self._work is not None and why.key == self._work.why.key:
                self._keep_for_undo({})
            self._work = work
            self._questions += 1
        removed = {str(place): without_words(work, place) for place in work.removed}
        return settings | {"board": self._board(work, settings["refine"]), "removed": removed}

    def _keep_for_undo(self, before: dict[str, Any]) -> None:
        super()._keep_for_undo(before | {name: getattr(self, name) for name in _PLANNED})

    def _board(self, work: Work, refine: bool) -> dict[str, Any]:
        sampled = any(METHODS[name].is_sampled for name in work.plan.methods)
        now = {"number": self._questions, "refine": refine, "busy": work.is_busy(refine), "sampled": sampled}
        return board_of(work) | now | {"lead": lead_of(work), "spoken": spoken_of(work)}

    def _show_work(self) -> None:
        work = self._shown()
        self.board = self._board(work, self.refine)
        self.removed = {str(place): without_words(work, place) for place in work.removed}

    # What the page asks.

    @handles("more", number=(int,))
    def _on_more(self, number: int) -> None:
        if number == self._questions:  # else the learner has gone on
            work = self._shown()
            work.go_on(_REST if work.stage == "fast" else _PIECE, refine=self.refine)
            self._show_work()

    @handles("without", place=(int,), number=(int,))
    def _on_without(self, place: int, number: int) -> None:
        if number == self._questions:
            self.without(place)
            self._show_work()

    @handles("refine", refine=(bool,))
    def _on_refine(self, refine: bool) -> None:
        self.change(refine=refine)

    @handles("seed")
    def _on_seed(self) -> None:
        self.change(seed=(self.seed + 1) % 2**31)
