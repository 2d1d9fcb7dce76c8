"""Reading words that are given as vectors, so that gradients can flow back to them.

The networks' own layers do the work; what the plain forward pass does with token numbers starts here from vectors. A
model has no training mode, and its weights take no gradient: only the vectors do.
"""

from __future__ import annotations

from torch import Tensor, nn

from lessons.lstm import LSTMLanguageModel
from lessons.reading import Network
from lessons.transformer import Block, TransformerLanguageModel

__all__ = ["last_hidden_of_vectors"]


def last_hidden_of_vectors(network: Network, vectors: Tensor) -> Tensor:
    """Return (N, D), the hidden state from which the word after each text is predicted.

    Args:
        network: the model.
        vectors: (N, T, D) the embeddings of the tokens, without their positions.
    """
    if isinstance(network, LSTMLanguageModel):
        for layer in network.layers:
            assert isinstance(layer, nn.LSTM)
            vectors, _ = layer(vectors)
        return vectors[:, -1]
    return _transformer(network, vectors)


def _transformer(network: TransformerLanguageModel, vectors: Tensor) -> Tensor:
    """Do all blocks; of the last one, what is of a token alone is done for the last token only."""
    stream = vectors + network.positions.weight[: vectors.shape[1]]
    *blocks, last = network.blocks
    for block in blocks:
        stream = block(stream)
    assert isinstance(last, Block)
    return network.norm(last_token(last, stream))


def last_token(block: Block, stream: Tensor) -> Tensor:
    """Return (N, D), what a block makes of the last token of each text. Args: stream (N, T, D)."""
    query, key, value = block.attention.split(block.attention_norm(stream))
    scores = query[:, :, -1:] @ key.transpose(-2, -1) / block.attention.d_head**0.5  # it sees all tokens: no mask
    mixed = scores.softmax(dim=-1) @ value  # (N, H, 1, d_head)
    end = stream[:, -1] + block.attention.merge(mixed.flatten(1))
    return end + block.mlp(block.mlp_norm(end))
