"""Sinusoids by their formula, and a model whose places were exchanged."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from lessons.positions import position_vectors, sinusoids, with_positions
from tests import tiny

TEXT = "the king was crowned in a town of stone"


@pytest.fixture(scope="module")
def transformer():
    return tiny.model("transformer")


@given(st.integers(1, 40), st.integers(1, 20))
def test_each_number_is_the_formula(n_positions, pairs):
    found = sinusoids(n_positions, 2 * pairs)
    assert found.shape == (n_positions, 2 * pairs)
    for p in range(n_positions):
        for i in range(pairs):
            angle = p / 10_000 ** (2 * i / (2 * pairs))
            assert found[p, 2 * i] == pytest.approx(math.sin(angle), abs=1e-12)
            assert found[p, 2 * i + 1] == pytest.approx(math.cos(angle), abs=1e-12)


def test_a_known_value_and_the_property_that_they_were_made_for():
    np.testing.assert_allclose(sinusoids(3, 4)[2], [math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)])
    vectors = sinusoids(50, 8)
    products = vectors @ vectors.T  # depend on the distance of two places, not on the places
    np.testing.assert_allclose(products[:40, :40], products[10:, 10:])


@pytest.mark.parametrize(("length", "width"), [(0, 4), (3, 5), (3, 0), (1.5, 4), (True, 4)])
def test_a_size_that_cannot_be_is_refused(length, width):
    with pytest.raises(InputError):
        sinusoids(length, width)


def test_the_vectors_are_those_that_the_trace_adds(transformer):
    vectors = position_vectors(transformer)
    trace = transformer.trace(TEXT)
    np.testing.assert_array_equal(vectors[: len(trace)], trace.position_embeddings)
    assert vectors.shape == (transformer.context_length, trace.d_model)
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 1


def test_own_vectors_change_nothing_and_the_model_stays(transformer):
    vectors, before = position_vectors(transformer), transformer.surprisals(TEXT)
    np.testing.assert_array_equal(with_positions(transformer, vectors).surprisals(TEXT), before)
    lost = with_positions(transformer, np.zeros_like(vectors))
    assert not np.allclose(lost.surprisals(TEXT), before)
    assert not lost.trace(TEXT).position_embeddings.any()
    np.testing.assert_array_equal(transformer.surprisals(TEXT), before)
    assert lost.network.embedding.weight is transformer.network.embedding.weight


def test_other_vectors_take_their_places(transformer):
    vectors = position_vectors(transformer)
    order = np.random.default_rng(3).permutation(len(vectors))
    trace = with_positions(transformer, vectors[order]).trace(TEXT)
    np.testing.assert_array_equal(trace.position_embeddings, vectors[order][: len(trace)])
    np.testing.assert_allclose(trace.residual_stream[0], trace.embeddings + trace.position_embeddings, atol=1e-6)


@pytest.mark.parametrize("bad", ["a", None, np.zeros((3, 16)), np.full((16, 16), np.nan), np.zeros(16)])
def test_vectors_that_do_not_fit_are_refused(transformer, bad):
    with pytest.raises(InputError, match="vectors"):
        with_positions(transformer, bad)


@pytest.mark.parametrize("other", [tiny.model("lstm"), "transformer", None])
def test_a_model_without_places_is_refused(other):
    for ask in (position_vectors, lambda model: with_positions(model, np.zeros((16, 16)))):
        with pytest.raises(InputError, match="no position vectors"):
            ask(other)
