"""NextWordGame: bet on the next word before the models' bets are revealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import TokenizedText
from widgets.assets import script, style
from widgets.bars import common_scale, legend_of, panel_of, static_panel
from widgets.base import Setting
from widgets.bets import MOST_WORDS, Played, mean_surprisals, read_bet
from widgets.checks import refuse_unknown, text, whole
from widgets.game_view import bet_board, played_board, score_of, static_score
from widgets.reading import check_models, hues_of, names_of
from widgets.requests import handles
from widgets.undo import ResetWidget
from widgets.words import show

__all__ = ["NextWordGame"]

LEAST_CONTEXT = 4  # tokens before a place that is bet on
MOST_PASSAGES = 200
TOP = 5  # of each model's words are shown afterwards
_SAY = (
    "Read the beginning, bet on the next word, and lock your bet in. Only then do you see the word "
    "and what the models had given it. Low surprisal wins."
)


class NextWordGame(ResetWidget):
    """Predict before you see: a learner bets percentages on the next word of a passage, and so did the models.

    The learner names up to three words with percentages; what is left, at least 1 %, is spread evenly over all other
    words of the vocabulary. So the bet is a distribution like a model's, and -log of what it gave the true word is its
    surprisal. The mean over the places, and its exp, the perplexity, are the score.

    Args:
        models: what `load_model` returns, one to four of them, all with the same vocabulary.
        passages: plain texts. Places are drawn from them, each with a known word on it and four tokens or more before.
        seed: of the draw; the same seed gives the same places.
        places: how many places a game has.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    `seed` may be assigned later: a new game begins. `rounds` has what was played, `score` the mean surprisals.

    Raises:
        InputError: a value cannot be used.
    """

    _esm = script("bars", "next_word_game")
    _css = style("bars", "next_word_game", of="next_word_game")

    seed = Setting()

    board = t.Dict(help="the place and, after the bet, the answers as the page draws them").tag(sync=True)
    score_board = t.Dict(help="the running score as the page draws it").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        passages: Sequence[str] = (),
        seed: int = 0,
        places: int = 5,
        title: str = "Guess the next word",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self.models = check_models(models)
        self._names, self._hues = ("You", *names_of(self.models)), ("you", *hues_of(self.models))
        self._texts = self._tokenized(passages)
        self._n_places = whole(places, "places", 1, 100)
        self._places: list[tuple[int, int]] = []
        self._rounds: list[Played] = []
        self._at = 0
        super().__init__(title=title, say=say, presenting=presenting, seed=seed)

    def _let_go(self) -> None:
        self.models = ()

    # What Python offers.

    @property
    def rounds(self) -> tuple[Played, ...]:
        """What was played so far: the true tokens, the bets and everybody's surprisals."""
        return tuple(self._rounds)

    @property
    def score(self) -> dict[str, float]:
        """Mean surprisal in nats over the places played, for "You" and each model; empty before the first bet."""
        return mean_surprisals(self._rounds)

    def bet(self, shares: Mapping[str, float] | None = None) -> Played:
        """Lock in a bet at the present place and reveal it.

        Args:
            shares: word and percentage, for example `{"in": 40, "at": 10}`; None bets on no word in particular.
        """
        shares = dict(shares or {})
        with self._one_update():
            return self._lock_in(list(shares), list(shares.values()))

    def next_place(self) -> None:
        """Go on to the next place; after the last one nothing happens."""
        with self._one_update():
            if len(self._rounds) <= self._at:
                raise InputError("Lock in your bet at this place first.")
            if self._at + 1 < len(self._places):
                self._at += 1
                self.change()

    def repeat(self) -> None:
        """Play the same places again, from the first and without a score."""
        with self._one_update():
            self.change(seed=self.seed)

    # What follows.

    def _tokenized(self, passages: Any) -> list[tuple[TokenizedText, ...]]:
        """Return each passage as each model reads it."""
        if isinstance(passages, str) or not isinstance(passages, Sequence) or not 1 <= len(passages) <= MOST_PASSAGES:
            raise InputError(f"passages must be a list of 1 to {MOST_PASSAGES} texts.")
        texts = []
        for i, passage in enumerate(passages):
            read = tuple(model.tokenize(text(passage, f"passages[{i}]")) for model in self.models)
            if any(other.tokens != read[0].tokens for other in read):
                raise InputError("These models read a passage as different tokens; play with models of one vocabulary.")
            texts.append(read)
        return texts

    def _draw(self, seed: int) -> list[tuple[int, int]]:
        """Return the places of a game (passage, position), in reading order, so that none gives a later one away."""
        free = [
            (i, k)
            for i, (read, *_) in enumerate(self._texts)
            for k in range(LEAST_CONTEXT, len(read))
            if read.tokens[k] not in ("<unk>", "<eos>")
        ]
        if not free:
            raise InputError(f"No passage has a known word after {LEAST_CONTEXT} others; give longer passages.")
        drawn = np.random.default_rng(seed).permutation(len(free))[: self._n_places]
        return [free[i] for i in sorted(drawn.tolist())]

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        seed = whole(wanted["seed"], "seed", 0, 2**32 - 1)
        if "seed" in changed:
            self._places, self._rounds, self._at = self._draw(seed), [], 0
        return parts | {"seed": seed, "board": self._board(seed), "score_board": score_of(self._rounds)}

    def _board(self, seed: int) -> dict[str, Any]:
        passage, position = self._places[self._at]
        read = self._texts[passage][0]
        board = bet_board(read, position, self._at, len(self._places), seed)
        if self._at == len(self._rounds):
            return board
        played = self._rounds[self._at]
        scale = common_scale(played.answers)
        named = zip(played.answers, self._names[1:], self._hues[1:], strict=True)
        panels = [panel_of(answer, scale, name=name, hue=hue, before=position + 1) for answer, name, hue in named]
        return (
            board
            | played_board(played, self._hues, board["last"])
            | {"panels": panels, "legend": legend_of(scale, 1.0)}
        )

    def _lock_in(self, words: list[Any], percents: list[Any]) -> Played:
        self._check_open()
        if len(self._rounds) > self._at:
            raise InputError("Your bet at this place is locked in; go on to the next place.")
        bet = read_bet(words, percents, self.models[0])
        passage, position = self._places[self._at]
        texts = self._texts[passage]
        top = min(TOP, bet.vocab_size)
        asked = zip(self.models, texts, strict=True)
        answers = tuple(model.next_tokens(read, top_k=top, position=position) for model, read in asked)
        context = tuple(show(token) for token in texts[0].typed[:position])
        played = Played(context, texts[0].tokens[position], bet, answers, self._names)
        self._rounds.append(played)
        self.change()
        return played

    # What the page asks; `place` tells a late or doubled click from a new one.

    @handles("bet", place=(int,), words=(list,), percents=(list,))
    def _bet(self, place: int, words: list[Any], percents: list[Any]) -> None:
        self._check_place(place)
        if not all(isinstance(item, str) for item in (*words, *percents)):
            raise InputError(f"Bet on at most {MOST_WORDS} words, each with its percentage.")
        self._lock_in(words, percents)

    @handles("next", place=(int,))
    def _next(self, place: int) -> None:
        self._check_place(place)
        self.next_place()

    @handles("repeat")
    def _repeat(self) -> None:
        self.repeat()

    @handles("new")
    def _new(self) -> None:
        self.change(seed=(self.seed + 1) % 2**32)

    def _check_place(self, place: int) -> None:
        if place != self._at:
            raise InputError("The game has gone on in the meantime; please try again.")

    def _static(self) -> list[str]:
        panels = [static_panel(panel, self.board["legend"]) for panel in self.board.get("panels", [])]
        return [*static_score(self.board, self.score_board), *panels]
