"""Models that are built so that the truth is known: which methods find it, and which do not.

    a sum      an LSTM that adds up a number of each word; every word's contribution is known to the digit
    AND, OR    the same sum behind a switch: two words matter only together, or each would do alone
    last word  nothing that was read before the last word arrives at the head
    copying    small models, trained for some seconds to repeat the one name among other words

A method that fails here is not broken: it answers another question. What it does then is written down as a test.
"""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from lessons.attribution import fit_surrogate
from lessons.corpus import Corpus
from lessons.model import LanguageModel
from lessons.networks import build_network, config_from
from lessons.text import Vocabulary
from tests import tiny

TARGET = "town"
TEXT = "the king was , in bees of a"  # 8 words: exact Shapley values
KING, BEES = 1, 5
OTHERS = [0, 2, 3, 4, 6, 7]
OPEN, SHUT = 50.0, -50.0  # a gate with this bias is 1 or 0 to the last bit
SMALL = 1e-3  # so near 0 that tanh is a straight line


def summing(weights, slope=SMALL, threshold=0.0, height=None):
    """An LSTM of two layers whose logit of `TARGET` is a function of the sum of the words' weights.

    The first layer adds weights[word] of every word; the second keeps nothing and shows tanh(tanh(slope * sum -
    threshold)). With a small slope the logit is the sum itself. `<unk>` and a vector of zeros weigh nothing.
    """
    model = tiny.model("lstm", d_model=4, n_layers=2, cutoffs=())
    network = model.network
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for word, weight in weights.items():
            network.embedding.weight[model.vocabulary.stoi[word], 0] = weight
        network.embedding.weight[model.vocabulary.stoi[TARGET], 1] = 1 / slope if height is None else height
        adding, showing = network.layers
        for layer, forget in ((adding, OPEN), (showing, SHUT)):
            layer.bias_ih_l0[:] = torch.tensor([OPEN] * 4 + [forget] * 4 + [0.0] * 4 + [OPEN] * 4)
        candidate = 2 * 4  # the first row of the candidate's weights
        adding.weight_ih_l0[candidate, 0] = SMALL
        showing.weight_ih_l0[candidate + 1, 0] = slope / SMALL
        showing.bias_ih_l0[candidate + 1] = -threshold
    return model


SUM = {"king": 3.0, "bees": -2.0, "of": 0.5}


@pytest.mark.parametrize("method", ["occlusion", "input_x_gradient", "integrated_gradients", "shapley", "lime"])
def test_a_sum_is_shared_out_to_the_digit(method):
    options = {"lime": {"n_samples": 400, "ridge": 1e-6}}.get(method, {})
    found = summing(SUM).explain(TEXT, method, target=TARGET, explains="logit", **options)
    truth = [SUM.get(word, 0.0) for word in found.tokens]
    assert found.value == pytest.approx(1.5, abs=1e-3)
    np.testing.assert_allclose(found.scores, truth, rtol=0, atol=2e-3)


def test_saliency_is_the_same_for_every_word_of_a_sum():
    """Documented, not repaired: the slope of a sum is 1 at every word, whatever the word adds."""
    found = summing(SUM).explain(TEXT, "saliency", target=TARGET, explains="logit")
    assert found.scores.min() > 0
    np.testing.assert_allclose(found.scores, found.scores[0], rtol=1e-4)


def test_the_order_of_true_contributions_cannot_be_beaten():
    """In a sum, no order of the words has a higher deletion score than that of their true contributions."""
    model = summing(SUM)
    found = model.explain(TEXT, target=TARGET, explains="logit")
    curves = model.faithfulness(found, n_random=300)
    assert curves.deletion_score >= curves.random_scores.max() - 1e-6
    assert curves.insertion_score <= curves.random_scores.min() + 1e-6
    turned = type(found)(**{**vars(found), "scores": -found.scores})
    assert model.faithfulness(turned).deletion_score == pytest.approx(curves.insertion_score, abs=1e-6)


def either():
    """King or bees: the logit is 1 with one of them, and still 1 with both; about 0 with none."""
    return summing({"king": 1.0, "bees": 1.0}, slope=12.0, height=1 / np.tanh(1))


def both():
    """King and bees: the logit is 1 with both of them, and -1 with one or none."""
    return summing({"king": 1.0, "bees": 1.0}, slope=12.0, threshold=18.0, height=1 / np.tanh(1))


@pytest.mark.parametrize(("method", "options"), [("shapley", {}), ("integrated_gradients", {"n_steps": 200})])
def test_of_two_words_that_would_each_do_both_get_half(method, options):
    found = either().explain(TEXT, method, target=TARGET, explains="logit", **options)
    np.testing.assert_allclose(found.scores[[KING, BEES]], 0.5, atol=1e-3)
    np.testing.assert_allclose(found.scores[OTHERS], 0, atol=1e-6)


@pytest.mark.parametrize("method", ["occlusion", "saliency", "input_x_gradient"])
def test_what_does_not_see_that_two_words_stand_in_for_each_other(method):
    """Documented, not repaired: while the other word is there, nothing changes (occlusion) and all is flat (slopes)."""
    found = either().explain(TEXT, method, target=TARGET, explains="logit")
    assert found.value == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(found.scores, 0, atol=1e-3)


def test_a_window_over_both_words_sees_them():
    found = either().explain("the king bees was , in of a", target=TARGET, explains="logit", window=2)
    assert found.scores[1] == pytest.approx(0.5, abs=1e-3)  # one of the two windows with it holds both
    assert found.scores[2] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(("method", "options"), [("shapley", {}), ("integrated_gradients", {"n_steps": 200})])
def test_of_two_words_that_matter_only_together_each_gets_half(method, options):
    found = both().explain(TEXT, method, target=TARGET, explains="logit", **options)
    assert (found.value, found.baseline_value) == (pytest.approx(1, abs=1e-3), pytest.approx(-1, abs=1e-3))
    np.testing.assert_allclose(found.scores[[KING, BEES]], 1, atol=2e-3)
    np.testing.assert_allclose(found.scores[OTHERS], 0, atol=1e-6)


def test_occlusion_gives_the_whole_to_each_of_two_words_that_matter_only_together():
    """Documented, not repaired: each alone undoes all, so the scores add up to twice of what there is."""
    found = both().explain(TEXT, target=TARGET, explains="logit")
    np.testing.assert_allclose(found.scores[[KING, BEES]], 2, atol=2e-3)
    assert found.total == pytest.approx(4, abs=5e-3)
    curves = both().faithfulness(found)
    assert curves.value - curves.deletion[-1] == pytest.approx(2, abs=2e-3)


def test_few_steps_miss_a_sudden_rise_and_say_so():
    found = both().explain(TEXT, "integrated_gradients", target=TARGET, explains="logit", n_steps=2)
    assert abs(found.convergence_delta) > 0.5
    assert any("take more than 2 steps" in note for note in found.notes)


@pytest.mark.parametrize("made", [either, both])
def test_lime_finds_both_words_with_either_switch(made):
    found = made().explain(TEXT, "lime", target=TARGET, explains="logit", n_samples=1000)
    assert set(found.order[:2]) == {KING, BEES}
    assert found.scores[[KING, BEES]].min() > 3 * np.abs(found.scores[OTHERS]).max()
    assert found.details["r_squared"] < 0.95  # no straight line fits a switch


@pytest.mark.parametrize("made", [either, both])
@pytest.mark.parametrize("method", ["saliency", "input_x_gradient"])
def test_slopes_vanish_where_a_switch_is_on(made, method):
    """Documented, not repaired: saturation. The words decide everything, and a small change of them nothing."""
    found = made().explain(TEXT, method, target=TARGET, explains="logit")
    assert np.abs(found.scores).max() < 5e-3


def last_word_only(architecture):
    """A model in which nothing that was read before the last word arrives at the head."""
    model = tiny.model(architecture)
    with torch.no_grad():
        if architecture == "transformer":
            for block in model.network.blocks:
                block.attention.merge.weight.zero_()
            return model
        for layer in model.network.layers:
            layer.weight_hh_l0.zero_()
            layer.weight_ih_l0[16:32] = 0
            layer.bias_ih_l0[16:32] = SHUT
    return model


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
@pytest.mark.parametrize(
    "method", ["occlusion", "saliency", "input_x_gradient", "integrated_gradients", "shapley", "lime"]
)
def test_the_only_word_that_matters_is_found(architecture, method):
    options = {"lime": {"n_samples": 1000}}.get(method, {})
    found = last_word_only(architecture).explain(TEXT, method, target=TARGET, **options)
    allowed = 1e-5 if found.spread is None else 5 * found.spread.max()
    assert np.abs(found.scores[:-1]).max() <= allowed
    assert abs(found.scores[-1]) > max(1e-3, 3 * np.abs(found.scores[:-1]).max())


@pytest.mark.parametrize("method", ["attention", "attention_rollout"])
def test_attention_looks_at_words_that_cannot_matter(method):
    """Documented, not repaired: what is looked at is thrown away behind the weights, and they do not know it."""
    model = last_word_only("transformer")
    found = model.explain(TEXT, method, target=TARGET)
    assert found.scores[:-1].sum() > 0.2
    assert np.abs(model.explain(TEXT, target=TARGET).scores[:-1]).max() < 1e-5


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_a_tree_asks_about_the_only_word_that_matters(architecture):
    model = last_word_only(architecture)
    rng = np.random.default_rng(0)
    lines = [" ".join(rng.choice(tiny.WORDS, 12)) for _ in range(300)]
    tree = fit_surrogate(model, Corpus.from_text("\n".join(lines) + "\n", name="noise"), depth=30)
    assert tree.fidelity > tree.majority
    choice = model.next_tokens(TEXT, 1).tokens[0]
    found = model.explain(TEXT, "surrogate_tree", target=choice, surrogate=tree)
    if architecture == "lstm":  # the Transformer's answer depends on the place, too, which the tree cannot ask about
        assert tree.fidelity > 0.95
        assert np.abs(found.scores[:-1]).max() == 0
    assert found.scores[-1] > np.abs(found.scores[:-1]).max()


# A language of our own: six words, one of them a name, then a colon, then that name once more, or `nobody`.
NAMES = ["Ada", "Ben", "Cleo", "Dan"]
FILLERS = ["oak", "elm", "ash", "fir", "yew", "<unk>"]
VOCABULARY = Vocabulary.build([[*NAMES, *FILLERS, ":", "nobody", "<eos>"]])
N_WORDS = 6
ROUNDS = {"lstm": 240, "transformer": 120}
WIDER = {"lstm": 3.0, "transformer": 1.0}  # starting weights, so that what is to be learned is learned in seconds


def sentences(rng, n, without=0.0):
    """(n, 7) words and (n,) what follows; the name's place is drawn, too. A share of the sentences has no name."""
    words = rng.choice(FILLERS, (n, N_WORDS)).astype(object)
    names = rng.choice(NAMES, n).astype(object)
    named = rng.random(n) >= without
    words[named, rng.integers(0, N_WORDS, named.sum())] = names[named]
    names[~named] = "nobody"
    return np.hstack([words, np.full((n, 1), ":", object)]), names


def trained(architecture, seed=1):
    """A small model that has learned to repeat the name after the colon, in some seconds."""
    shape = {"vocab_size": len(VOCABULARY), "d_model": 24, "n_layers": 1}
    if architecture == "transformer":
        shape |= {"n_heads": 1, "d_ff": 48, "context_length": 16}
    network = build_network(architecture, config_from(architecture, shape), seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(WIDER[architecture] if parameter.dim() == 2 else 1)
    rng, optimizer = np.random.default_rng(seed), torch.optim.Adam(network.parameters(), lr=1e-2)
    start = VOCABULARY.stoi["<eos>"]
    for _ in range(ROUNDS[architecture]):
        words, names = sentences(rng, 32, without=0.3)
        ids = np.array([[start, *VOCABULARY.encode(row)] for row in words])
        hidden = network(torch.from_numpy(ids))
        last = (hidden[0] if isinstance(hidden, tuple) else hidden)[:, -1]
        logits = F.linear(last, network.embedding.weight, network.head.bias)
        loss = F.cross_entropy(logits, torch.from_numpy(VOCABULARY.encode(names)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.requires_grad_(False)
    return LanguageModel(architecture, network, VOCABULARY, {"architecture": architecture})


@pytest.fixture(scope="module")
def copying():
    return {architecture: trained(architecture) for architecture in ("lstm", "transformer")}


def found_names(model, method, n=40, **options):
    """The share of sentences in which the name has the highest score of the six words.

    The colon behind them matters as much: without it, no name is due.
    """
    words, names = sentences(np.random.default_rng(5), n)
    hits, right = [], []
    for row, name in zip(words, names, strict=True):
        text = " ".join(row)
        found = model.explain(text, method, target=name, **options)
        hits.append(found.tokens[int(found.scores[:N_WORDS].argmax())] == name)
        right.append(model.next_tokens(text, 1).tokens[0] == name)
    assert np.mean(right) > 0.95  # it has learned the language
    return np.mean(hits)


FINDING = ["occlusion", "integrated_gradients", "shapley", "lime"]


@pytest.mark.parametrize(
    ("architecture", "method"),
    [
        *(("lstm", method) for method in FINDING),
        *(("transformer", method) for method in [*FINDING, "attention", "attention_rollout"]),
    ],
)
def test_the_copied_word_is_found(copying, architecture, method):
    assert found_names(copying[architecture], method) > 0.9


@pytest.mark.parametrize(("architecture", "method"), [("lstm", "saliency"), ("transformer", "input_x_gradient")])
def test_slopes_miss_the_copied_word_where_the_model_is_sure(copying, architecture, method):
    """Documented, not repaired: the answer is certain, so all is flat, and what is left of the slopes says little."""
    assert found_names(copying[architecture], method) < 0.85


def test_rollout_gives_half_to_the_last_word(copying):
    """Documented, not repaired: half of each layer is taken to be handed on as it is."""
    words, _ = sentences(np.random.default_rng(5), 1)
    assert copying["transformer"].explain(" ".join(words[0]), "attention_rollout").scores[-1] >= 0.5


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_a_tree_finds_the_copied_word_among_the_words_it_asks_about(copying, architecture):
    """Documented, not repaired: a name that stands farther back than the tree asks gets nothing."""
    model, rng = copying[architecture], np.random.default_rng(8)
    lines = [" ".join([*words, name]) for words, name in zip(*sentences(rng, 1600), strict=True)]
    tree = fit_surrogate(model, Corpus.from_text("\n".join(lines) + "\n", name="names"), n_last=3, n_places=8000)
    near, far = [], []
    words, names = sentences(rng, 60)
    for row, name in zip(words, names, strict=True):
        found = model.explain(" ".join(row), "surrogate_tree", target=name, surrogate=tree)
        place = list(row).index(name)
        if place >= N_WORDS - 2:  # the colon is the last of the three
            near.append(int(found.scores[:N_WORDS].argmax()) == place)
        else:
            far.append(found.scores[place])
    assert np.mean(near) > 0.7
    assert not np.any(far)
