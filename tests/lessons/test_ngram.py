"""Kneser-Ney agrees with its formula written with dictionaries and with a sum on paper, and always sums to one."""

import time
from collections import Counter, defaultdict
from fractions import Fraction
from math import exp, log

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lessons.at_hand import corpus_at_hand
from lessons.corpus import Corpus
from lessons.errors import InputError
from lessons.ngram import NgramModel, count_ngrams, discounts_of, fit_ngram
from lessons.passages import SMALL_TEXT
from lessons.text import Vocabulary, wikitext
from tests.fakes import FakeModel
from widgets import NextWordExplorer, SamplingBench, TokenClicker

WORDS = ["<unk>", "<eos>", "a", "b", "c", "d", "e"]
VOCABULARY = Vocabulary(WORDS)
EOS = 1
texts = st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=60)


class Slow:
    """The formula of Chen and Goodman, one n-gram at a time; nothing is shared with what is tested."""

    def __init__(self, tokens, vocab_size, order):
        stream = [EOS, *tokens]
        self.size, self.order = vocab_size, order
        counts = {1: Counter((token,) for token in tokens)}
        for n in range(2, order + 1):
            counts[n] = Counter(tuple(stream[i : i + n]) for i in range(len(stream) - n + 1))
        longest = max(n for n in counts if counts[n])
        self.counts = {}
        for n in range(1, longest + 1):
            if n == longest:
                self.counts[n] = dict(counts[n])
            else:
                before = defaultdict(set)
                for gram in counts[n + 1]:
                    before[gram[1:]].add(gram[0])
                self.counts[n] = {gram: len(tokens) for gram, tokens in before.items()}

    def discounts(self, n):
        if n == 1 and len(self.counts[1]) == self.size:
            return lambda count: 0
        times = Counter(self.counts[n].values())
        n1, n2, n3, n4 = (times[i] for i in (1, 2, 3, 4))
        y = Fraction(n1, n1 + 2 * n2) if n1 else Fraction(1, 2)
        if n1 and n2 and n3 and n4:
            d1, d2, d3 = 1 - 2 * y * Fraction(n2, n1), 2 - 3 * y * Fraction(n3, n2), 3 - 4 * y * Fraction(n4, n3)
            if d1 > 0 and d2 > 0 and d3 > 0:
                return lambda count: d1 if count == 1 else d2 if count == 2 else d3
        return lambda count: y

    def probability(self, context, word):
        n = len(context) + 1
        lower = Fraction(1, self.size) if n == 1 else self.probability(context[1:], word)
        if n not in self.counts:
            return lower
        seen = {gram[-1]: count for gram, count in self.counts[n].items() if gram[:-1] == tuple(context)}
        if not seen:
            return lower
        discount, total = self.discounts(n), sum(seen.values())
        share = max(seen.get(word, 0) - discount(seen[word]), 0) if word in seen else 0
        return (share + sum(discount(count) for count in seen.values()) * lower) / total


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@given(text=texts, other=texts)
@example(text=[2] * 40 + [3, 4, 2, 3, 2, 3, 2, 5, 2, 5, 2, 6, 6, 6, 6, 0, 0, 0, 1], other=[2, 3, 4, 2, 5, 6, 0, 1])
@example(text=[6], other=[6, 6])
def test_it_is_the_formula(order, text, other):
    model, slow = fit_ngram(np.array(text), VOCABULARY, order), Slow(text, len(WORDS), order)
    stream = [EOS, *other[:12]]
    expected = []
    for i in range(1, len(stream)):
        context = stream[max(0, i - order + 1) : i]
        expected.append([float(slow.probability(context, word)) for word in range(len(WORDS))])
        assert model.probabilities(np.array(stream[:i])) == pytest.approx(expected[-1], rel=1e-12)
    surprisals = model.stream_surprisals(np.array(stream))
    assert surprisals == pytest.approx([-log(p[word]) for p, word in zip(expected, stream[1:], strict=True)], rel=1e-12)


def test_three_discounts_are_used_where_there_is_enough_to_count():
    counts = np.repeat([0, 1, 2, 3, 4, 5, 9], [7, 40, 20, 12, 8, 3, 2])
    y = 40 / (40 + 2 * 20)
    assert discounts_of(counts) == pytest.approx([0, 1 - 2 * y * 20 / 40, 2 - 3 * y * 12 / 20, 3 - 4 * y * 8 / 12])


@pytest.mark.parametrize(
    ("counts", "single"),
    [([1, 1, 2], 0.5), ([1, 1, 1, 2, 3], 0.6), ([1, 1], 1), ([3, 4, 9], 0.5), ([1] * 4 + [2] + [3] * 40 + [4], 4 / 6)],
    ids=["no 3", "no 4", "only 1", "no 1", "the second would be below 0"],
)
def test_one_discount_stands_in(counts, single):
    assert discounts_of(np.array(counts)) == pytest.approx([0, single, single, single])


@given(text=texts, other=texts)
def test_n_grams_are_found_again_as_often_as_they_stand_there(text, other):
    counts = count_ngrams(np.array(text), EOS, len(WORDS), 3)
    known, asked = [EOS, *text], [EOS, *other]
    for n in range(1, len(counts.levels) + 1):
        of_ngrams, of_contexts = counts.occurrences(np.array(asked), n)
        first = 1 if n == 1 else 0  # the start is no token of the text
        grams, wanted = (
            [tuple(stream[i : i + n]) for i in range(first, len(stream) - n + 1)] for stream in (known, asked)
        )
        assert of_ngrams.tolist() == [grams.count(gram) for gram in wanted]
        assert of_contexts.tolist() == [sum(gram[:-1] == one[:-1] for gram in grams) for one in wanted]


def test_a_bigram_on_paper():
    """a b a c a b <eos>, read after an <eos>; all discounts are worked out by hand."""
    vocabulary = Vocabulary(["<eos>", "a", "b", "c"], unknown=None)
    model = fit_ngram(vocabulary.encode(["a", "b", "a", "c", "a", "b", "<eos>"]), vocabulary, order=2)
    # Pairs: (eos a) (a b) x 2 (b a) (a c) (c a) (b eos): five once, one twice, none three times: D = 5 / (5 + 2).
    assert model.discounts[1] == pytest.approx((5 / 7, 5 / 7, 5 / 7))
    # In front of a stood eos, b and c; in front of b only a; of c only a; of eos only b: 3, 1, 1, 1 of 6.
    lower = {"a": 3 / 6, "b": 1 / 6, "c": 1 / 6, "<eos>": 1 / 6}
    left = 2 * (5 / 7) / 3  # after a stood b (twice) and c (once)
    after_a = {"a": 0, "b": (2 - 5 / 7) / 3, "c": (1 - 5 / 7) / 3, "<eos>": 0}
    found = model.distribution("a")
    assert dict(zip(found.tokens, found.probabilities, strict=True)) == pytest.approx(
        {word: after_a[word] + left * lower[word] for word in lower}
    )


def test_an_unigram_is_the_relative_frequencies_where_all_were_seen():
    text = np.array([0, 1, 1, 2, 2, 2, 3, 4, 5, 6, 6, 6, 6])
    p = fit_ngram(text, VOCABULARY, order=1).probabilities(np.array([EOS]))
    assert p == pytest.approx(np.bincount(text) / len(text))


def test_below_the_longest_the_number_of_different_neighbours_counts():
    """`francisco` stood three times after one word, `of` four times after four."""
    lines = ["san francisco", "san francisco", "san francisco", "out of", "king of", "tree of", "san of"]
    tokens = wikitext("\n".join(lines))
    vocabulary = Vocabulary.build([tokens], specials=())
    stoi = vocabulary.stoi
    p = fit_ngram(vocabulary.encode(tokens), vocabulary, order=2)._levels[0].shares
    assert p[stoi["of"]] == pytest.approx(4 * p[stoi["francisco"]])


@given(text=texts, context=texts, order=st.integers(1, 5))
def test_every_distribution_sums_to_one(text, context, order):
    model = fit_ngram(np.array(text), VOCABULARY, order)
    for end in (0, 1, len(context)):  # the line start, one token, a context that was perhaps never seen
        p = model.probabilities(np.array([EOS, *context[:end]]))
        assert p.sum() == pytest.approx(1, abs=1e-12)
        assert (p > 0).all()


@pytest.fixture(scope="module")
def small():
    """The small text that stands in for WikiText-2, counted, and its vocabulary."""
    corpus = Corpus.from_text(SMALL_TEXT, valid=0.2, test=0.2)
    tokens = wikitext(corpus.text("train"))
    vocabulary = Vocabulary.build([tokens])
    return corpus, vocabulary, vocabulary.encode(tokens)


@pytest.mark.parametrize("order", [1, 2, 5])
def test_all_answers_are_the_same_numbers(small, order):
    corpus, vocabulary, ids = small
    model = fit_ngram(ids, vocabulary, order)
    assert (model.name, model.display_name, model.vocab_size) == (f"{order}-gram", f"{order}-gram", len(vocabulary))
    assert model.context_length == order - 1
    text = model.tokenize("The tower is a round tower of stone , and it was zorkmid .")
    surprisals = model.surprisals(text)
    assert not surprisals.flags.writeable
    assert model.perplexity(text) == pytest.approx(exp(surprisals.mean()))
    for place in range(len(text)):
        answer = model.next_tokens(text, top_k=3, position=place)
        assert answer.true_token == text.tokens[place]
        assert answer.true_surprisal == pytest.approx(surprisals[place])
        assert answer.context == min(order - 1, place + 1)
        whole = model.distribution(text, place)
        assert whole.tokens[:3] == answer.tokens
        assert whole.entropy == pytest.approx(answer.entropy)
        assert answer.true_rank == 1 + (whole.probabilities > answer.true_probability).sum()
    hot, cold = (model.next_tokens(text, temperature=t, top_k=len(vocabulary)) for t in (50, 0.05))
    shaped = model.distribution(text).shaped(0.05)
    assert cold.probabilities == pytest.approx(shaped.probabilities)
    assert hot.entropy > cold.entropy
    assert hot.probabilities.sum() == pytest.approx(1)
    first, again = (model.generate("The tower", 8, top_p=0.9, seed=4) for _ in range(2))
    assert first.tokens == again.tokens
    assert len(first.drawn) == 8
    heard = []
    assert model.generate("The tower", 8, top_p=0.9, seed=4, each=lambda one: heard.append(one) or len(heard) == 3)
    assert tuple(one.token for one in heard) == first.tokens[:3]
    result = model.evaluate(corpus, "test")
    assert result.n_tokens == len(wikitext(corpus.text("test")))
    assert 1 < result.perplexity < len(vocabulary)


def test_orders_that_were_counted_together_are_those_that_were_counted_alone(small):
    corpus, vocabulary, ids = small
    counts = count_ngrams(ids, vocabulary.stoi["<eos>"], len(vocabulary), 5)
    for order in range(1, 6):
        together, alone = NgramModel(counts, vocabulary, order), fit_ngram(ids, vocabulary, order)
        assert together.discounts == alone.discounts
        assert together.evaluate(corpus, "valid").loss == alone.evaluate(corpus, "valid").loss


def test_widgets_take_it_beside_a_trained_model():
    trained = FakeModel()
    vocabulary = Vocabulary(trained.vocabulary.itos)
    counted = fit_ngram(vocabulary.encode(trained.vocabulary.itos * 2), vocabulary, 3)
    text = "The king was crowned in"
    page = NextWordExplorer(trained, counted, text=text).static_html()
    first = counted.next_tokens(text, top_k=1)
    assert "3-gram" in page
    assert first.tokens[0] in page
    assert "3-gram" in SamplingBench(counted, text=text).static_html()
    assert len(TokenClicker(counted.tokenize(text), counted.surprisals(text)).tokens) == 5


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: fit_ngram(np.array([2, 3]), VOCABULARY, 6), "order is 6; it must be a whole number from 1 to 5"),
        (lambda: fit_ngram(np.array([2, 3]), VOCABULARY, 0), "order is 0"),
        (lambda: fit_ngram(np.array([2, 7]), VOCABULARY), "outside 0 to 6"),
        (lambda: fit_ngram(np.array([], int), VOCABULARY), "at least one whole number"),
        (lambda: fit_ngram(np.array([0.5]), VOCABULARY), "at least one whole number"),
        (lambda: fit_ngram(np.array([0]), Vocabulary(["a"])), "<eos>"),
        (lambda: fit_ngram(np.array([0]), ["<eos>"]), "must be a Vocabulary"),
        (lambda: NgramModel(count_ngrams(np.array([2]), EOS, 5), VOCABULARY), "5 were counted"),
        (lambda: NgramModel(count_ngrams(np.array([2]), EOS, 7, 2), VOCABULARY, 3), "from 1 to 2"),
        (lambda: count_ngrams(np.array([2]), EOS, 7, 2).occurrences(np.array([EOS, 2]), 3), "n is 3"),
        (lambda: fit_ngram(np.array([2]), VOCABULARY).next_tokens(""), "The text is empty"),
        (lambda: fit_ngram(np.array([2]), VOCABULARY).next_tokens("a", top_k=8), "top_k is 8"),
        (lambda: fit_ngram(np.array([2]), VOCABULARY).next_tokens("a", 2, 0), "temperature is 0"),
        (lambda: fit_ngram(np.array([2]), VOCABULARY).next_tokens("a", 2, position=1), "position is 1"),
    ],
)
def test_errors_say_what_is_wrong(wrong, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        wrong()


@pytest.mark.corpus
@pytest.mark.slow
def test_on_wikitext2_longer_contexts_help_and_a_class_need_not_wait():
    corpus = corpus_at_hand()
    tokens = wikitext(corpus.text("train"))
    vocabulary = Vocabulary.build([tokens])
    ids = vocabulary.encode(tokens)
    begin = time.process_time()
    counts = count_ngrams(ids, vocabulary.stoi["<eos>"], len(vocabulary), 5)
    found = [NgramModel(counts, vocabulary, order).evaluate(corpus, "test").perplexity for order in range(1, 6)]
    assert time.process_time() - begin < 60
    assert found == sorted(found, reverse=True)
    assert 100 < found[-1] < 250
    assert found[0] > 3 * found[1]
