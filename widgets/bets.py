"""A learner's bet on the next word: percentages on a few words, the rest spread evenly over all others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lessons.errors import InputError
from lessons.records import NextTokens
from widgets.checks import text
from widgets.words import count, listing, show

__all__ = ["MOST_WORDS", "Bet", "Played", "mean_surprisals", "read_bet"]

MOST_WORDS = 3
LEAST_LEFT = 1.0  # percent that stay for all other words: without them a wrong bet would be infinitely surprising


@dataclass(frozen=True)
class Bet:
    """A distribution over the whole vocabulary: a share on each of a few tokens, the same share on every other one.

    Attributes:
        shares: token and probability, for each token that was named.
        vocab_size: number of tokens in all.
    """

    shares: tuple[tuple[str, float], ...]
    vocab_size: int

    @property
    def left(self) -> float:
        """Probability of all tokens that were not named."""
        return 1.0 - sum(share for _, share in self.shares)

    @property
    def each_other(self) -> float:
        """Probability of each token that was not named."""
        return self.left / (self.vocab_size - len(self.shares))

    def probability(self, token: str) -> float:
        """Return the probability that the bet gives a token."""
        return dict(self.shares).get(token, self.each_other)


@dataclass(frozen=True)
class Played:
    """One place of the game after the bet: what stood there, and what everybody had given it.

    Attributes:
        context: the tokens before the place, as they are displayed.
        token: the token that stands there.
        bet: the learner's bet.
        answers: for each model its distribution, the true token's rank and probability included.
        names: "You" and the models' names.
    """

    context: tuple[str, ...]
    token: str
    bet: Bet
    answers: tuple[NextTokens, ...]
    names: tuple[str, ...]

    @property
    def probabilities(self) -> dict[str, float]:
        """Probability of the true token, for the learner and each model."""
        given = [self.bet.probability(self.token), *(answer.true_probability or 0.0 for answer in self.answers)]
        return dict(zip(self.names, given, strict=True))

    @property
    def surprisals(self) -> dict[str, float]:
        """-log of the true token's probability in nats, for the learner and each model."""
        return {name: -math.log(p) if p > 0 else math.inf for name, p in self.probabilities.items()}


def mean_surprisals(rounds: Sequence[Played]) -> dict[str, float]:
    """Return the mean surprisal in nats, for the learner and each model; its exp is the perplexity."""
    names = rounds[0].names if rounds else ()
    return {name: math.fsum(played.surprisals[name] for played in rounds) / len(rounds) for name in names}


def read_bet(words: Sequence[Any], percents: Sequence[Any], model: Any) -> Bet:
    """Return the bet that words and percentages make; a pair that is empty on both sides is no bet.

    Args:
        words: up to three, each one token for the model.
        percents: for each a number above 0, as a number or as typed (`20`, `20 %`, `2,5`); at most 99 in all.
        model: asked how it reads a word, and for the size of its vocabulary.

    Raises:
        InputError: a word or a percentage cannot be used; the sentence says which and why.
    """
    if len(words) != len(percents) or len(words) > MOST_WORDS:
        raise InputError(f"Bet on at most {MOST_WORDS} words, each with its percentage.")
    shares: dict[str, float] = {}
    for given, percent in zip(words, percents, strict=True):
        word, share = text(given, "A word").strip(), _percent(percent, given)
        if not word and share is None:
            continue
        if not word:
            raise InputError(f"There is no word beside {share:g} %; type one or empty the percentage.")
        token = _token(word, model)
        if share is None:
            raise InputError(f"“{show(word)}” has no percentage; give it a number above 0.")
        if token in shares:
            raise InputError(f"“{show(token)}” stands there twice; bet on it once.")
        shares[token] = share
    total = sum(shares.values())
    if total > 100 - LEAST_LEFT + 1e-9:
        sums = f"Your percentages add up to {total:g}; they may reach {100 - LEAST_LEFT:g}."
        why = "with nothing left for them, a wrong bet would be infinitely surprising"
        raise InputError(f"{sums} At least {LEAST_LEFT:g} % stays for all other words: {why}.")
    return Bet(tuple((token, share / 100) for token, share in shares.items()), int(model.vocab_size))


def _percent(value: Any, word: Any) -> float | None:
    """Return a percentage above 0, or None for an empty field."""
    try:
        typed = text(value, "A percentage") if isinstance(value, str) else str(value)
    except ValueError:  # Python refuses to write it
        typed = "a number of thousands of digits"
    typed = typed.strip().removesuffix("%").strip().replace(",", ".")
    if not typed or value is None:
        return None
    try:
        share = float(typed) if typed.isascii() and not isinstance(value, bool) else math.nan
    except ValueError:
        share = math.nan
    if not 0 < share <= 100:
        raise InputError(
            f"“{show(typed)}” beside “{show(str(word))}” is not a percentage; give a number above 0, up to 99."
        )
    return share


def _token(word: str, model: Any) -> str:
    """Return the one token as which the model reads a word."""
    read = model.tokenize(word)
    if len(read) != 1:
        parts = listing(show(token) for token in read.tokens[:4]) or "nothing"
        raise InputError(f"The models read “{show(word)}” as {len(read)} tokens ({parts}); bet on one token at a time.")
    if read.is_unknown[0]:
        size = count(model.vocab_size)
        raise InputError(f"“{show(word)}” is not among the {size} words that the models know; bet on another one.")
    return str(read.tokens[0])
