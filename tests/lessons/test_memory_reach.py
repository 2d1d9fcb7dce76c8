"""Memory reach: the numbers are the network's own, pairs are pairs, and the shipped table is of the shipped models."""

import json

import numpy as np
import pytest

from lessons import cli
from lessons import memory_reach as module
from lessons.at_hand import corpus_at_hand
from lessons.errors import InputError
from lessons.memory_reach import (
    DISTANCES,
    EXAMPLE,
    EXAMPLE_TARGET,
    measure_reach,
    memory_reach,
    reach_example,
    reach_text,
    surprisals_after,
)
from lessons.places import MODEL_CARD, SHIPPED
from lessons.reach_table import TABLE, as_text, from_json, shipped_reach, to_json, write_table
from lessons.records import REACH_KINDS, ReachCurve, ReachTable
from tests import tiny

ASKED = (1, 3, 8, 12)


@pytest.fixture(scope="module", params=["lstm", "transformer"])
def model(request):
    return tiny.model(request.param)


@pytest.fixture(scope="module")
def text(model):
    return np.random.default_rng(0).integers(0, model.vocab_size, 400)


def test_a_surprisal_after_a_context_is_the_models_own(model):
    """With an <eos> as its first token, a context is what `model.surprisals` reads, too."""
    words = ["<eos>", "the", "king", "was", "crowned", "in", "a", "town"]
    ids = model.vocabulary.encode(words)
    found = surprisals_after(model.network, ids[None, :-1], ids[-1:])
    assert found == pytest.approx(model.surprisals(" ".join(words[1:]))[-1:], abs=1e-5)


def test_batches_do_not_change_a_number(model, text, monkeypatch):
    contexts = text[: 7 * 9].reshape(7, 9)
    whole = surprisals_after(model.network, contexts, text[:7])
    monkeypatch.setattr(module, "_TOKENS_AT_ONCE", 20)
    np.testing.assert_allclose(surprisals_after(model.network, contexts, text[:7]), whole, atol=1e-5)


def test_a_cut_curve_is_what_one_finds_target_by_target(model, text):
    curve = memory_reach(model, text, ASKED, "cut", n_targets=15, seed=4)
    places = np.sort(np.random.default_rng(4).choice(np.arange(12, len(text)), 15, replace=False))
    after = np.array(
        [
            [surprisals_after(model.network, text[None, p - k : p], text[p : p + 1])[0] for p in places]
            for k in curve.distances
        ]
    )
    difference = after - after[-1]
    np.testing.assert_array_equal(curve.distances, ASKED)
    np.testing.assert_allclose(curve.losses, after.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(curve.extra, difference.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(curve.standard_error, difference.std(axis=1, ddof=1) / np.sqrt(15), atol=1e-5)
    assert curve.whole_loss == pytest.approx(curve.losses[-1])
    assert (curve.context, curve.n_targets, curve.seed) == (12, 15, 4)


@pytest.mark.parametrize("kind", REACH_KINDS)
def test_near_words_stay_and_far_ones_go(kind, text):
    contexts = text[:120].reshape(10, 12)
    changed = module._changed(contexts, 5, kind, 1, text)
    np.testing.assert_array_equal(changed[:, -5:], contexts[:, -5:])
    far = changed[:, :-5]
    if kind == "cut":
        assert far.shape == (10, 0)
    else:
        assert (far != contexts[:, :-5]).mean() > 0.5
        same_words = np.array_equal(np.sort(far, axis=1), np.sort(contexts[:, :-5], axis=1))
        assert same_words is (kind == "shuffle")
    np.testing.assert_array_equal(module._changed(contexts, 12, kind, 1, text), contexts)
    np.testing.assert_array_equal(module._changed(contexts, 5, kind, 1, text), changed)


@pytest.mark.parametrize("kind", REACH_KINDS)
def test_the_same_seed_gives_the_same_curve(model, text, kind):
    one, same, other = (memory_reach(model, text, ASKED, kind, 20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.losses, same.losses)
    assert not np.array_equal(one.losses, other.losses)


def test_nothing_is_lost_with_the_whole_context(model, text):
    for kind in REACH_KINDS:
        curve = memory_reach(model, text, ASKED, kind, 20)
        assert (curve.extra[-1], curve.standard_error[-1]) == (0, 0)
        assert curve.reach() is not None


def test_a_transformer_is_measured_up_to_its_context_and_at_the_same_targets(text):
    lstm, transformer = tiny.model("lstm"), tiny.model("transformer")
    assert transformer.context_length == 16
    long, short = (memory_reach(one, text, (1, 5, 16, 30), n_targets=10) for one in (lstm, transformer))
    assert (long.distances.tolist(), long.context) == ([1, 5, 16, 30], 30)
    assert (short.distances.tolist(), short.context) == ([1, 5, 16], 16)


def test_a_model_that_forgets_all_but_the_last_token_reaches_one_token(text):
    """A bigram cannot lose anything by a cut: the LSTM with its recurrent weights at 0 and its forget gates shut."""
    forgetful = tiny.model("lstm")
    for layer in forgetful.network.layers:
        weight_memory, width = layer.weight_hh_l0, layer.hidden_size
        weight_memory.data.zero_()
        layer.bias_ih_l0.data[width : 2 * width] = -50
        layer.weight_ih_l0.data[width : 2 * width] = 0
    for kind in REACH_KINDS:
        curve = memory_reach(forgetful, text, ASKED, kind, 30)
        np.testing.assert_allclose(curve.extra, 0, atol=1e-5)
        assert curve.reach() == 1
    assert abs(memory_reach(tiny.model("lstm"), text, ASKED, "cut", 30).extra[0]) > 1e-3


def curve_with(extra, error=0.001):
    distances = 10 * np.arange(1, len(extra) + 1)
    return ReachCurve("lstm", "cut", distances, np.ones(len(extra)), extra, [error] * len(extra), 1.0, 90, 9, 0, "x")


def test_the_reach_is_where_the_curve_stays_down():
    assert curve_with([0.5, 0.005, 0.2, 0.01, -0.2, 0]).reach() == 40
    assert curve_with([0.5, 0.2]).reach() is None
    assert curve_with([0.5, 0.2]).reach(0.3) == 20
    np.testing.assert_allclose(curve_with([0.5], 0.1).interval, [[0.5 - 0.196, 0.5 + 0.196]])


def test_the_table_grows_and_ends_whole(text):
    models = tiny.model("lstm"), tiny.model("transformer")
    settings = {"distances": ASKED, "n_targets": 10, "token_ids": text, "corpus": "noise"}
    tables = list(measure_reach(models, ("cut", "shuffle"), **settings))
    assert [table.done for table in tables] == pytest.approx(np.arange(1, 17) / 16)
    last = tables[-1]
    assert [(curve.model_name, curve.kind) for curve in last.curves] == [
        ("lstm", "cut"),
        ("transformer", "cut"),
        ("lstm", "shuffle"),
        ("transformer", "shuffle"),
    ]
    assert {curve.corpus for curve in last.curves} == {"noise"}
    alone = memory_reach(models[1], text, ASKED, "shuffle", 10)
    np.testing.assert_array_equal(last.curve("transformer", "shuffle").losses, alone.losses)
    assert last.curve("lstm", "replace") is None
    stored = from_json(json.loads(json.dumps(to_json(last))), "a test")
    np.testing.assert_allclose(stored.curve("lstm", "cut").extra, last.curve("lstm", "cut").extra, atol=1e-5)
    assert stored.example("cut").contexts == last.example("cut").contexts
    assert stored.example("replace") is None


@pytest.mark.parametrize("kind", REACH_KINDS)
def test_an_example_shows_what_was_read(kind):
    models = tiny.model("lstm"), tiny.model("transformer", context_length=128)
    one = reach_example(models, kind)
    assert one.target == EXAMPLE_TARGET
    assert one.tokens == models[0].tokenize(EXAMPLE).tokens
    for distance, words, value in zip(one.distances, one.contexts, one.surprisals["lstm"], strict=True):
        assert words[-distance:] == one.tokens[-distance:]
        assert len(words) == (distance if kind == "cut" else len(one.tokens))
        ids = models[0].vocabulary.encode([*words, EXAMPLE_TARGET])
        assert value == pytest.approx(float(surprisals_after(models[0].network, ids[None, :-1], ids[-1:])[0]))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"kind": "burn"}, "kind is 'burn'; it must be one of cut, shuffle, replace"),
        ({"distances": ()}, "distances is empty"),
        ({"distances": (0, 3)}, "distances is 0"),
        ({"distances": (2.5,)}, "distances is 2.5"),
        ({"n_targets": 1}, "n_targets is 1"),
        ({"n_targets": 399}, "The text has 400 tokens; for 399 targets with 12 tokens before each it needs"),
        ({"seed": -1}, "seed is -1"),
        ({"token_ids": np.zeros((4, 4), int)}, "The text has 16 tokens"),
    ],
)
def test_what_it_refuses(model, text, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        memory_reach(model, **({"token_ids": text, "distances": ASKED, "n_targets": 5} | settings))


def test_the_command_prints_the_curves_and_ships_none_of_other_models(monkeypatch, capsys):
    written = []
    text = np.random.default_rng(0).integers(0, 40, 500)
    monkeypatch.setattr("lessons.loading.load_model", tiny.model)
    monkeypatch.setattr(module, "reach_text", lambda model: (text, "WikiText-2, a test"))
    monkeypatch.setattr("lessons.reach_table.write_table", lambda path, table: written.append((path, table)))
    assert cli.main(["reach", "--targets", "5", "--seed", "2", "--save"]) == 0
    ((path, table),) = written
    printed = capsys.readouterr().out
    assert path == TABLE
    assert printed.startswith("5 words of WikiText-2, a test, seed 2.\nlstm, cut: loss ")
    assert as_text(table) in printed
    assert table.done == 1
    assert cli.main(["reach", "lstm", "--targets", "5", "--save"]) == 1
    assert "leave out the names of others" in capsys.readouterr().err
    monkeypatch.setattr(module, "reach_text", lambda model: (text, "a small text"))
    assert cli.main(["reach", "--targets", "5", "--save"]) == 1
    assert "WikiText-2 is not on this machine" in capsys.readouterr().err
    assert len(written) == 1


def test_a_written_table_is_read_again(tmp_path):
    write_table(tmp_path / "table.json", shipped_reach())
    assert (tmp_path / "table.json").read_bytes() == TABLE.read_bytes()


def test_models_must_share_their_words():
    with pytest.raises(InputError, match="share a vocabulary"):
        next(measure_reach([]))


@pytest.mark.parametrize("stored", [{"format": 2}, {"format": 1}, {"format": 1, "curves": [{"kind": "cut"}]}])
def test_a_file_that_is_no_table_is_refused(stored):
    with pytest.raises(InputError, match="table"):
        from_json(stored, "a test")


def test_a_table_checks_itself():
    with pytest.raises(InputError, match="distances must rise"):
        ReachCurve("lstm", "cut", [3, 2], [1, 1], [0, 0], [0, 0], 1.0, 3, 9, 0, "x")
    with pytest.raises(InputError, match="kind is 'x'"):
        ReachCurve("lstm", "x", [3], [1], [0], [0], 1.0, 3, 9, 0, "x")
    with pytest.raises(InputError, match="extra has shape"):
        ReachCurve("lstm", "cut", [3], [1], [0, 0], [0], 1.0, 3, 9, 0, "x")
    with pytest.raises(InputError, match=r"done is 1\.5"):
        ReachTable((), done=1.5)


def test_a_text_is_at_hand_without_a_network(monkeypatch, tmp_path):
    for name in ("GLASSBOX_DATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    ids, name = reach_text(tiny.model("lstm"))
    assert name == corpus_at_hand().name
    assert len(ids) > max(DISTANCES) + 200


def test_the_shipped_table_is_of_the_shipped_models():
    table = shipped_reach()
    for name in ("lstm", "transformer"):
        card = json.loads((SHIPPED / name / MODEL_CARD).read_text(encoding="utf-8"))
        assert table.weights[name] == card["weights"]["sha256"], "make it again: glassbox reach --save"
        for kind in REACH_KINDS:
            curve = table.curve(name, kind)
            assert curve.n_targets >= 1000
            assert curve.extra[0] > curve.extra[-2] - 0.01
            assert set(table.example(kind).surprisals) == {"lstm", "transformer"}
    assert table.example("cut").tokens[:5] == ("The", "second", "album", "of", "the")
