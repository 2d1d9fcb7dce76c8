"""One object to ask: its numbers agree with each other and with the long way, and bad input gets a sentence."""

import math
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.checkpoint import read_card, write_card
from lessons.errors import CheckpointError, InputError
from lessons.evaluation import evaluate
from lessons.loading import load_model
from lessons.model import LanguageModel
from lessons.reading import context_seen, hidden_states
from lessons.records import TokenizedText
from lessons.run import evaluate_model, finish, prepare, run_steps
from lessons.text import wikitext
from tests import tiny

ARCHITECTURES = ["lstm", "transformer"]
TEXT = "the king was crowned in a town of stone , and in 1066 the bees and a king was in the town . a"  # over 16 tokens


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder with a trained tiny model of each architecture."""
    made = {}
    for architecture in ARCHITECTURES:
        made[architecture] = tmp_path_factory.mktemp(architecture)
        run = prepare(architecture, tiny.preset(architecture), tiny.corpus())
        for _ in run_steps(run, made[architecture]):
            pass
        finish(run, made[architecture], "glassbox train")
    return made


@pytest.fixture(scope="module", params=ARCHITECTURES)
def model(request, folders):
    return load_model(folders[request.param])


def test_the_distribution_is_whole(model):
    answer = model.next_tokens(TEXT, top_k=model.vocab_size)
    assert answer.probabilities.sum() == pytest.approx(1)
    assert list(answer.probabilities) == sorted(answer.probabilities, reverse=True)
    assert sorted(answer.token_ids) == list(range(model.vocab_size))
    assert answer.entropy == pytest.approx(-sum(p * math.log(p) for p in answer.probabilities), rel=1e-6)
    assert (answer.rest_count, answer.rest_probability) == (0, pytest.approx(0, abs=1e-9))


def test_the_top_is_the_top_of_the_whole(model):
    whole, top = model.next_tokens(TEXT, top_k=model.vocab_size), model.next_tokens(TEXT, top_k=3)
    assert top.tokens == whole.tokens[:3]
    assert top.rest_probability == pytest.approx(whole.probabilities[3:].sum())
    assert top.rest_count == model.vocab_size - 3


def test_next_tokens_agrees_with_surprisals_at_every_place(model):
    surprisals = model.surprisals(TEXT)
    tokens = model.tokenize(TEXT).tokens
    assert surprisals.shape == (len(tokens),)
    for place, token in enumerate(tokens):
        answer = model.next_tokens(TEXT, top_k=model.vocab_size, position=place)
        assert answer.true_token == token
        assert answer.true_surprisal == pytest.approx(surprisals[place], rel=1e-4)
        assert answer.tokens[answer.true_rank - 1] == token
        assert answer.true_probability == pytest.approx(answer.probabilities[answer.true_rank - 1])


def test_perplexity_is_exp_of_the_mean_surprisal(model):
    assert model.perplexity(TEXT) == pytest.approx(np.exp(model.surprisals(TEXT).mean()))


def test_the_word_after_a_text_is_the_next_place_of_a_longer_one(model):
    alone = model.next_tokens("the king was", top_k=5)
    inside = model.next_tokens("the king was crowned", top_k=5, position=3)
    assert alone.tokens == inside.tokens
    np.testing.assert_allclose(alone.probabilities, inside.probabilities, rtol=1e-5)
    assert (alone.true_token, alone.true_rank, alone.true_surprisal) == (None, None, None)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 2.0, 50.0])
def test_temperature_divides_the_logits(model, temperature):
    plain = model.next_tokens(TEXT, top_k=model.vocab_size)
    warm = model.next_tokens(TEXT, top_k=model.vocab_size, temperature=temperature)
    expected = plain.probabilities ** (1 / temperature)
    np.testing.assert_allclose(warm.probabilities, expected / expected.sum(), rtol=1e-6)
    assert warm.tokens == plain.tokens  # the order never changes


def test_a_temperature_next_to_zero_is_the_first_choice_alone(model):
    cold = model.next_tokens(TEXT, top_k=2, temperature=1e-310)
    assert cold.probabilities.tolist() == [1, 0]
    assert cold.tokens[0] == model.next_tokens(TEXT).tokens[0]


def test_a_model_does_not_learn_while_it_is_used(model):
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    model.next_tokens(TEXT)
    model.surprisals(TEXT)
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 24, 25, 31, 32, 33, 60])
def test_a_long_text_is_read_through_windows(length):
    network = tiny.network("transformer")
    ids = torch.randint(0, 20, (length,))
    with torch.inference_mode():
        states = torch.cat(list(hidden_states(network, ids)))
        assert states.shape == (length, 16)
        for place in range(length):
            seen = context_seen(16, place)
            assert min(place + 1, 9) <= seen <= 16
            alone = network(ids[None, place + 1 - seen : place + 1])[0, -1]
            torch.testing.assert_close(states[place], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_evaluation_is_the_mean_surprisal_of_the_whole_split(architecture, folders):
    model, corpus = load_model(folders[architecture]), tiny.corpus()
    found = evaluate_model(model, corpus, "test")
    assert found.perplexity == pytest.approx(model.card["test_perplexity"], abs=0.01)
    text = corpus.text("test")
    tokens = tuple(wikitext(text))
    ids = model.vocabulary.encode(tokens)
    record = TokenizedText(text, tokens, tokens, ids)
    assert found.loss == pytest.approx(model.surprisals(record).mean(), rel=1e-5)
    assert found.n_tokens == len(ids)


def test_a_unigram_s_perplexity_is_the_one_computed_by_hand():
    network = tiny.network("lstm", vocab_size=4, cutoffs=(2,))
    counts = torch.tensor([8, 4, 2, 2])
    for parameter in network.parameters():
        parameter.data.zero_()
    network.head.start_at_frequencies(counts)
    ids = torch.tensor([0, 0, 1, 2, 3, 0])
    p = [0.5, 0.5, 0.25, 0.125, 0.125, 0.5]
    by_hand = math.exp(-sum(map(math.log, p)) / 6)
    assert evaluate(network, ids, end_of_line=1).perplexity == pytest.approx(by_hand)


@pytest.mark.parametrize("text", ["", " ", "\n", "\t \u00a0", "\x00"])
def test_an_empty_text_gets_a_sentence(model, text):
    for ask in (model.next_tokens, model.surprisals, model.perplexity):
        with pytest.raises(InputError, match="empty"):
            ask(text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"temperature": 0}, "temperature is 0; it must be above 0 and finite"),
        ({"temperature": 10**400}, "finite"),
        ({"temperature": -1}, "above 0"),
        ({"temperature": float("nan")}, "above 0 and finite"),
        ({"temperature": float("inf")}, "finite"),
        ({"temperature": "hot"}, "temperature is 'hot'"),
        ({"top_k": 0}, "top_k is 0; it must be a whole number from 1 to"),
        ({"top_k": 10**6}, "top_k is 1000000"),
        ({"top_k": 2.5}, "top_k is 2.5"),
        ({"top_k": True}, "top_k is True"),
        ({"position": 3}, "position is 3; it must be a whole number from -1 to 2"),
        ({"position": -2}, "position is -2"),
        ({"position": None}, "position is None"),
    ],
)
def test_a_value_out_of_range_gets_a_sentence(model, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        model.next_tokens("the king was", **changes)


@pytest.mark.parametrize("text", [None, 3, b"king", ["the"], object()])
def test_what_is_no_text_gets_a_sentence(model, text):
    with pytest.raises(InputError):
        model.next_tokens(text)


def test_a_text_that_was_tokenized_for_another_model_is_refused(model):
    with pytest.raises(InputError, match="another model"):
        model.surprisals(TokenizedText("a", ("a",), ("a",), np.array([model.vocab_size])))


@given(text=st.text(st.characters(codec=None), max_size=300), top_k=st.integers(1, 16), temperature=st.floats(0.05, 20))
def test_any_text_gets_an_answer_or_a_sentence(model, text, top_k, temperature):
    if not len(model.tokenize(text)):
        with pytest.raises(InputError, match="empty"):
            model.next_tokens(text, top_k, temperature)
        return
    answer = model.next_tokens(text, top_k, temperature)
    assert len(answer.tokens) == top_k
    assert np.isfinite(answer.probabilities).all()
    assert np.isfinite(model.surprisals(text)).all()


def test_ten_thousand_characters_are_answered(model):
    text = "king <unk> 😀 " * 800
    answer = model.next_tokens(text)
    assert answer.context == (len(model.tokenize(text)) + 1 if model.context_length is None else context_seen(16, 2400))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_models_that_cannot_be_loaded_say_why(architecture, folders, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(folders[architecture], folder)
    card = read_card(folder / "model.json")

    def refused(sentence, **changes):
        write_card(folder / "model.json", {**card, **changes})
        with pytest.raises(CheckpointError, match=sentence):
            load_model(folder)

    other = "transformer" if architecture == "lstm" else "lstm"
    refused("does not describe the weights", architecture=other)
    refused("does not describe the weights", architecture="gru")
    refused("does not describe the weights", config={**card["config"], "d_model": 32})
    refused("does not describe the weights", config=None)
    refused("does not describe the weights", vocabulary={})
    refused("does not describe the weights", vocabulary={"file": "../vocabulary.json", "sha256": "0"})
    refused("format version 9", format_version=9)
    weights = folder / card["weights"]["file"]
    weights.write_bytes(weights.read_bytes()[:-10])
    refused("bytes, and its card says")


def test_a_changed_vocabulary_is_refused(folders, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(folders["lstm"], folder)
    path = folder / "vocabulary.json"
    path.write_text(path.read_text(encoding="utf-8").replace("king", "kong"), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"vocabulary.*missing or changed"):
        load_model(folder)


def test_a_folder_with_a_shipped_model_s_name_is_a_folder_of_its_own(folders, tmp_path, monkeypatch):
    shutil.copytree(folders["lstm"], tmp_path / "lstm")
    monkeypatch.chdir(tmp_path)
    assert load_model(Path("lstm")).vocab_size == load_model("./lstm").vocab_size < 100
    assert load_model("lstm").vocab_size == 33_278
    assert load_model(Path("lstm") / "model.json").name == "lstm"


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no model 'gpt'.*'lstm', 'transformer'"):
        load_model("gpt")
    with pytest.raises(CheckpointError, match="does not exist"):
        load_model(tmp_path)
    with pytest.raises(InputError, match="load_model was given 3"):
        load_model(3)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_shipped_models_open_and_make_sense(name):
    begin = time.process_time()
    model = load_model(name)
    assert time.process_time() - begin < 5
    assert isinstance(model, LanguageModel)
    assert (model.name, model.vocab_size) == (name, 33_278)
    assert "the" in model.next_tokens("The king was crowned in").tokens[:3]
    assert model.perplexity("He was born in the city of London .") < 300
    assert sum(p.numel() * 2 for p in model.network.parameters()) < 20e6
