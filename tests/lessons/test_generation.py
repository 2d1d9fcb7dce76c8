"""Drawing tokens: the shown distribution is the one that is drawn from, and the same seed tells the same text."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons import load_model
from lessons.errors import InputError
from lessons.generation import MOST_TOKENS
from lessons.records import Distribution
from lessons.records.generation import draw_token, random_numbers, readable
from lessons.text import wikitext
from tests import tiny

ARCHITECTURES = ["lstm", "transformer"]
TEXT = "the king was crowned in a town of stone , and in 1066 the bees and a king was in the town . a"
HALVES = [0.5, 0.25, 0.125, 0.125]


def shares(*probabilities):
    """Return a distribution over the tokens a, b, c ..., given in the order of their ids."""
    tokens = [chr(ord("a") + i) for i in range(len(probabilities))]
    return Distribution.of("by hand", tokens, np.array(probabilities, float), -1, 1)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def model(request):
    return tiny.model(request.param)


# The distribution.


def test_the_whole_vocabulary_is_there(model):
    whole, top = model.distribution(TEXT), model.next_tokens(TEXT, top_k=model.vocab_size)
    assert sorted(whole.token_ids) == list(range(model.vocab_size))
    assert [model.vocabulary.itos[i] for i in whole.token_ids] == list(whole.tokens)
    np.testing.assert_allclose(whole.probabilities, top.probabilities, rtol=1e-9)
    assert whole.probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert whole.entropy == pytest.approx(top.entropy, rel=1e-6)
    assert whole.effective_choices == pytest.approx(math.exp(top.entropy), rel=1e-6)
    assert (whole.context, whole.position, whole.cut_count, whole.cut_probability) == (top.context, -1, 0, 0)
    assert not whole.probabilities.flags.writeable
    assert not whole.cumulative.flags.writeable


@pytest.mark.parametrize("position", [0, 3, -1])
def test_each_place_can_be_asked(model, position):
    place = model.distribution(TEXT, position)
    truth = model.next_tokens(TEXT, top_k=5, position=position)
    np.testing.assert_allclose(place.probabilities[:5], truth.probabilities, rtol=1e-9)
    assert place.tokens[:5] == truth.tokens


@pytest.mark.parametrize("temperature", [1e-3, 0.5, 1.0, 2.0, 1e3])
def test_temperature_is_that_of_next_tokens_and_changes_no_rank(model, temperature):
    plain = model.distribution(TEXT)
    shaped = plain.shaped(temperature)
    warm = model.next_tokens(TEXT, top_k=model.vocab_size, temperature=temperature)
    np.testing.assert_allclose(shaped.probabilities, warm.probabilities, rtol=1e-7, atol=1e-300)
    assert shaped.tokens == plain.tokens
    assert (shaped.entropy > plain.entropy) == (temperature > 1) or temperature == 1


@pytest.mark.parametrize("temperature", [5e-324, 1e-310, 1e-3, 1e3, 1e300])
def test_extreme_temperatures_give_numbers(temperature):
    for distribution in (shares(*HALVES), shares(1.0, 0.0, 0.0), shares(1 - 1e-300, 1e-300), shares(0.5, 0.5)):
        shaped = distribution.shaped(temperature, top_k=2, top_p=0.9)
        assert np.isfinite(shaped.probabilities).all()
        assert shaped.probabilities.sum() == pytest.approx(1)
        assert math.isfinite(shaped.entropy)
        assert math.isfinite(shaped.cut_probability)
        assert shaped.tokens[shaped.draw(0.999) - 1] in distribution.tokens


def test_equal_probabilities_stand_by_token_id():
    distribution = shares(0.2, 0.4, 0.2, 0.2)
    assert distribution.tokens == ("b", "a", "c", "d")
    assert distribution.shaped(1e300).tokens == ("b", "a", "c", "d")
    assert distribution.shaped(top_k=2).tokens == ("b", "a")


# What is cut away.


@pytest.mark.parametrize(
    ("settings", "left", "cut"),
    [
        ({}, HALVES, 0),
        ({"top_k": 1}, [1], 0.5),
        ({"top_k": 2}, [2 / 3, 1 / 3], 0.25),
        ({"top_k": 9}, HALVES, 0),
        ({"top_p": 0.5}, [1], 0.5),
        ({"top_p": 0.51}, [2 / 3, 1 / 3], 0.25),
        ({"top_p": 0.75}, [2 / 3, 1 / 3], 0.25),
        ({"top_p": 1e-9}, [1], 0.5),
        ({"top_p": 1}, HALVES, 0),
        ({"temperature": 0.5}, [16 / 22, 4 / 22, 1 / 22, 1 / 22], 0),
        ({"temperature": 0.5, "top_k": 2}, [0.8, 0.2], 2 / 22),
        ({"temperature": 0.5, "top_p": 0.75}, [0.8, 0.2], 2 / 22),  # the temperature comes first: 16/22 is too little
        ({"top_k": 2, "top_p": 0.6}, [1], 0.5),  # top-k comes before top-p: a has two thirds of what is left
        ({"top_k": 2, "top_p": 0.7}, [2 / 3, 1 / 3], 0.25),
    ],
)
def test_shaping_by_hand(settings, left, cut):
    shaped = shares(*HALVES).shaped(**settings)
    np.testing.assert_allclose(shaped.probabilities, left, rtol=1e-12)
    assert shaped.cut_probability == pytest.approx(cut, abs=1e-15)
    assert shaped.cut_count == 4 - len(left) == 4 - len(shaped.tokens)
    told = {"temperature": shaped.temperature, "top_k": shaped.top_k, "top_p": shaped.top_p}
    assert told == {"temperature": 1.0, "top_k": None, "top_p": None} | settings


def test_top_p_adapts_to_the_shape_and_top_k_does_not():
    peaked, flat = shares(0.91, *[0.01] * 9), shares(*[0.1] * 10)
    assert [len(d.shaped(top_p=0.9)) for d in (peaked, flat)] == [1, 9]
    assert [len(d.shaped(top_k=3)) for d in (peaked, flat)] == [3, 3]


def test_sums_of_fractions_reach_their_target():
    for n in (9, 10, 11):
        assert [len(shares(*[1 / n] * n).shaped(top_p=k / n)) for k in range(1, n + 1)] == list(range(1, n + 1))


@given(
    st.lists(st.floats(1e-12, 1), min_size=1, max_size=40),
    st.floats(0.05, 20),
    st.none() | st.integers(1, 50),
    st.none() | st.floats(1e-6, 1),
)
def test_the_smallest_set_is_kept(weights, temperature, top_k, top_p):
    p = np.array(weights) / sum(weights)
    warm = shares(*p).shaped(temperature)
    shaped = warm.shaped(1.0, top_k, top_p)
    n = min(len(p), top_k or len(p))
    part = warm.probabilities[:n] / warm.probabilities[:n].sum()
    if top_p is not None:
        assert part[: len(shaped)].sum() >= top_p - 1e-9
        assert len(shaped) == 1 or part[: len(shaped) - 1].sum() < top_p + 1e-9
    else:
        assert len(shaped) == n
    assert shaped.cut_probability == pytest.approx(1 - warm.probabilities[: len(shaped)].sum(), abs=1e-12)
    np.testing.assert_allclose(
        shares(*p).shaped(temperature, top_k, top_p).probabilities, shaped.probabilities, rtol=1e-9
    )


# Drawing.


def test_each_number_falls_into_one_interval():
    distribution = shares(*HALVES)
    assert distribution.cumulative.tolist() == [0, 0.5, 0.75, 0.875, 1]
    found = [distribution.draw(u) for u in (0, 0.4999, 0.5, 0.7499, 0.75, 0.875, math.nextafter(1, 0))]
    assert found == [1, 1, 2, 2, 3, 4, 4]
    assert [distribution.interval(rank) for rank in (1, 4)] == [(0, 0.5), (0.875, 1)]


def test_what_has_no_probability_is_never_drawn():
    distribution = shares(0.0, 1.0, 0.0)
    assert {distribution.draw(u) for u in (0, 0.5, math.nextafter(1, 0))} == {1}
    assert distribution.tokens[0] == "b"


def test_counts_are_those_of_single_draws(model):
    distribution, numbers = model.distribution(TEXT).shaped(2.0, top_p=0.9), random_numbers(5, 300)
    counts = np.zeros(len(distribution))
    for u in numbers:
        counts[distribution.draw(u) - 1] += 1
    assert distribution.count_draws(numbers).tolist() == counts.tolist()


def chi_square(counts, probabilities):
    """Return the statistic over bins that expect 5 draws or more, and the bound that one seed in 1,000 exceeds.

    Rare tokens are put together, the rarest first. The bound is Wilson and Hilferty's (1931) approximation.
    """
    expected = counts.sum() * probabilities
    bins = [[0.0, 0.0]]
    for seen, awaited in zip(counts[::-1], expected[::-1], strict=True):
        if bins[-1][1] >= 5:
            bins.append([0.0, 0.0])
        bins[-1][0] += seen
        bins[-1][1] += awaited
    if bins[-1][1] < 5:
        bins[-2:] = [[a + b for a, b in zip(*bins[-2:], strict=True)]]
    seen, awaited = np.array(bins).T
    freedom = len(bins) - 1
    bound = freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3
    return float(((seen - awaited) ** 2 / awaited).sum()), bound


SETTINGS = [{}, {"temperature": 0.7}, {"temperature": 1.5, "top_k": 50}, {"top_p": 0.9}]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def real_distribution(request):
    return load_model(request.param).distribution("The king was crowned in")


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_ten_thousand_draws_fit_the_shown_distribution(real_distribution, settings):
    shaped = real_distribution.shaped(**settings)
    statistic, bound = chi_square(shaped.count_draws(random_numbers(11, 10_000)), shaped.probabilities)
    assert statistic < bound


MUTANTS = {
    "small numbers too often": lambda plain, shaped, u: shaped.count_draws(u**1.1),
    "the temperature forgotten": lambda plain, shaped, u: plain.shaped(top_k=50).count_draws(u),
    "one place too far": lambda plain, shaped, u: np.roll(shaped.count_draws(u), 1),
    "the first choice left out": lambda plain, shaped, u: shaped.count_draws(
        shaped.cumulative[1] + u * (1 - shaped.cumulative[1])
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_biased_sampler_does_not_fit(real_distribution, mutant):
    shaped = real_distribution.shaped(1.5, top_k=50)
    counts = MUTANTS[mutant](real_distribution, shaped, random_numbers(11, 10_000))
    statistic, bound = chi_square(counts, shaped.probabilities)
    assert statistic > bound


# Writing.


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.5, "top_k": 5, "top_p": 0.9, "seed": 9}], ids=str)
def test_each_step_is_drawn_from_what_the_model_says_there(model, settings):
    """30 tokens after 24: the Transformer's window of 16 moves on several times, the LSTM goes on from its state."""
    written = model.generate(TEXT, 30, **settings)
    shape = {name: settings.get(name, default) for name, default in (("temperature", 1.0), ("top_k", None))}
    tokens = list(written.prompt.tokens)
    assert [step.u for step in written.drawn] == random_numbers(settings.get("seed", 0), 30).tolist()
    for step in written.drawn:
        plain = model.distribution(" ".join(tokens))
        shaped = plain.shaped(**shape, top_p=settings.get("top_p"))
        drawn = draw_token(plain, shaped, step.u)
        assert (drawn.token, drawn.rank, drawn.token_id) == (step.token, step.rank, step.token_id)
        for name in ("low", "high", "probability", "plain_probability", "entropy"):
            assert getattr(step, name) == pytest.approx(getattr(drawn, name), rel=1e-3, abs=1e-5)
        assert step.low <= step.u < step.high
        truth = model.next_tokens(" ".join([*tokens, step.token]), position=len(tokens))
        assert step.plain_probability == pytest.approx(truth.true_probability, rel=1e-3)
        tokens.append(step.token)
    assert written.tokens == tuple(tokens[len(written.prompt) :])


def test_fewer_tokens_are_the_beginning_of_more(model):
    assert model.generate(TEXT, 5, seed=2).tokens == model.generate(TEXT, 25, seed=2).tokens[:5]


def test_greedy_takes_the_first_choice_whatever_the_seed(model):
    texts = {model.generate("the king", 20, top_k=1, seed=seed).tokens for seed in range(5)}
    cold = model.generate("the king", 20, temperature=1e-6, seed=8).tokens
    assert texts == {cold}
    assert {step.rank for step in model.generate("the king", 20, top_k=1).drawn} == {1}


def test_other_seeds_write_other_texts(model):
    assert len({model.generate("the king", 20, seed=seed).tokens for seed in range(10)}) == 10


def test_each_token_is_told_as_it_comes_and_can_be_the_last(model):
    told = []
    written = model.generate(TEXT, 30, each=lambda step: told.append(step.token) or len(told) == 4)
    assert tuple(told) == written.tokens == model.generate(TEXT, 4).tokens
    assert model.generate(TEXT, 4, each=lambda step: step.token).tokens == written.tokens  # only True stops


N_SHIPPED = int(os.environ.get("GLASSBOX_GENERATIONS", "20"))
PROGRAM = """
import json, sys
from tests.lessons.test_generation import generations
json.dump(generations(json.loads(sys.argv[1])), sys.stdout)
"""


def generations(shipped):
    """Return continuations, tokens and numbers, of both models at several settings."""
    written = []
    for architecture in ARCHITECTURES:
        model = load_model(architecture) if shipped else tiny.model(architecture)
        for seed in range((N_SHIPPED if shipped else 100) // 2):
            text = model.generate("the king was", 8 if shipped else 25, **SETTINGS[seed % len(SETTINGS)], seed=seed)
            written.append([[step.token_id, step.u, step.probability] for step in text.drawn])
    return written


def in_another_process(shipped):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(shipped)],
        env={**os.environ, "PYTHONHASHSEED": "17"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout)


def test_a_hundred_generations_are_the_same_in_two_processes():
    here, there = generations(False), in_another_process(False)
    assert len(here) == 100
    assert sum(a == b for a, b in zip(here, there, strict=True)) == 100


@pytest.mark.slow
def test_generations_of_the_shipped_models_are_the_same_in_two_processes():
    here, there = generations(True), in_another_process(True)
    assert sum(a == b for a, b in zip(here, there, strict=True)) == len(here) == N_SHIPPED


# What people read.


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("The king , who had 1 @,@ 066 men , won .", "The king, who had 1,066 men, won."),
        ("a well @-@ known 3 @.@ 5 % share", "a well-known 3.5% share"),
        ("the queen 's crown ( of gold ) isn 't", "the queen's crown (of gold) isn't"),
        ('he said " no " and " yes " .', 'he said "no" and "yes".'),
        ("one . <eos> two <unk>", "one.\ntwo <unk>"),
        ('an open " quote <eos> " closed "', 'an open "quote\n"closed"'),
        ("$ 5 ; £ 6 : done !", "$5; £6: done!"),
        ("", ""),
    ],
)
def test_tokens_become_a_text(tokens, text):
    assert readable(tokens.split()) == text


def test_a_readable_text_is_read_as_the_same_tokens():
    line = "The king was crowned in a town , of stone ( and bees ) , in 1 @,@ 000 ."
    assert wikitext(line)[:-1] == line.split()
    text = load_model("lstm").tokenize(readable(line.split()))
    assert list(text.tokens) == line.split()


def test_the_text_shows_what_was_typed():
    written = tiny.model("lstm").generate("the zebra was", 3)
    assert written.text.startswith("the zebra was")
    assert str(written) == written.text
    assert written.prompt.tokens[1] == "<unk>"


# Bad values.

BAD_SHAPES = [
    ("temperature", [0, -1, math.nan, math.inf, 10**400, "1", True, None], "temperature is .*; it must be above 0"),
    ("top_k", [0, -1, 2.5, "5", True], "top_k is .*; it must be a whole number of at least 1"),
    ("top_p", [0, -0.1, 1.5, math.nan, math.inf, "0.9", True], "top_p is .*; it must be above 0 and at most 1"),
]


@pytest.mark.parametrize(
    ("name", "value", "sentence"), [(name, value, words) for name, values, words in BAD_SHAPES for value in values]
)
def test_a_shape_that_makes_no_sense_gets_a_sentence(model, name, value, sentence):
    with pytest.raises(InputError, match=sentence):
        shares(*HALVES).shaped(**{name: value})
    with pytest.raises(InputError, match=sentence):
        model.generate(TEXT, **{name: value})


@pytest.mark.parametrize("u", [1.0, -1e-9, math.nan, math.inf, "0.5", True, None])
def test_a_number_outside_gets_a_sentence(u):
    with pytest.raises(InputError, match=r"u is .*; it must be at least 0 and below 1"):
        shares(*HALVES).draw(u)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"n_tokens": 0}, f"n_tokens is 0; it must be a whole number from 1 to {MOST_TOKENS}"),
        ({"n_tokens": MOST_TOKENS + 1}, "n_tokens is 1001"),
        ({"n_tokens": True}, "n_tokens is True"),
        ({"seed": -1}, "seed is -1; it must be a whole number of at least 0"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"text": ""}, "The text is empty"),
    ],
)
def test_bad_words_to_a_writer(model, values, sentence):
    with pytest.raises(InputError, match=sentence):
        model.generate(**{"text": TEXT} | values)


@pytest.mark.parametrize("position", [-2, 24, 1.0, True])
def test_a_place_outside_the_text_gets_a_sentence(model, position):
    with pytest.raises(InputError, match="position is"):
        model.distribution(TEXT, position)


def test_other_bad_values():
    distribution = shares(*HALVES)
    for rank in (0, 5, 1.5):
        with pytest.raises(InputError, match="rank is"):
            distribution.interval(rank)
    for numbers in ([1.0], [-0.1], [math.nan], 0.5):
        with pytest.raises(InputError, match="numbers must be"):
            distribution.count_draws(numbers)
    for probabilities in ([0.5, 0.4], [1.5, -0.5]):
        with pytest.raises(InputError, match="probabilities must be sorted"):
            shares(*probabilities)
