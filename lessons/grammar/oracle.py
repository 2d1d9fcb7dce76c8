"""The truth, asked like a model: beside a trained one in a widget it shows what could have been known."""

from __future__ import annotations

import numpy as np

from lessons.errors import InputError
from lessons.grammar.language import Grammar
from lessons.simple_model import SimpleModel
from lessons.text import Vocabulary
from lessons.text.tokenizers import UNKNOWN

__all__ = ["Oracle"]


class Oracle(SimpleModel):
    """A model of a grammar's language that makes no mistake; it refuses texts that the grammar cannot write.

    Attributes:
        grammar: what it knows.
    """

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary | None = None) -> None:
        """Take over a grammar.

        Args:
            grammar: the language.
            vocabulary: V tokens, all words of the language among them, for example that of a model that was trained on
                it; left out, `<unk>` and the words of the language. A token that is no word of it gets probability 0.

        Raises:
            InputError: a word of the language is not in the vocabulary.
        """
        vocabulary = Vocabulary([UNKNOWN, *grammar.words]) if vocabulary is None else vocabulary
        super().__init__("the grammar", vocabulary, None)
        missing = [word for word in grammar.words if word not in vocabulary]
        if missing:
            raise InputError(f"The vocabulary lacks {missing[0]!r}, a word of the grammar; build it from its text.")
        self.grammar = grammar
        self._ids = [vocabulary.encode(state.words) for state in grammar.states]

    def probabilities(self, stream: np.ndarray) -> np.ndarray:
        """Return the true probability of every token after a stream: (V,) float64, see `SimpleModel.probabilities`.

        Raises:
            InputError: the grammar cannot have written the stream.
        """
        number = self.grammar.state_after(self._tokens(stream))
        p = np.zeros(self.vocab_size)
        p[self._ids[number]] = self.grammar.states[number].probabilities
        return p

    def stream_surprisals(self, stream: np.ndarray) -> np.ndarray:
        """Return the true -log P of each token of a stream after the first, in nats: (T,) float64.

        Raises:
            InputError: the grammar cannot have written the stream.
        """
        tokens = self._tokens(stream)
        values = self.grammar.surprisals(tokens)
        if not np.isfinite(values).all():
            start = next(place for place, value in enumerate(values) if not np.isfinite(value))
            self.grammar.state_after(tokens[: start + 1])  # which says what is wrong
        return values

    def _tokens(self, stream: np.ndarray) -> list[str]:
        """Return the tokens after the `<eos>` in front."""
        return self.vocabulary.decode(stream[1:])
