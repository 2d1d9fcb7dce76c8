"""How a token is drawn with one random number, and the text that a model writes so, token by token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lessons.checks import whole
from lessons.records.distribution import Distribution
from lessons.records.text import TokenizedText

__all__ = ["Continuation", "DrawnToken", "draw_token", "random_numbers", "readable"]


@dataclass(frozen=True)
class DrawnToken:
    """A token that was drawn, and how.

    Attributes:
        token, token_id: what was drawn.
        u: the random number, at least 0 and below 1.
        low, high: the token's interval; low <= u < high.
        probability: of the token in the distribution that it was drawn from, high - low.
        plain_probability: under the model as trained: temperature 1, nothing cut.
        rank: 1 for the model's first choice; the same before and after shaping.
        entropy: of the distribution that it was drawn from, in nats.
    """

    token: str
    token_id: int
    u: float
    low: float
    high: float
    probability: float
    plain_probability: float
    rank: int
    entropy: float


def draw_token(plain: Distribution, shaped: Distribution, u: float) -> DrawnToken:
    """Return the token that the number u draws from `shaped`, which was made from `plain` by its method `shaped`."""
    rank = shaped.draw(u)
    low, high = shaped.interval(rank)
    p, plain_p = float(shaped.probabilities[rank - 1]), float(plain.probabilities[rank - 1])
    token, token_id = shaped.tokens[rank - 1], int(shaped.token_ids[rank - 1])
    return DrawnToken(token, token_id, float(u), low, high, p, plain_p, rank, shaped.entropy)


def random_numbers(seed: int, n: int) -> np.ndarray:
    """Return the first n random numbers of a seed: (n,) float64, 0 <= u < 1. The k-th one draws the k-th token.

    Source: PCG64 (O'Neill 2014), NumPy's generator, whose numbers are the same on every machine.
    """
    return np.random.Generator(np.random.PCG64(whole("seed", seed, 0))).random(whole("n", n, 0))


@dataclass(frozen=True)
class Continuation:
    """What a model wrote after a text, and how each token came about.

    Attributes:
        model_name: the model that wrote.
        prompt: the text that it went on from.
        drawn: the tokens, in order.
        temperature, top_k, top_p: how the distributions were shaped.
        seed: of the random numbers.
    """

    model_name: str
    prompt: TokenizedText
    drawn: tuple[DrawnToken, ...]
    temperature: float
    top_k: int | None
    top_p: float | None
    seed: int

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens that were drawn."""
        return tuple(step.token for step in self.drawn)

    @property
    def text(self) -> str:
        """The prompt and what was written, spaced as people write; see `readable`."""
        return readable((*self.prompt.typed, *self.tokens))

    def __str__(self) -> str:
        return self.text


_JOINTS = {"@-@": "-", "@,@": ",", "@.@": "."}  # within a word or a number
_CLOSING = frozenset(", . ; : ! ? ) ] } % ' …".split())  # noqa: SIM905
_OPENING = frozenset("( [ { $ £ €".split())  # noqa: SIM905


def readable(tokens: Iterable[str]) -> str:
    """Return tokens of WikiText-2 as a text that is spaced as people write: `1 @,@ 066 men .` becomes `1,066 men.`

    A quotation mark opens and closes in turn; `<eos>` becomes a line break. Other special marks stay.
    """
    text, tight, quoted = "", True, False
    for token in tokens:
        if token == "<eos>":
            text, tight, quoted = text + "\n", True, False
            continue
        closes = token in _CLOSING or token in _JOINTS or (token[:1] == "'" and len(token) < 4) or token == "n't"
        if token == '"':
            quoted = not quoted
            closes = not quoted
        text += ("" if tight or closes else " ") + _JOINTS.get(token, token)
        tight = token in _OPENING or token in _JOINTS or (token == '"' and quoted)
    return text
