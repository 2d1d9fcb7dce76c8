"""The split softmax is a true distribution, and its shortcuts give the numbers of the long way."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from lessons.head import SplitSoftmax, picked_log_probability, word_logits

V, D, N = 23, 8, 11


def made(cutoffs=(5, 12), seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = SplitSoftmax(V, D, cutoffs)
        for parameter in head.parameters():
            parameter.data = torch.randn_like(parameter)
        return head, torch.randn(V, D), torch.randn(N, D), torch.randint(0, V, (N,))


@pytest.mark.parametrize("cutoffs", [(), (1,), (5,), (5, 12), (5, 12, 22)])
def test_probabilities_of_all_words_sum_to_one(cutoffs):
    head, embedding, hidden, _ = made(cutoffs)
    total = head.log_probabilities(hidden, embedding).exp().sum(dim=1)
    torch.testing.assert_close(total, torch.ones(N))


@pytest.mark.parametrize("cutoffs", [(), (5,), (5, 12)])
def test_a_target_s_surprisal_is_minus_its_log_probability(cutoffs):
    head, embedding, hidden, targets = made(cutoffs)
    log_p = head.log_probabilities(hidden, embedding)
    expected = -log_p[torch.arange(N), targets]
    torch.testing.assert_close(head.surprisals(hidden, targets, embedding), expected)


def test_without_cutoffs_it_is_the_plain_softmax():
    head, embedding, hidden, _ = made(())
    expected = (hidden @ embedding.T + head.bias).log_softmax(dim=1)
    torch.testing.assert_close(head.log_probabilities(hidden, embedding), expected)


def test_with_cutoffs_it_is_two_softmaxes_by_hand():
    head, embedding, hidden, _ = made((5,))
    logits = (hidden @ embedding.T + head.bias).double().detach().numpy()
    tail = (hidden @ head.tail_weight.T + head.tail_bias).double().detach().numpy()
    first = np.exp(np.concatenate([logits[:, :5], tail], axis=1))
    first /= first.sum(axis=1, keepdims=True)
    inside = np.exp(logits[:, 5:])
    inside /= inside.sum(axis=1, keepdims=True)
    expected = np.concatenate([first[:, :5], first[:, 5:] * inside], axis=1)
    np.testing.assert_allclose(head.log_probabilities(hidden, embedding).exp().detach(), expected, rtol=1e-5)


def test_a_half_precision_embedding_gives_the_numbers_of_its_widened_self(monkeypatch):
    monkeypatch.setattr("lessons.head._ROWS_AT_ONCE", 4)
    head, embedding, hidden, targets = made()
    half = embedding.half()
    head.tail_weight.data = head.tail_weight.data.half().float()  # they are stored in the precision of the embedding
    torch.testing.assert_close(
        head.log_probabilities(hidden, half), head.log_probabilities(hidden, half.float()), rtol=1e-5, atol=1e-5
    )
    torch.testing.assert_close(head.surprisals(hidden, targets, half), head.surprisals(hidden, targets, half.float()))
    assert word_logits(hidden, half, head.bias).dtype == torch.float32


def test_the_short_gradient_is_that_of_log_softmax_and_gather():
    logits = torch.randn(6, 9, dtype=torch.double, requires_grad=True)
    targets = torch.randint(0, 9, (6,))
    ours, weights = picked_log_probability(logits, targets), torch.randn(6)
    (ours * weights).sum().backward()
    found = logits.grad.clone()
    logits.grad = None
    (logits.log_softmax(dim=1).gather(1, targets[:, None]).squeeze(1) * weights).sum().backward()
    torch.testing.assert_close(found, logits.grad, rtol=1e-5, atol=1e-6)


def test_rows_that_fill_up_a_bfloat16_product_change_neither_the_answers_nor_the_gradient(monkeypatch):
    def answers():
        head, embedding, _, _ = made()
        torch.manual_seed(1)
        hidden, targets = torch.randn(61, D, requires_grad=True), torch.randint(0, V, (61,))
        embedding.requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            surprisals = head.surprisals(hidden, targets, embedding)
        (surprisals * torch.randn(61)).sum().backward()
        return surprisals, hidden.grad, embedding.grad, head.bias.grad, head.tail_weight.grad

    seen = []
    monkeypatch.setattr("lessons.head.word_logits", lambda *given: seen.append(len(given[0])) or word_logits(*given))
    filled_up = answers()
    assert seen[0] == 61
    assert seen[1:]
    assert all(rows % 16 == 0 for rows in seen[1:])
    monkeypatch.setattr("lessons.head._filled_up", lambda where: where)
    for found, expected in zip(filled_up, answers(), strict=True):
        torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)


def test_it_can_start_at_the_words_frequencies():
    head, embedding, hidden, _ = made()
    counts = torch.arange(V, 0, -1)
    head.start_at_frequencies(counts)
    head.tail_weight.data.zero_()
    answered = head.log_probabilities(hidden, torch.zeros_like(embedding)).exp()
    torch.testing.assert_close(answered[0], counts / counts.sum())


@given(st.lists(st.integers(-3, 30), max_size=5))
def test_cutoffs_rise_inside_the_vocabulary_or_are_refused(cutoffs):
    sensible = all(0 < a < b for a, b in zip([0, *cutoffs], [*cutoffs, V], strict=False) if a) and all(
        0 < c < V for c in cutoffs
    )
    sensible = sensible and sorted(set(cutoffs)) == cutoffs
    if sensible:
        assert SplitSoftmax(V, D, tuple(cutoffs)).n_tails == len(cutoffs)
    else:
        with pytest.raises(InputError, match="rise strictly"):
            SplitSoftmax(V, D, tuple(cutoffs))
