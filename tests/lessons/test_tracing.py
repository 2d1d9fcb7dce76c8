"""Traces: each step against torch's own, and the end against the plain forward pass."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from lessons import load_model
from lessons.errors import InputError
from lessons.lstm import LSTMLanguageModel
from lessons.records import GATES, RecurrentTrace, TransformerTrace
from tests import tiny
from tests.tiny import WORDS

ARCHITECTURES = ["lstm", "transformer"]
CASES = range(50)  # of each architecture: a hundred random networks and texts
TOLERANCE = {"rtol": 0, "atol": 1e-5}


def random_case(architecture, seed):
    """Return a random network, a random text for it, and the stream that it reads."""
    rng = np.random.default_rng(seed)
    model = tiny.model(architecture, seed)
    text = model.tokenize(" ".join(rng.choice(WORDS, rng.integers(1, 14))))
    return model, text, torch.tensor([[model.vocabulary.stoi["<eos>"], *text.token_ids]])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("seed", CASES)
@torch.no_grad()
def test_the_end_equals_the_plain_forward_pass(architecture, seed):
    model, text, stream = random_case(architecture, seed)
    trace = model.trace(text, logits=True)
    hidden = model.network(stream)
    hidden = hidden[0] if architecture == "lstm" else hidden
    plain = model.network.head.log_probabilities(hidden[0], model.network.embedding.weight).numpy()
    np.testing.assert_allclose(trace.logits, plain, **TOLERANCE)
    np.testing.assert_allclose(trace.predictions.surprisals[:-1], model.surprisals(text), **TOLERANCE)
    assert np.isnan(trace.predictions.next_probability[-1])
    following = model.next_tokens(text, top_k=5)
    np.testing.assert_allclose(trace.predictions.probabilities[-1], following.probabilities, **TOLERANCE)


@pytest.mark.parametrize("seed", CASES)
@torch.no_grad()
def test_the_gates_are_those_of_torch(seed):
    """Each layer's states against nn.LSTM, and the four gates against the equations written out with its weights."""
    model, text, stream = random_case("lstm", seed)
    trace, net = model.trace(text), model.network
    inputs = net.embedding(stream)
    np.testing.assert_allclose(trace.embeddings, inputs[0], **TOLERANCE)
    for index, layer in enumerate(net.layers):
        outputs, (_, last_cell) = layer(inputs)
        np.testing.assert_allclose(trace.hidden_state[index], outputs[0], **TOLERANCE)
        np.testing.assert_allclose(trace.cell_state[index, -1], last_cell[0, 0], **TOLERANCE)
        before = torch.cat([torch.zeros(1, 1, layer.hidden_size), outputs[:, :-1]], dim=1)
        w_ih, w_hh, b_ih, b_hh = layer.all_weights[0]
        sums = (inputs @ w_ih.T + before @ w_hh.T + b_ih + b_hh)[0].unflatten(1, (4, -1))  # torch's order: i, f, g, o
        squeezed = torch.stack([sums[:, 0].sigmoid(), sums[:, 1].sigmoid(), sums[:, 2].tanh(), sums[:, 3].sigmoid()], 1)
        np.testing.assert_allclose(trace.gates[index], squeezed, **TOLERANCE)
        inputs = outputs
    i, f, g, o = (trace.gate(name) for name in GATES)
    old = np.pad(trace.cell_state, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    np.testing.assert_allclose(f * old + i * g, trace.cell_state, **TOLERANCE)
    np.testing.assert_allclose(o * np.tanh(trace.cell_state), trace.hidden_state, **TOLERANCE)
    with pytest.raises(AssertionError):  # the same check refuses the gates in another order
        np.testing.assert_allclose(i * old + f * g, trace.cell_state, **TOLERANCE)


@pytest.mark.parametrize("seed", CASES)
@torch.no_grad()
def test_attention_heads_and_stream_are_those_of_torch(seed):
    model, text, stream = random_case("transformer", seed)
    trace, net = model.trace(text), model.network
    query, key, value = (torch.tensor(getattr(trace, name)) for name in ("query", "key", "value"))
    mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    np.testing.assert_allclose(trace.head_outputs, mixed, **TOLERANCE)
    np.testing.assert_allclose(trace.attention_scores, query @ key.transpose(-2, -1), **TOLERANCE)
    np.testing.assert_allclose(trace.attention_weights.sum(-1), 1, **TOLERANCE)
    assert (np.triu(trace.attention_weights, 1) == 0).all()
    values = net.embedding(stream)[0] + net.positions.weight[: len(trace)]
    np.testing.assert_allclose(trace.embeddings + trace.position_embeddings, values, **TOLERANCE)
    for index, block in enumerate(net.blocks):
        np.testing.assert_allclose(trace.residual_stream[index], values, **TOLERANCE)
        normed, attention = block.attention_norm(values), block.attention
        theirs = torch.nn.MultiheadAttention(values.shape[1], attention.n_heads, batch_first=True)
        theirs.in_proj_weight.data, theirs.in_proj_bias.data = (
            attention.query_key_value.weight,
            attention.query_key_value.bias,
        )
        theirs.out_proj.weight.data, theirs.out_proj.bias.data = attention.merge.weight, attention.merge.bias
        hide = torch.ones(len(trace), len(trace), dtype=torch.bool).triu(1)
        added, weights = theirs(normed[None], normed[None], normed[None], attn_mask=hide, average_attn_weights=False)
        np.testing.assert_allclose(trace.attention_weights[index], weights[0], **TOLERANCE)
        np.testing.assert_allclose(trace.attention_outputs[index], added[0], **TOLERANCE)
        np.testing.assert_allclose(trace.residual_middle[index], values + added[0], **TOLERANCE)
        values = block(values[None])[0]
        np.testing.assert_allclose(trace.residual_stream[index + 1], values, **TOLERANCE)
    np.testing.assert_allclose(trace.final_hidden, net.norm(values), **TOLERANCE)
    branches = trace.attention_outputs.sum(0) + trace.mlp_outputs.sum(0)
    np.testing.assert_allclose(trace.residual_stream[0] + branches, trace.residual_stream[-1], **TOLERANCE)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("seed", CASES)
@torch.no_grad()
def test_the_lens_reads_each_layer_through_the_last_norm_and_the_head(architecture, seed):
    model, text, stream = random_case(architecture, seed)
    trace, net = model.trace(text, top_k=3), model.network
    if architecture == "lstm":
        layers = [trace.embeddings, *trace.hidden_state]
    else:
        layers = [
            F.layer_norm(torch.tensor(rows), rows.shape[1:], net.norm.weight, net.norm.bias).numpy()
            for rows in trace.residual_stream
        ]
    for index, rows in enumerate(layers):
        log_p = net.head.log_probabilities(torch.tensor(rows), net.embedding.weight).double().exp().numpy()
        np.testing.assert_allclose(
            np.take_along_axis(log_p, trace.lens.token_ids[index], 1), trace.lens.probabilities[index], **TOLERANCE
        )
        np.testing.assert_allclose(trace.lens.probabilities[index], -np.sort(-log_p, axis=1)[:, :3], **TOLERANCE)
        of_next = log_p[range(len(trace) - 1), stream[0, 1:]]
        np.testing.assert_allclose(trace.lens.next_probability[index, :-1], of_next, **TOLERANCE)
    np.testing.assert_array_equal(trace.lens.tokens[-1], trace.predictions.tokens)
    assert trace.lens.tokens[-1, -1, 0] == model.vocabulary.itos[trace.lens.token_ids[-1, -1, 0]]


def test_a_text_that_fits_is_traced_from_the_start_of_the_line():
    trace = tiny.model("transformer").trace("the king was crowned")
    assert isinstance(trace, TransformerTrace)
    assert (trace.first, trace.tokens, len(trace)) == (0, ("<eos>", "the", "king", "was", "crowned"), 5)
    assert (trace.n_layers, trace.n_heads, trace.d_model) == (2, 2, 16)


@pytest.mark.parametrize("n_tokens", range(12, 60, 5))
def test_a_long_text_is_traced_in_the_window_that_predicts_the_word_after_it(n_tokens):
    model = tiny.model("transformer")
    text = " ".join(WORDS[i % 13] for i in range(n_tokens))
    trace, following = model.trace(text, logits=True), model.next_tokens(text, top_k=1)
    assert len(trace) == following.context <= model.context_length
    assert trace.tokens == ("<eos>", *model.tokenize(text).tokens)[trace.first :]
    assert trace.first + len(trace) == n_tokens + 1
    assert abs(np.exp(trace.logits[-1].max()) - following.probabilities[0]) < 1e-6


def test_an_lstm_is_traced_over_the_whole_text():
    trace = tiny.model("lstm").trace(" ".join(["king"] * 300))
    assert isinstance(trace, RecurrentTrace)
    assert (trace.first, len(trace), trace.gates.shape) == (0, 301, (2, 301, 4, 16))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_token_is_enough_and_unknown_words_are_shown_as_typed(architecture):
    trace = tiny.model(architecture).trace("zebra")
    assert (trace.tokens, trace.typed) == (("<eos>", "<unk>"), ("<eos>", "zebra"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_was_not_asked_for_is_none(architecture):
    model = tiny.model(architecture)
    few = model.trace("the king", top_k=0)
    assert few.predictions is few.lens is few.logits is None
    some = model.trace("the king", lens=False)
    assert some.lens is some.logits is None
    assert few.nbytes < some.nbytes < model.trace("the king", logits=True).nbytes


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_trace_cannot_be_changed(architecture):
    trace = tiny.model(architecture).trace("the king", logits=True)
    arrays = [value for part in (trace, trace.lens) for value in vars(part).values() if isinstance(value, np.ndarray)]
    assert len(arrays) > 8
    assert not any(array.flags.writeable for array in arrays)


@pytest.mark.parametrize(("text", "options"), [("", {}), ("the", {"top_k": -1}), ("the", {"top_k": 10**6}), (7, {})])
def test_bad_input_gets_a_sentence(text, options):
    with pytest.raises(InputError, match=r"\w \w+ \w"):
        tiny.model("lstm").trace(text, **options)


def test_there_is_no_fifth_gate():
    with pytest.raises(InputError, match="input, forget, candidate, output"):
        tiny.model("lstm").trace("the king").gate("memory")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_shipped_models_are_traced_as_they_predict(architecture):
    model = load_model(architecture)
    text = model.tokenize("The king was crowned in the old abbey on a cold day in January .")
    trace = model.trace(text, logits=True)
    np.testing.assert_allclose(
        -trace.logits[range(len(text)), text.token_ids], model.surprisals(text), rtol=0, atol=1e-4
    )
    assert list(trace.predictions.tokens[-1]) == list(model.next_tokens(text, top_k=5).tokens)
    assert isinstance(trace, RecurrentTrace) == isinstance(model.network, LSTMLanguageModel)
