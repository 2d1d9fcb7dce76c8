"""NextWordExplorer: type a text, click any word, and see what each model expected there, side by side."""

from __future__ import annotations

from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import NextTokens
from widgets.assets import script, style
from widgets.bars import common_scale, legend_of, panel_of, spoken, static_panel
from widgets.base import Setting
from widgets.checks import one_of, real, refuse_unknown, whole
from widgets.picture import Picture
from widgets.reading import Answers, Reading, check_models, hues_of, names_of
from widgets.requests import handles
from widgets.sketches import bars_part, stacked, tokens_part
from widgets.token_line import line_of, static_line
from widgets.undo import UndoWidget
from widgets.words import number, show

__all__ = ["NextWordExplorer"]

FULL_SURPRISAL = 12.0  # nats: a little more than an even choice among all 33,278 words (10.4); one scale for every text
_SAY = (
    "Type a text and press Enter. Click a word to see what each model expected in its place; "
    "click ? for the word after the text."
)


class NextWordExplorer(UndoWidget):
    """Ask one or more models about every word of a text.

    Args:
        models: what `load_model` returns, one to four of them.
        text: what the models read. At most 256 tokens are shown, and a note says what was cut.
        selected: place of the token that the models are asked about, None for the word after the text (`?`).
        temperature: 0.1 to 3; the logits are divided by it. 1 is the model as trained.
        top_k: how many words each model lists, 1 to 20.
        values_of: name of the model whose surprisals stand under the words; None is the last one.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    Each of these but the models may be assigned later; `change(text=..., temperature=...)` changes several at once.
    `answers` has the numbers that are on the screen; `undo` takes back the last change of the text.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _picture_is_exported = False
    _esm = script("text_field", "tokens", "bars", "next_word_explorer")
    _css = style("text_field", "tokens", "bars", "next_word_explorer", of="next_word_explorer")

    text = Setting()
    selected = Setting()
    temperature = Setting()
    top_k = Setting()
    values_of = Setting()

    line = t.Dict(help="the text and its tokens as the page draws them").tag(sync=True)
    board = t.Dict(help="the selected place and the bars as the page draws them").tag(sync=True)
    controls = t.Dict(help="the state of the controls").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The king was crowned in",
        selected: int | None = None,
        temperature: float = 1.0,
        top_k: int = 6,
        values_of: str | None = None,
        title: str = "What comes next?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self.models = check_models(models)
        self._names, self._hues = names_of(self.models), hues_of(self.models)
        self._most_listed = min([20, *(int(getattr(model, "vocab_size", 20)) for model in self.models)])
        self._asked = Answers(self.models)
        self._reading: Reading | None = None
        self._answers: tuple[NextTokens, ...] = ()
        start = {"text": text, "selected": selected, "temperature": temperature, "top_k": top_k, "values_of": values_of}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self.models, self._asked, self._reading, self._answers = (), Answers(()), None, ()

    # What Python offers.

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens shown, as the models read them; `selected` counts them from 0."""
        return self._reading.tokens if self._reading else ()

    @property
    def answers(self) -> tuple[NextTokens, ...]:
        """For each model the distribution that is on the screen."""
        return self._answers

    def continue_with(self, token: str) -> None:
        """Put a word after the text, or in place of the selected word; then what followed that word is cut."""
        self._check_open()
        if not isinstance(token, str) or not token.strip():
            raise InputError("token must be a word, for example one of the bars'.")
        with self._one_update():
            if self._reading is None:
                return
            place = len(self._reading.typed) if self.selected is None else self.selected
            before = self._reading.before(place).rstrip(" ")
            self.change(text=f"{before} {token}" if before else token, selected=None)

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        temperature = real(wanted["temperature"], "temperature", 0.1, 3.0)
        top_k = whole(wanted["top_k"], "top_k", 1, self._most_listed)
        values_of = self._names[-1] if wanted["values_of"] is None else wanted["values_of"]
        values_of = one_of(values_of, "values_of", self._names)
        is_new = self._reading is None or ("text" in changed and wanted["text"] != self.text)
        reading = Reading.of(self.models, wanted["text"]) if is_new or self._reading is None else self._reading
        selected = None if is_new and "selected" not in changed else wanted["selected"]
        if selected is not None:
            selected = whole(selected, "selected", 0, len(reading.tokens) - 1)
        answers = self._asked.at(reading, -1 if selected is None else selected, temperature, top_k)
        revision = self._revision + is_new
        settings: dict[str, Any] = {
            "text": reading.text,
            "selected": selected,
            "temperature": temperature,
            "top_k": top_k,
            "values_of": values_of,
        }
        line = self._line(reading, values_of) | {"revision": revision}
        board = self._board(reading, answers, selected, temperature)
        # Nothing below can fail: from here on the new state is the good one.
        if is_new and self._reading is not None:
            self._keep_for_undo({"text": self.text, "selected": self.selected})
        self._reading, self._answers, self._revision = reading, answers, revision
        controls = {name: settings[name] for name in ("temperature", "top_k", "values_of")}
        controls |= {"most": self._most_listed, "models": list(self._names), "undo": bool(self._past)}
        return parts | settings | {"line": line, "board": board, "controls": controls, "note": " ".join(reading.notes)}

    def _line(self, reading: Reading, values_of: str) -> dict[str, Any]:
        values = [float(value) for value in reading.surprisals[self._names.index(values_of)]]
        line = line_of(reading.tokens, reading.typed, values, unit="nats", scale=FULL_SURPRISAL)
        return line | {"text": reading.text, "open": True, "hue": self._hues[self._names.index(values_of)]}

    def _board(
        self, reading: Reading, answers: tuple[NextTokens, ...], selected: int | None, temperature: float
    ) -> dict[str, Any]:
        scale = common_scale(answers)
        typed = "" if selected is None else reading.typed[selected]
        place: dict[str, Any] = {"typed": typed, "before": 1 + (len(reading.tokens) if selected is None else selected)}
        panels = [
            panel_of(answer, scale, name=name, hue=hue, aside=f"perplexity of the text {number(perplexity)}", **place)
            for answer, name, hue, perplexity in zip(
                answers, self._names, self._hues, reading.perplexities, strict=True
            )
        ]
        if selected is None:
            heading = ["The word after ", show(reading.typed[-1])]
            hint = "Click a bar and its word is put after the text."
        else:
            here = show(typed)
            heading = ["In place of ", here, f", word {selected + 1} of {len(reading.tokens)}"]
            hint = f"Click a bar: the text is cut before “{here}” and goes on with that word. Undo brings it back."
        return {
            "selected": len(reading.tokens) if selected is None else selected,
            "heading": heading,
            "hint": hint,
            "panels": panels,
            "legend": legend_of(scale, temperature),
            "spoken": " ".join([f"{''.join(heading)}.", *map(spoken, panels)]),
        }

    # What the page asks.

    @handles("read", text=(str,))
    def _read(self, text: str) -> None:
        self.change(text=text)

    @handles("select", position=(int,), revision=(int,))
    def _select(self, position: int, revision: int) -> None:
        self._check_revision(revision)
        self.change(selected=None if position == len(self.tokens) else position)

    @handles("pick", token=(str,), position=(int,), revision=(int,))
    def _pick(self, token: str, position: int, revision: int) -> None:
        self._check_revision(revision)
        if position != (len(self.tokens) if self.selected is None else self.selected):
            raise InputError("Another word was selected in the meantime; please click again.")
        self.continue_with(token)

    @handles("set", temperature=(int, float), top_k=(int,), values_of=(str,))
    def _set(self, temperature: float, top_k: int, values_of: str) -> None:
        self.change(temperature=temperature, top_k=top_k, values_of=values_of)

    def picture(self) -> Picture:
        """Return the text and all models' bars as a picture."""
        line, board = self._closed_line(), self.board
        parts = [tokens_part(line, board["selected"], 860), bars_part(board["panels"], board["legend"], 860)]
        return stacked("".join(board["heading"]), board["spoken"], 860, parts)

    def _closed_line(self) -> dict[str, Any]:
        """Return the line with its `?` written out."""
        line = self.line
        longer = {"words": [*line["words"], "?"], "numbers": [*line["numbers"], ""], "levels": [*line["levels"], 0.0]}
        return line | longer

    def _static(self) -> list[str]:
        panels = [static_panel(panel, self.board["legend"]) for panel in self.board["panels"]]
        return [static_line(self._closed_line(), self.board["selected"]), *panels]
