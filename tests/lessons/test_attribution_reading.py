"""What all attribution methods stand on: many texts at once, the way to a word, and what 'missing' means."""

import numpy as np
import pytest
import torch

from lessons.attribution.ask import ask
from lessons.attribution.many_texts import NOTHING, last_hidden_states
from lessons.attribution.missing import missing
from lessons.attribution.value import Explained, first_choices, way_to
from lessons.attribution.vectors import last_hidden_of_vectors
from lessons.errors import InputError
from lessons.records import BASELINES, EXPLAINS
from tests import plain, tiny
from tests.tiny import WORDS

ARCHITECTURES = ["lstm", "transformer"]
TEXT = "the king was crowned in a town of stone"
TOLERANCE = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(params=ARCHITECTURES)
def model(request):
    return tiny.model(request.param)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("seed", range(20))
@torch.no_grad()
def test_many_texts_at_once_are_read_as_each_alone(architecture, seed):
    """Texts of different lengths, with common beginnings, the same text twice, and vectors in place of words."""
    rng, model = np.random.default_rng(seed), tiny.model(architecture, seed)
    size, length = model.vocab_size, int(rng.integers(1, 16))
    vectors = torch.randn(3, 16, generator=torch.Generator().manual_seed(seed))
    base = rng.integers(0, size, length)
    texts = np.where(rng.random((12, length)) < 0.3, rng.integers(0, size + 3, (12, length)), base)
    texts[3] = texts[7]
    lengths = rng.integers(1, length + 1, 12)
    texts[np.arange(length) >= lengths[:, None]] = NOTHING
    together = last_hidden_states(model.network, texts, vectors)
    table = torch.cat([model.network.embedding.weight, vectors])
    for row, n_tokens, state in zip(texts, lengths, together, strict=True):
        alone = plain.final_hidden(model, table[torch.from_numpy(row[:n_tokens])][None])[0]
        np.testing.assert_allclose(state, alone, **TOLERANCE)


def test_more_texts_than_fit_at_once_come_back_in_their_order(model, monkeypatch):
    texts = np.random.default_rng(0).integers(0, model.vocab_size, (30, 6))
    whole = last_hidden_states(model.network, texts, torch.zeros(0, 16))
    monkeypatch.setattr("lessons.attribution.many_texts._PLACES_AT_ONCE", 20)
    np.testing.assert_allclose(last_hidden_states(model.network, texts, torch.zeros(0, 16)), whole, **TOLERANCE)


@torch.no_grad()
def test_words_as_vectors_are_read_as_the_words(model):
    ids = model.tokenize(TEXT).token_ids[None].repeat(2, axis=0)
    states = last_hidden_of_vectors(model.network, plain.vectors_of(model, ids))
    np.testing.assert_allclose(states, last_hidden_states(model.network, ids, torch.zeros(0, 16)), **TOLERANCE)


@pytest.mark.parametrize("cutoffs", [(), (4,), (6, 10)])
@torch.no_grad()
def test_the_choices_on_the_way_to_a_word_give_its_number(cutoffs):
    model = tiny.model("lstm", cutoffs=cutoffs)
    head, weight = model.network.head, model.network.embedding.weight
    hidden = torch.randn(7, 16, generator=torch.Generator().manual_seed(1))
    log_p = head.log_probabilities(hidden, weight)
    for word in range(model.vocab_size):
        way, other = way_to(word, head, weight), way_to((word + 1) % model.vocab_size, head, weight)
        expected = {
            "log_probability": log_p[:, word],
            "probability": log_p[:, word].exp(),
            "logit": plain.number(model, hidden, word, "logit"),
            "contrast": log_p[:, word] - log_p[:, (word + 1) % model.vocab_size],
        }
        for kind in EXPLAINS:
            found = Explained(kind, way, other if kind == "contrast" else ())(hidden)
            np.testing.assert_allclose(found, expected[kind], **TOLERANCE)


@pytest.mark.parametrize("seed", range(10))
@torch.no_grad()
def test_the_first_choice_is_that_of_the_whole_head(seed):
    model = tiny.model("lstm", seed)
    hidden = torch.randn(200, 16, generator=torch.Generator().manual_seed(seed))
    expected = model.network.head.log_probabilities(hidden, model.network.embedding.weight).argmax(1)
    found = first_choices(model.network.head, model.network.embedding.weight, hidden)
    np.testing.assert_array_equal(found, expected)
    assert (found >= 10).any()  # some of them lie in a tail
    assert (found < 6).any()


@pytest.mark.parametrize("position", [-1, 1, 5, 8])
def test_the_target_is_the_first_choice_or_the_true_word(model, position):
    question = ask(model, TEXT, position=position)
    answer = model.next_tokens(TEXT, top_k=model.vocab_size, position=position)
    expected = answer.tokens[0] if position < 0 else answer.true_token
    assert model.vocabulary.itos[question.target_id] == expected
    p = answer.probabilities[answer.tokens.index(expected)]
    assert question.value() == pytest.approx(np.log(p), abs=1e-5)
    assert ask(model, TEXT, position=position, explains="probability").value() == pytest.approx(p, abs=1e-6)


def test_a_place_inside_the_text_is_explained_by_the_words_before_it(model):
    inside = model.explain(TEXT, position=4)
    alone = model.explain("the king was crowned", target="in")
    assert inside.tokens == alone.tokens == ("the", "king", "was", "crowned")
    assert (inside.target, inside.position, alone.position) == ("in", 4, -1)
    np.testing.assert_allclose(inside.scores, alone.scores, **TOLERANCE)


def replaced(model, word, by):
    """The log-probability of `word` after the text with every token replaced by those given."""
    return -model.surprisals(" ".join([*by, word]))[-1]


@pytest.mark.parametrize("baseline", ["unk", "delete", "words"])
def test_a_missing_word_is_what_a_learner_would_type(model, baseline):
    """Each score against two texts that are typed out."""
    tokens = TEXT.split()
    others = ["bees"] * len(tokens)
    scores = model.explain(TEXT, target="and", baseline=others if baseline == "words" else baseline).scores
    for place in range(len(tokens)):
        instead = {"unk": ["<unk>"], "delete": [], "words": ["bees"]}[baseline]
        without = [*tokens[:place], *instead, *tokens[place + 1 :]]
        assert scores[place] == pytest.approx(
            replaced(model, "and", tokens) - replaced(model, "and", without), abs=1e-5
        )


@torch.no_grad()
def test_a_vector_in_place_of_a_word(model):
    ids = model.tokenize(TEXT).token_ids
    words, target = plain.vectors_of(model, ids), model.vocabulary.stoi["and"]
    function = plain.function_of_words(model, target)
    mean = model.network.embedding.weight.mean(0)
    each = torch.randn(len(ids), 16, generator=torch.Generator().manual_seed(2))
    choices = {"zero": torch.zeros(16), "mean": mean, "own": mean + 1, "each": each}
    for name, vector in choices.items():
        given = name if name in BASELINES else vector.numpy()
        scores = model.explain(TEXT, target="and", baseline=given).scores
        for place in range(len(ids)):
            without = words.clone()
            without[place] = vector[place] if name == "each" else vector
            expected = float(function(words[None]) - function(without[None]))
            assert scores[place] == pytest.approx(expected, abs=1e-5)


def test_words_drawn_at_random_follow_the_seed_and_the_counts(model):
    question = ask(model, TEXT)
    drawn = missing(question, "resample", n_draws=500, seed=7)
    assert drawn.token_ids.shape == (500, 9)
    np.testing.assert_array_equal(drawn.token_ids, missing(question, "resample", n_draws=500, seed=7).token_ids)
    assert (drawn.token_ids != missing(question, "resample", n_draws=500, seed=8).token_ids).any()
    counts = model.vocabulary.counts
    seen = np.bincount(drawn.token_ids.ravel(), minlength=len(counts))
    assert set(np.unique(drawn.token_ids)) <= set(np.nonzero(counts)[0])
    np.testing.assert_allclose(seen / seen.sum(), counts / counts.sum(), atol=0.02)
    found = model.explain(TEXT, baseline="resample", n_draws=3, seed=7)
    assert (found.seed, found.forward_passes, found.baseline) == (7, 1 + 3 * 10, "resample")
    assert (found.spread > 0).any()


def test_nothing_is_left_when_all_words_are_deleted(model):
    """What remains is the start of the line; in a window that begins later, it is read all the same."""
    question = ask(model, TEXT, target="and")
    deleted = missing(question, "delete")
    assert deleted.texts(question, np.zeros((1, 9), bool)).tolist() == [[question.end_of_line, *[NOTHING] * 9]]
    value = question.values(np.zeros((1, 9), bool), deleted)
    assert value == pytest.approx(-model.surprisals("and")[0], abs=1e-5)
    long = ask(tiny.model("transformer"), " ".join(WORDS * 3), target="and")
    assert len(long.start) == 0
    alone = long.values(np.zeros((1, len(long.words)), bool), missing(long, "delete"))
    assert alone == pytest.approx(-tiny.model("transformer").surprisals("and")[0], abs=1e-5)


@pytest.mark.parametrize(
    ("baseline", "says"),
    [
        ("nothing", "baseline is 'nothing'; it must be one of unk, zero, mean, delete, resample, a list of words"),
        (["the"], "baseline has 1 words; 9 words stand before the prediction"),
        ([], "baseline has 0 words"),
        (["qqq"] * 9, "A word of baseline is 'qqq', which is not among"),
        (np.zeros(5), r"baseline has shape \(5,\); it must be \(16,\), one vector for all words, or \(9, 16\)"),
        (np.zeros((3, 16)), r"baseline has shape \(3, 16\)"),
        (np.full(16, np.nan), "not finite"),
        (object(), "baseline is of type object"),
        (None, "baseline"),
    ],
)
@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients", "lime", "shapley", "input_x_gradient"])
def test_a_baseline_that_does_not_fit_gets_a_sentence(model, method, baseline, says):
    with pytest.raises(InputError, match=says):
        model.explain(TEXT, method, baseline=baseline)
