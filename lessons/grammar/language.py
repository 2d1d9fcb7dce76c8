"""A language whose truth is known: its sentences are drawn from rules, so the best possible model is known, too.

The cross-entropy of a model on such a text cannot fall below the entropy of the language, except by luck on a short
text. That floor is computed here and not estimated: the language is a machine with finitely many states, so a linear
system tells how often a line comes through each of them, and each has an entropy of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from math import inf

import numpy as np

from lessons.checks import whole
from lessons.corpus import SPLITS, Corpus
from lessons.errors import InputError
from lessons.grammar.machine import State, build_states
from lessons.grammar.rules import parse_rules
from lessons.records import perplexity_of
from lessons.text import wikitext
from lessons.text.tokenizers import END_OF_LINE, UNKNOWN

__all__ = ["Grammar"]

_NOTHING = 1e-18  # of a line's probability: far below what float64 can add to its length


class Grammar:
    """A probabilistic grammar of bounded depth: it writes a text, and knows how predictable that text is.

    Attributes:
        states: the machine; number 0 is the start of a line.
        words: all tokens of the language, `<eos>` among them, in the order of their characters.
    """

    def __init__(self, rules: str, depth: int = 2) -> None:
        """Read the rules and expand them to a machine.

        Args:
            rules: as `lessons.grammar.rules` describes them; a sentence is what the first rule stands for.
            depth: how many levels deep a sentence can be, 0 or more.

        Raises:
            InputError: the rules cannot be read, a sentence never ends, or there are too many states.
        """
        parsed = parse_rules(rules)
        named = {s.name for several in parsed.values() for one in several for s in one.symbols}
        if named & {END_OF_LINE, UNKNOWN}:
            raise InputError(f"{END_OF_LINE} and {UNKNOWN} are no words of a grammar; a line ends by itself.")
        self.depth = whole("depth", depth, 0)
        self.states: tuple[State, ...] = build_states(parsed, self.depth)
        self.words: tuple[str, ...] = tuple(sorted({word for state in self.states for word in state.words}))

    def __repr__(self) -> str:
        return f"Grammar({len(self.words)} words, {len(self.states)} states, perplexity {self.perplexity:.2f})"

    @cached_property
    def visits(self) -> np.ndarray:
        """(S,) float64: how often a line comes through each state, on average.

        They solve visits = start + visits T, where T holds the probabilities of going from state to state inside a
        line. The solution is start + start T + start T T + ..., summed until nothing is left of the line.
        """
        size = len(self.states)
        pairs = [
            (number * size + state.following[word], p)
            for number, state in enumerate(self.states)
            for word, p in zip(state.words, state.probabilities.tolist(), strict=True)
            if word != END_OF_LINE
        ]
        steps, inverse = np.unique(np.array([pair for pair, _ in pairs], np.int64), return_inverse=True)
        share = np.bincount(inverse, [p for _, p in pairs], len(steps))
        come_from, go_to = np.divmod(steps, size)
        here: np.ndarray = np.zeros(size)  # after k words: the probability that the line is in each state
        here[0] = 1
        visits = here.copy()
        while here.sum() > _NOTHING:
            here = np.bincount(go_to, here[come_from] * share, size)
            visits += here
        visits.setflags(write=False)
        return visits

    @property
    def tokens_per_line(self) -> float:
        """The mean number of tokens in a line, its `<eos>` counted."""
        return float(self.visits.sum())

    @cached_property
    def entropy(self) -> float:
        """The entropy of the language in nats per token, `<eos>` counted: no model's mean surprisal is lower.

        It is the mean of the states' entropies, each weighed by how often the state is visited (Shannon 1948, section
        7: the entropy of a source with states).
        """
        entropies = np.array([-(state.probabilities * np.log(state.probabilities)).sum() for state in self.states])
        return float(self.visits @ entropies / self.visits.sum())

    @property
    def perplexity(self) -> float:
        """exp of the entropy: the floor, the lowest perplexity that any model of this language can have."""
        return perplexity_of(self.entropy)

    def next_probabilities(self, prefix: str | Iterable[str] = "") -> dict[str, float]:
        """Return the true probability of each word that can come next, the most probable first; all others have 0.

        Args:
            prefix: what stands in the line so far, as a text or as tokens; a `<eos>` in it starts a new line.

        Raises:
            InputError: the prefix itself is impossible.
        """
        state = self.states[self.state_after(prefix)]
        pairs = zip(state.words, state.probabilities.tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def state_after(self, prefix: str | Iterable[str] = "") -> int:
        """Return the number of the state that a prefix leads to; see `next_probabilities`."""
        tokens = _tokens(prefix)
        number = 0
        for place, token in enumerate(tokens):
            if token not in self.states[number].following:
                before = f"after {' '.join(tokens[:place])!r:.80}" if place else "at the start of a line"
                raise InputError(f"{token!r:.40} cannot stand {before}: the grammar gives it probability 0.")
            number = self.states[number].following[token]
        return number

    def surprisals(self, text: str | Iterable[str]) -> np.ndarray:
        """Return -log P of each token given those before it, in nats: (T,) float64; the best that a model can do.

        Where a token is impossible it is infinite, and so it is for the rest of that line, about which the grammar
        has nothing to say.

        Args:
            text: a text as `prefix` of `next_probabilities`.
        """
        values: list[float] = []
        number: int | None = 0
        for token in _tokens(text):
            following = None if number is None else self.states[number].following.get(token)
            values.append(inf if number is None or following is None else self._costs[number][token])
            number = 0 if token == END_OF_LINE else following
        return np.array(values)

    @cached_property
    def _costs(self) -> list[dict[str, float]]:
        """For each state the surprisal of each word that can come."""
        return [dict(zip(s.words, (-np.log(s.probabilities)).tolist(), strict=True)) for s in self.states]

    def accepts(self, sentence: str) -> bool:
        """True if a sentence, without `<eos>`, is one of the language."""
        return bool(np.isfinite(self.surprisals([*_tokens(sentence), END_OF_LINE])).all())

    def lines(self, seed: int) -> Iterator[list[str]]:
        """Yield sentences without end, each as its tokens without `<eos>`; the same for the same seed.

        Args:
            seed: of the random numbers, 0 or more.
        """
        numbers = np.random.Generator(np.random.PCG64(whole("seed", seed, 0)))
        steps = [(np.cumsum(s.probabilities)[:-1].tolist(), list(s.following.items())) for s in self.states]
        line: list[str] = []
        sums, following = steps[0]
        while True:
            for u in numbers.random(4096).tolist():
                token, number = following[bisect_right(sums, u)]
                sums, following = steps[number]
                if token == END_OF_LINE:
                    yield line
                    line = []
                else:
                    line.append(token)

    def corpus(self, seed: int = 7, n_tokens: int = 400_000, name: str = "a language of rules") -> Corpus:
        """Return a text of this language in three parts; valid and test have a tenth of the training tokens each.

        Args:
            seed: of the random numbers, 0 or more; the same seed writes the same text.
            n_tokens: to train on, `<eos>` counted; the last line is written to its end.
            name: what the corpus is called.

        Raises:
            InputError: a value is out of range.
        """
        n_tokens = whole("n_tokens", n_tokens, 10)
        lines = self.lines(seed)
        texts = {}
        for split in SPLITS:
            written, left = [], n_tokens if split == "train" else n_tokens // 10
            while left > 0:
                line = next(lines)
                written.append(" ".join(line) + "\n")
                left -= len(line) + 1
            texts[split] = "".join(written)
        floor = f"No model can have a lower perplexity than {self.perplexity:.2f}, the language's own."
        return Corpus(f"{name}, seed {seed}", texts, (floor,))


def _tokens(text: str | Iterable[str]) -> list[str]:
    """Return a text as tokens; the end of a typed text is not the end of a line."""
    if not isinstance(text, str):
        return list(text)
    return wikitext(text)[: None if text.endswith("\n") else -1]
