"""Agreement and stability: ranks against scipy's, edits that keep their places, and no division by zero anywhere."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons import load_model
from lessons.errors import InputError
from lessons.faithfulness import agreement, overlap, rank_correlation, small_edits
from lessons.faithfulness.stability import SYNONYMS, edits_that_count
from lessons.records import Stability, ranks
from tests import tiny

TEXT = "the king was crowned in a town of stone and bees"
lists = st.lists(st.integers(-3, 3), min_size=1, max_size=15)


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def model(request):
    return tiny.model(request.param)


@given(lists, st.randoms())
def test_ranks_and_their_correlation_are_those_of_scipy(values, random):
    stats = pytest.importorskip("scipy.stats", reason="scipy comes with scikit-learn")
    one, other = np.array(values, float), np.array([random.randint(-3, 3) for _ in values], float)
    np.testing.assert_array_equal(ranks(one), stats.rankdata(one))
    found = rank_correlation(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-12)
        assert rank_correlation(other, one) == pytest.approx(found)
        assert rank_correlation(-one, other) == pytest.approx(-found)
        assert rank_correlation(one, one) == 1


@given(lists, st.integers(1, 20))
def test_the_overlap_of_a_list_with_itself_is_whole(values, k):
    one = np.array(values, float)
    assert overlap(one, one, k) == 1
    assert 0 <= overlap(one, one[::-1], k) <= 1


def test_an_overlap_by_hand():
    one, other = np.array([5.0, 4, 3, 2, 1]), np.array([1.0, 4, 5, 2, 3])
    assert overlap(one, other, 1) == 0
    assert overlap(one, other, 2) == 0.5
    assert overlap(one, other, 3) == pytest.approx(2 / 3)
    assert overlap(one, other, 9) == 1


def test_two_methods_agree_with_their_signs_or_without(model):
    one, other = (model.explain(TEXT, method, target="king") for method in ("occlusion", "saliency"))
    signed, sizes = agreement(one, other), agreement(one, other, k=4, sizes=True)
    assert signed.methods == ("occlusion", "saliency")
    assert (signed.k, sizes.k, signed.sizes, sizes.sizes) == (3, 4, False, True)
    assert signed.rank_correlation == rank_correlation(one.scores, other.scores)
    assert sizes.rank_correlation == rank_correlation(abs(one.scores), other.scores)
    assert sizes.overlap == overlap(abs(one.scores), other.scores, 4)
    assert agreement(one, one, k=50).k == 11
    assert agreement(one, one).rank_correlation == 1
    assert agreement(one, one).note == ""
    with pytest.raises(InputError, match="scores for 11 and 2 words"):
        agreement(one, model.explain("the king"))
    with pytest.raises(InputError, match="k is 0"):
        agreement(one, other, k=0)


def test_scores_that_are_all_the_same_agree_with_nothing(model):
    """A model without weights owes no word anything: a sentence instead of a division by zero."""
    silent = tiny.model(model.name)
    with torch.no_grad():
        for parameter in silent.network.parameters():
            parameter.zero_()
    with np.errstate(all="raise"):
        none, some = silent.explain(TEXT, target="king"), model.explain(TEXT, "saliency", target="king")
        for pair in ((none, some), (some, none), (none, none)):
            found = agreement(*pair)
            assert found.rank_correlation is None
            assert found.note.startswith("All scores of occlusion are the same")
        curves = silent.faithfulness(none)
        assert (curves.deletion_score, curves.insertion_score) == (0, 0)
        assert (curves.comprehensiveness(0.2), curves.sufficiency(0.2)) == (0, 0)
        for found in (silent.seed_stability(TEXT, "lime", n_samples=32), silent.edit_stability(TEXT)):
            assert found.rank_correlation is None
        assert np.isnan(silent.randomised_check(TEXT)).all()


def test_one_word_has_no_order_to_agree_on(model):
    one = model.explain("king")
    found = agreement(one, one)
    assert (found.rank_correlation, found.overlap, found.k) == (None, 1, 1)


def test_stability_over_seeds_compares_each_with_each(model):
    found = model.seed_stability(TEXT, "lime", n_seeds=4, target="king", n_samples=40, k=2)
    assert isinstance(found, Stability)
    assert [one.seed for one in found.attributions] == [0, 1, 2, 3]
    assert len(found.rank_correlations) == len(found.overlaps) == 6
    by_hand = agreement(found.attributions[0], found.attributions[3], k=2)
    assert found.rank_correlations[2] == pytest.approx(by_hand.rank_correlation)
    assert found.overlaps[2] == by_hand.overlap
    assert found.rank_correlation == pytest.approx(found.rank_correlations.mean())
    assert found.overlap == pytest.approx(found.overlaps.mean())
    assert (found.k, found.kind, found.sizes) == (2, "seeds", False)
    more = model.seed_stability(TEXT, "lime", n_seeds=4, target="king", n_samples=2000, k=2)
    assert more.rank_correlation > found.rank_correlation


def test_what_draws_nothing_is_stable(model):
    found = model.seed_stability(TEXT, "occlusion", n_seeds=3)
    assert (found.rank_correlation, found.overlap) == (1, 1)


def test_edits_replace_one_word_and_keep_all_places():
    model = load_model("transformer")
    text = model.tokenize("The large ship began to move near the old town .")
    edited = small_edits(text, model.vocabulary)
    assert len(edited) >= 4
    for one in edited:
        changed = [(a, b) for a, b in zip(text.tokens, one.tokens, strict=True) if a != b]
        assert len(changed) == 1
        ((was, now),) = changed
        assert now in SYNONYMS[was]
        assert was in SYNONYMS[now]
        np.testing.assert_array_equal(one.token_ids, model.vocabulary.encode(one.tokens))
    assert {one.tokens[1] for one in edited} == {"large", "big"}
    assert small_edits(text, model.vocabulary, position=1) == ()
    assert small_edits("the king", tiny.model("lstm").vocabulary) == ()
    known = [word for word in SYNONYMS if word in model.vocabulary]
    assert len(known) > 0.9 * len(SYNONYMS)  # the list is one of frequent words


def test_an_edit_counts_if_the_answer_hardly_changes(model):
    was = model.explain(TEXT, target="king")
    edits = [TEXT.replace("stone", "bees"), TEXT.replace("crowned", ","), TEXT.replace("town", "king")]
    changes = [abs(model.explain(edit, target="king").value - was.value) for edit in edits]
    limit = sorted(changes)[1]
    found = model.edit_stability(TEXT, edits=edits, target="king", most_change=limit + 1e-6)
    assert len(found.attributions) == 3
    assert found.attributions[0].text.tokens == tuple(TEXT.split())
    kept = [edit for edit, change in zip(edits, changes, strict=True) if change <= limit]
    assert [" ".join(one.text.tokens) for one in found.attributions[1:]] == kept
    assert all(one.target == "king" for one in found.attributions)
    expected = agreement(found.attributions[0], found.attributions[2]).rank_correlation
    assert found.rank_correlations[1] == pytest.approx(expected)
    assert len(edits_that_count(model, was, edits, most_change=1e9)) == 3
    none = model.edit_stability(TEXT, edits=edits, target="king", most_change=0)
    assert (len(none.attributions), none.rank_correlation, none.overlap) == (1, None, None)


def test_an_edit_keeps_the_target_that_the_model_chose(model):
    found = model.edit_stability(TEXT, edits=[TEXT.replace("stone", "bees")], most_change=1e9)
    assert len({one.target_id for one in found.attributions}) == 1


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda m: m.seed_stability(TEXT, "lime", n_seeds=1), "n_seeds is 1; it must be a whole number from 2 to 100"),
        (lambda m: m.seed_stability(TEXT, "lime", seed=3), "chooses the seeds itself"),
        (lambda m: m.seed_stability(TEXT, "saliency"), "saliency has no option 'seed'"),
        (lambda m: m.edit_stability(TEXT, edits=["the king"]), "An edit has 2 tokens and the text 11"),
        (lambda m: m.edit_stability(TEXT, most_change=-1), "most_change is -1"),
        (lambda m: m.edit_stability("", "occlusion"), "The text is empty"),
    ],
)
def test_what_cannot_be_compared_gets_a_sentence(model, ask, says):
    with pytest.raises(InputError, match=says):
        ask(model)


def test_a_record_of_stability_checks_itself(model):
    one = model.explain(TEXT)
    with pytest.raises(InputError, match="kind is 'moods'"):
        Stability(kind="moods", attributions=(one,), rank_correlations=[], overlaps=[], k=3, sizes=False)
    with pytest.raises(InputError, match="rank_correlations has shape"):
        Stability(kind="seeds", attributions=(one, one), rank_correlations=[], overlaps=[], k=3, sizes=False)
