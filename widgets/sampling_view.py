"""What the page of a SamplingBench draws: each model's text, its bars, the way from 0 to 1, and all of it in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lessons.records import Distribution, DrawnToken
from lessons.records.generation import readable
from widgets.bars import nice_share
from widgets.draws import Draws, Steps
from widgets.words import count, nats, number, percent, show

__all__ = ["board_of"]

LISTED = 8  # words with a bar
MOST_SPANS = 40  # words with an interval of their own on the way from 0 to 1
LEAST_SPAN = 0.004  # a narrower interval would be a hair
MOST_TEXT = 60  # tokens before the drawn ones


def board_of(
    plains: Sequence[Distribution],
    shape: dict[str, Any],
    names: Sequence[str],
    hues: Sequence[str],
    typed: Sequence[Sequence[str]],
    draws: Draws,
    numbers: np.ndarray,
    seed: int,
) -> dict[str, Any]:
    """Return what the page draws of all models.

    Args:
        plains: for each model its distribution at the place on the screen.
        shape: temperature, top_k and top_p.
        names: of the models.
        hues: of the models.
        typed: for each model the text before the drawn words, as it was typed.
        draws: what was drawn.
        numbers: of the draws that are counted only, none for no counts.
        seed: of the draws.
    """
    shapeds = [plain.shaped(**shape) for plain in plains]
    scale = nice_share(max(float(one.probabilities[0]) for one in (*plains, *shapeds)))
    panels = [
        _panel(plain, shaped, scale, name, hue, words, steps, draws, numbers)
        for plain, shaped, name, hue, words, steps in zip(plains, shapeds, names, hues, typed, draws.drawn, strict=True)
    ]
    place = draws.place + 1
    heading = ["Word ", count(place), " after your text"]
    by = f"number {count(place)} of seed {seed}"
    hint = f"drawn with {by}" if draws.revealed else f"not drawn yet; {by} will draw it"
    told = [_repeated(names, draws), _counted_words(len(numbers))]
    return {
        "heading": heading,
        "hint": hint,
        "panels": panels,
        "told": " ".join(filter(None, told)),
        "legend": _legend(scale, shape["temperature"]),
        "spoken": " ".join([f"{''.join(heading)}, {hint}.", *map(_spoken, panels), *filter(None, told)]),
    }


def _legend(scale: float, temperature: float) -> str:
    at = "" if temperature == 1 else f" at temperature {temperature:g}"
    return (
        f"A full bar is {100 * scale:g} %: what a word is drawn with{at}; the line across it: the model as trained. "
        "Hatched bars: what was cut away, and many words together, these on a scale whose full bar is 100 %."
    )


def _repeated(names: Sequence[str], draws: Draws) -> str:
    """Return how what was drawn compares with the words that it was to repeat, once all are there."""
    if not draws.again or len(draws) != len(draws.again[0]):
        return ""
    found = []
    for name, old, new in zip(names, draws.again, draws.tokens, strict=True):
        same = sum(a == b for a, b in zip(old, new, strict=True))
        found.append(f"{name} {f'all {len(new)}' if same == len(new) else f'{same} of {len(new)}'}")
    return f"Drawn once more with the same numbers. The same words as before: {', '.join(found)}."


def _counted_words(n: int) -> str:
    if not n:
        return ""
    return f"{count(n)} draws were counted; behind each word how often it came (and how often is expected)."


def _panel(
    plain: Distribution,
    shaped: Distribution,
    scale: float,
    name: str,
    hue: str,
    typed: Sequence[str],
    steps: Steps,
    draws: Draws,
    numbers: np.ndarray,
) -> dict[str, Any]:
    """Return what the page draws of one model."""
    drawn = steps[-1] if draws.revealed else None
    before = [step.token for step in steps[: draws.place]]
    counts = shaped.count_draws(numbers) if len(numbers) else None
    ranks = list(range(1, min(LISTED, len(plain)) + 1))
    if drawn is not None and drawn.rank not in ranks:
        ranks.append(drawn.rank)
    uncut = plain.shaped(shaped.temperature).probabilities
    rows = [_row(plain, shaped, uncut, rank, scale, drawn, counts) for rank in ranks]
    kept = sum(rank <= len(shaped) for rank in ranks)
    rest = shaped.probabilities.sum() - sum(float(shaped.probabilities[rank - 1]) for rank in ranks[:kept])
    panel: dict[str, Any] = {
        "name": name,
        "hue": hue,
        "aside": f"{count(len(shaped))} of {count(len(plain))} words can be drawn",
        "text": _text(typed, before, drawn),
        "rows": rows,
        "way": _way(shaped, drawn),
        "facts": _facts(plain, shaped),
    }
    if len(shaped) > kept:
        others = len(shaped) - kept
        panel["rest"] = _share(f"{count(others)} other {_words(others)}", max(0.0, rest))
        if counts is not None:
            listed = sum(int(counts[rank - 1]) for rank in ranks[:kept])
            panel["rest"]["count"] = _counted(int(counts.sum()) - listed, rest * counts.sum())
    if shaped.cut_count:
        cut = shaped.cut_count
        panel["cut"] = _share(f"cut away: {count(cut)} {_words(cut)}", shaped.cut_probability)
    return panel


def _words(n: int) -> str:
    return "word" if n == 1 else "words"


def _share(label: str, p: float) -> dict[str, Any]:
    return {"label": label, "share": percent(p), "width": round(p, 4)}


def _counted(seen: int, expected: float) -> str:
    return f"{count(seen)} ({number(expected, 0 if expected >= 99.95 else 1)})"


def _row(
    plain: Distribution,
    shaped: Distribution,
    uncut: np.ndarray,
    rank: int,
    scale: float,
    drawn: DrawnToken | None,
    counts: np.ndarray | None,
) -> dict[str, Any]:
    """Return one bar: what can be drawn, or hatched what was cut away; a line marks the model as trained."""
    stays = rank <= len(shaped)
    p = float(shaped.probabilities[rank - 1] if stays else uncut[rank - 1])
    token, trained = plain.tokens[rank - 1], float(plain.probabilities[rank - 1])
    row: dict[str, Any] = {
        "token": token,
        "word": show(token),
        "share": percent(p) if stays else "cut",
        "width": round(min(1.0, p / scale), 4),
        "trained": round(min(1.0, trained / scale), 4),
        "about": f"rank {count(rank)}; {percent(trained)} as trained",
    }
    if not stays:
        row |= {"cut": True, "about": f"{row['about']}; {percent(p)} before it was cut away"}
    if counts is not None and stays:
        row["count"] = _counted(int(counts[rank - 1]), p * float(counts.sum()))
    return row | {"drawn": True} if drawn is not None and drawn.rank == rank else row


def _text(typed: Sequence[str], before: Sequence[str], drawn: DrawnToken | None) -> list[str]:
    """Return the text in three pieces: what was typed, what was drawn before, what was drawn now."""
    start = max(0, len(typed) - MOST_TEXT)
    tokens, ends = list(typed[start:]), []
    for more in ((), before, () if drawn is None else (drawn.token,)):
        tokens += [token if token == "<eos>" else show(token) for token in more]
        ends.append(len(readable(tokens)))
    whole = readable(tokens)
    pieces = [whole[: ends[0]], whole[ends[0] : ends[1]], whole[ends[1] :]]
    for i in (2, 1):  # the space before a drawn word is not a part of it
        bare = pieces[i].lstrip(" ")
        pieces[i - 1], pieces[i] = pieces[i - 1] + pieces[i][: len(pieces[i]) - len(bare)], bare
    pieces = [piece.replace("\n", " ↵ ") for piece in pieces]
    return [("… " if start else "") + pieces[0], *pieces[1:]]


def _digits(width: float) -> int:
    """Return how many digits show an interval of this width: four, and more for a narrow one."""
    return 4 if width >= 1e-3 else min(12, 2 + math.ceil(-math.log10(max(width, 1e-12))))


def _interval(word: str, low: float, high: float) -> str:
    """Return an interval in words: `“the”: 0.3902 to 0.4811, 9.1 %`."""
    return f"{word}: {_from_to(low, high)}, {percent(high - low)}"


def _from_to(low: float, high: float) -> str:
    """Return the edges of an interval with as many digits as it takes to tell them apart."""
    digits = _digits(high - low)
    return f"{f'{low:.{digits}f}' if low else '0'} to {f'{high:.{digits}f}' if high < 1 else '1'}"


def _way(shaped: Distribution, drawn: DrawnToken | None) -> dict[str, Any]:
    """Return the way from 0 to 1: the edges of the widest intervals, one for all others, and where u fell."""
    wide = int((shaped.probabilities[:MOST_SPANS] >= LEAST_SPAN).sum())
    if len(shaped) - wide == 1:  # a single other word may as well have its name
        wide += 1
    edges = [float(edge) for edge in shaped.cumulative[: wide + 1]]
    words = [show(token) for token in shaped.tokens[:wide]]
    spans = [_interval(f"“{word}”", *edges[i : i + 2]) for i, word in enumerate(words)]
    others = len(shaped) - wide
    if others:
        spans.append(_interval(f"{count(others)} other words, each a narrow interval", edges[-1], 1.0))
        words.append("")
        edges.append(1.0)
    way: dict[str, Any] = {"edges": [round(edge, 5) for edge in edges], "words": words, "spans": spans}
    if drawn is not None:
        fell = f" falls into the interval of “{show(drawn.token)}”, {_from_to(drawn.low, drawn.high)}."
        way |= {"u": round(drawn.u, 5), "at": min(drawn.rank, len(words)) - 1}
        way["fell"] = ["u = ", f"{drawn.u:.{_digits(drawn.high - drawn.low)}f}", fell]
    return way


def _facts(plain: Distribution, shaped: Distribution) -> list[list[str]]:
    as_trained = f"{nats(plain.entropy, 2)}, an even choice among {_choices(plain)}"
    if shaped.temperature == 1 and not shaped.cut_count:
        return [["Entropy ", as_trained, "."]]
    now = f"{nats(shaped.entropy, 2)}, among {_choices(shaped)}"
    return [["Entropy as trained ", as_trained, "; to draw from ", now, "."]]


def _choices(distribution: Distribution) -> str:
    return number(distribution.effective_choices, 0 if distribution.effective_choices >= 20 else 1)


def _spoken(panel: dict[str, Any]) -> str:
    """Return one sentence for the screen reader: what was drawn, or the first choices."""
    if "fell" in panel["way"]:
        return f"{panel['name']}: {''.join(panel['way']['fell'])}"
    first = ", ".join(f"{row['word']} {row['share']}" for row in panel["rows"][:3])
    return f"{panel['name']}: {panel['aside']}. {first}."
