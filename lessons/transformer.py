"""The Transformer language model, with its attention spelled out.

Every token asks a question (query) of all tokens up to itself; every token offers a label (key) and a content (value).
How well question and label fit decides how much of each content is taken:

    scores  = Q K^T                       how well each query fits each key
    scaled  = scores / sqrt(d_head)       so that their spread does not grow with the width of a head
    masked  = scaled, minus infinity where the key comes after the query
    weights = softmax(masked) over keys   each row is positive and sums to 1
    output  = weights V                   a weighted mean of the values

A block adds this to what it got (the residual stream), then adds a small network of each token alone; each branch reads
a normalised copy ('pre-norm'). Positions are learned vectors added to the embedding.

Sources: Vaswani et al. 2017, arXiv:1706.03762, equation 1; pre-norm as in Radford et al. 2019 (GPT-2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lessons.checks import whole
from lessons.errors import InputError
from lessons.head import SplitSoftmax, check_cutoffs
from lessons.noise import Noise

__all__ = [
    "Attention",
    "AttentionSteps",
    "Block",
    "TransformerConfig",
    "TransformerLanguageModel",
    "attend",
    "causal_mask",
]


@dataclass(frozen=True)
class TransformerConfig:
    """The shape of a Transformer language model.

    Attributes: `vocab_size` V, `context_length` T (the most tokens it can read at once), `n_layers` L, `n_heads` H,
    `d_model` D, `d_ff` (width inside a block's small network), head `cutoffs`.
    """

    vocab_size: int
    context_length: int = 128
    n_layers: int = 4
    n_heads: int = 6
    d_model: int = 192
    d_ff: int = 768
    cutoffs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length", "n_layers", "n_heads", "d_model", "d_ff"):
            whole(f"TransformerConfig.{name}", getattr(self, name), 1)
        if self.d_model % self.n_heads:
            raise InputError(
                f"d_model is {self.d_model} and n_heads {self.n_heads}; the heads share the width evenly, "
                "so d_model must be a multiple of n_heads."
            )
        object.__setattr__(self, "cutoffs", tuple(self.cutoffs))
        check_cutoffs(self.cutoffs, self.vocab_size)

    @property
    def d_head(self) -> int:
        """Width of one head, D / H."""
        return self.d_model // self.n_heads


class AttentionSteps(NamedTuple):
    """The five steps of attention, each (B, H, T, T) but the last, (B, H, T, d_head)."""

    scores: Tensor  # Q K^T
    scaled: Tensor  # divided by sqrt(d_head)
    masked: Tensor  # minus infinity where a key lies after its query
    weights: Tensor  # rows sum to 1
    output: Tensor


def causal_mask(length: int, device: torch.device | None = None) -> Tensor:
    """Return (T, T) bool: True where query (row) may look at key (column), the key not being later than the query."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def attend(query: Tensor, key: Tensor, value: Tensor) -> AttentionSteps:
    """Do causal attention step by step. Args: query, key, value (B, H, T, d_head) each."""
    scores = query @ key.transpose(-2, -1)  # (B, H, T, T)
    scaled = scores / math.sqrt(query.shape[-1])
    masked = scaled.masked_fill(~causal_mask(query.shape[-2], query.device), -torch.inf)
    weights = masked.softmax(dim=-1)
    return AttentionSteps(scores, scaled, masked, weights, weights @ value)


class Attention(nn.Module):
    """H heads of causal self-attention, computed by `attend`; the tests compare it with torch's fused attention."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.n_heads, self.d_head = config.n_heads, config.d_head
        self.query_key_value = nn.Linear(config.d_model, 3 * config.d_model)
        self.merge = nn.Linear(config.d_model, config.d_model)

    def split(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return query, key and value of each head, (B, H, T, d_head) each. Args: values (B, T, D)."""
        batch_size, length, _ = values.shape
        heads = self.query_key_value(values).view(batch_size, length, 3, self.n_heads, self.d_head)
        query, key, value = heads.permute(2, 0, 3, 1, 4).unbind(0)
        return query, key, value

    def forward(self, values: Tensor) -> Tensor:
        """Mix each token with those before it. Args: values (B, T, D). Returns: (B, T, D)."""
        mixed = attend(*self.split(values)).output  # (B, H, T, d_head)
        return self.merge(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """One layer: attention, then a network of each token alone, each added to the residual stream."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.d_model)
        self.attention = Attention(config)
        self.mlp_norm = nn.LayerNorm(config.d_model)
        self.mlp = nn.Sequential(
            nn.Linear(config.d_model, config.d_ff), nn.GELU(), nn.Linear(config.d_ff, config.d_model)
        )

    def forward(self, stream: Tensor, noise: Noise | None = None) -> Tensor:
        """Add both branches to the stream. Args: stream (B, T, D). Returns: (B, T, D)."""
        for norm, branch in ((self.attention_norm, self.attention), (self.mlp_norm, self.mlp)):
            added = branch(norm(stream))
            stream = stream + (noise.units(added, noise.rates.hidden) if noise else added)
        return stream


class TransformerLanguageModel(nn.Module):
    """Token and position embeddings, L blocks, a last norm, and the tied split head."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.context_length = config.context_length
        self.embedding = nn.Embedding.from_pretrained(torch.empty(config.vocab_size, config.d_model), freeze=False)
        self.positions = nn.Embedding(config.context_length, config.d_model)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        self.head = SplitSoftmax(config.vocab_size, config.d_model, config.cutoffs)

    def initialise(self) -> None:
        """Draw the starting weights, narrower where a branch joins the residual stream (Radford et al. 2019)."""
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                joins_stream = name.endswith(("merge.weight", "mlp.2.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * self.config.n_layers) if joins_stream else 0.02)
            elif name.endswith(("query_key_value.bias", "merge.bias", "mlp.0.bias", "mlp.2.bias")):
                nn.init.zeros_(parameter)

    def forward(self, token_ids: Tensor, noise: Noise | None = None) -> Tensor:
        """Read tokens and return the last hidden state at each of them.

        Args:
            token_ids: (B, T), T at most `context_length`.
            noise: dropout for a training step; None for none.

        Returns:
            hidden (B, T, D), which `head` turns into a distribution over the next token.

        Raises:
            InputError: more than `context_length` tokens.
        """
        length = token_ids.shape[1]
        if length > self.context_length:
            raise InputError(
                f"{length} tokens were given; this Transformer reads at most {self.context_length} at once. "
                "Give it the last ones, or ask the LanguageModel, which does so."
            )
        stream = F.embedding(token_ids, self.embedding.weight).to(self.head.bias.dtype)  # (B, T, D)
        if noise:
            stream = noise.words(stream, token_ids, self.config.vocab_size)
        stream = stream + self.positions.weight[:length]
        if noise:
            stream = noise.units(stream, noise.rates.embedding)
        for block in self.blocks:
            stream = block(stream, noise)
        hidden = self.norm(stream)
        return noise.units(hidden, noise.rates.output) if noise else hidden
