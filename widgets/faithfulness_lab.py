"""FaithfulnessLab: is an explanation true to the model? Take away the words that it names, or throw the model away."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import BASELINES, Attribution, Faithfulness, FaithfulnessTable
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, refuse_unknown, whole
from widgets.faithfulness_board import VIEWS, Sight, page_board, paper
from widgets.faithfulness_evidence import Evidence
from widgets.faithfulness_look import DIRECTIONS, METHOD_NAMES, MOST_SHOWN, Look, methods_of, shown_of, verdicts_of
from widgets.faithfulness_redrawn import steps_of
from widgets.kept import Kept
from widgets.picture import Picture
from widgets.requests import handles
from widgets.static_parts import paragraph
from widgets.static_parts import table as static_table
from widgets.why import Why
from widgets.why_widget import WhyWidget

__all__ = ["FaithfulnessLab"]

_SAY = (
    "An explanation names the words that a prediction rests on. Take them away, the highest score first: does the "
    "prediction fall sooner than when words go at random?"
)
_METHODS = ("occlusion", "integrated_gradients", "input_x_gradient", "saliency", "lime", "shapley", "attention")
_PREDICTIONS_KEPT = 12
_SAME = "same"  # the methods mean by 'missing' what the test means
_START = 3  # words taken away at first


class FaithfulnessLab(WhyWidget):
    """Show deletion and insertion curves of explanations, the randomised-model check, and a table of many lines.

    Args:
        models, text, position, target, explains, against, baseline, asked: the question, see `WhyWidget`; `baseline` is
            what 'missing' means in the test.
        methods: those that are compared, names in `lessons.attribution.METHODS`; one that the model does not have says
            why.
        shown: up to three of them whose curves are drawn; None for the first two.
        follow: the one of these in whose order the words of the text go; None for the first.
        backwards: whether they go in the reverse of that order.
        direction: "deletion" (words are taken away) or "insertion" (they are put back).
        k: how many words; None for 3, or fewer in a shorter text.
        asked_with: what 'missing' means to the methods: "same" as in the test, or one of `lessons.records.BASELINES`.
        n_layers: how many parts of the model are drawn anew in the second view, 0 to L + 1.
        n_random: R, how many random orders, 0 to 100.
        seed: of these orders, and of the weights that are drawn.
        view: "words", "redrawn" or "lines".
        table: a FaithfulnessTable for the third view, what `lessons.faithfulness.shipped_faithfulness()` returns; None
            for the model's own, if it has one.
        measure: which of its measures.
        compared: two methods that a sentence compares there; None for the best and the next one.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    All settings may be assigned later. `curves` has the records of all methods (`lessons.records.Faithfulness`),
    `attributions` their explanations, `random_deletion` the curves of the random orders; what the page has not asked
    for yet is then worked out.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "question", "svg", "plot", "radios", "faithfulness_lab")
    _css = style("text_field", "tokens", "question", "plot", "faithfulness_lab", of="faithfulness_lab")
    _needs: ClassVar[tuple[str, ...]] = ("explain", "faithfulness", "incomplete", "randomised")

    methods = Setting()
    shown = Setting()
    follow = Setting()
    backwards = Setting()
    direction = Setting()
    k = Setting()
    asked_with = Setting()
    n_layers = Setting()
    n_random = Setting()
    seed = Setting()
    view = Setting()
    table = Setting()
    measure = Setting()
    compared = Setting()

    board = t.Dict(help="curves, text, table and controls as the page draws them").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The king was crowned in the old church on a cold day in",
        position: int = -1,
        target: str | None = None,
        explains: str = "log_probability",
        against: str | None = None,
        baseline: str = "unk",
        asked: str | None = None,
        methods: tuple[str, ...] = _METHODS,
        shown: tuple[str, ...] | None = None,
        follow: str | None = None,
        backwards: bool = False,
        direction: str = "deletion",
        k: int | None = None,
        asked_with: str = _SAME,
        n_layers: int = 1,
        n_random: int = 20,
        seed: int = 0,
        view: str = "words",
        table: FaithfulnessTable | None = None,
        measure: str = "deletion",
        compared: tuple[str, str] | None = None,
        title: str = "Is the explanation true?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._known: Kept[Evidence] = Kept(_PREDICTIONS_KEPT)
        self._sight: Sight | None = None
        own: dict[str, Any] = {
            "methods": methods,
            "shown": shown,
            "follow": follow,
            "backwards": backwards,
            "direction": direction,
        }
        own |= {"k": k, "asked_with": asked_with, "n_layers": n_layers, "n_random": n_random, "seed": seed}
        own |= {"view": view, "table": table, "measure": measure, "compared": compared}
        asks = {"text": text, "position": position, "target": target, "explains": explains, "against": against}
        asks |= {"baseline": baseline, "asked": asked}
        super().__init__(*models, title=title, say=say, presenting=presenting, **asks, **own)

    def _let_go(self) -> None:
        super()._let_go()
        self._known = Kept(_PREDICTIONS_KEPT)  # as in the base: one that was refused has none yet
        self._sight = None

    # What Python offers.

    def finish(self) -> None:
        """Work out at once all that the page would ask for piece by piece."""
        with self._one_update():
            self._check_open()
            while self._next():
                pass
            self.change()

    @property
    def curves(self) -> dict[str, Faithfulness]:
        """The explanations with their curves, by method; one that the model does not have is left out."""
        self.finish()
        return dict(self._sight.evidence.curves) if self._sight else {}

    @property
    def attributions(self) -> dict[str, Attribution]:
        """The explanations, by method."""
        return {method: found.attribution for method, found in self.curves.items()}

    @property
    def random_deletion(self) -> np.ndarray | None:
        """(R, T + 1) float64, the deletion curves of the random orders."""
        self.finish()
        return self._sight.evidence.random_deletion if self._sight else None

    def _next(self) -> bool:
        """Ask for one thing that is still missing; return whether there was one."""
        ask = self._sight.next_piece if self._sight else None
        if ask is not None:
            ask()
        return ask is not None

    # What follows from the settings.

    def _answer_to(self, why: Why, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        n_random, seed = whole(wanted["n_random"], "n_random", 0, 100), whole(wanted["seed"], "seed", 0, 2**31 - 1)
        asked_with = one_of(wanted["asked_with"], "asked_with", (_SAME, *BASELINES))
        view = one_of(wanted["view"], "view", VIEWS)
        methods = methods_of(wanted["methods"], "methods", tuple(METHOD_NAMES), len(METHOD_NAMES))
        direction = one_of(wanted["direction"], "direction", DIRECTIONS)
        evidence = self._evidence_for(why, n_random, seed, why.baseline if asked_with == _SAME else asked_with)
        shown = shown_of(evidence, methods, wanted["shown"], "shown" in changed)
        follow = wanted["follow"]
        if follow is None or (follow not in shown and "follow" not in changed):
            follow = shown[0]
        follow = one_of(follow, "follow", shown)
        if follow != shown[0] and "follow" not in changed:
            with suppress(InputError):
                evidence.curve(follow)
            shown = tuple(method for method in shown if method not in evidence.refused)
            follow = follow if follow in shown else shown[0]  # another model may lack it
        k = wanted["k"]
        if k is None or ("k" not in changed and isinstance(k, int)):
            k = min(_START if k is None else k, why.n_words)
        n_parts = len(steps_of(why.model.n_layers)) - 1
        n_layers = wanted["n_layers"]
        if "n_layers" not in changed and isinstance(n_layers, int):
            n_layers = min(n_layers, n_parts)  # another model may have fewer
        look = Look(
            methods=methods,
            shown=shown,
            first=follow,
            backwards=wanted["backwards"] is True,
            put_back=direction == "insertion",
            k=whole(k, "k", 0, why.n_words),
            n_layers=whole(n_layers, "n_layers", 0, n_parts),
            verdicts=verdicts_of(self._known.values(), evidence, follow),
        )
        evidence.curve(follow)  # may be refused only here, before anything is stored
        if view == "redrawn" and look.n_layers:
            evidence.explain_redrawn(follow, look.n_layers)
        table = wanted["table"]
        if table is not None and not isinstance(table, FaithfulnessTable):
            raise InputError(
                "table must be a FaithfulnessTable (what lessons.faithfulness.shipped_faithfulness() returns) or None, "
                f"not {type(table).__name__}."
            )
        hue = self._hues[self._names.index(why.name)]
        sight = Sight(evidence, look, view, asked_with, table, wanted["measure"], wanted["compared"], hue)
        board = page_board(sight)
        self._sight = sight
        settings = {"methods": methods, "shown": shown, "follow": follow, "backwards": look.backwards}
        settings |= {"direction": direction, "k": look.k, "asked_with": asked_with, "n_layers": look.n_layers}
        settings |= {"n_random": n_random, "seed": seed, "view": view, "table": table}
        settings |= {"measure": sight.measure, "compared": wanted["compared"]}
        return settings | {"board": board}

    def _evidence_for(self, why: Why, n_random: int, seed: int, asked_with: str) -> Evidence:
        key = (why.key, n_random, seed, asked_with)
        return self._known.get(key, lambda: Evidence(why, n_random, seed, asked_with))

    # What the page asks.

    @handles("at", name=(str,), value=(int,))
    def _on_at(self, name: str, value: int) -> None:
        self.change(**{one_of(name, "name", ("k", "n_layers")): value})

    @handles("set", name=(str,), value=(str,))
    def _on_set(self, name: str, value: str) -> None:
        one_of(name, "name", ("view", "direction", "follow", "asked_with", "measure", "one", "other"))
        if name == "follow":
            backwards = value.startswith("-")
            self.change(follow=value.removeprefix("-"), backwards=backwards)
        elif name in ("one", "other"):
            lines = self._sight.lines if self._sight and self.view == "lines" else None
            if lines is None:
                raise InputError("No table is shown in which methods could be compared.")
            self.change(compared=(value, lines.pair[1]) if name == "one" else (lines.pair[0], value))
        else:
            self.change(**{name: value})

    @handles("toggle", method=(str,))
    def _on_toggle(self, method: str) -> None:
        one_of(method, "method", self.methods)
        shown = [one for one in self.shown if one != method]
        if len(shown) == len(self.shown):
            shown.append(method)
        if not shown:
            raise InputError("One curve has to stay; show another one first.")
        if len(shown) > MOST_SHOWN:
            raise InputError(f"{MOST_SHOWN} curves are the most that can be told apart; hide one of them first.")
        self.change(shown=tuple(shown))

    @handles("redraw")
    def _on_redraw(self) -> None:
        self.change(seed=self.seed + 1)

    @handles("go_on")
    def _on_go_on(self) -> None:
        self._next()
        self.change()

    # On paper.

    def picture(self) -> Picture:
        """Return the curves of the view that is shown."""
        assert self._sight is not None
        return paper(self._sight, self.title, self.board["spoken"])

    def _static(self) -> list[str]:
        board = self.board
        rows = [[row["name"], *row["cells"]] for row in board["table"]["rows"]]
        facts = map(paragraph, ("".join(board["at_k"]), "".join(board["choice"]), *board["facts"]))
        return [paragraph("".join(self.question["heading"])), *facts, static_table(rows, board["table"]["head"])]
