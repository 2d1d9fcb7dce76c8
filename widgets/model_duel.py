"""ModelDuel: the same text under two models: who is surprised where, and by how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import NextTokens
from widgets.assets import script, style
from widgets.bars import common_scale, legend_of, panel_of, spoken, static_panel
from widgets.base import Setting
from widgets.checks import refuse_unknown, whole
from widgets.duel_view import duel_line, leads, score_board, score_part, static_score
from widgets.picture import Picture
from widgets.reading import Answers, Reading, check_models, hues_of, names_of
from widgets.requests import handles
from widgets.sketches import bars_part, stacked, tokens_part
from widgets.strips import strips_part
from widgets.token_line import static_line
from widgets.undo import UndoWidget
from widgets.words import show

__all__ = ["ModelDuel"]


class ModelDuel(UndoWidget):
    """Let two models read the same text, and see at each word which of them is less surprised.

    The number under a word is the second model's surprisal less the first one's, in nats: above 0 it speaks for the
    first model, below 0 for the second.

    Args:
        models: two of what `load_model` returns.
        text: what both read. At most 256 tokens are shown, and a note says what was cut.
        selected: place of the token whose expectations are shown; None is the word with the largest disagreement.
        top_k: how many words each model lists, 1 to 20.
        title: heading of the card.
        say: one sentence under it; None says which sign is whose.
        presenting: large type, for a projector.

    `text`, `selected` and `top_k` may be assigned later. `surprisals` has both models' numbers, `differences` what
    stands under the words, `answers` the distributions on the screen; `undo` takes back the last change of the text.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "bars", "svg", "strips", "model_duel")
    _css = style("text_field", "tokens", "bars", "strips", "model_duel", of="model_duel")

    text = Setting()
    selected = Setting()
    top_k = Setting()

    line = t.Dict(help="the text and the differences as the page draws them").tag(sync=True)
    score = t.Dict(help="scores, running lead and disagreements as the page draws them").tag(sync=True)
    board = t.Dict(help="both models' expectations at the selected place").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The queen opened the new bridge in the presence of a large crowd .",
        selected: int | None = None,
        top_k: int = 5,
        title: str = "Who is surprised where?",
        say: str | None = None,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self.models = check_models(models)
        if len(self.models) != 2:
            raise InputError(
                f"{len(self.models)} model{'s were' * (len(models) > 1) or ' was'} given; a duel takes two."
            )
        self._names, self._hues = names_of(self.models), hues_of(self.models)
        self._most_listed = min([20, *(int(getattr(model, "vocab_size", 20)) for model in self.models)])
        self._asked = Answers(self.models)
        self._reading: Reading | None = None
        self._answers: tuple[NextTokens, ...] = ()
        if say is None:
            first, second = self._names
            say = (
                f"Under each word stands who was less surprised by it, and by how many nats: + (blue) the {first}, "
                f"− (orange) the {second}. Click a word to see what both expected in its place."
            )
        start = {"text": text, "selected": selected, "top_k": top_k}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self.models, self._asked, self._reading, self._answers = (), Answers(()), None, ()

    # What Python offers.

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens shown, as the models read them; `selected` counts them from 0."""
        return self._reading.tokens if self._reading else ()

    @property
    def surprisals(self) -> tuple[np.ndarray, ...]:
        """For each model (T,) its surprisal at each token, in nats."""
        return self._reading.surprisals if self._reading else ()

    @property
    def differences(self) -> np.ndarray:
        """(T,) the second model's surprisal less the first one's: above 0 in favour of the first model."""
        return leads(self._reading) if self._reading else np.zeros(0)

    @property
    def answers(self) -> tuple[NextTokens, ...]:
        """For each model the distribution that is on the screen."""
        return self._answers

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        top_k = whole(wanted["top_k"], "top_k", 1, self._most_listed)
        old = self._reading
        is_new = old is None or ("text" in changed and wanted["text"] != self.text)
        reading = Reading.of(self.models, wanted["text"]) if is_new or old is None else old
        selected = None if is_new and "selected" not in changed else wanted["selected"]
        if selected is None:
            selected = int(np.abs(leads(reading)).argmax())
        selected = whole(selected, "selected", 0, len(reading.tokens) - 1)
        answers = self._asked.at(reading, selected, 1.0, top_k)
        score = score_board(reading, self._names, self._hues, selected)
        line = duel_line(reading, self._names) | {"revision": self._revision + is_new}
        board = self._board(reading, answers, selected, score)
        # Nothing below can fail: from here on the new state is the good one.
        if is_new and old is not None:
            self._keep_for_undo({"text": self.text, "selected": self.selected})
        self._reading, self._answers, self._revision = reading, answers, self._revision + is_new
        settings = {"text": reading.text, "selected": selected, "top_k": top_k}
        board["undo"] = bool(self._past)
        return parts | settings | {"line": line, "score": score, "board": board, "note": " ".join(reading.notes)}

    def _board(
        self, reading: Reading, answers: tuple[NextTokens, ...], selected: int, score: dict[str, Any]
    ) -> dict[str, Any]:
        scale = common_scale(answers)
        typed = reading.typed[selected]
        panels = [
            panel_of(answer, scale, name=name, hue=hue, typed=typed, before=selected + 1)
            for answer, name, hue in zip(answers, self._names, self._hues, strict=True)
        ]
        heading = ["In place of ", show(typed), f", word {selected + 1} of {len(reading.tokens)}"]
        told = f"{''.join(heading)}. {''.join(score['after'])}"
        return {
            "selected": selected,
            "heading": heading,
            "panels": panels,
            "legend": legend_of(scale, 1.0),
            "spoken": " ".join([told, *map(spoken, panels)]),
        }

    # What the page asks.

    @handles("read", text=(str,))
    def _read(self, text: str) -> None:
        self.change(text=text)

    @handles("select", position=(int,), revision=(int,))
    def _select(self, position: int, revision: int) -> None:
        self._check_revision(revision)
        self.change(selected=position)

    def picture(self) -> Picture:
        """Return the words with their differences, the score, the running lead and both models' bars as a picture."""
        board, width = self.board, 860
        parts = [
            tokens_part(self.line, board["selected"], width),
            score_part(self.score),
            strips_part([self.score["strip"]], board["selected"], width),
            bars_part(board["panels"], board["legend"], width),
        ]
        return stacked(self.title or "Who is surprised where?", board["spoken"], width, parts)

    def _static(self) -> list[str]:
        panels = [static_panel(panel, self.board["legend"]) for panel in self.board["panels"]]
        return [static_line(self.line, self.selected), *static_score(self.score), *panels]
