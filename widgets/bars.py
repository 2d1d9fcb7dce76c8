"""A distribution over the next token as bars: what the page needs to draw them, and the same as a static picture."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from typing import Any

from lessons.errors import InputError
from lessons.records import NextTokens
from widgets.words import count, nats, percent, show

__all__ = [
    "common_scale",
    "display_name",
    "hue_of",
    "legend_of",
    "nice_share",
    "panel_of",
    "record_of",
    "row_of",
    "spoken",
    "static_panel",
]

_NAMES = {"lstm": "LSTM", "transformer": "Transformer"}
_SCALES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


def record_of(record: object) -> NextTokens:
    """Return `record` if it is a NextTokens."""
    if not isinstance(record, NextTokens):
        raise InputError(f"record must be a NextTokens (what model.next_tokens returns), not {type(record).__name__}.")
    return record


def display_name(model_name: str) -> str:
    """Return a model's name as the reader knows it."""
    return _NAMES.get(model_name, model_name)


def hue_of(model_name: str) -> str:
    """Return the name of a model's hue: purple is the LSTM and teal the Transformer, everywhere; others share one."""
    return model_name if model_name in _NAMES else "other"


def common_scale(records: Iterable[NextTokens]) -> float:
    """Return the probability at which a bar is full, the same for all these distributions: they can be compared."""
    shown = [p for record in records for p in (float(record.probabilities[0]), record.true_probability or 0.0)]
    return nice_share(max(shown))


def nice_share(probability: float) -> float:
    """Return the round probability, not below this one, at which a scale ends."""
    return next((scale for scale in _SCALES if scale >= probability), 1.0)


def legend_of(scale: float, temperature: float) -> str:
    """Return the sentence that says what a full bar is."""
    cooled = "" if temperature == 1 else f" Probabilities at temperature {temperature:g}."
    return f"A full bar is {100 * scale:g} %; the hatched bar has its own scale, full is 100 %.{cooled}"


def panel_of(
    record: NextTokens,
    scale: float,
    *,
    name: str | None = None,
    hue: str | None = None,
    aside: str = "",
    typed: str = "",
    before: int = 0,
) -> dict[str, Any]:
    """Return what the page draws of one distribution: a row a token, a row for all the others, and the facts in words.

    Args:
        record: the distribution.
        scale: probability of a full bar.
        name: of the model, as it is displayed; None is the record's.
        hue: of the model; None is the record's.
        aside: a word beside the name.
        typed: what was typed for the true token.
        before: number of tokens before the predicted one, the line start counted; 0 if it is not known.
    """
    name = name or display_name(record.model_name)
    listed = zip(record.tokens, record.probabilities.tolist(), strict=True)
    rows = [row_of(token, p, scale, token == record.true_token) for token, p in listed]
    rest, others = record.rest_probability, record.rest_count
    if record.true_token is not None and record.true_token not in record.tokens and record.true_probability is not None:
        rows.append(row_of(record.true_token, record.true_probability, scale, True) | {"rank": record.true_rank})
        rest, others = max(0.0, rest - record.true_probability), others - 1
    panel: dict[str, Any] = {
        "name": name,
        "hue": hue or hue_of(record.model_name),
        "aside": aside,
        "rows": rows,
        "facts": facts_of(record, typed, before),
    }
    if others > 0:
        words = "word" if others == 1 else "words"
        panel["rest"] = {"label": f"all other {count(others)} {words}", "share": percent(rest), "width": round(rest, 4)}
    return panel


def row_of(token: str, p: float, scale: float, is_true: bool) -> dict[str, Any]:
    """Return what the page draws of one word: its share and, relative to `scale`, the width of its bar."""
    row: dict[str, Any] = {"token": token, "share": percent(p), "width": round(min(1.0, p / scale), 4)}
    if show(token) != token:
        row["word"] = show(token)
    return row | {"true": True} if is_true else row


def facts_of(record: NextTokens, typed: str, before: int) -> list[list[str]]:
    """Return sentences in pieces, plain and emphasised in turn: where the true word stands, how sure the model is."""
    facts = []
    truth = record.true_token
    if truth is not None and record.true_probability is not None and record.true_surprisal is not None:
        rank, of = count(record.true_rank or 0), f" of {count(record.vocab_size)}, probability "
        shares = [percent(record.true_probability), ", surprisal ", nats(record.true_surprisal)]
        was = f"{show(typed)} (read as <unk>)" if truth == "<unk>" and typed not in ("", "<unk>") else show(truth)
        facts.append(["", was, ": rank ", rank, of, *shares])
    choices = round(math.exp(min(record.entropy, 50.0)))
    unsure = f"Entropy {nats(record.entropy)}, an even choice among {count(choices)} word{'s' * (choices != 1)}."
    if not before:
        unsure += f" It saw {count(record.context)} token{'s' * (record.context != 1)}, the line start counted."
    elif record.context < before:
        unsure += f" It saw only the last {count(record.context)} of {count(before)} tokens."
    facts.append([unsure])
    return facts


def spoken(panel: dict[str, Any], how_many: int = 3) -> str:
    """Return one sentence for the screen reader: the model's first choices and where the true word stands."""
    first = ", ".join(f"{row.get('word', row['token'])} {row['share']}" for row in panel["rows"][:how_many])
    truth = f". {''.join(panel['facts'][0])}" if len(panel["facts"]) > 1 else ""
    return f"{panel['name']}: {first}{truth}."


def static_panel(panel: dict[str, Any], legend: str) -> str:
    """Return one distribution as an HTML table without a script."""
    cell = "padding:1px 8px;text-align:right"
    rows = []
    for row in panel["rows"]:
        mark = "✓ " if row.get("true") else ""
        bar = f'<div style="background:#7a8794;height:12px;width:{180 * row["width"]:.0f}px"></div>'
        rows.append((f"{mark}<bdi>{html.escape(row.get('word', row['token']))}</bdi>", bar, html.escape(row["share"])))
    if "rest" in panel:
        bar = f'<div style="border:1px dashed;height:10px;width:{180 * panel["rest"]["width"]:.0f}px"></div>'
        rows.append((html.escape(panel["rest"]["label"]), bar, html.escape(panel["rest"]["share"])))
    body = "".join(
        f'<tr><th scope="row" style="{cell};font-weight:normal">{word}</th>'
        f'<td style="text-align:left">{bar}</td><td style="{cell}">{share}</td></tr>'
        for word, bar, share in rows
    )
    facts = "<br>".join(html.escape("".join(fact)) for fact in panel["facts"])
    head = html.escape(f"{panel['name']} {panel['aside']}".strip())
    below = f"<p>{facts}<br><small>{html.escape(legend)}</small></p>"
    return f'<table><caption style="text-align:left"><b>{head}</b></caption>{body}</table>{below}'
