"""What heads look at on average: exact on patterns made by hand, the same again with the same seed, and shuffled."""

import json
from dataclasses import fields

import numpy as np
import pytest

from lessons.checkpoint import read_card
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.head_statistics import (
    MIN_TOKENS,
    chosen_lines,
    line_statistics,
    measure_corpus,
    measure_heads,
    shuffled_line,
)
from lessons.head_table import TABLE, as_table, read_table, shipped_statistics, write_table
from lessons.loading import load_model
from lessons.places import MODEL_CARD, SHIPPED
from lessons.records import HEAD_STATISTICS, HeadStatistic, HeadStatistics
from tests import tiny

IDS = np.array([0, 5, 6, 5, 7, 6, 5, 8, 8, 5])  # <eos>, then words; place 8 repeats the token right before it
T = len(IDS)
LINES = [
    "the king was crowned in a town of stone and the king was in the town",
    "a town of bees and a king of stone , the king of the bees .",
    "in 1066 the town was of stone , and in 1066 the king was crowned in the town",
]


def head(weight):
    """Weights (1, 1, T, T) of a head that gives each query its `weight(query, key)`, divided by the row's sum."""
    rows = np.array([[weight(q, k) if k <= q else 0.0 for k in range(T)] for q in range(T)])
    return (rows / rows.sum(1, keepdims=True))[None, None]


def of(weights):
    return {name: float(value[0, 0]) for name, value in line_statistics(weights, IDS).items()}


PREVIOUS = head(lambda q, k: float(k == max(q - 1, 0)))
FIRST = head(lambda q, k: float(k == 0))
OWN = head(lambda q, k: float(k == q))
EVEN = head(lambda q, k: 1.0)


@pytest.mark.parametrize(
    ("weights", "name", "distance"),
    [(PREVIOUS, "previous_token", 1), (FIRST, "first_token", 5.5), (OWN, "own_token", 0)],
)
def test_a_head_that_looks_at_one_place_has_all_its_weight_there(weights, name, distance):
    found = of(weights)
    assert found.pop(name) == 1
    assert found.pop("distance") == pytest.approx(distance, abs=1e-12)  # queries 2 to 9: their mean place is 5.5
    assert set(found.values()) == {0}  # the other shares, both entropies and what copies are compared with


def test_an_even_head_has_what_even_says():
    found = of(EVEN)
    rows = [q + 1 for q in range(2, T)]
    for name in ("previous_token", "first_token", "own_token"):
        assert found[name] == pytest.approx(np.mean([1 / n for n in rows]))
    assert found["entropy"] == pytest.approx(np.mean(np.log(rows)))
    assert found["relative_entropy"] == pytest.approx(1)
    assert found["distance"] == pytest.approx(np.mean([(n - 1) / 2 for n in rows]))


def copies_of(query):
    return [k for k in range(1, query - 1) if IDS[k] == IDS[query]]


def test_copies_are_counted_as_a_loop_would():
    """Queries 3, 5, 6 and 9 have earlier copies; 8 has one only right before it, which is the previous token."""
    asked = [q for q in range(2, T) if copies_of(q)]
    assert asked == [3, 5, 6, 9]
    weights = head(lambda q, k: 1.0 + q + 3 * k * k)
    by_loop = np.mean([sum(weights[0, 0, q, k] for k in copies_of(q)) for q in asked])
    assert of(weights)["same_token"] == pytest.approx(by_loop)


def test_copies_are_compared_with_other_tokens_at_the_same_distances():
    weights = head(lambda q, k: 1.0 + q + 3 * k * k)
    pairs = [(q, k) for q in range(2, T) for k in range(1, q - 1)]
    at = {d: [weights[0, 0, q, k] for q, k in pairs if q - k == d and IDS[q] != IDS[k]] for d in range(2, T)}
    expected = []
    for q in (3, 5, 6, 9):
        distances = [q - k for k in copies_of(q)]
        if all(at[d] for d in distances):  # 9 and 1 are the only pair at distance 8: nothing to compare it with
            expected.append(sum(np.mean(at[d]) for d in distances))
    assert len(expected) == 3
    assert of(weights)["matched"] == pytest.approx(np.mean(expected))


def test_a_head_of_copies_stands_out_and_a_head_of_distances_does_not():
    copies = of(head(lambda q, k: float(k in copies_of(q)) + 1e-6 * (k == 0)))
    assert copies["same_token"] == pytest.approx(1, abs=1e-5)
    assert copies["matched"] < 1e-5
    far = of(head(lambda q, k: 1.0 if q - k == 3 else 1e-6 * (k == 0)))  # 3 and 6, and 6 and 9 are copies
    assert far["same_token"] > 0.2
    assert far["matched"] > 0.2


def test_a_line_without_copies_says_nothing_about_them():
    found = line_statistics(EVEN[..., :4, :4], np.arange(4))
    assert np.isnan(found["same_token"]).all()
    assert np.isnan(found["matched"]).all()
    assert found["previous_token"][0, 0] == pytest.approx((1 / 3 + 1 / 4) / 2)


def test_the_start_of_the_line_is_nobodys_copy():
    """An <eos> inside the line looks at the first token; that weight is the first token's share."""
    ids = np.array([0, 5, 6, 0, 5, 7])
    found = line_statistics(EVEN[..., :6, :6], ids)
    assert found["same_token"][0, 0] == pytest.approx(1 / 5)  # of query 4 alone, on place 1
    assert found["first_token"][0, 0] == pytest.approx(np.mean([1 / 3, 1 / 4, 1 / 5, 1 / 6]))


def test_a_shuffled_line_has_its_words_in_another_order():
    line = tiny.model("transformer").tokenize(LINES[0])
    mixed = shuffled_line(line, np.random.default_rng(1))
    assert mixed.tokens != line.tokens
    assert sorted(mixed.tokens) == sorted(line.tokens)
    assert list(mixed.token_ids) == [dict(zip(line.tokens, line.token_ids, strict=True))[word] for word in mixed.tokens]
    assert shuffled_line(line, np.random.default_rng(1)).tokens == mixed.tokens
    assert shuffled_line(line, np.random.default_rng(2)).tokens != mixed.tokens


class Follower:
    """A model whose first head looks at the token whose number is one smaller, and at the first token otherwise."""

    name, context_length, card = "follower", 64, {"weights": {"sha256": "of the follower"}}

    def __init__(self):
        self.read = []

    def trace(self, text, top_k):
        self.read.append(text)
        ids = np.concatenate([[0], text.token_ids])
        n = len(ids)
        follows = np.zeros((2, n, n))
        for q, k in np.ndindex(n, n):
            follows[0, q, k] = k < q and ids[k] == ids[q] - 1
        follows[0, :, 0] += follows[0].sum(1) == 0
        follows[1] = np.eye(n)
        rows = follows / follows.sum(2, keepdims=True)

        class Trace:
            token_ids, attention_weights = ids, rows[None]

            def __len__(self):
                return n

        return Trace()


def in_order(n_lines=12, length=30):
    """Lines of numbers that rise by one, with two repeated at the end so that there are copies."""
    model = tiny.model("transformer")
    blank = model.tokenize("the " * length)
    made = []
    for start in range(n_lines):
        ids = np.arange(start + 1, start + length + 1)
        ids[-1] = ids[2]
        made.append(type(blank)(blank.text, blank.tokens, blank.typed, ids))
    return made


def test_a_head_that_follows_words_loses_its_pattern_when_they_are_shuffled():
    model = Follower()
    found = measure_heads(model, in_order(), seed=3)
    previous = found.previous_token
    assert previous.mean[0, 0] == pytest.approx(28 / 29)  # all queries but the copy at the end
    assert previous.shuffled[0, 0] < 0.15
    assert found.own_token.mean[0, 1] == found.own_token.shuffled[0, 1] == 1  # a place stays a place
    assert (found.n_lines, found.n_tokens, found.n_queries, found.n_same) == (12, 12 * 31, 12 * 29, 12)
    assert found.weights_sha256 == "of the follower"
    assert found.pattern(0, 0) == "previous_token"
    assert found.describe(0, 0).startswith("previous-token head: 97 % of its weight on the token before (an even head:")
    assert found.describe(0, 1).startswith("own-token head: 100 %")
    assert [list(text.token_ids) for text in model.read[::2]] == [list(line.token_ids) for line in in_order()]
    assert all(list(a.token_ids) != list(b.token_ids) for a, b in zip(model.read[::2], model.read[1::2], strict=True))


def test_the_numbers_are_means_over_lines_with_an_interval_and_come_again():
    model = tiny.model("transformer")
    found, again, other = (measure_heads(model, LINES, seed=seed) for seed in (3, 3, 4))
    traces = [model.trace(" ".join(line.split()[:15]), top_k=0) for line in LINES]  # its context is 16
    assert found.n_tokens == sum(map(len, traces)) == 48
    by_line = [line_statistics(trace.attention_weights, trace.token_ids) for trace in traces]
    for name in HEAD_STATISTICS:
        one = found[name]
        np.testing.assert_allclose(one.mean, np.mean([line[name] for line in by_line], axis=0))
        assert (one.low <= one.mean + 1e-12).all()
        assert (one.mean <= one.high + 1e-12).all()
        assert (one.high - one.low > 0).all()
        np.testing.assert_array_equal(one.shuffled, again[name].shuffled)
        np.testing.assert_array_equal(one.low, again[name].low)
        assert (one.shuffled != other[name].shuffled).any()
        assert (one.shuffled != one.mean).any()
    np.testing.assert_allclose(found.same_token.matched, np.mean([line["matched"] for line in by_line], axis=0))
    assert found.same_token.null is found.same_token.matched
    assert found.entropy.null is found.entropy.shuffled


def test_an_interval_is_that_of_the_mean():
    """Against the normal interval, on many lines."""
    rng = np.random.default_rng(5)
    words = LINES[0].split()
    lines = [" ".join(rng.choice(words, 12)) for _ in range(60)]
    model = tiny.model("transformer")
    one = measure_heads(model, lines).previous_token
    values = [line_statistics(model.trace(line, top_k=0).attention_weights, np.arange(13)) for line in lines]
    spread = 1.96 * np.std([line["previous_token"] for line in values], axis=0) / np.sqrt(60)
    np.testing.assert_allclose((one.high - one.low) / 2, spread, rtol=0.2)


def test_lines_are_drawn_from_the_long_ones_of_a_split():
    vocabulary = tiny.model("transformer").vocabulary
    long_lines = [f"{i} " + "the king was in a town " * 6 for i in range(50)]
    corpus = Corpus("made", {name: "the king\n" + "\n".join(long_lines) + "\n" for name in ("train", "valid", "test")})
    drawn = chosen_lines(vocabulary, corpus, n_lines=5, seed=1)
    assert len(drawn) == 5
    assert all(len(line) >= MIN_TOKENS for line in drawn)
    places = [int(line.typed[0]) for line in drawn]
    assert places == sorted(set(places))
    assert [line.text for line in chosen_lines(vocabulary, corpus, n_lines=5, seed=1)] == [line.text for line in drawn]
    assert [line.text for line in chosen_lines(vocabulary, corpus, n_lines=5, seed=2)] != [line.text for line in drawn]
    assert "<eos>" not in drawn[0].tokens
    with pytest.raises(InputError, match="n_lines is 51; the valid part of made has 50 lines of 32 or more"):
        chosen_lines(vocabulary, corpus, n_lines=51)


@pytest.mark.parametrize(
    ("architecture", "lines", "says"),
    [
        ("lstm", LINES, "is an LSTM and has no attention heads"),
        ("transformer", [], "The number of lines is 0"),
        ("transformer", LINES[:1], "The number of lines is 1"),
        ("transformer", ["the king was in", "a town of bees"], "0 of their words come again"),
        ("transformer", ["the", *LINES], "'the' has 1 tokens; at least 2"),
        ("transformer", [""], "has 0 tokens"),
    ],
)
def test_what_cannot_be_measured_gets_a_sentence(architecture, lines, says):
    with pytest.raises(InputError, match=says):
        measure_heads(tiny.model(architecture), lines)


def made(shares, relative_entropy=0.5, distance=9.0, low=None):
    """Statistics of one head on lines where an even head has 3 % everywhere."""

    def one(value, even=0.03, **more):
        value = np.full((1, 1), float(value))
        return HeadStatistic(value, value if low is None else np.full((1, 1), low), value, value / 2, even, **more)

    values = {"previous_token": 0, "first_token": 0, "own_token": 0, "same_token": 0, **shares}
    matched = np.full((1, 1), 0.1)
    return HeadStatistics(
        **{
            name: one(value, **({"matched": matched} if name == "same_token" else {})) for name, value in values.items()
        },
        distance=one(distance, even=30.0),
        entropy=one(2.0, even=3.5),
        relative_entropy=one(relative_entropy, even=1.0),
        n_lines=3,
        n_tokens=90,
        n_queries=84,
        n_same=20,
        seed=0,
    )


@pytest.mark.parametrize(
    ("statistics", "says"),
    [
        (made({"previous_token": 0.71}), "previous-token head: 71 % of its weight on the token before (an even head: "
         "3 %), 36 % on shuffled text"),
        (made({"first_token": 0.5, "own_token": 0.3}), "first-token head: 50 %"),
        (made({"own_token": 0.3}), "leans to the token itself: 30 %"),
        (made({"same_token": 0.6}), "same-token head: 60 % of its weight on earlier copies of the token, where there "
         "are any (an even head: 3 %), 10 % on other tokens at the same distances"),
        (made({"same_token": 0.39}), "looks near"),  # less than four times what other tokens get
        (made({"previous_token": 0.3}, low=0.11), "looks near"),  # its interval reaches down to less than 4 x 3 %
        (made({"previous_token": 0.19}), "looks near: 9.0 tokens back on average (an even head: 30)"),
        (made({"previous_token": 0.19}, distance=10.5), "no simple pattern: at most 19 % on the token before"),
        (made({"own_token": 0.001}, distance=20), "no simple pattern: at most under 1 % on the token itself"),
        (made({}, relative_entropy=0.96), "spreads its weight nearly evenly: 96 % of the largest possible entropy"),
    ],
)  # fmt: skip
def test_only_what_stands_out_is_named(statistics, says):
    assert statistics.describe(0, 0).startswith(says)


def test_a_head_or_statistic_that_is_not_there_gets_a_sentence():
    with pytest.raises(InputError, match="head is 1; it must be a whole number from 0 to 0"):
        made({}).describe(0, 1)
    with pytest.raises(InputError, match="layer is -1"):
        made({}).pattern(-1, 0)
    with pytest.raises(InputError, match="no statistic 'mean'"):
        made({})["mean"]
    with pytest.raises(InputError, match="a row for each layer"):
        HeadStatistic(np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3), 0.1)
    with pytest.raises(ValueError, match="read-only"):
        made({}).entropy.mean[0, 0] = 1


def test_a_table_is_written_and_read(tmp_path):
    found = measure_heads(tiny.model("transformer"), LINES)
    write_table(tmp_path / TABLE, found)
    read = read_table(tmp_path / TABLE)
    for name in HEAD_STATISTICS:
        for field in ("mean", "low", "high", "shuffled", "null"):
            np.testing.assert_allclose(getattr(read[name], field), getattr(found[name], field), atol=5.1e-5)
    whole = [field.name for field in fields(found) if field.name not in HEAD_STATISTICS]
    assert [getattr(read, name) for name in whole] == [getattr(found, name) for name in whole]
    lines = as_table(read).splitlines()
    assert [line.split()[:2] for line in lines[1:-1]] == [["1", "1"], ["1", "2"], ["2", "1"], ["2", "2"]]
    assert f"{read.previous_token.mean[1, 0]:.1%}" in lines[3]
    assert read.describe(1, 0) in lines[3]
    assert as_table(read, sentences=False).splitlines()[3] == lines[3].removesuffix(f"   {read.describe(1, 0)}")
    for damage in ("", "[]", '{"format": 2}', '{"format": 1}', (tmp_path / TABLE).read_text("utf-8")[:-9]):
        (tmp_path / "damaged.json").write_text(damage, encoding="utf-8")
        with pytest.raises(InputError, match=r"damaged\.json cannot be read .* 'glassbox heads transformer --save'"):
            read_table(tmp_path / "damaged.json")


CARD = read_card(SHIPPED / "transformer" / MODEL_CARD)


def test_the_shipped_table_belongs_to_the_shipped_weights():
    table = shipped_statistics(CARD)
    assert table is not None, "the model is a new one: run `glassbox heads transformer --save`"
    shape = (CARD["config"]["n_layers"], CARD["config"]["n_heads"])
    assert (table.n_layers, table.n_heads) == shape
    assert (table.corpus, table.split, table.n_lines, table.seed) == ("WikiText-2", "valid", 300, 7)
    assert table.corpus_sha256 == CARD["corpus"]["sha256"]["valid"]
    assert (SHIPPED / "transformer" / TABLE).stat().st_size < 20_000
    for name in HEAD_STATISTICS:
        assert (table[name].low <= table[name].mean).all()
        assert (table[name].mean <= table[name].high).all()
    shares = sum(table[name].mean for name in ("previous_token", "first_token", "own_token"))
    assert (shares <= 1).all()


def test_other_weights_have_no_table():
    assert shipped_statistics({**CARD, "weights": {**CARD["weights"], "sha256": "0" * 64}}) is None
    assert shipped_statistics({"architecture": "transformer"}) is None
    assert tiny.model("transformer").head_statistics is None
    assert tiny.model("lstm").head_statistics is None


def test_a_model_offers_its_table_until_a_part_is_switched_off():
    model = load_model("transformer")
    assert model.head_statistics.weights_sha256 == model.card["weights"]["sha256"]
    assert model.ablate(heads=[(0, 0)]).head_statistics is None
    assert "weights" in model.card


@pytest.mark.corpus
@pytest.mark.slow
def test_the_command_makes_the_shipped_table():
    shipped = json.loads((SHIPPED / "transformer" / TABLE).read_text(encoding="utf-8"))
    found = measure_corpus(load_model("transformer"), Corpus.wikitext2(), "valid", shipped["n_lines"], shipped["seed"])
    assert (found.n_tokens, found.n_queries, found.n_same) == tuple(
        shipped[name] for name in ("n_tokens", "n_queries", "n_same")
    )
    for name in HEAD_STATISTICS:
        for field in ("mean", "low", "high", "shuffled"):
            np.testing.assert_allclose(getattr(found[name], field), shipped[name][field], rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(found.same_token.matched, shipped["same_token"]["matched"], rtol=2e-3, atol=2e-4)
