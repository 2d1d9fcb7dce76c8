"""What the widgets on feature importance share: the question, who is asked, and the way back."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import traitlets as t

from lessons.errors import InputError
from lessons.records import BASELINES, TokenizedText
from widgets.base import Setting
from widgets.checks import one_of
from widgets.kept import Kept
from widgets.reading import check_models, hues_of, names_of, tokenized_by
from widgets.requests import handles
from widgets.token_line import line_of
from widgets.undo import UndoWidget
from widgets.why import BASELINE_NAMES, EXPLAINED_NAMES, MOST_WORDS, Why, ask_why

__all__ = ["WhyWidget"]

_QUESTION = ("text", "asked", "position", "target", "explains", "against", "baseline")
_CHOSEN = ("asked", "target", "explains", "against", "baseline")
_ANSWERS_KEPT = 64

#: What the line of tokens calls a word that stands after the predicted one: the page greys it.
_AFTER = "after"


class WhyWidget(UndoWidget):
    """A widget that asks one of several models why it expects a word.

    A subclass implements `_answer_to`, and puts `question.js` and `question.css` before its own files, after those of
    the text field and the tokens. `_needs` names the methods of a model that it calls, `_baselines` what can be chosen
    for 'missing'.

    Args:
        models: what `load_model` returns, one to four of them.
        text: what they read; of more than 64 tokens the last 64, and a note says so.
        position: place of the predicted word, -1 for the word after the text.
        target: the word to be explained; None for the true word at a place inside the text, or for the model's first
            choice after it.
        explains: which number is explained, one of `lessons.records.EXPLAINS`.
        against: the other word of a contrast; None for the most probable one.
        baseline: what 'missing' means, one of `lessons.records.BASELINES`.
        asked: name of the model that is asked; None for the first one.
        title, say, presenting: see `GlassboxWidget`.
        settings: those of the subclass.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _needs: ClassVar[tuple[str, ...]] = ("explain",)
    _baselines: ClassVar[tuple[str, ...]] = tuple(BASELINES)

    text = Setting()
    position = Setting()
    target = Setting()
    explains = Setting()
    against = Setting()
    baseline = Setting()
    asked = Setting()

    question = t.Dict(help="the text, the question and what can be chosen, as the page draws them").tag(sync=True)

    def __init__(self, *models: Any, title: str, say: str, presenting: bool, **settings: Any) -> None:
        self.models = check_models(models, *self._needs)
        self._names, self._hues = names_of(self.models), hues_of(self.models)
        self._read: tuple[str, tuple[TokenizedText, ...], tuple[str, ...]] | None = None
        self._why: Why | None = None
        self._kept: Kept[Any] = Kept(_ANSWERS_KEPT)
        super().__init__(title=title, say=say, presenting=presenting, **settings)

    def _let_go(self) -> None:
        self.models, self._read, self._why = (), None, None
        self._kept = Kept(_ANSWERS_KEPT)  # one that was refused when it was made has none yet

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens of the text, as the models read them; `position` counts them from 0."""
        return self._read[1][0].tokens if self._read else ()

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        asked = one_of(self._names[0] if wanted["asked"] is None else wanted["asked"], "asked", self._names)
        which = self._names.index(asked)
        is_new = self._read is None or ("text" in changed and wanted["text"] != self.text)
        if is_new or self._read is None:
            words, _, texts, notes = tokenized_by(self.models, wanted["text"], MOST_WORDS)
            read = (words, texts, notes)
        else:
            read = self._read
        # Another text has another last word, and another place another true word: a choice that was made is over.
        if is_new and "position" not in changed:
            wanted["position"] = -1
        moved = is_new or ("position" in changed and wanted["position"] != self.position)
        for name in ("target", "against"):
            if moved and name not in changed:
                wanted[name] = None
        if wanted["explains"] != "contrast" and "against" not in changed:
            wanted["against"] = None
        why = ask_why(self.models[which], asked, read[1][which], wanted, self._baselines)
        if self._why is not None and why.key == self._why.key:
            why = self._why  # the same question: what was worked out for it still holds
        settings = {name: wanted[name] for name in ("target", "against")}
        settings |= {"text": read[0], "position": why.position, "asked": asked}
        settings |= {"explains": why.explains, "baseline": why.baseline}
        answer = self._answer_to(why, wanted, changed)
        # Nothing below can fail: from here on the new state is the good one.
        before = {name: getattr(self, name) for name in _QUESTION}
        if self._read is not None and any(before[name] != settings[name] for name in _QUESTION):
            self._keep_for_undo(before)
        revision = self._revision + is_new
        self._read, self._why, self._revision = read, why, revision
        question = self._page_question(why, self._hues[which]) | {"revision": revision, "text": read[0]}
        return parts | settings | {"question": question, "note": " ".join(read[2])} | answer

    @abstractmethod
    def _answer_to(self, why: Why, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        """Return the subclass's own settings and parts of the page for a question; what it keeps, it keeps here last.

        Args:
            why: the question; the very object of before if it has not changed.
            wanted: every setting, the subclass's own not checked yet.
            changed: names of the settings that were assigned.

        Raises:
            InputError: a value cannot be used, or the model refuses the question.
        """

    def _ask(self, why: Why, what: Any, ask: Any) -> Any:
        """Return the answer to a part of a question, asking only if it is not kept. Args: what names the part."""
        return self._kept.get((why.key, what), ask)

    def _page_question(self, why: Why, hue: str) -> dict[str, Any]:
        line = line_of(why.text.tokens, why.text.typed, (), unit="", scale=1.0)
        if why.position >= 0:
            line["kinds"] |= {str(i): _AFTER for i in range(why.position + 1, len(why.text))}
        offered = why.offered()
        return line | {
            "open": True,
            "hue": hue,
            "selected": len(why.text) if why.position < 0 else why.position,
            "heading": why.pieces,
            "choices": {
                "target": offered,
                "against": [pair for pair in offered if pair[0] != why.target] if why.against is not None else [],
                "explains": [[name, EXPLAINED_NAMES[name]] for name in EXPLAINED_NAMES],
                "baseline": [[name, BASELINE_NAMES[name]] for name in self._baselines],
                "asked": [[name, name] for name in self._names],
            },
            "chosen": {
                "target": why.target,
                "against": why.against,
                "explains": why.explains,
                "baseline": why.baseline,
                "asked": why.name,
            },
            "undo": bool(self._past),
        }

    # What the page asks.

    @handles("read", text=(str,))
    def _on_read(self, text: str) -> None:
        self.change(text=text)

    @handles("place", position=(int,), revision=(int,))
    def _on_place(self, position: int, revision: int) -> None:
        self._check_revision(revision)
        self.change(position=-1 if position == len(self.tokens) else position)

    @handles("choose", name=(str,), value=(str,), revision=(int,))
    def _on_choose(self, name: str, value: str, revision: int) -> None:
        self._check_revision(revision)
        one_of(name, "name", _CHOSEN)
        if not value.strip():
            raise InputError("No word was typed; type a word that the model knows, or choose one from the list.")
        self.change(**{name: value})
