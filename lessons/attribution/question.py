"""The question that all methods answer: which word, at which place of which text, and which number about it.

A method asks the question for the number that belongs to many texts (`values`), or for the number and its gradient with
respect to the words' vectors (`gradients`), and returns its answer with `answer`.

The start `<eos>` is read before the first word. It is no word of the text and stays where it is, whatever is missing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from lessons.attribution.many_texts import last_hidden_states
from lessons.attribution.value import Explained
from lessons.attribution.vectors import last_hidden_of_vectors
from lessons.errors import InputError
from lessons.heap import give_back_memory
from lessons.reading import Network
from lessons.records import Attribution, TokenizedText
from lessons.text import Vocabulary
from lessons.text.tokenizers import END_OF_LINE

if TYPE_CHECKING:
    from lessons.attribution.missing import Missing

__all__ = ["Question"]

_VECTORS_AT_ONCE = 320  # places whose gradients are computed at a time; more take more memory and no less time
_MANY_PLACES = 512  # that were read: what they leave behind is given back, which takes a few milliseconds


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """A word to be explained, and the n words before it that the model can see.

    Attributes:
        model_name: the model that is asked.
        network: its network.
        vocabulary: its tokens.
        text: the whole text.
        position: place of the predicted word, -1 for the one after the text.
        start: (S,) int64, what is read before the words: one `<eos>`, or nothing if the window begins later.
        words: (n,) int64.
        n_outside: number of words before these that the model cannot see.
        target_id: the word that is explained.
        against_id: the other word of a contrast, or None.
        explains: which number is explained.
        explained: that number as a function of the hidden state.
        forward_passes: texts that were read to find the target.
        began: when the question was asked, by `time.perf_counter`.
    """

    model_name: str
    network: Network
    vocabulary: Vocabulary
    text: TokenizedText
    position: int
    start: np.ndarray
    words: np.ndarray
    n_outside: int
    target_id: int
    against_id: int | None
    explains: str
    explained: Explained
    forward_passes: int
    began: float

    @property
    def end_of_line(self) -> int:
        """Number of the token `<eos>`."""
        return self.vocabulary.stoi[END_OF_LINE]

    @property
    def unknown_id(self) -> int:
        """Number of the token `<unk>`.

        Raises:
            InputError: the vocabulary has none.
        """
        if self.vocabulary.unknown_id is None:
            raise InputError("This model's vocabulary has no <unk>; choose another baseline, such as 'zero'.")
        return self.vocabulary.unknown_id

    @property
    def counts(self) -> np.ndarray:
        """(V,) how often each token stands in the corpus."""
        return self.vocabulary.counts

    def values(self, present: np.ndarray, missing: Missing) -> np.ndarray:
        """Return the explained number of texts of which some words are missing.

        Args:
            present: (N, n) bool, False where a word is missing.
            missing: what is read in its place.

        Returns:
            (N, K) float64, K being the number of versions of `missing`.
        """
        texts = missing.texts(self, present)
        with torch.inference_mode():
            values = self.explained(last_hidden_states(self.network, texts, missing.vectors))
        return values.view(len(present), -1).numpy()

    def value(self) -> float:
        """Return the explained number with all words."""
        texts = np.concatenate([self.start, self.words])[None]
        with torch.inference_mode():
            return float(self.explained(last_hidden_states(self.network, texts, torch.zeros(0))))

    def embeddings(self) -> Tensor:
        """Return (n, D), the vectors of the words as the network reads them."""
        return self._embed(self.words)

    def gradients(self, vectors: Tensor) -> tuple[np.ndarray, Tensor]:
        """Return the explained number and its gradient with respect to the words' vectors.

        Args:
            vectors: (N, n, D), N texts whose words are these vectors.

        Returns:
            (N,) float64 numbers and (N, n, D) gradients.
        """
        values, gradients = [], []
        for block in vectors.split(max(1, _VECTORS_AT_ONCE // vectors.shape[1])):
            with torch.inference_mode(False), torch.enable_grad():
                inputs, start = block.clone().requires_grad_(), self._embed(self.start)  # no weight gets a gradient
                read = torch.cat([start.expand(len(block), -1, -1), inputs], dim=1)  # (N, S + n, D)
                value = self.explained(last_hidden_of_vectors(self.network, read))
                gradients.append(torch.autograd.grad(value.sum(), inputs)[0])
            values.append(value.detach())
        return torch.cat(values).numpy(), torch.cat(gradients)

    def answer(
        self,
        method: str,
        scores: np.ndarray,
        *,
        value: float,
        forward_passes: int,
        spread: np.ndarray | None = None,
        notes: tuple[str, ...] = (),
        **fields: Any,
    ) -> Attribution:
        """Return the record of a method's answer.

        Args:
            method: its name.
            scores: (n,) for the words that the model can see.
            value: the explained number with all words.
            forward_passes: texts that the method has read.
            spread: (n,) standard errors, or None.
            notes: sentences for the reader.
            fields: further fields of `Attribution`.
        """
        if self.n_outside:
            notes += (
                f"The model sees {len(self.words) + len(self.start)} tokens at once; the first {self.n_outside} "
                "words lie outside, cannot matter and have 0.",
            )
        unseen = np.zeros(self.n_outside)
        if forward_passes * len(self.words) > _MANY_PLACES:
            give_back_memory()
        return Attribution(
            model_name=self.model_name,
            method=method,
            text=self.text,
            position=self.position,
            tokens=self.text.tokens[: self.n_outside + len(self.words)],
            scores=np.concatenate([unseen, scores]) + 0.0,  # no minus zero
            target=self.vocabulary.itos[self.target_id],
            target_id=self.target_id,
            explains=self.explains,
            against=None if self.against_id is None else self.vocabulary.itos[self.against_id],
            against_id=self.against_id,
            value=float(value),
            forward_passes=self.forward_passes + forward_passes,
            seconds=time.perf_counter() - self.began,
            spread=None if spread is None else np.concatenate([unseen, spread]),
            n_outside=self.n_outside,
            notes=notes,
            **fields,
        )

    def _embed(self, token_ids: np.ndarray) -> Tensor:
        rows = F.embedding(torch.from_numpy(token_ids), self.network.embedding.weight)
        return rows.detach().to(self.network.head.bias.dtype)
