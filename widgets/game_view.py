"""What the page of a NextWordGame draws: the place, the answers and the score, and the same as a static picture."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from lessons.records import TokenizedText, perplexity_of
from widgets.bars import nice_share
from widgets.bets import Played, mean_surprisals
from widgets.static_parts import paragraph, table
from widgets.words import count, listing, nats, number, percent, show

__all__ = ["bet_board", "played_board", "score_of", "static_score"]

MOST_CONTEXT = 80  # tokens of the passage that are shown before the place
MOST_HISTORY = 8  # places that the score lists


def bet_board(read: TokenizedText, position: int, place: int, n_places: int, seed: int) -> dict[str, Any]:
    """Return what is shown before the bet: nothing of the models, and not the word."""
    start = max(0, position - MOST_CONTEXT)
    words = [show(typed) for typed in read.typed[start:position]]
    return {
        "phase": "bet",
        "place": place,
        "heading": f"Place {place + 1} of {n_places}",
        "last": place + 1 == n_places,
        "context": ("… " if start else "") + " ".join(words),
        "seed": f"seed {seed}",
        "spoken": f"Place {place + 1} of {n_places}: {' '.join(words[-12:])} … what comes next?",
    }


def played_board(played: Played, hues: Sequence[str], last: bool) -> dict[str, Any]:
    """Return what is added after the bet: the word, and what everybody had given it."""
    given, surprisals = played.probabilities, played.surprisals
    scale = nice_share(max(given.values()))
    rows = [
        {
            "who": name,
            "hue": hue,
            "share": percent(p),
            "width": round(min(1.0, p / scale), 4),
            "nats": nats(surprisals[name], 2),
        }
        for (name, p), hue in zip(given.items(), hues, strict=True)
    ]
    best = min(surprisals, key=lambda name: surprisals[name])
    verdict = f"{'You were' if best == 'You' else f'The {best} was'} the least surprised."
    if last:
        verdict += " That was the last place; Repeat exactly plays the same ones, New places draws others."
    said = [f"{row['who']}: {row['share']}, {row['nats']}." for row in rows]
    return {
        "phase": "played",
        "word": show(played.token),
        "rows": rows,
        "scale": f"A full bar is {100 * scale:g} %. {_bet_in_words(played)}",
        "verdict": verdict,
        "spoken": " ".join([f"The word is {show(played.token)}.", *said, verdict]),
    }


def _bet_in_words(played: Played) -> str:
    """Return the learner's bet as a sentence."""
    bet = played.bet
    named = [f"{100 * share:g} % on “{show(token)}”" for token, share in bet.shares]
    others = count(bet.vocab_size - len(bet.shares))
    rest = f"{100 * bet.left:.4g} % spread evenly over {'the other' if named else 'all'} {others} words"
    return f"Your bet: {listing([*named, rest])}."


def score_of(rounds: Sequence[Played]) -> dict[str, Any]:
    """Return the running score: everybody's surprisal at each place, the mean, and its exp, the perplexity."""
    means = mean_surprisals(rounds)
    start = max(0, len(rounds) - MOST_HISTORY)
    rows = [
        [f"{i}. “{show(played.token)}”", *(number(value, 2) for value in played.surprisals.values())]
        for i, played in enumerate(rounds[start:], start + 1)
    ]
    over = "1 place" if len(rounds) == 1 else f"{len(rounds)} places"
    mean = [f"mean of {over}", *(number(value, 2) for value in means.values())]
    perplexity = ["perplexity", *(number(perplexity_of(value)) for value in means.values())]
    return {"names": list(means), "rows": rows, "mean": mean, "perplexity": perplexity}


def static_score(board: dict[str, Any], score: dict[str, Any]) -> list[str]:
    """Return the place and the score as HTML without a script."""
    parts = [paragraph(f"{board['heading']}, {board['seed']}")]
    word = f"<b>{html.escape(board['word'])}</b>" if "word" in board else "?"
    parts.append(f"<blockquote>{html.escape(board['context'])} {word}</blockquote>")
    if board["phase"] == "played":
        parts.append(paragraph(board["spoken"]))
    if score["names"]:
        rows = [*score["rows"], score["mean"], score["perplexity"]]
        parts.append(table(rows, ["surprisal in nats", *score["names"]]))
    return parts
