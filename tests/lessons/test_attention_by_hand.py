"""Attention by hand is torch's own on random cases, and the check that says so rejects each well-known mistake."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from lessons import attention_by_hand as by_hand
from lessons.errors import InputError

CASES = 100
TOLERANCE = 1e-5


def case(seed):
    """A query, key and value of a random size, large enough for every step to matter: at least 2 tokens, d not 1."""
    generator = np.random.default_rng(seed)
    length, d, d_value = generator.integers(2, 8, size=3)
    q, k = 1.5 * generator.standard_normal((2, length, d))
    return q, k, 2 * generator.standard_normal((length, d_value))


def agrees_with_torch(attention):
    """True if a function of query, key and value gives torch's causal attention in each of the random cases."""
    for seed in range(CASES):
        given_case = [torch.from_numpy(part)[None, None] for part in case(seed)]
        expected = F.scaled_dot_product_attention(*given_case, is_causal=True)[0, 0].numpy()
        with np.errstate(all="ignore"):
            found = np.asarray(attention(*case(seed)))
        if found.shape != expected.shape or not np.allclose(found, expected, rtol=0, atol=TOLERANCE):
            return False
    return True


def step_by_step(query, key, value):
    scaled = by_hand.scale(by_hand.scores(query, key), query.shape[1])
    return by_hand.mix(by_hand.softmax(by_hand.mask(scaled)), value)


def test_the_steps_together_are_torch_s_attention():
    assert agrees_with_torch(step_by_step)
    assert agrees_with_torch(lambda q, k, v: by_hand.attention(q, k, v).output)


def no_scale(q, k, v):
    return by_hand.mix(by_hand.softmax(by_hand.mask(by_hand.scores(q, k))), v)


def softmax_over_queries(q, k, v):
    masked = by_hand.attention(q, k, v).masked
    grown = np.exp(masked)
    return grown / grown.sum(axis=0, keepdims=True) @ v


def mask_after_softmax(q, k, v):
    return by_hand.attention(q, k, v, mask_place="after").output


def minus_one_for_minus_infinity(q, k, v):
    steps = by_hand.attention(q, k, v)
    return by_hand.mix(by_hand.softmax(np.where(steps.visible, steps.scaled, -1.0)), v)


def scale_by_d(q, k, v):
    return by_hand.mix(by_hand.softmax(by_hand.mask(by_hand.scores(q, k) / q.shape[1])), v)


def mask_of_the_past(q, k, v):
    steps = by_hand.attention(q, k, v)
    return by_hand.mix(by_hand.softmax(by_hand.mask(steps.scaled, steps.visible.T)), v)


def keys_and_queries_exchanged(q, k, v):
    return step_by_step(k, q, v)


MUTANTS = [
    no_scale,
    softmax_over_queries,
    mask_after_softmax,
    minus_one_for_minus_infinity,
    scale_by_d,
    mask_of_the_past,
    keys_and_queries_exchanged,
    lambda q, k, v: by_hand.attention(q, k, v, use_scale=False).output,
    lambda q, k, v: by_hand.attention(q, k, v, mask_place="never").output,
]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_same_check_rejects_each_mistake(mutant):
    assert not agrees_with_torch(mutant)


@pytest.mark.parametrize("seed", range(20))
def test_without_the_mask_it_is_torch_s_attention_too(seed):
    q, k, v = case(seed)
    parts = [torch.from_numpy(part)[None, None] for part in (q, k, v)]
    expected = F.scaled_dot_product_attention(*parts)[0, 0].numpy()
    np.testing.assert_allclose(by_hand.attention(q, k, v, mask_place="never").output, expected, atol=TOLERANCE)
    expected = F.scaled_dot_product_attention(*parts, is_causal=True, scale=1.0)[0, 0].numpy()
    np.testing.assert_allclose(by_hand.attention(q, k, v, use_scale=False).output, expected, atol=TOLERANCE)
    seen = np.random.default_rng(seed).random((len(q), len(q))) < 0.5
    np.fill_diagonal(seen, True)
    expected = F.scaled_dot_product_attention(*parts, attn_mask=torch.from_numpy(seen))[0, 0].numpy()
    np.testing.assert_allclose(by_hand.attention(q, k, v, visible=seen).output, expected, atol=TOLERANCE)


@pytest.mark.parametrize("seed", range(CASES))
def test_rows_sum_to_1_and_the_output_stays_inside_the_values(seed):
    q, k, v = case(seed)
    steps = by_hand.attention(q, k, v)
    np.testing.assert_allclose(steps.weights.sum(axis=1), 1, atol=1e-12)
    assert (steps.weights[~steps.visible] == 0).all()
    assert (steps.output >= v.min(axis=0) - 1e-12).all()
    assert (steps.output <= v.max(axis=0) + 1e-12).all()
    wrong = by_hand.attention(q, k, v, mask_place="after").weights.sum(axis=1)
    assert (wrong[:-1] < 1).all()
    assert wrong[-1] == pytest.approx(1)  # the last query may look at every key: nothing was taken from it


def test_dividing_by_the_sum_mends_a_mask_at_the_wrong_place():
    q, k, v = case(3)
    wrong = by_hand.attention(q, k, v, mask_place="after").weights
    np.testing.assert_allclose(wrong / wrong.sum(axis=1, keepdims=True), by_hand.attention(q, k, v).weights)


def test_a_blackboard_example():
    query, key, value = [[2, -1], [1, 2], [-1, 1]], [[1, 0], [0, 1], [2, 1]], [[3, 0], [0, 3], [3, 3]]
    steps = by_hand.attention(query, key, value)
    assert steps.scores.tolist() == [[2, -1, 3], [1, 2, 4], [-1, 1, -1]]
    assert steps.scaled[1, 2] == pytest.approx(4 / math.sqrt(2))
    assert steps.masked[0].tolist() == [pytest.approx(2 / math.sqrt(2)), -math.inf, -math.inf]
    third = 1 / (1 + math.exp(1 / math.sqrt(2)))
    np.testing.assert_allclose(steps.weights[1], [third, 1 - third, 0])
    np.testing.assert_allclose(steps.output[1], [3 * third, 3 - 3 * third])
    assert len(steps) == 3


def test_the_record_cannot_be_changed():
    query = np.ones((2, 2))
    steps = by_hand.attention(query, query, query)
    query[0, 0] = 7
    assert steps.query[0, 0] == 1
    for name in ("query", "key", "value", "scores", "scaled", "masked", "weights", "output", "visible"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(steps, name)[0, 0] = 1
    with pytest.raises(AttributeError):
        steps.weights = query


def test_softmax_does_not_overflow_and_does_not_mind_a_constant():
    np.testing.assert_allclose(by_hand.softmax([[1000.0, 1000.0]]), [[0.5, 0.5]])
    np.testing.assert_allclose(by_hand.softmax([[1e308, -1e308]]), [[1, 0]])
    rows = np.random.default_rng(1).standard_normal((4, 5))
    np.testing.assert_allclose(by_hand.softmax(rows), by_hand.softmax(rows + 100))


TWO = [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: by_hand.scores([[1, math.nan]], [[1, 2]]), "query holds nan in row 1, column 2; only finite numbers"),
        (lambda: by_hand.scores(TWO, [[1, math.inf], [0, 0]]), "key holds inf in row 1, column 2"),
        (lambda: by_hand.scores(TWO, [[1, 2]]), "key has 1 rows and query 2; both need one for each token"),
        (lambda: by_hand.scores(TWO, [[1, 2, 3]] * 2), "A query has 2 numbers and a key 3"),
        (lambda: by_hand.scores("abc", TWO), "query must be a matrix of numbers"),
        (lambda: by_hand.scores([["1", "2"]], TWO), "query must be a matrix of numbers"),
        (lambda: by_hand.scores([[1, 2], [3]], TWO), "query must be a matrix of numbers, each row with equally many"),
        (lambda: by_hand.scores([1, 2], TWO), r"query has shape \(2,\); it must be a matrix"),
        (lambda: by_hand.scores(np.zeros((0, 2)), TWO), r"query has shape \(0, 2\); .* not empty"),
        (lambda: by_hand.scores(None, TWO), "query must be a matrix of numbers"),
        (lambda: by_hand.scores([[True, False]] * 2, TWO), "query must be a matrix of numbers"),
        (lambda: by_hand.scores([[1e200]], [[1e200]]), "too large: the scores would not be finite"),
        (lambda: by_hand.scale(TWO, 0), "d_head is 0; it must be a whole number of at least 1"),
        (lambda: by_hand.mask([[1, 2, 3]] * 2), r"scores has shape \(2, 3\); it must be square"),
        (lambda: by_hand.mask(TWO, [[True]]), "visible must be 2 × 2 True or False"),
        (lambda: by_hand.mask(TWO, [[1, 0], [1, 1]]), "visible must be 2 × 2 True or False"),
        (lambda: by_hand.causal(0), "length is 0"),
        (lambda: by_hand.softmax([[0, 1], [-math.inf, -math.inf]]), "Row 2 is −∞ throughout: every key is masked"),
        (lambda: by_hand.softmax([[math.inf, 0]]), "rows holds inf in row 1, column 1; only finite numbers or −∞"),
        (lambda: by_hand.mix(TWO, [[1, 2, 3]]), "value has 1 rows and weights 2"),
        (lambda: by_hand.mix([[1, 2, 3]] * 2, TWO), "weights has shape .* square"),
        (lambda: by_hand.hide_weights([[1, 2, 3]] * 2), "weights has shape .* square"),
        (lambda: by_hand.attention(TWO, TWO, [[1]]), "value has 1 rows and query 2"),
        (lambda: by_hand.attention(TWO, TWO, TWO, mask_place="inside"), "mask_place is 'inside'; it must be one of"),
        (lambda: by_hand.attention(TWO, TWO, TWO, visible=np.eye(2, dtype=bool) & False), "Row 1 is −∞ throughout"),
        (lambda: by_hand.draw_scores(0), "d is 0; it must be a whole number from 1 to 4096"),
        (lambda: by_hand.draw_scores(8, seed=-1), "seed is -1"),
        (lambda: by_hand.draw_scores(8, n_keys=1), "n_keys is 1"),
        (lambda: by_hand.look([0.5, 0.4]), "weights sum to 0.9"),
        (lambda: by_hand.look([1.5, -0.5]), "weights sum to 1"),
    ],
)
def test_what_cannot_be_used_gets_a_sentence(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()


ANYTHING = st.recursive(st.none() | st.integers() | st.floats() | st.text(), lambda part: st.lists(part, max_size=3))


@given(ANYTHING, ANYTHING, ANYTHING)
def test_anything_is_used_or_refused(query, key, value):
    refused = ""
    try:
        output = by_hand.attention(query, key, value).output
    except InputError as error:
        refused = str(error)
    assert refused.endswith(".") if refused else np.isfinite(output).all()


# The scale.


@pytest.mark.parametrize("d", [2, 16, 512])
def test_the_gradient_s_size_is_that_of_torch_s_jacobian(d):
    draw = by_hand.draw_scores(d, seed=d)
    for seen, row in ((draw.plain, draw.scores), (draw.scaled, draw.scores / math.sqrt(d))):
        row = torch.from_numpy(row.copy())
        jacobian = torch.autograd.functional.jacobian(lambda x: x.softmax(-1), row)
        assert seen.gradient == pytest.approx(jacobian.norm().item(), abs=1e-9)
        np.testing.assert_allclose(seen.weights, row.softmax(-1).numpy(), atol=1e-9)
        entropy = torch.distributions.Categorical(torch.from_numpy(seen.weights.copy())).entropy().item()
        assert seen.entropy == pytest.approx(entropy, abs=1e-6)
        assert seen.effective == pytest.approx(math.exp(entropy), abs=1e-5)


def test_a_draw_repeats_and_its_spread_grows_as_the_root_of_d():
    one, again, other = by_hand.draw_scores(64, 3), by_hand.draw_scores(64, 3), by_hand.draw_scores(64, 4)
    np.testing.assert_array_equal(one.scores, again.scores)
    assert not np.allclose(one.scores, other.scores)
    for d in (4, 64, 512):
        rows = np.concatenate([by_hand.draw_scores(d, seed).scores for seed in range(200)])
        assert rows.std() / math.sqrt(d) == pytest.approx(1, abs=0.1)
    assert one.spread == pytest.approx(one.scores.std())


def test_only_the_scale_keeps_the_softmax_open_when_d_grows():
    narrow, wide = by_hand.average_scores(2), by_hand.average_scores(512)
    assert wide.plain.entropy < 0.3 < 1.4 < wide.scaled.entropy
    assert wide.plain.gradient < 0.4 * wide.scaled.gradient
    assert narrow.scaled.gradient == pytest.approx(wide.scaled.gradient, rel=0.2)
    assert (wide.plain.effective, wide.scaled.effective) == (pytest.approx(1.2, abs=0.2), pytest.approx(5.7, abs=0.5))


def test_an_average_is_the_mean_of_its_draws():
    mean = by_hand.average_scores(16, n_draws=5, n_keys=4)
    draws = [by_hand.draw_scores(16, seed, n_keys=4) for seed in range(5)]
    assert mean.spread == pytest.approx(np.mean([draw.scores.std() for draw in draws]))
    for kind in ("plain", "scaled"):
        for name in ("entropy", "effective", "gradient"):
            expected = np.mean([getattr(getattr(draw, kind), name) for draw in draws])
            assert getattr(getattr(mean, kind), name) == pytest.approx(expected)


def test_the_ends_of_a_softmax():
    even, sure = by_hand.look(np.full(8, 1 / 8)), by_hand.look([0, 1.0, 0])
    assert even.entropy == pytest.approx(math.log(8))
    assert even.effective == pytest.approx(8)
    assert (sure.entropy, sure.effective, sure.gradient) == (0, 1, 0)
    assert by_hand.look([0.5, 0.5]).gradient == pytest.approx(0.5)
