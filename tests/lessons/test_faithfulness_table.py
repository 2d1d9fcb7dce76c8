"""The table: its numbers are those of single explanations, its intervals cover, its sentences say no more than that."""

import functools
import json
import math

import numpy as np
import pytest

from lessons import cli, load_model
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.faithfulness import rank_correlation, shipped_faithfulness
from lessons.faithfulness.estimates import COMPARED, estimates
from lessons.faithfulness.measure import SHARES, Settings, measure_faithfulness, orders_of
from lessons.faithfulness.sample import sample_places
from lessons.faithfulness.table import TABLE, as_text, faithfulness_of, from_json, write_table
from lessons.places import MODEL_CARD, SHIPPED
from lessons.records import FAITHFULNESS_MEASURES, RANDOM, Estimate, FaithfulnessTable
from tests import tiny
from tests.tiny import WORDS

FEW = Settings(n_random=3, n_ties=2, n_draws=2, n_seeds=2, n_edits=1, n_randomised=2, seed=5)
METHODS = ("occlusion", "saliency", "lime", "shapley", "attention", "surrogate_tree")


def corpus(n_lines=60):
    """A corpus whose lines are long enough to be drawn, in an order that cannot be guessed."""
    rng = np.random.default_rng(1)
    lines = [" ".join(rng.choice(WORDS, 40)) for _ in range(n_lines)]
    return Corpus.from_text("\n".join(lines) + "\n", name="noise", valid=0.3, test=0.2)


@pytest.fixture(scope="module")
def models():
    return tiny.model("lstm"), tiny.model("transformer", context_length=32)


@pytest.fixture(scope="module")
def tables(models):
    return list(measure_faithfulness(models, corpus(), METHODS, n_lines=3, settings=FEW, every=2))


@pytest.fixture(scope="module")
def table(tables):
    return tables[-1]


def test_places_are_true_words_with_some_words_before_them(models):
    vocabulary = models[0].vocabulary
    lines = {tuple(line.split()) for line in corpus().text("valid").split("\n")}
    places = sample_places(vocabulary, corpus(), n_lines=12, seed=3)
    assert len(places) == 12
    for text, target in places:
        assert 8 <= len(text) <= 24
        assert target != vocabulary.unknown_id
        words = (*text.tokens, vocabulary.itos[target])
        assert any(line[: len(words)] == words for line in lines)
    again, other = (
        sample_places(vocabulary, corpus(), n_lines=12, seed=3),
        sample_places(vocabulary, corpus(), seed=4, n_lines=12),
    )
    assert [one.text.tokens for one in again] == [one.text.tokens for one in places]
    assert [one.text.tokens for one in other] != [one.text.tokens for one in places]
    assert {len(text) for text, _ in sample_places(vocabulary, corpus(), n_lines=9, fewest=5, most=7)} == {5, 6, 7}
    unknown = Corpus.from_text("<unk> " * 40 + ("\n" + "<unk> " * 40) * 9, valid=0.4, test=0.2)
    with pytest.raises(InputError, match="only <unk> at the places 8 to 24"):
        sample_places(vocabulary, unknown, n_lines=2)
    with pytest.raises(InputError, match="n_lines is 99"):
        sample_places(vocabulary, corpus(), n_lines=99)
    with pytest.raises(InputError, match="most is 32"):
        sample_places(vocabulary, corpus(), most=32)


def test_equal_scores_go_in_random_orders():
    np.testing.assert_array_equal(orders_of(np.array([1.0, 3, 2]), 5, 0), [[1, 2, 0]])
    orders = orders_of(np.array([0.0, 7, 0, 0, 0, 0, 0, -1]), 40, 0)
    assert orders.shape == (40, 8)
    assert (orders[:, 0] == 1).all()
    assert (orders[:, -1] == 7).all()
    assert len(np.unique(orders[:, 1])) == 6
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(np.arange(8), (40, 1)))


def test_estimates_are_means_with_the_interval_of_the_bootstrap():
    rng = np.random.default_rng(0)
    values = rng.normal(3, 2, (400, 3))
    values[:, 1] = values[:, 0] + 0.5  # the pair differs by the same on every line
    values[::2, 2] = np.nan
    one, other, half = estimates(values, 7)
    assert one.mean == pytest.approx(values[:, 0].mean())
    assert one.largest == values[:, 0].max()
    assert (one.n, half.n) == (400, 200)
    half_width = 1.96 * values[:, 0].std() / 20
    assert one.mean - one.low == pytest.approx(half_width, rel=0.1)
    assert one.high - one.mean == pytest.approx(half_width, rel=0.1)
    assert half.high - half.low == pytest.approx(2 * 1.96 * np.nanstd(values[:, 2]) / 200**0.5, rel=0.1)
    (difference,) = estimates(values[:, [1]] - values[:, [0]], 7)
    assert difference.low == pytest.approx(0.5)
    assert difference.excludes_zero
    assert other.mean - one.mean == pytest.approx(0.5)
    assert estimates(np.full((3, 1), np.nan), 0) == [None]


def test_an_interval_of_the_bootstrap_covers_the_truth():
    """About 95 of 100 samples of 60 lines have the true mean in their interval."""
    rng = np.random.default_rng(2)
    found = estimates(rng.exponential(1, (60, 400)), 1)
    covered = np.mean([one.low <= 1 <= one.high for one in found])
    assert 0.88 < covered < 0.99


def test_the_table_grows_and_ends_whole(tables):
    assert [one.done for one in tables] == pytest.approx([1 / 3, 1 / 2, 5 / 6, 1])
    last = tables[-1]
    assert last.models == ("lstm", "transformer")
    assert last.methods("lstm") == tuple(name for name in METHODS if name != "attention")
    assert last.methods("transformer") == METHODS
    assert (last.n_lines, last.seed, last.baselines) == (3, 5, ("unk", "delete", "resample"))
    assert last.corpus == "noise, validation split"
    assert tables[0].models == ("lstm",)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("baseline", ["unk", "delete", "resample"])
def test_its_numbers_are_those_of_single_explanations(models, table, which, baseline):
    model = models[which]
    places = sample_places(model.vocabulary, corpus(), n_lines=3, seed=5)
    for method in ("occlusion", "saliency", "lime"):
        found = [model.explain(text, method, target=target) for text, target in places]
        curves = [
            model.faithfulness(one, baseline=baseline, n_random=3, n_draws=2, seed=5)
            for one in found
            if len(np.unique(one.scores)) == len(one)
        ]
        if len(curves) < 3:  # equal words have equal scores, and go in random orders
            continue
        by_hand = {
            "deletion": [one.deletion_score for one in curves],
            "insertion": [one.insertion_score for one in curves],
            "deletion_gain": [one.deletion_score - one.random_scores.mean() for one in curves],
            "insertion_gain": [one.random_scores.mean() - one.insertion_score for one in curves],
            "between": [one.deletion_score - one.insertion_score for one in curves],
            "comprehensiveness": [np.mean([one.comprehensiveness(share) for share in SHARES]) for one in curves],
            "sufficiency": [np.mean([one.sufficiency(share) for share in SHARES]) for one in curves],
        }
        for measure, values in by_hand.items():
            assert table.score(model.name, method, measure, baseline).mean == pytest.approx(np.mean(values), abs=1e-4)
        assert table.score(model.name, RANDOM, "deletion", baseline).mean == pytest.approx(
            np.mean([one.random_scores.mean() for one in curves]), abs=1e-4
        )


def test_agreement_cost_and_random_layers_are_those_of_single_explanations(models, table):
    for model in models:
        places = sample_places(model.vocabulary, corpus(), n_lines=3, seed=5)
        found = {
            method: [model.explain(text, method, target=target) for text, target in places]
            for method in ("occlusion", "saliency", "shapley")
        }
        pairs = list(zip(found["occlusion"], found["saliency"], strict=True))
        signed = [rank_correlation(a.scores, b.scores) for a, b in pairs]
        sizes = [rank_correlation(abs(a.scores), b.scores) for a, b in pairs]
        assert table.rank_correlation(model.name, "occlusion", "saliency").mean == pytest.approx(np.mean(signed))
        assert table.rank_correlation(model.name, "saliency", "occlusion", True).mean == pytest.approx(np.mean(sizes))
        assert table.score(model.name, "occlusion", "forward_passes").mean == np.mean(
            [one.forward_passes for one in found["occlusion"]]
        )
        assert table.score(model.name, "saliency", "backward_passes").mean == 1
        assert table.score(model.name, "shapley", "gap").largest < 1e-6
        checks = [model.randomised_check(text, "saliency", seed=5, target=target)[1:] for text, target in places[:2]]
        layers = table.randomised[model.name, "saliency"]
        assert [one.n for one in layers] == [2, 2, 2]
        np.testing.assert_allclose([one.mean for one in layers], np.mean(checks, axis=0))


def test_an_unk_that_stands_for_itself_is_owed_nothing(table):
    for model_name in table.models:
        found = table.score(model_name, "occlusion", "dummy")
        assert found is None or found.largest < 1e-6
        assert table.score(model_name, "lime", "dummy") is None or table.score(model_name, "lime", "dummy").largest > 0


def test_two_seeds_of_a_sampled_method_are_compared(table):
    for model_name in table.models:
        assert -1 <= table.score(model_name, "lime", "seed_correlation").mean < 1
        assert table.score(model_name, "saliency", "seed_correlation") is None


def test_differences_are_paired_and_turn_around(table):
    for measure in COMPARED:
        there = table.difference("lstm", "occlusion", "lime", measure, "delete")
        back = table.difference("lstm", "lime", "occlusion", measure, "delete")
        assert (there.mean, there.low, there.high) == (-back.mean, -back.high, -back.low)
        one, other = (table.score("lstm", name, measure, "delete").mean for name in ("occlusion", "lime"))
        assert there.mean == pytest.approx(one - other)
    assert table.difference("lstm", "occlusion", "magic") is None
    assert table.rank_correlation("lstm", "occlusion", "magic") is None


def made(differences):
    """A table that holds only differences between occlusion and saliency, by what 'missing' means."""
    found = {
        ("lstm", "occlusion", "saliency", measure, name): Estimate(mean, mean - half, mean + half, math.nan, 9)
        for (measure, name), (mean, half) in differences.items()
    }
    score = {("lstm", "occlusion", "deletion", "unk"): Estimate(1, 0, 2, 3, 9)}
    names = tuple(dict.fromkeys(name for _, name in differences))
    return FaithfulnessTable(
        scores=score, differences=found, agreement={}, randomised={}, n_lines=9, corpus="x", seed=0, baselines=names
    )


@pytest.mark.parametrize(
    ("unk", "delete", "says"),
    [
        (
            (0.3, 0.1),
            (0.2, 0.1),
            "occlusion are more faithful to lstm than those of saliency: occlusion minus saliency is +0.30",
        ),
        ((-0.3, 0.1), (-0.2, 0.1), "occlusion are less faithful to lstm than those of saliency: "),
        (
            (0.3, 0.1),
            (0.2, 0.4),
            "more faithful to lstm than those of saliency with 'unk', and otherwise no difference was found",
        ),
        ((0.1, 0.3), (-0.2, 0.1), "less faithful to lstm than those of saliency with 'delete', and otherwise no"),
        ((0.1, 0.3), (-0.2, 0.4), "no difference in faithfulness to lstm was found between occlusion and saliency"),
        ((0.3, 0.1), (-0.2, 0.1), "whether occlusion or saliency is more faithful to lstm depends on what 'missing'"),
    ],
)
def test_a_sentence_says_no_more_than_its_intervals(unk, delete, says):
    table = made({("deletion", "unk"): unk, ("deletion", "delete"): delete})
    found = table.sentence("occlusion", "saliency", "lstm")
    assert says in found
    assert f"{unk[0]:+.2f} [{unk[0] - unk[1]:+.2f}, {unk[0] + unk[1]:+.2f}] nats with 'unk'" in found
    assert found.endswith("(9 lines).")
    turned = table.sentence("saliency", "occlusion", "lstm")
    assert ("more" in found, "less" in found) == ("less" in turned, "more" in turned) or "whether" in found


def test_a_low_insertion_score_is_the_faithful_one():
    table = made({("insertion", "unk"): (-0.3, 0.1)})
    assert "occlusion are more faithful to lstm than those of saliency: " in table.sentence(
        "occlusion", "saliency", "lstm", "insertion"
    )
    assert [name for name, _ in shipped_faithfulness().ranking("lstm", "insertion")][-1] != "occlusion"


@pytest.mark.parametrize("asked", [("occlusion", "magic", "lstm"), ("occlusion", "saliency", "bert")])
def test_what_was_not_measured_is_not_said(table, asked):
    with pytest.raises(InputError, match="were not compared on"):
        table.sentence(*asked)
    with pytest.raises(InputError, match="There is no measure 'beauty'"):
        table.score("lstm", "occlusion", "beauty")
    with pytest.raises(InputError, match="were not compared on"):
        table.sentence("occlusion", "saliency", "lstm", "seconds")


def test_a_table_checks_itself(table):
    fields = {name: getattr(table, name) for name in table.__dataclass_fields__}
    with pytest.raises(InputError, match=r"done is 1\.5"):
        FaithfulnessTable(**{**fields, "done": 1.5})
    with pytest.raises(InputError, match="There is no measure 'x'"):
        FaithfulnessTable(**{**fields, "scores": {("lstm", "occlusion", "x", ""): Estimate(0, 0, 0, 0, 1)}})
    with pytest.raises(TypeError):
        table.scores["a"] = 1


def test_a_written_table_is_read_again(tmp_path, table):
    write_table(tmp_path / "table.json", table)
    stored = from_json(json.loads((tmp_path / "table.json").read_text(encoding="utf-8")), "a test")
    assert stored.source == "a test"
    assert list(stored.scores) == list(table.scores)
    for name in ("scores", "differences", "agreement"):
        for key, one in getattr(table, name).items():
            np.testing.assert_allclose(getattr(stored, name)[key], one, rtol=1e-3)
    for key, row in table.randomised.items():
        np.testing.assert_allclose(stored.randomised[key], row, rtol=1e-3)
    write_table(tmp_path / "again.json", stored)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "table.json").read_bytes()
    write_table(tmp_path / "shipped.json", shipped_faithfulness())
    assert (tmp_path / "shipped.json").read_bytes() == TABLE.read_bytes()


@pytest.mark.parametrize("stored", [{"format": 2}, {"format": 1}, {"format": 1, "scores": [["lstm", 3]]}])
def test_a_file_that_is_no_table_is_refused(stored):
    with pytest.raises(InputError, match="table"):
        from_json(stored, "a test")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"models": []}, "share a vocabulary"),
        ({"methods": ["occlusion", "magic"]}, "There is no method 'magic'"),
        ({"methods": ["attention"]}, "No method is left to measure on 'lstm'"),
        ({"methods": []}, "No method is left to measure"),
        ({"n_lines": 1}, "n_lines is 1"),
        ({"n_lines": 5000}, "n_lines is 5000; the valid part of noise has"),
        ({"every": 0}, "every is 0"),
    ],
)
def test_what_cannot_be_measured_gets_a_sentence(models, options, says):
    with pytest.raises(InputError, match=says):
        next(measure_faithfulness(**{"models": models, "corpus": corpus(), "settings": FEW, **options}))


@pytest.mark.parametrize(
    "change", [{"n_random": 0}, {"n_seeds": 0}, {"seed": -1}, {"baselines": ("x",)}, {"baselines": ()}]
)
def test_settings_check_themselves(change):
    with pytest.raises(InputError, match=next(iter(change))):
        Settings(**change)


def test_less_can_be_asked_for(models):
    least = Settings(baselines=("mean",), n_random=1, n_seeds=1, n_edits=0, n_randomised=0)
    *_, table = measure_faithfulness(models[1:], corpus(), ["occlusion"], n_lines=2, settings=least)
    assert table.baselines == ("mean",)
    assert not table.differences
    assert not table.randomised
    assert table.score("transformer", "occlusion", "edit_overlap") is None


def test_a_short_window_is_no_obstacle():
    model = tiny.model("transformer", context_length=8)
    *_, table = measure_faithfulness([model], corpus(), ["occlusion", "attention"], n_lines=2, settings=FEW)
    assert math.isfinite(table.score("transformer", "occlusion").mean)


def test_the_command_prints_the_table_and_ships_only_that_of_the_shipped_models(monkeypatch, capsys):
    written, given = [], corpus()
    monkeypatch.setattr("lessons.loading.load_model", tiny.model)
    monkeypatch.setattr("lessons.at_hand.corpus_at_hand", lambda: given)
    monkeypatch.setattr("lessons.faithfulness.table.write_table", lambda path, table: written.append((path, table)))
    quick = functools.partial(measure_faithfulness, methods=["occlusion", "saliency"])
    monkeypatch.setattr("lessons.faithfulness.measure.measure_faithfulness", quick)
    assert cli.main(["faithfulness", "lstm", "--lines", "2", "--seed", "3"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 lines of noise, validation split, seed 3.\nlstm, missing is 'unk'")
    assert not written
    assert cli.main(["faithfulness", "lstm", "--lines", "2", "--save"]) == 1
    assert "leave out the names of others" in capsys.readouterr().err
    assert cli.main(["faithfulness", "--lines", "2", "--save"]) == 1
    assert "WikiText-2 is not on this machine" in capsys.readouterr().err
    assert not written


def test_who_stops_the_command_keeps_the_old_table(monkeypatch, capsys):
    def stopped(*_, **__):
        raise KeyboardInterrupt
        yield

    before = TABLE.read_bytes()
    monkeypatch.setattr("lessons.loading.load_model", tiny.model)
    monkeypatch.setattr("lessons.at_hand.corpus_at_hand", lambda: Corpus("WikiText-2", corpus().texts))
    monkeypatch.setattr("lessons.faithfulness.measure.measure_faithfulness", stopped)
    assert cli.main(["faithfulness", "--save"]) == 130
    assert "stopped" in capsys.readouterr().err
    assert TABLE.read_bytes() == before


def test_a_table_can_be_read_as_text(table):
    text = as_text(table)
    for method in (*table.methods("transformer"), RANDOM):
        assert method in text
    assert "rank correlation with random layers 1: " in text
    assert set(FAITHFULNESS_MEASURES) >= set(COMPARED)


def test_the_shipped_table_is_of_the_shipped_models():
    table = shipped_faithfulness()
    assert table.n_lines >= 100
    assert table.corpus == "WikiText-2, validation split"
    for name in ("lstm", "transformer"):
        card = json.loads((SHIPPED / name / MODEL_CARD).read_text(encoding="utf-8"))
        assert table.weights[name] == card["weights"]["sha256"], "make it again: glassbox faithfulness --save"
        assert faithfulness_of(card, name).n_lines == table.n_lines
        assert faithfulness_of({**card, "weights": {"sha256": "0"}}, name) is None
        assert faithfulness_of({"architecture": name}, name) is None
        for method in table.methods(name):
            for baseline in table.baselines:
                assert table.score(name, method, "deletion", baseline).n == table.n_lines
        # whatever the weights: words that matter by their absence beat chance, and the dummies get nothing
        assert table.score(name, "occlusion", "deletion_gain").low > 0
        assert table.score(name, "occlusion", "dummy").largest < 1e-4
        assert table.score(name, "shapley", "gap").largest < 1e-4
    assert len(table.methods("transformer")) == 9
    assert len(table.methods("lstm")) == 7
    model = load_model("lstm")
    assert model.faithfulness_table.n_lines == table.n_lines
    assert model.ablate(units=[(0, 0)]).faithfulness_table is None
    assert model.randomised(1).faithfulness_table is None
