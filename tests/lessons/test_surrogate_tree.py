"""The surrogate tree: it is scikit-learn's, its fidelity is counted, and it finds what a planted model listens to."""

import numpy as np
import pytest
import torch
from sklearn.tree import DecisionTreeClassifier

from lessons.attribution import fit_surrogate
from lessons.attribution.surrogate_tree import places_of
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.records import Surrogate
from tests import tiny
from tests.tiny import WORDS

TEXT = "the king was crowned in a town of stone"
SMALL = {"n_places": 600, "n_held_out": 200, "depth": 8}


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    return Corpus.from_text("\n".join(" ".join(rng.choice(WORDS, rng.integers(3, 40))) for _ in range(150)), "random")


@pytest.fixture(params=["lstm", "transformer"])
def model(request):
    return tiny.model(request.param)


def test_the_tree_is_the_one_of_scikit_learn(model, corpus):
    tree = fit_surrogate(model, corpus, seed=1, **SMALL)
    contexts, choices = places_of(model, corpus.text("train"), 3, 600, seed=1)
    held_out, truth = places_of(model, corpus.text("test"), 3, 200, seed=1)
    asked = [(back, word) for back in (1, 2, 3) for word in by_frequency(contexts[:, -back])]
    theirs = DecisionTreeClassifier(max_depth=8, min_samples_leaf=5, random_state=1)
    theirs.fit(np.stack([contexts[:, -back] == word for back, word in asked], axis=1), choices)
    inputs = np.stack([held_out[:, -back] == word for back, word in asked], axis=1)
    leaves = [tree.path(context)[-1] for context in held_out]
    np.testing.assert_array_equal(leaves, theirs.apply(inputs))
    np.testing.assert_allclose(tree.shares[leaves], theirs.predict_proba(inputs), atol=1e-12)
    assert tree.fidelity == pytest.approx(theirs.score(inputs, truth))
    most = np.bincount(choices).argmax()
    assert tree.majority == pytest.approx(np.mean(truth == most))
    assert (tree.n_places, tree.n_held_out, tree.corpus) == (len(contexts), len(held_out), "random")
    assert tree.depth == theirs.get_depth()


def by_frequency(words):
    found, counts = np.unique(words, return_counts=True)
    return found[np.argsort(-counts, kind="stable")][:100]


def test_places_are_what_the_model_says_there(model, corpus):
    contexts, choices = places_of(model, corpus.text("test"), 3, 50, seed=2)
    assert contexts.shape == (50, 3)
    line = next(
        line
        for line in corpus.text("test").split("\n")
        if line and (model.tokenize(line).token_ids[:2] == contexts[2, -2:]).all()
    )
    assert contexts[0].tolist() == [model.vocabulary.stoi["<eos>"]] * 3
    for place in range(3):
        best = model.next_tokens(line, top_k=1, position=place)
        assert best.token_ids[0] == choices[place]


def test_only_the_last_word_matters_to_a_model_that_forgets(corpus):
    """Planted: every gate that remembers is shut, so that the tree needs the last word alone."""
    model = tiny.model("lstm")
    with torch.no_grad():
        for layer in model.network.layers:
            layer.weight_hh_l0.zero_()
            layer.bias_hh_l0[16:32] = -1e4  # the forget gate
    tree = fit_surrogate(model, corpus, n_places=2000, n_held_out=300, depth=30)
    assert tree.fidelity > 0.95
    assert tree.fidelity > tree.majority + 0.2
    assert set(tree.places[tree.places > 0]) == {1}
    found = model.explain(TEXT, "surrogate_tree", surrogate=tree)
    assert (found.scores[:-1] == 0).all()
    assert found.value == pytest.approx(1)
    assert found.details["fidelity"] == tree.fidelity


def test_the_scores_are_the_way_from_the_root_to_the_leaf(model, corpus):
    tree = fit_surrogate(model, corpus, **SMALL)
    target = tree.choice_tokens[0]
    found = model.explain(TEXT, "surrogate_tree", surrogate=tree, target=target)
    ids = model.tokenize(TEXT).token_ids
    path = tree.path(ids)
    assert found.value == pytest.approx(tree.share(path[-1], tree.choices[0]))
    assert found.total == pytest.approx(found.value - found.baseline_value)
    assert found.baseline_value == pytest.approx(tree.share(0, tree.choices[0]))
    assert (found.scores[:-3] == 0).all()
    assert found.explains == "probability"
    other = tree.choice_tokens[1]
    contrast = model.explain(TEXT, "surrogate_tree", surrogate=tree, target=target, explains="contrast", against=other)
    second = model.explain(TEXT, "surrogate_tree", surrogate=tree, target=other)
    np.testing.assert_allclose(contrast.scores, found.scores - second.scores, atol=1e-12)
    one = model.explain("king", "surrogate_tree", surrogate=tree, target=target)
    assert one.total == pytest.approx(one.value - one.baseline_value)
    again = model.explain(TEXT, "surrogate_tree", corpus=corpus, target=target, **SMALL)
    np.testing.assert_array_equal(again.scores, found.scores)


def test_a_word_that_the_model_never_prefers_gets_nothing_and_a_note(model, corpus):
    tree = fit_surrogate(model, corpus, **SMALL)
    never = next(token for token in model.vocabulary.itos if token not in tree.choice_tokens)
    found = model.explain(TEXT, "surrogate_tree", surrogate=tree, target=never)
    assert (found.scores == 0).all()
    assert any("nowhere the first choice" in note for note in found.notes)


def test_a_deeper_tree_follows_more_closely_where_it_learned(model, corpus):
    tree = fit_surrogate(model, corpus, depth=12, n_places=600, n_held_out=200)
    assert len(tree.fidelities) == tree.depth + 1
    assert tree.fidelities[0] == tree.majority
    for depth in (1, 3):
        alone = fit_surrogate(model, corpus, depth=depth, n_places=600, n_held_out=200)
        assert alone.fidelity == pytest.approx(tree.fidelities[depth], abs=0.03)  # equal but for ties between questions


def test_a_tree_of_another_model_and_values_out_of_range_get_a_sentence(corpus):
    model = tiny.model("lstm")
    tree = fit_surrogate(tiny.model("transformer"), corpus, **SMALL)
    with pytest.raises(InputError, match="imitates 'transformer', not 'lstm'"):
        model.explain(TEXT, "surrogate_tree", surrogate=tree)
    for options in ({"n_last": 0}, {"n_last": 17}, {"depth": 0}, {"n_places": 9}, {"n_held_out": 0}, {"seed": -1}):
        with pytest.raises(InputError, match=next(iter(options))):
            fit_surrogate(model, corpus, **options)
    with pytest.raises(InputError, match="asks about the last 3"):
        tree.path([1])
    with pytest.raises(InputError, match="position"):
        model.explain(TEXT, "surrogate_tree", surrogate=tree, position=99)
    assert isinstance(tree, Surrogate)
    with pytest.raises(ValueError, match="read-only"):
        tree.shares[0, 0] = 1


def test_a_corpus_stands_at_hand(monkeypatch, tmp_path):
    """Without WikiText-2, a small text of our own stands in for it."""
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    tree = fit_surrogate(tiny.model("lstm"), **SMALL)
    assert tree.n_places > 100
    assert tree.n_held_out > 50
