"""What an explanation costs: each method beside Captum's, on both models, for texts of 8 to 64 words.

Run it from the project's folder: python -m benchmarks.attribution [--save] [--rounds 5]

Captum is given the plain forward pass: the network, then the head of `lessons.head` for the target alone. It runs once
with one text at a time (`perturbations_per_eval=1`, as is its default) and once at its best setting: all texts of the
method in one batch. Ours and Captum's take turns. The target is given, so that nobody has to look for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from benchmarks.common import ONE_THREAD, arguments, finish, summary, table

os.environ.update(ONE_THREAD)

import captum.attr as captum
import numpy as np
import torch
from torch.nn import functional as F

from lessons import load_model
from lessons.lstm import LSTMLanguageModel
from lessons.model import LanguageModel
from lessons.passages import PASSAGES
from lessons.records import TokenizedText

LENGTHS = (8, 16, 32, 64)
TARGET = "river"  # a word of the first tail
STEPS, SAMPLES = 16, 64
AIM_MS = 100  # for these at T = 32
FAST = ("occlusion", "saliency", "input_x_gradient", "integrated_gradients")


class Peer:
    """Captum's methods on the same question."""

    def __init__(self, model: LanguageModel, text: TokenizedText) -> None:
        self.network, self.ids = model.network, torch.from_numpy(text.token_ids.copy())[None]
        self.start = torch.tensor([[model.vocabulary.stoi["<eos>"]]])
        self.target = torch.tensor([model.vocabulary.stoi[TARGET]])
        self.unknown = torch.full_like(self.ids, model.vocabulary.stoi["<unk>"])

    def of_words(self, ids: torch.Tensor) -> torch.Tensor:
        """(N,) log-probabilities of texts (N, n)."""
        read = torch.cat([self.start.expand(len(ids), 1), ids], dim=1)
        with torch.inference_mode():
            hidden: Any = self.network(read)
            return self._head((hidden[0] if isinstance(hidden, tuple) else hidden)[:, -1])

    def of_vectors(self, vectors: torch.Tensor) -> torch.Tensor:
        """(N,) log-probabilities of texts given as vectors (N, n, D)."""
        stream = torch.cat([self._embed(self.start).expand(len(vectors), -1, -1), vectors], dim=1)
        if isinstance(self.network, LSTMLanguageModel):
            for layer in self.network.layers:
                stream = layer(stream)[0]
            return self._head(stream[:, -1])
        stream = stream + self.network.positions.weight[: stream.shape[1]]
        for block in self.network.blocks:
            stream = block(stream)
        return self._head(self.network.norm(stream)[:, -1])

    def _embed(self, ids: torch.Tensor) -> torch.Tensor:
        return F.embedding(ids, self.network.embedding.weight).to(self.network.head.bias.dtype)

    def _head(self, hidden: torch.Tensor) -> torch.Tensor:
        targets = self.target.repeat(len(hidden))
        return -self.network.head.surprisals(hidden, targets, self.network.embedding.weight)

    def run(self, method: str, at_once: int) -> np.ndarray:
        """Return Captum's scores. Args: at_once, the number of texts in one batch."""
        words = self._embed(self.ids).requires_grad_()
        if method == "saliency":
            return captum.Saliency(self.of_vectors).attribute(words, abs=False)[0].norm(dim=-1).numpy()
        if method == "input_x_gradient":
            return captum.InputXGradient(self.of_vectors).attribute(words)[0].sum(-1).detach().numpy()
        if method == "integrated_gradients":
            found = captum.IntegratedGradients(self.of_vectors).attribute(
                words.detach(),
                self._embed(self.unknown),
                n_steps=STEPS,
                internal_batch_size=at_once,
                return_convergence_delta=True,
            )
            return found[0][0].sum(-1).detach().numpy()
        options = {"baselines": self.unknown, "perturbations_per_eval": at_once}
        if method == "occlusion":
            return captum.FeatureAblation(self.of_words).attribute(self.ids, **options)[0].numpy()
        reference = captum.KernelShap(self.of_words) if method == "shapley" else captum.Lime(self.of_words)
        n_samples = max(SAMPLES, 2 * self.ids.shape[1])
        return reference.attribute(self.ids, n_samples=n_samples, **options)[0].numpy()


def text_of(model: LanguageModel, n_words: int) -> TokenizedText:
    """A text of exactly so many tokens, made of our own sentences."""
    whole = model.tokenize(" ".join(PASSAGES))
    return TokenizedText(whole.text, whole.tokens[:n_words], whole.typed[:n_words], whole.token_ids[:n_words])


def timed(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begin)


def measured(model: LanguageModel, method: str, n_words: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of ours and of Captum's two settings, in turns."""
    text, options = text_of(model, n_words), {"target": TARGET}
    n_texts = {"occlusion": n_words, "integrated_gradients": STEPS}.get(method, max(SAMPLES, 2 * n_words))
    if method == "integrated_gradients":
        options |= {"n_steps": STEPS}
    if method in ("lime", "shapley"):
        options |= {"n_samples": n_texts}
    peer = Peer(model, text)
    runs = {
        "ours": lambda: model.explain(text, method, **options),
        "captum_one_by_one": lambda: peer.run(method, 1),
        "captum_best": lambda: peer.run(method, n_texts),
    }
    if method in ("saliency", "input_x_gradient"):
        del runs["captum_one_by_one"]  # there is but one gradient
    series: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            if name == "captum_one_by_one" and turn > 1:
                continue  # seconds, and needs no second decimal
            took = timed(run)
            if turn:
                series[name].append(took)
    found: dict[str, Any] = {name: summary(values) for name, values in series.items()}
    for value in ("median", "least"):
        found[f"{value}_of_captum_best"] = round(found["ours"][value] / found["captum_best"][value], 2)
    return found


def main() -> None:
    chosen = arguments(__doc__, rounds=(int, 5, "repeats of each, in turns; one more before them warms up"))
    torch.set_num_threads(1)
    results: dict[str, Any] = {}
    rows = []
    for name in ("lstm", "transformer"):
        model = load_model(name)
        for method in (*FAST, "shapley", "lime"):
            for n_words in LENGTHS:
                found = measured(model, method, n_words, chosen.rounds)
                results[f"{name} {method} {n_words}"] = found
                one_by_one = found.get("captum_one_by_one", {}).get("median", "")
                ours, best = found["ours"], found["captum_best"]
                row = [f"{model.display_name} {method}", n_words, ours["median"], ours["least"], one_by_one]
                rows.append(
                    [*row, best["median"], best["least"], found["median_of_captum_best"], found["least_of_captum_best"]]
                )
    head = ["ms", "T", "ours", "least", "Captum 1 by 1", "Captum's best", "least", "ours / best", "of the least"]
    table(head, rows)
    late = [row[0] for row in rows if row[1] == 32 and row[0].split()[-1] in FAST and row[3] > AIM_MS]
    print(f"Above {AIM_MS} ms at T = 32, at the least: {', '.join(late) or 'none of the fast methods'}.")
    slower = [f"{row[0]} at {row[1]}" for row in rows if row[-1] > 1]
    print(f"Slower than Captum's best, by the least times: {', '.join(slower) or 'none'}.")
    finish("attribution", {"milliseconds": results}, chosen.save)


if __name__ == "__main__":
    main()
