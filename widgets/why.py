"""The question that every widget on feature importance asks: why this word, at this place of this text?"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from lessons.errors import InputError
from lessons.records import BASELINES, EXPLAINS, NextTokens, TokenizedText
from widgets.checks import one_of, text, whole
from widgets.words import displayed, percent, show

__all__ = ["BASELINE_NAMES", "EXPLAINED_NAMES", "MOST_WORDS", "UNITS", "Why", "ask_why"]

MOST_WORDS = 64
_WORDS_OFFERED = 12

#: What is explained, as a choice of a few words.
EXPLAINED_NAMES = {
    "log_probability": "log-probability",
    "probability": "probability",
    "logit": "logit",
    "contrast": "lead over another word",
}
#: What is read in place of a missing word, as a choice of a few words.
BASELINE_NAMES = {
    "unk": "<unk>",
    "zero": "a vector of zeros",
    "mean": "the mean embedding",
    "delete": "nothing: it is left out",
    "resample": "random words (8 draws)",
}
#: Unit of the scores, and how many digits after the point tell them apart.
UNITS = {
    "log_probability": ("nats", 2),
    "probability": ("probability", 3),
    "logit": ("logits", 2),
    "contrast": ("nats", 2),
}

assert EXPLAINED_NAMES.keys() == EXPLAINS.keys() == UNITS.keys()
assert BASELINE_NAMES.keys() == BASELINES.keys()


@dataclass(frozen=True, eq=False, kw_only=True)
class Why:
    """A question about one prediction, all its parts known.

    Attributes:
        model: who is asked.
        name: of the model, as the reader knows it.
        text: the tokens that are read, at most 64.
        position: place of the predicted word, -1 for the word after the text.
        target: the word that is explained.
        against: the other word of a contrast, else None.
        explains: which number is explained, one of `lessons.records.EXPLAINS`.
        baseline: what 'missing' means, one of `lessons.records.BASELINES`.
        expected: what the model expects at that place.
    """

    model: Any
    name: str
    text: TokenizedText
    position: int
    target: str
    against: str | None
    explains: str
    baseline: str
    expected: NextTokens

    @property
    def n_words(self) -> int:
        """T, the number of words before the prediction."""
        return len(self.text) if self.position < 0 else self.position

    @property
    def words(self) -> tuple[str, ...]:
        """(T,) the words before the prediction, as they are displayed."""
        return tuple(displayed(self.text.tokens, self.text.typed)[: self.n_words])

    @property
    def options(self) -> dict[str, Any]:
        """What a method of the model takes as keywords to answer this question, `baseline` left out."""
        return {
            "target": self.target,
            "position": self.position,
            "explains": self.explains,
            "against": self.against,
        }

    @property
    def key(self) -> Hashable:
        """What tells this question from others."""
        asked = tuple(self.options.values())
        return id(self.model), self.text.token_ids.tobytes(), *asked, self.baseline

    @property
    def unit(self) -> str:
        """Unit of the scores."""
        return UNITS[self.explains][0]

    @property
    def quantity(self) -> str:
        """What is explained, in a few words; a lead with the word that it is over."""
        return f"lead over {show(self.against)}" if self.against is not None else EXPLAINED_NAMES[self.explains]

    @property
    def digits(self) -> int:
        """How many digits after the point the scores are shown with."""
        return UNITS[self.explains][1]

    @property
    def pieces(self) -> list[str]:
        """The question in words, plain and emphasised in turn."""
        rather = ["", ""] if self.against is None else [" rather than ", show(self.against)]
        place = " after the text?" if self.position < 0 else f" as word {self.position + 1}?"
        return [f"Why does the {self.name} expect ", show(self.target), rather[0], rather[1], place]

    @property
    def sentence(self) -> str:
        """The question in words."""
        return "".join(self.pieces)

    def offered(self) -> list[list[str]]:
        """Return the words that can be chosen, each with how likely it is here; the word asked about is among them."""
        expected = self.expected
        found = [
            [token, f"{show(token)} · {percent(p)}"]
            for token, p in zip(expected.tokens, expected.probabilities.tolist(), strict=True)
        ]
        true, p = expected.true_token, expected.true_probability
        if true is not None and p is not None:
            found = [pair for pair in found if pair[0] != true]
            found.insert(0, [true, f"{show(true)} · {percent(p)} (the true word)"])
        listed = [token for token, _ in found]
        for token in dict.fromkeys((self.target, self.against)):
            if token is not None and token not in listed:
                found.append([token, show(token)])
        return found


def ask_why(
    model: Any,
    name: str,
    tokens: TokenizedText,
    wanted: dict[str, Any],
    baselines: tuple[str, ...] = tuple(BASELINES),
) -> Why:
    """Return a question after checking its parts; words that are not in the vocabulary are left to the model to refuse.

    Args:
        model: who is asked.
        name: of the model, as the reader knows it.
        tokens: the text.
        wanted: `position`, `target`, `explains`, `against` and `baseline`; `target` None is the true word or, after the
            text, the model's first choice; `against` None is, in a contrast, the most probable other word.
        baselines: those that can be chosen.

    Raises:
        InputError: a part cannot be used.
    """
    position = whole(wanted["position"], "position", -1, len(tokens) - 1)
    if position == 0:
        raise InputError(
            "No word stands before the first word, so none can have mattered for it. Choose a word from the second on, "
            "or ? for the word after the text."
        )
    explains = one_of(wanted["explains"], "explains", EXPLAINS)
    baseline = one_of(wanted["baseline"], "baseline", baselines)
    expected = model.next_tokens(tokens, top_k=min(_WORDS_OFFERED, model.vocab_size), position=position)
    target = wanted["target"]
    if target is None:
        target = expected.true_token or expected.tokens[0]
    against = wanted["against"]
    if explains != "contrast" and against is not None:
        raise InputError("against names the other word of a contrast; set explains='contrast', or leave it out.")
    if explains == "contrast" and against is None:
        against = next((token for token in expected.tokens if token != target), None)
    return Why(
        model=model,
        name=name,
        text=tokens,
        position=position,
        target=text(target, "target"),
        against=None if against is None else text(against, "against"),
        explains=explains,
        baseline=baseline,
        expected=expected,
    )
