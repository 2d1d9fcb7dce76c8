"""What each attention head looks at, over some hundred lines: so that a claim about a head is one about data.

    transformer.head_statistics.describe(2, 1)               # the shipped table, made by `glassbox heads transformer`
    measure_heads(transformer, ["The king ...", "A town ..."])  # the same on lines of one's own

Each line is read as the model reads it: `<eos>`, then its words, at most the context. A query (a row of weights) counts
from the third token on: only there are the first token, the token before and the token itself three different keys.
Copies of the same token count from two places back, so that no key is in two shares. The rows of a line are averaged,
then the lines.

What to compare with is another question for each share:

    previous, first, own token   `even`: a head that weighs all visible keys alike. Far above it, the head prefers that
                                 place. `shuffled`: the line's words in a random order. What stays is a preference for
                                 the place, or for single words, wherever they stand; what goes was due to their order.
    same token                   `matched`: as many other tokens at the same distances in the same line. Shuffling would
                                 not do, for it leaves the copies in the line; and near keys have more weight anyway.
    distance                     `even` is half of the way back.
    entropy                      `even` is the largest possible. `shuffled`: how sharp the head is without a sentence.

Source: in the manner of Clark, Khandelwal, Levy and Manning 2019, arXiv:1906.04341, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lessons.checks import whole
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.records import HEAD_STATISTICS, HeadStatistic, HeadStatistics, TokenizedText
from lessons.text import Vocabulary, wikitext

__all__ = [
    "MIN_TOKENS",
    "chosen_lines",
    "line_statistics",
    "measure_corpus",
    "measure_heads",
    "shuffled_line",
]

MIN_TOKENS = 32  # a line that is chosen has at least so many; shorter ones are mostly headings
_RESAMPLES = 2000
_FIRST_QUERY = 2  # place of the third token


def chosen_lines(
    vocabulary: Vocabulary, corpus: Corpus, split: str = "valid", n_lines: int = 300, seed: int = 7
) -> list[TokenizedText]:
    """Return lines of a corpus that were drawn at random, in the order in which they stand there.

    Args:
        vocabulary: the model's.
        corpus: where from; `split` of it.
        n_lines: how many of those with at least `MIN_TOKENS` tokens.
        seed: of the choice.

    Raises:
        InputError: there are not so many.
    """
    lines = [words for words in (wikitext(line)[:-1] for line in corpus.lines(split)) if len(words) >= MIN_TOKENS]
    n_lines, seed = whole("n_lines", n_lines, 2), whole("seed", seed, 0)
    if n_lines > len(lines):
        raise InputError(
            f"n_lines is {n_lines}; the {split} part of {corpus.name} has {len(lines)} lines of {MIN_TOKENS} or more "
            "tokens. Take fewer, or a longer text."
        )
    chosen = np.sort(np.random.default_rng(seed).choice(len(lines), n_lines, replace=False))
    texts = [tuple(lines[i]) for i in chosen]
    return [TokenizedText(" ".join(words), words, words, vocabulary.encode(words)) for words in texts]


def shuffled_line(line: TokenizedText, rng: np.random.Generator) -> TokenizedText:
    """Return a line with its tokens in a random order."""
    order = rng.permutation(len(line))
    tokens, typed = (tuple(words[i] for i in order) for words in (line.tokens, line.typed))
    return TokenizedText(" ".join(tokens), tokens, typed, line.token_ids[order])


def line_statistics(weights: np.ndarray, token_ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return the statistics of one line: (L, H) for each of `HEAD_STATISTICS`, and `matched` for the same token.

    Where no token has an earlier copy, `same_token` and `matched` are NaN.

    Args:
        weights: (L, H, T, T) attention weights, T at least 3.
        token_ids: (T,) what was read.
    """
    w = np.asarray(weights, np.float64)
    queries = np.arange(_FIRST_QUERY, w.shape[-1])
    logs = np.log(w, out=np.zeros_like(w), where=w > 0)
    entropy = -(w * logs).sum(-1)[..., queries]  # (L, H, queries)
    same, matched = _same_token(w, np.asarray(token_ids))
    return {
        "previous_token": w[..., queries, queries - 1].mean(-1),
        "first_token": w[..., queries, 0].mean(-1),
        "same_token": same,
        "own_token": w[..., queries, queries].mean(-1),
        "distance": queries.mean() - (w[..., queries, :] @ np.arange(w.shape[-1])).mean(-1),
        "entropy": entropy.mean(-1),
        "relative_entropy": (entropy / np.log(queries + 1)).mean(-1),
        "matched": matched,
    }


def _copies(token_ids: np.ndarray) -> np.ndarray:
    """Return (T, T) bool: True where the key is an earlier copy of the query, two or more places back."""
    copies = np.tril(token_ids[:, None] == token_ids[None, :], -2)
    copies[:, 0] = False
    return copies


def _same_token(w: np.ndarray, token_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (L, H) the weight on all copies of a query, and on as many other tokens at the same distances.

    For a distance, the other tokens are those that any query of the line has there. A copy at a distance where no query
    has another token has no match; the few queries with such a copy are left out of the second number.
    """
    n = len(token_ids)
    copies = _copies(token_ids)
    asked = copies.any(1)
    if not asked.any():
        nothing = np.full(w.shape[:2], np.nan)
        return nothing, nothing
    others = np.tril(np.ones((n, n), bool), -2) & ~copies
    others[:, 0] = False
    distance = np.arange(n)[:, None] - np.arange(n)
    sums, count = np.zeros((*w.shape[:2], n)), np.zeros(n)
    for d in range(2, n - 1):
        there = np.diagonal(others, -d)
        count[d] = there.sum()
        sums[..., d] = (np.diagonal(w, -d, axis1=-2, axis2=-1) * there).sum(-1)
    usual = np.divide(sums, count, out=np.zeros_like(sums), where=count > 0)  # (L, H, T) by distance
    matched = np.where(copies, usual[..., np.maximum(distance, 0)], 0).sum(-1)
    full = asked & ~(copies & (count[np.maximum(distance, 0)] == 0)).any(1)
    same = (w * copies).sum(-1)[..., asked].mean(-1)
    return same, matched[..., full].mean(-1) if full.any() else np.full(w.shape[:2], np.nan)


def _even(token_ids: np.ndarray) -> dict[str, np.ndarray]:
    """Return the statistics of a head that weighs all visible keys alike, (1, 1) each."""
    n = len(token_ids)
    rows = np.tril(np.ones((n, n))) / np.arange(1, n + 1)[:, None]
    return line_statistics(rows[None, None], token_ids)


def measure_heads(model: Any, lines: Iterable[str | TokenizedText], seed: int = 7) -> HeadStatistics:
    """Return what each head of a Transformer looks at, over some lines.

    Args:
        model: a LanguageModel.
        lines: typed, or already tokenized, two or more, each of two or more tokens; what is longer than the context is
            cut off at its end.
        seed: of the shuffling, and of the lines that the bootstrap draws.

    Raises:
        InputError: the model has no heads, or the lines are too few, too short or without a repeated word.

    Source of the interval: percentile bootstrap over lines, 2,000 resamples (Efron 1979).
    """
    if model.context_length is None:
        raise InputError(f"{model.name!r} is an LSTM and has no attention heads; give a Transformer.")
    rng = np.random.default_rng(whole("seed", seed, 0))
    real: list[dict[str, np.ndarray]] = []
    even: list[dict[str, np.ndarray]] = []
    shuffled: list[dict[str, np.ndarray]] = []
    n_tokens = n_same = 0
    for given in lines:
        line = _cut(model.tokenize(given) if isinstance(given, str) else given, model.context_length - 1)
        trace = model.trace(line, top_k=0)
        real.append(line_statistics(trace.attention_weights, trace.token_ids))
        even.append(_even(trace.token_ids))
        n_tokens += len(trace)
        n_same += int(_copies(trace.token_ids).any(1).sum())
        trace = model.trace(shuffled_line(line, rng), top_k=0)
        shuffled.append(line_statistics(trace.attention_weights, trace.token_ids))
    if len(real) < 2 or not any(np.isfinite(one["matched"]).all() for one in real):
        raise InputError(
            f"The number of lines is {len(real)}, and {n_same} of their words come again; give at least 2 lines, with "
            "words that come again two or more places later."
        )
    draws = np.random.default_rng([seed, 1])
    statistics: dict[str, Any] = {name: _over_lines(name, real, shuffled, even, draws) for name in HEAD_STATISTICS}
    return HeadStatistics(
        **statistics,
        n_lines=len(real),
        n_tokens=n_tokens,
        n_queries=n_tokens - _FIRST_QUERY * len(real),
        n_same=n_same,
        seed=seed,
        weights_sha256=model.card.get("weights", {}).get("sha256", ""),
    )


def measure_corpus(
    model: Any, corpus: Corpus, split: str = "valid", n_lines: int = 300, seed: int = 7
) -> HeadStatistics:
    """Return what each head looks at over lines of a corpus; see `chosen_lines` and `measure_heads`."""
    found = measure_heads(model, chosen_lines(model.vocabulary, corpus, split, n_lines, seed), seed)
    return replace(found, corpus=corpus.name, split=split, corpus_sha256=corpus.sha256[split])


def _cut(line: TokenizedText, longest: int) -> TokenizedText:
    """Return at most so many tokens of a line, from its start."""
    if min(len(line), longest) < _FIRST_QUERY:
        raise InputError(f"The line {line.text!r:.60} has {len(line)} tokens; at least {_FIRST_QUERY} are needed.")
    return TokenizedText(line.text, line.tokens[:longest], line.typed[:longest], line.token_ids[:longest])


def _over_lines(
    name: str,
    real: Sequence[dict[str, np.ndarray]],
    shuffled: Sequence[dict[str, np.ndarray]],
    even: Sequence[dict[str, np.ndarray]],
    draws: np.random.Generator,
) -> HeadStatistic:
    """Average one statistic over the lines that have it, and put an interval around the mean."""
    values = _having(name, real)  # (n, L, H)
    n = len(values)
    times = draws.multinomial(n, np.full(n, 1 / n), _RESAMPLES)  # how often each line is drawn
    low, high = np.percentile(np.tensordot(times / n, values, 1), [2.5, 97.5], axis=0)
    return HeadStatistic(
        mean=values.mean(0),
        low=low,
        high=high,
        shuffled=_having(name, shuffled).mean(0),
        even=float(_having(name, even).mean()),
        matched=_having("matched", real).mean(0) if name == "same_token" else None,
    )


def _having(name: str, lines: Sequence[dict[str, np.ndarray]]) -> np.ndarray:
    """Return (n, L, H) for the lines that have a statistic."""
    values = np.stack([one[name] for one in lines])
    return values[np.isfinite(values).all((1, 2))]
