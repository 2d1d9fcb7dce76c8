"""The model's attention, its head split included, is torch's own on 100 random cases; the check rejects mutants."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lessons.transformer import Attention, TransformerConfig, attend, causal_mask

CASES = 100
TOLERANCE = {"rtol": 0, "atol": 1e-5}


def sizes(seed):
    """Batch size, number of heads, length and width of a head: each at least 2, no two of the last three equal."""
    generator = torch.Generator().manual_seed(seed)
    n_heads, length, d_head = (2 + torch.randperm(5, generator=generator)[:3]).tolist()
    return 1 + seed % 3, n_heads, length, d_head


def agrees_with_torch(attention):
    """True if a function of query, key and value (B, H, T, d_head) gives torch's causal attention in every case."""
    for seed in range(CASES):
        torch.manual_seed(seed)
        q, k, v = 1.5 * torch.randn(3, *sizes(seed))
        expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        if not torch.allclose(attention(q, k, v), expected, **TOLERANCE):
            return False
    return True


def test_attend_is_torch_s_attention():
    assert agrees_with_torch(lambda q, k, v: attend(q, k, v).output)


def masked(scores, hidden=-torch.inf):
    return scores.masked_fill(~causal_mask(scores.shape[-1]), hidden)


MUTANTS = {
    "no scale": lambda q, k, v: masked(q @ k.mT).softmax(-1) @ v,
    "softmax over the queries": lambda q, k, v: attend(q, k, v).masked.softmax(-2) @ v,
    "softmax over the heads": lambda q, k, v: attend(q, k, v).masked.softmax(1).nan_to_num() @ v,
    "mask after the softmax": lambda q, k, v: masked(attend(q, k, v).scaled.softmax(-1), 0) @ v,
    "-1 for minus infinity": lambda q, k, v: masked(attend(q, k, v).scaled, -1).softmax(-1) @ v,
    "scale by the model's width": lambda q, k, v: masked(q @ k.mT / math.sqrt(q.shape[1] * q.shape[3])).softmax(-1) @ v,
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_same_check_rejects_each_mutant(name):
    assert not agrees_with_torch(MUTANTS[name])


def random_layer(seed):
    """An Attention with random weights and biases, torch's own layer with the same ones, and an input for both."""
    batch_size, n_heads, length, d_head = sizes(seed)
    torch.manual_seed(seed)
    config = TransformerConfig(vocab_size=5, n_heads=n_heads, d_model=n_heads * d_head)
    ours = Attention(config)
    theirs = nn.MultiheadAttention(config.d_model, n_heads, batch_first=True)
    for parameter in ours.parameters():
        parameter.data = torch.randn_like(parameter) / math.sqrt(d_head)
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = (
        ours.query_key_value.weight.data,
        ours.query_key_value.bias.data,
    )
    theirs.out_proj.weight.data, theirs.out_proj.bias.data = ours.merge.weight.data, ours.merge.bias.data
    return ours, theirs, torch.randn(batch_size, length, config.d_model)


@torch.no_grad()
def layer_agrees_with_torch(forward):
    """True if a forward pass of our layer gives what nn.MultiheadAttention gives, and each head's weights, too."""
    for seed in range(CASES):
        ours, theirs, stream = random_layer(seed)
        hidden = ~causal_mask(stream.shape[1])
        expected, weights = theirs(stream, stream, stream, attn_mask=hidden, average_attn_weights=False)
        found, found_weights = forward(ours, stream)
        if not torch.allclose(found, expected, **TOLERANCE) or not torch.allclose(found_weights, weights, **TOLERANCE):
            return False
    return True


def as_it_is(layer, stream):
    return layer(stream), attend(*layer.split(stream)).weights


def with_split(split, merge=lambda mixed: mixed.transpose(1, 2).flatten(2)):
    """Return a forward pass that cuts the (B, T, 3 D) of all heads in another way."""

    def forward(layer, stream):
        batch_size, length, _ = stream.shape
        steps = attend(*split(layer.query_key_value(stream), batch_size, length, layer.n_heads, layer.d_head))
        return layer.merge(merge(steps.output)), steps.weights

    return forward


def right_split(all_heads, b, t, h, d):
    return all_heads.view(b, t, 3, h, d).permute(2, 0, 3, 1, 4).unbind(0)


SPLITS = {
    "heads interleaved": with_split(lambda x, b, t, h, d: x.view(b, t, 3, d, h).permute(2, 0, 4, 1, 3).unbind(0)),
    "no transpose, only a new shape": with_split(lambda x, b, t, h, d: [p.reshape(b, h, t, d) for p in x.chunk(3, -1)]),
    "query, key and value inside each head": with_split(
        lambda x, b, t, h, d: x.view(b, t, h, 3, d).permute(3, 0, 2, 1, 4).unbind(0)
    ),
    "merged without the transpose back": with_split(
        right_split, lambda mixed: mixed.reshape(mixed.shape[0], mixed.shape[2], -1)
    ),
    "query and key exchanged": with_split(lambda *a: [right_split(*a)[i] for i in (1, 0, 2)]),
}


def test_the_layer_and_its_heads_are_torch_s():
    assert layer_agrees_with_torch(as_it_is)
    assert layer_agrees_with_torch(with_split(right_split))


@pytest.mark.parametrize("name", SPLITS)
def test_the_same_check_rejects_each_wrong_split(name):
    assert not layer_agrees_with_torch(SPLITS[name])


@torch.no_grad()
@pytest.mark.parametrize("seed", range(20))
def test_merging_undoes_splitting(seed):
    layer, _, stream = random_layer(seed)
    parts = torch.cat([part.transpose(1, 2).flatten(2) for part in layer.split(stream)], dim=-1)
    torch.testing.assert_close(parts, layer.query_key_value(stream), rtol=0, atol=0)
