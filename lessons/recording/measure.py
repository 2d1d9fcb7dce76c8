"""What is measured at one checkpoint: what the model can do, and what it looks like inside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from lessons.evaluation import evaluate
from lessons.head_statistics import line_statistics
from lessons.lstm_by_hand import half_life
from lessons.model import LanguageModel
from lessons.recording.questions import CANDIDATES, SEED, Questions
from lessons.records import GATE_BINS, GATES, HEAD_SCORES, RecordedCheckpoint, RecurrentTrace, TokenizedText
from lessons.records.generation import readable
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["UNITS", "measure_checkpoint", "neighbours", "units_of"]

UNITS = 32  # of a layer whose gates are recorded
_NEIGHBOURS = 5
_WRITTEN = 20
_SMALLEST = 1e-6  # of a forget gate, whose logarithm is taken


def measure_checkpoint(model: LanguageModel, questions: Questions, card: dict[str, Any]) -> RecordedCheckpoint:
    """Return what a model answers to the questions.

    Args:
        model: with the weights of one checkpoint.
        questions: the same for all checkpoints of a run.
        card: of the snapshot: `step`, `seconds`, `learning_rate`.
    """
    network, start = model.network, model.vocabulary.stoi[END_OF_LINE]
    greedy = [readable(model.generate(text, _WRITTEN, top_k=1, seed=SEED).tokens) for text in questions.prompts]
    drawn = [readable(model.generate(text, _WRITTEN, seed=SEED).tokens) for text in questions.prompts]
    near, cosines = neighbours(model, questions.words)
    inside = _of_lstm(model, questions) if model.context_length is None else _of_transformer(model, questions)
    return RecordedCheckpoint(
        step=int(card["step"]),
        seconds=float(card["seconds"]),
        valid_perplexity=evaluate(network, questions.valid_ids, start).perplexity,
        sample=drawn[0],
        surprisals=model.surprisals(questions.sentence),
        learning_rate=math.nan if card["learning_rate"] is None else float(card["learning_rate"]),
        weights_sha256=card["weights"]["sha256"],
        greedy=tuple(greedy),
        drawn=tuple(drawn),
        neighbours=near,
        cosines=cosines,
        **inside,
    )


@torch.inference_mode()
def neighbours(
    model: LanguageModel, words: tuple[str, ...], n_neighbours: int = _NEIGHBOURS, n_candidates: int = CANDIDATES
) -> tuple[np.ndarray, np.ndarray]:
    """Return (W, k) tokens whose embeddings have the largest cosine with each word's, and (W, k) these cosines.

    Args:
        model: whose embedding is looked at.
        words: (W,) in its vocabulary.
        n_neighbours: k.
        n_candidates: so many of the most frequent tokens are looked through; the word itself, `<unk>` and `<eos>`
            are left out.
    """
    vocabulary = model.vocabulary
    n = min(n_candidates, len(vocabulary))
    asked = [vocabulary.stoi[word] for word in words]
    vectors = torch.nn.functional.normalize(model.network.embedding.weight[:n].float(), dim=1)
    own = torch.nn.functional.normalize(model.network.embedding.weight[asked].float(), dim=1)
    cosines = own @ vectors.T  # (W, n)
    for special in (END_OF_LINE, "<unk>"):
        if vocabulary.stoi.get(special, n) < n:
            cosines[:, vocabulary.stoi[special]] = -2
    for row, number in enumerate(asked):
        if number < n:
            cosines[row, number] = -2
    values, found = cosines.topk(min(n_neighbours, n), dim=1)
    names = np.array(vocabulary.decode(found.flatten().numpy()), np.str_).reshape(found.shape)
    return names, values.double().numpy()


def _of_transformer(model: LanguageModel, questions: Questions) -> dict[str, Any]:
    """Return the attention on the sentence, and each head's scores over the lines."""
    found = []
    for line in questions.lines:
        trace = model.trace(_fitting(model, line), top_k=0)
        statistics = line_statistics(trace.attention_weights, trace.token_ids)  # type: ignore[union-attr]
        found.append(np.stack([statistics[name] for name in HEAD_SCORES]))
    attention = model.trace(questions.sentence, top_k=0).attention_weights  # type: ignore[union-attr]
    return {"attention": attention, "head_scores": _mean(found)}


def even_scores(model: LanguageModel, questions: Questions) -> np.ndarray:
    """Return (5,) the `HEAD_SCORES` of a head that weighs all visible tokens alike."""
    found = []
    for line in questions.lines:
        tokens = model.trace(_fitting(model, line), top_k=0).token_ids
        rows = np.tril(np.ones((len(tokens), len(tokens)))) / np.arange(1, len(tokens) + 1)[:, None]
        statistics = line_statistics(rows[None, None], tokens)
        found.append(np.stack([statistics[name] for name in HEAD_SCORES]))
    return _mean(found)[:, 0, 0]


def _mean(scores: list[np.ndarray]) -> np.ndarray:
    """Return the mean over those lines that have a score; 0 where none has: no word of them comes again."""
    values = np.stack(scores)
    there = np.isfinite(values)
    total = np.where(there, values, 0).sum(0)
    result: np.ndarray = np.divide(total, there.sum(0), out=np.zeros_like(total), where=there.any(0))
    return result


def _fitting(model: LanguageModel, line: TokenizedText) -> TokenizedText:
    """Return as much of a line as the model can see at once, its `<eos>` included."""
    n = min(len(line), (model.context_length or len(line) + 1) - 1)
    return TokenizedText(line.text, line.tokens[:n], line.typed[:n], line.token_ids[:n])


def units_of(width: int) -> tuple[int, ...]:
    """Return up to 32 units of a layer, evenly spaced. Args: width, how many it has."""
    return tuple(range(width))[:: max(1, width // UNITS)][:UNITS]


def _of_lstm(model: LanguageModel, questions: Questions) -> dict[str, Any]:
    """Return some units' gates on the sentence, and how all gates are distributed over the lines."""
    traces = [model.trace(line, top_k=0) for line in questions.lines]
    gates = np.concatenate([_gates(trace) for trace in traces], axis=1)  # (L, tokens, 4, D)
    candidate = GATES.index("candidate")
    histogram = np.zeros((len(gates), len(GATES), GATE_BINS))
    for layer, gate in np.ndindex(*histogram.shape[:2]):
        ends = (-1.0 if gate == candidate else 0.0, 1.0)
        histogram[layer, gate] = np.histogram(gates[layer, :, gate], GATE_BINS, ends)[0]
    forget = np.maximum(gates[:, :, GATES.index("forget")], _SMALLEST)
    lives = half_life(np.exp(np.log(forget.astype(np.float64)).mean(1)))  # (L, D)
    of_sentence = _gates(model.trace(questions.sentence, top_k=0))  # (L, S, 4, D)
    units = list(units_of(gates.shape[-1]))
    return {
        "gates": of_sentence[..., units].transpose(0, 2, 1, 3),
        "gate_means": gates.mean((1, 3), dtype=np.float64),
        "gate_histogram": histogram / histogram.sum(-1, keepdims=True),
        "half_lives": np.quantile(lives, (0.1, 0.5, 0.9), axis=1).T,
    }


def _gates(trace: Any) -> np.ndarray:
    assert isinstance(trace, RecurrentTrace)
    return trace.gates
