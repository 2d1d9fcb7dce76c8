"""CurveDoctor: eight training curves without names, and what is wrong with each, to be found out by looking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import FaultyRun
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import flag, one_of, refuse_unknown, whole
from widgets.curve_charts import Axes, loss_chart, pages, small_chart
from widgets.curve_diagnoses import DIAGNOSES
from widgets.curve_signs import Signs
from widgets.picture import Picture
from widgets.requests import handles
from widgets.sketches import sentences_part, stacked
from widgets.static_parts import paragraph, table
from widgets.undo import ResetWidget

__all__ = ["CurveDoctor"]

_SAY = (
    "Eight real trainings of the same small model: one is healthy, each of the others has a fault. Choose a curve, "
    "look at the evidence, and say what it is; the answer shows the line that was changed. A wrong answer costs "
    "nothing but the first try."
)
_LETTERS = "ABCDEFGH"
_LARGEST_SEED = 2**32 - 1
Answers = tuple[tuple[str, str], ...]


class CurveDoctor(ResetWidget):
    """Show training curves without their names, and answer each diagnosis with what speaks for it or against it.

    Args:
        curves: FaultyRuns, one to eight, each of another fault, for example what
            `lessons.curves.shipped_curves()` returns.
        seed: of the order in which they hang on the wall.
        selected: letter of the curve that is looked at.
        answers: diagnoses so far, in their order: (letter, one of `lessons.records.FAULTS`).
        shown: whether all answers are shown.
        title, say, presenting: see `GlassboxWidget`.

    `curve(letter)` is the run behind a letter, `score` what has been found out so far.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("svg", "plot", "curve_doctor")
    _css = style("plot", "curve_doctor", of="curve_doctor")

    curves = Setting()
    seed = Setting()
    selected = Setting()
    answers = Setting()
    shown = Setting()

    wall: t.List[Any] = t.List(help="the small charts, each with its letter").tag(sync=True)
    board = t.Dict(help="the large charts, the diagnoses, the answer and the score").tag(sync=True)

    def __init__(
        self,
        curves: Sequence[FaultyRun],
        *,
        seed: int = 0,
        selected: str = "A",
        answers: Sequence[tuple[str, str]] = (),
        shown: bool = False,
        title: str = "What is wrong with this training?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._drawn: dict[str, Any] = {}  # of these curves in this order
        start = {"curves": curves, "seed": seed, "selected": selected, "answers": answers, "shown": shown}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self._drawn = {}

    # What Python offers.

    def curve(self, letter: str) -> FaultyRun:
        """Return the run behind a letter, with its fault and the line that was changed."""
        order = _order(self.curves, self.seed)
        return order[_LETTERS.index(one_of(letter, "letter", _LETTERS[: len(order)]))]

    @property
    def score(self) -> tuple[int, int, int]:
        """How many curves were diagnosed rightly, how many of them at the first try, and how many there are."""
        return _score(_order(self.curves, self.seed), self.answers)

    def diagnose(self, diagnosis: str, letter: str | None = None) -> None:
        """Say what is wrong with a curve. Args: diagnosis, one of `lessons.records.FAULTS`; letter, None for the one
        that is looked at."""
        letter = self.selected if letter is None else letter
        self.change(selected=letter, answers=(*self.answers, (letter, diagnosis)))

    def show_all(self) -> None:
        """Show what each curve is; the score stays."""
        self.shown = True

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        curves = _checked(wanted["curves"])
        seed = whole(wanted["seed"], "seed", 0, _LARGEST_SEED)
        order = _order(curves, seed)
        letters = _LETTERS[: len(order)]
        selected = one_of(wanted["selected"], "selected", letters)
        answers = _checked_answers(wanted["answers"], letters)
        if {"curves", "seed"} & set(changed) and "answers" not in changed:
            answers = ()  # they were about other curves
        shown = flag(wanted["shown"], "shown")
        if not self._drawn or "curves" in changed or "seed" in changed:
            signs = [Signs(one.log) for one in order]
            axes = Axes(signs)
            self._drawn = {"order": order, "signs": signs, "axes": axes, "small": [small_chart(s, axes) for s in signs]}
        settings = {"curves": curves, "seed": seed, "selected": selected, "answers": answers, "shown": shown}
        board = self._board(letters.index(selected), answers, shown)
        return parts | settings | {"wall": self._wall(answers, shown), "board": board | {"seed": seed}}

    def _wall(self, answers: Answers, shown: bool) -> list[dict[str, Any]]:
        wall = []
        drawn = zip(_LETTERS, self._drawn["order"], self._drawn["signs"], self._drawn["small"], strict=False)
        for letter, one, signs, chart in drawn:
            found = (letter, one.fault) in answers
            known = DIAGNOSES[one.fault].name if found or shown else ""
            wall.append(
                {"letter": letter, "plot": chart.page(), "known": known, "found": found, "words": signs.spoken()}
            )
        return wall

    def _board(self, at: int, answers: Answers, shown: bool) -> dict[str, Any]:
        letter, one, signs = _LETTERS[at], self._drawn["order"][at], self._drawn["signs"][at]
        given = [fault for about, fault in answers if about == letter]
        found = one.fault in given
        right, first, of = _score(self._drawn["order"], answers)
        tried = [
            [fault, DIAGNOSES[fault].name, ("right" if fault == one.fault else "wrong") if fault in given else ""]
            for fault in DIAGNOSES
        ]
        return {
            "letter": letter,
            **pages(signs, self._drawn["axes"]),
            "words": f"Curve {letter}. {signs.spoken()}",
            "diagnoses": tried,
            "answer": _answer(one, signs, given, found or shown),
            "is_known": found or shown,
            "score": f"{right} of {of} found out, {first} at the first try.",
            "shown": shown,
        }

    # What the page asks.

    @handles("look", letter=(str,))
    def _look(self, letter: str) -> None:
        self.selected = letter

    @handles("diagnose", letter=(str,), diagnosis=(str,))
    def _diagnose(self, letter: str, diagnosis: str) -> None:
        self.diagnose(diagnosis, letter)

    @handles("show_all")
    def _show_all(self) -> None:
        self.show_all()

    @handles("shuffle", seed=(int,))
    def _shuffle(self, seed: int) -> None:
        self.change(seed=seed, shown=False)

    # On paper.

    def picture(self) -> Picture:
        """Return the curve that is looked at, with what is known about it."""
        signs = self._drawn["signs"][_LETTERS.index(self.selected)]
        words = [line for line in self.board["answer"] if line]
        parts = [loss_chart(signs, self._drawn["axes"]).part(720), sentences_part(words, 720)]
        return stacked(f"{self.title} Curve {self.selected}", self.board["words"], 720, parts)

    def _static(self) -> list[str]:
        rows = [[one["letter"], one["words"], one["known"] or "not found out yet"] for one in self.wall]
        return [table(rows, ["", "what the curves show", "what it is"]), paragraph(self.board["score"])]


def _order(curves: Sequence[FaultyRun], seed: int) -> tuple[FaultyRun, ...]:
    return tuple(curves[i] for i in np.random.default_rng(seed).permutation(len(curves)))


def _score(order: Sequence[FaultyRun], answers: Answers) -> tuple[int, int, int]:
    """Return how many are right, how many of them at the first try, and how many there are."""
    first = dict(reversed(answers))
    faults = dict(zip(_LETTERS, (one.fault for one in order), strict=False))
    right = [letter for letter, fault in faults.items() if (letter, fault) in answers]
    return len(right), sum(first[letter] == faults[letter] for letter in right), len(order)


def _answer(one: FaultyRun, signs: Signs, given: Sequence[str], known: bool) -> list[str]:
    """Return the sentences under the diagnoses: about the last one that was given, and what is known."""
    lines = []
    if given and given[-1] != one.fault:
        wrong = DIAGNOSES[given[-1]]
        here = wrong.against(signs) or "These signs are here, too; the run was another one all the same."
        lines.append(f"“{wrong.name}” does not fit. {wrong.looks} Here: {here}")
    if known:
        right = DIAGNOSES[one.fault]
        changed = f"{one.right}   →   {one.wrong}" if one.right != one.wrong else "no line was changed"
        lines += [f"{right.name}. {right.looks} {right.found(signs)}", f"Cure: {right.cure}", f"The line: {changed}"]
    return lines


def _checked(curves: object) -> tuple[FaultyRun, ...]:
    if not isinstance(curves, Sequence) or not all(isinstance(one, FaultyRun) for one in curves):
        raise InputError(
            "curves must be FaultyRuns (what lessons.curves.shipped_curves() returns), not "
            f"{type(curves).__name__:.40}."
        )
    if not 1 <= len(curves) <= len(_LETTERS) or len({one.fault for one in curves}) != len(curves):
        raise InputError(f"There must be 1 to {len(_LETTERS)} curves, each of another fault; {len(curves)} were given.")
    return tuple(curves)


def _checked_answers(answers: object, letters: str) -> Answers:
    try:
        pairs = [(letter, fault) for letter, fault in answers]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise InputError("answers must be pairs of a letter and a diagnosis.") from None
    for letter, fault in pairs:
        one_of(letter, "The letter of an answer", letters)
        one_of(fault, "A diagnosis", DIAGNOSES)
    # Of an answer that was given again and again, the first and the last time are enough to know.
    return tuple(one for i, one in enumerate(pairs) if one not in pairs[:i] or one not in pairs[i + 1 :])
