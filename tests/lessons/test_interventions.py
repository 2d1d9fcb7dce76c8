"""Other weights for a head: only that is changed, and an even head is one whose queries ask nothing."""

import copy

import numpy as np
import pytest
import torch

from lessons.errors import InputError
from lessons.interventions import even_weights, log_probabilities_with
from lessons.model import LanguageModel
from tests import tiny

TEXT = "the king was crowned in a town of stone"
T = 10  # with the <eos> before it


def plain(model, text=TEXT):
    """The model's own log-probabilities after a text, in the order of the vocabulary."""
    answer = model.next_tokens(text, top_k=model.vocab_size)
    return np.log(answer.probabilities)[np.argsort(answer.token_ids)]


@pytest.mark.parametrize("text", [TEXT, "the", " ".join([TEXT] * 3)])
def test_its_own_weights_change_nothing(text):
    model = tiny.model("transformer")
    trace = model.trace(text, top_k=0)
    own = {(layer, head): trace.attention_weights[layer, head] for layer in range(2) for head in range(2)}
    for weights in ({}, {(1, 0): own[1, 0]}, own):
        np.testing.assert_allclose(log_probabilities_with(model, text, weights), plain(model, text), atol=1e-5)


def without_questions(model, layer, head):
    """The same model with the queries of one head at 0: all its scores are 0, so its weights are even."""
    network = copy.deepcopy(model.network)
    attention = network.blocks[layer].attention
    rows = slice(head * attention.d_head, (head + 1) * attention.d_head)  # queries come first, head by head
    with torch.no_grad():
        attention.query_key_value.weight[rows] = 0
        attention.query_key_value.bias[rows] = 0
    return LanguageModel(model.name, network, model.vocabulary, model.card)


@pytest.mark.parametrize(("layer", "head"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_an_even_head_is_one_that_asks_nothing(layer, head):
    model = tiny.model("transformer")
    asked_nothing = without_questions(model, layer, head)
    trace = asked_nothing.trace(TEXT, top_k=0)
    np.testing.assert_allclose(trace.attention_weights[layer, head], even_weights(T), atol=1e-6)
    found = log_probabilities_with(model, TEXT, {(layer, head): even_weights(T)})
    np.testing.assert_allclose(found, plain(asked_nothing), atol=1e-5)
    assert abs(found - plain(model)).max() > 1e-3
    assert np.exp(found).sum() == pytest.approx(1)


def test_even_weights():
    np.testing.assert_allclose(even_weights(3), [[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]])


SUMS_TO_2 = 2 * even_weights(T)
LATER = np.full((T, T), 1 / T)
NEGATIVE = even_weights(T)
NEGATIVE[5, :2] += (-1, 1)
NOT_A_NUMBER = even_weights(T)
NOT_A_NUMBER[3, 1] = np.nan


@pytest.mark.parametrize(
    ("architecture", "weights", "says"),
    [
        ("lstm", {}, "is an LSTM and has no attention heads"),
        ("transformer", {(2, 0): even_weights(T)}, "layer is 2; it must be a whole number from 0 to 1"),
        ("transformer", {(0, -1): even_weights(T)}, "head is -1"),
        ("transformer", {(0, 0): even_weights(T - 1)}, r"shape \(9, 9\); they must be numbers of shape \(10, 10\)"),
        ("transformer", {(0, 0): "even"}, r"shape \(\)"),
        ("transformer", {(0, 1): SUMS_TO_2}, "layer 0, head 1 are no attention weights"),
        ("transformer", {(0, 0): LATER}, "on a later token"),
        ("transformer", {(0, 0): NEGATIVE}, "below 0"),
        ("transformer", {(0, 0): NOT_A_NUMBER}, "are no attention weights"),
    ],
)
def test_what_does_not_fit_gets_a_sentence(architecture, weights, says):
    with pytest.raises(InputError, match=says):
        log_probabilities_with(tiny.model(architecture), TEXT, weights)


def test_no_length():
    with pytest.raises(InputError, match="length is 0"):
        even_weights(0)
