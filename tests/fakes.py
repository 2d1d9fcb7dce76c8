"""A small language model in plain NumPy with exactly the methods that a widget asks a real one for."""

from __future__ import annotations

import re
from types import MappingProxyType

import numpy as np

from lessons.errors import InputError
from lessons.records import Continuation, Distribution, NextTokens, TokenizedText
from lessons.records.generation import draw_token, random_numbers

WORDS = """
<unk> <eos> the The king queen was is crowned killed born in of a and to , . Abbey January 6 1066 London church tower
at on his her day year also not first new war city built by for with as it He She had been who which
""".split()  # noqa: SIM905


class FakeVocabulary:
    def __init__(self, words):
        self.itos = tuple(words)
        self.stoi = {word: i for i, word in enumerate(words)}
        self.unknown_id = self.stoi["<unk>"]

    def __len__(self):
        return len(self.itos)

    def __contains__(self, word):
        return word in self.stoi


class FakeModel:
    """A bigram table with random logits (seeded): normalised, and it remembers what it was asked."""

    def __init__(self, name="lstm", display_name=None, seed=0, words=WORDS):
        self.name, self.display_name = name, display_name or {"lstm": "LSTM"}.get(name, name.capitalize())
        self.vocabulary = FakeVocabulary(words)
        self.vocab_size = len(words)
        self.card = MappingProxyType({"test_perplexity": 100.0})
        self.context_length = None if name == "lstm" else 256
        self.asked = []
        rng = np.random.default_rng(seed)
        self._logits = rng.normal(0, 1.6, (self.vocab_size, self.vocab_size))

    def tokenize(self, text):
        if isinstance(text, TokenizedText):
            return text
        if not isinstance(text, str):
            raise InputError(f"text must be a string, not {text!r}.")
        text = re.sub("[\ud800-\udfff]", "\ufffd", text)
        text = text.strip()
        typed = [w for line in text.split("\n") for w in [*re.findall(r"<unk>|<eos>|\w+|[^\w\s]", line), "<eos>"]][:-1]
        if not typed:
            raise InputError("The text is empty; type at least one word.")
        tokens = [word if word in self.vocabulary else "<unk>" for word in typed]
        ids = [self.vocabulary.stoi[word] for word in tokens]
        unknown = [word for word, token in zip(typed, tokens, strict=True) if token == "<unk>" != word]
        notes = (f"Not in the vocabulary, read as <unk>: {', '.join(unknown)}"[:200],) if unknown else ()
        return TokenizedText(text, tuple(tokens), tuple(typed), np.array(ids), notes)

    def _log_probabilities(self, previous, temperature=1.0):
        logits = self._logits[previous] / temperature
        return logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()

    def next_tokens(self, text, top_k=10, temperature=1.0, position=-1):
        text = self.tokenize(text)
        self.asked.append(("next_tokens", position))
        if not np.isfinite(temperature) or temperature <= 0:
            raise InputError(f"temperature must be above 0, not {temperature}.")
        if not 1 <= top_k <= self.vocab_size:
            raise InputError(f"top_k must be from 1 to {self.vocab_size}, not {top_k}.")
        if not -1 <= position < len(text):
            raise InputError(f"position must be from -1 to {len(text) - 1}, not {position}.")
        before = len(text) if position == -1 else position
        previous = text.token_ids[before - 1] if before else self.vocabulary.stoi["<eos>"]
        log_p = self._log_probabilities(previous, temperature)
        p = np.exp(log_p)
        order = np.argsort(-p, kind="stable")[:top_k]
        truth = {}
        if position != -1:
            true = int(text.token_ids[position])
            rank = int((p > p[true]).sum()) + 1
            truth = {"true_token": self.vocabulary.itos[true], "true_probability": float(p[true]), "true_rank": rank}
        names = tuple(self.vocabulary.itos[i] for i in order)
        sizes = {"vocab_size": self.vocab_size, "entropy": float(-(p * log_p).sum()), "context": before + 1}
        return NextTokens(self.name, position, names, order, p[order], temperature, **sizes, **truth)

    def distribution(self, text, position=-1):
        text = self.tokenize(text)
        self.asked.append(("distribution", len(text)))
        before = len(text) if position == -1 else position
        previous = text.token_ids[before - 1] if before else self.vocabulary.stoi["<eos>"]
        p = np.exp(self._log_probabilities(previous))
        return Distribution.of(self.name, self.vocabulary.itos, p, position, before + 1)

    def generate(self, text, n_tokens=20, temperature=1.0, top_k=None, top_p=None, seed=0):
        prompt = text = self.tokenize(text)
        drawn = []
        for u in random_numbers(seed, n_tokens):
            plain = self.distribution(text)
            drawn.append(draw_token(plain, plain.shaped(temperature, top_k, top_p), u))
            tokens = (*text.tokens, drawn[-1].token)
            text = TokenizedText(" ".join(tokens), tokens, tokens, [*text.token_ids, drawn[-1].token_id])
        return Continuation(self.name, prompt, tuple(drawn), temperature, top_k, top_p, seed)

    def surprisals(self, text):
        text = self.tokenize(text)
        self.asked.append(("surprisals", len(text)))
        previous = [self.vocabulary.stoi["<eos>"], *text.token_ids[:-1]]
        values = np.array([-self._log_probabilities(a)[b] for a, b in zip(previous, text.token_ids, strict=True)])
        values.setflags(write=False)
        return values

    def perplexity(self, text):
        return float(np.exp(self.surprisals(text).mean()))
