"""The truth about a language of rules is the truth: it equals counting out all sentences, and drawing many."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lessons.errors import InputError
from lessons.grammar import TOY_RULES, Grammar, Oracle, toy_corpus, toy_language
from lessons.grammar.rules import Alternative, Symbol, is_rule, parse_rules
from lessons.loading import load_model
from lessons.ngram import fit_ngram
from lessons.presets import preset
from lessons.run import finish, prepare, run_steps
from lessons.text import Vocabulary, wikitext
from widgets import NextWordExplorer

SHEEP = """
n = sg pl
m = sg pl
# One or many? The sheep do not tell, and a clause about them may go on.
S -> 3: ONE.{n} VERB.{n} . | 1: HELLO ONE.{n} , ONE.{m} .
HELLO -> 2: | 1: oh | oh oh
ONE.{n} -> 5: the NOUN.{n} | 2: the NOUN.{n} that ONE.{m}^ VERB.{m}
   | the NOUN.{n} near ONE.{m}^
NOUN.sg => dog sheep
NOUN.pl => sheep dogs
VERB.sg -> 4: sees | 1: can see
VERB.pl -> 4: see | can see
"""


def spelt_out(rules, symbols, level, depth):
    """All texts that some symbols stand for, with their probabilities, by plain recursion; too deep ones have none."""
    texts = {(): Fraction(1)}
    for symbol in symbols:
        if is_rule(symbol.name):
            parts = alternatives_of(rules, symbol.name, level + symbol.deeper, depth)
        else:
            parts = {(symbol.name,): Fraction(1)}
        longer = {}
        for text, p in texts.items():
            for part, q in parts.items():
                longer[text + part] = longer.get(text + part, 0) + p * q
        texts = longer
    return texts


def alternatives_of(rules, name, level, depth):
    if level > depth:
        return {}
    found = [(one, spelt_out(rules, one.symbols, level, depth)) for one in rules[name]]
    total = sum(one.weight for one, texts in found if texts)
    whole = {}
    for one, texts in found:
        for text, p in texts.items():
            whole[text] = whole.get(text, 0) + p * one.weight / total
    return whole


@pytest.mark.parametrize("depth", [0, 1])
def test_the_truth_is_that_of_counting_out_all_sentences(depth):
    rules = parse_rules(SHEEP)
    sentences = {(*text, "<eos>"): float(p) for text, p in alternatives_of(rules, "S", 0, depth).items()}
    assert sum(sentences.values()) == pytest.approx(1)
    assert len(sentences) > (30 if depth == 0 else 3000)
    grammar = Grammar(SHEEP, depth)
    tokens_per_line = sum(p * len(text) for text, p in sentences.items())
    assert grammar.tokens_per_line == pytest.approx(tokens_per_line)
    assert grammar.entropy == pytest.approx(-sum(p * log(p) for p in sentences.values()) / tokens_per_line)
    assert grammar.perplexity == pytest.approx(exp(grammar.entropy))
    begin = Counter()
    for text, p in sentences.items():
        for end in range(len(text) + 1):
            begin[text[:end]] += p
    some = [text for text in begin if text and text[-1] != "<eos>"]
    for prefix in ((), *some[:: max(1, len(some) // 300)]):
        expected = {text[-1]: p / begin[prefix] for text, p in begin.items() if text and text[:-1] == prefix}
        assert grammar.next_probabilities(prefix) == pytest.approx(expected)
    for text, p in list(sentences.items())[:: max(1, len(sentences) // 300)]:
        assert grammar.surprisals(text).sum() == pytest.approx(-log(p))
        assert grammar.accepts(" ".join(text[:-1]))


@st.composite
def small_rules(draw):
    """Rules of three names, each of which may use the later ones, and itself and the earlier ones a level deeper."""
    symbols = [st.sampled_from(["a", "b", *(f"{n}^" for n in "XYZ"), *"XYZ"[i + 1 :]]) for i in range(3)]
    lines = []
    for name, symbol in zip("XYZ", symbols, strict=True):
        alternatives = draw(st.lists(st.lists(symbol, max_size=3), min_size=1, max_size=3))
        weighted = [f"{draw(st.integers(1, 3))}: {' '.join(one)}".strip() for one in alternatives]
        lines.append(f"{name} -> {' | '.join(weighted)}")
    return "\n".join(lines)


@given(rules=small_rules(), depth=st.integers(0, 1))
@example(rules="X -> 1: Y b | 2: a Y^\nY -> 1: | 1: Z Z\nZ -> 1: a | 1: a X^ | 3: b", depth=1)
def test_any_small_language_is_counted_out_right(rules, depth):
    parsed = parse_rules(rules)
    sentences = alternatives_of(parsed, "X", 0, depth)
    if not sentences:
        with pytest.raises(InputError, match="No sentence ends"):
            Grammar(rules, depth)
        return
    assume(len(sentences) < 2000)
    grammar = Grammar(rules, depth)
    entropy = -sum(float(p) * log(p) for p in sentences.values())
    length = sum(float(p) * (len(text) + 1) for text, p in sentences.items())
    assert grammar.entropy == pytest.approx(entropy / length, abs=1e-12)
    for text, p in list(sentences.items())[:50]:
        assert grammar.surprisals([*text, "<eos>"]).sum() == pytest.approx(-log(p), abs=1e-9)


def test_on_paper():
    grammar = Grammar("S -> 3: yes | 1: no")  # a word, then <eos>: half of all tokens are certain
    assert grammar.entropy == pytest.approx((0.75 * log(4 / 3) + 0.25 * log(4)) / 2)
    assert grammar.next_probabilities() == {"yes": 0.75, "no": 0.25}
    assert grammar.next_probabilities("yes") == {"<eos>": 1.0}
    again = Grammar("S -> ha S | !")  # one bit at each of two words on average, then <eos>
    assert again.tokens_per_line == pytest.approx(3)
    assert again.entropy == pytest.approx(2 * log(2) / 3)
    assert len(again.states) == 2
    falling = Grammar("S => a b c")  # weights 1/2, 1/3, 1/4
    assert falling.next_probabilities() == pytest.approx({"a": 6 / 13, "b": 4 / 13, "c": 3 / 13})


def test_the_sheep_are_one_or_many_until_the_verb():
    grammar = Grammar(SHEEP, 0)
    owed = dict(grammar.states[grammar.state_after("the sheep")].owed)
    # "the dog, the sheep": in NOUN.sg sheep has 2/5, in NOUN.pl 3/5.
    assert owed["VERB.sg ."] / owed["VERB.pl ."] == pytest.approx(2 / 3)
    after = grammar.next_probabilities("the sheep")
    assert after["sees"] / after["see"] == pytest.approx(2 / 3)
    assert "see" not in grammar.next_probabilities("the dog")
    assert grammar.next_probabilities("oh oh") == {"the": 1.0}
    assert grammar.next_probabilities("oh") == pytest.approx({"the": 0.5, "oh": 0.5})


@pytest.mark.parametrize("depth", [0, 1])
def test_every_state_of_the_toy_language_is_a_distribution(depth):
    grammar = toy_language(depth)
    for state in grammar.states:
        assert state.probabilities.sum() == pytest.approx(1, abs=1e-12)
        assert (state.probabilities > 0).all()
        assert tuple(state.following) == state.words
        assert sum(p for _, p in state.owed) == pytest.approx(1)
        assert all(0 <= number < len(grammar.states) for number in state.following.values())
    ends = [dict(zip(s.words, s.probabilities, strict=True)).get("<eos>", 0) for s in grammar.states]
    assert grammar.visits @ ends == pytest.approx(1)  # each line ends once
    assert grammar.visits[0] == pytest.approx(1)  # and starts once


def test_the_toy_language_has_a_few_hundred_words_and_gets_harder_with_depth():
    assert 250 < len(toy_language(1).words) < 500
    assert toy_language(0).entropy < toy_language(1).entropy
    assert toy_language(0).tokens_per_line < toy_language(1).tokens_per_line
    named = {name.split(".")[0] for name in parse_rules(TOY_RULES)}
    assert {"S", "NOUN", "MORE"} <= named


def test_the_entropy_is_that_of_a_long_text():
    grammar = toy_language(1)
    lines = [[*line, "<eos>"] for line in islice(grammar.lines(5), 20_000)]
    sums = np.array([grammar.surprisals(line).sum() for line in lines])
    lengths = np.array([len(line) for line in lines])
    mean = sums.sum() / lengths.sum()
    error = (sums - mean * lengths).std() / lengths.mean() / len(lines) ** 0.5  # of a ratio of two means
    assert error < 0.01
    assert abs(mean - grammar.entropy) < 4 * error
    assert lengths.mean() == pytest.approx(grammar.tokens_per_line, rel=0.02)
    assert all(np.isfinite(sums))  # what the grammar writes, it accepts


def test_a_verb_agrees_with_its_own_noun_and_not_with_the_nearest():
    grammar = toy_language(1)
    for prefix in (
        "the dogs near the house",
        "some dogs that the farmer sees",
        "if the dogs that a farmer in the mill sees",
    ):
        after = grammar.next_probabilities(prefix)
        assert after["sleep"] > 0
        assert after["are"] > 0
        assert not {"sleeps", "is", "falls"} & set(after)
    after = grammar.next_probabilities("the dog that the farmers see")
    assert (after["sleeps"] > 0, after.get("sleep", 0)) == (True, 0)
    after = grammar.next_probabilities("the sheep behind the mills")
    assert after["sleep"] > 0
    assert after["sleeps"] > 0
    assert grammar.accepts("the dogs near the house sleep .")
    assert not grammar.accepts("the dogs near the house sleeps .")
    assert not grammar.accepts("the dogs near the house sleep")
    assert list(after.values()) == sorted(after.values(), reverse=True)


def test_what_cannot_be_said_costs_infinitely_much_to_the_end_of_its_line():
    grammar = toy_language(0)
    values = grammar.surprisals("the dogs sleeps .\nthe dog sleeps .\n")
    assert np.isfinite(values).tolist() == [True, True, False, False, False, True, True, True, True, True]
    assert values[2] == inf
    assert len(grammar.surprisals("the dog")) == 2


def test_the_same_seed_writes_the_same_text_in_any_process():
    source = "from lessons.grammar import toy_corpus\nprint(*toy_corpus(3, 500, depth=0).sha256.values())"
    said = {
        subprocess.run(
            [sys.executable, "-c", source],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout.split()[0]
        for hashes in ("0", "1")
    }
    corpus = toy_corpus(3, 500, depth=0)
    assert said == {corpus.sha256["train"]}
    assert toy_corpus(4, 500, depth=0).sha256["train"] not in said
    for split, least in (("train", 500), ("valid", 50), ("test", 50)):
        assert least <= len(wikitext(corpus.text(split))) < least + 60
    assert len(set(corpus.sha256.values())) == 3
    assert f"{toy_language(0).perplexity:.2f}" in corpus.notes[0]


def test_the_oracle_is_asked_like_a_model_and_gives_the_grammars_numbers():
    grammar = toy_language(0)
    corpus = toy_corpus(3, 3000, depth=0)
    with pytest.raises(InputError, match="lacks ','"):
        Oracle(grammar, Vocabulary(["<unk>", "<eos>", "the"]))
    oracle = Oracle(grammar)
    text = "the dogs near the house"
    answer = oracle.next_tokens(text, top_k=len(oracle.vocabulary))
    expected = grammar.next_probabilities(text)
    found = dict(zip(answer.tokens, answer.probabilities, strict=True))
    assert {word: p for word, p in found.items() if p} == pytest.approx(expected)
    assert found["<unk>"] == 0
    assert answer.probabilities.sum() == pytest.approx(1)
    assert oracle.surprisals(f"{text} sleep .") == pytest.approx(grammar.surprisals(f"{text} sleep ."))
    held_out = oracle.evaluate(corpus, "test")
    assert held_out.loss == pytest.approx(grammar.surprisals(corpus.text("test")).mean())
    cold = oracle.next_tokens(text, temperature=0.1)
    assert cold.entropy < answer.entropy
    with pytest.raises(InputError, match="'sleeps' cannot stand after 'the dogs near the house'"):
        oracle.surprisals(f"{text} sleeps .")
    with pytest.raises(InputError, match="'<unk>' cannot stand after 'the'"):
        oracle.next_tokens("the zorkmids")
    counted = fit_ngram(oracle.vocabulary.encode(wikitext(corpus.text("train"))), oracle.vocabulary, 3)
    page = NextWordExplorer(counted, oracle, text=text).static_html()
    assert "the grammar" in page
    assert answer.tokens[0] in page


def excess_over_the_floor(model, corpus, grammar):
    """Mean of what a model pays beyond the truth on the test split, in nats per token, and its standard error."""
    text = model.tokenize(corpus.text("test").strip())
    beyond = model.surprisals(text) - grammar.surprisals(list(text.tokens))
    return beyond.mean(), beyond.std() / len(beyond) ** 0.5


def test_counting_comes_nearer_to_the_floor_and_never_below():
    grammar, corpus = toy_language(1), toy_corpus(7, 60_000, depth=1)
    tokens = wikitext(corpus.text("train"))
    vocabulary = Vocabulary.build([tokens])
    found = [
        excess_over_the_floor(fit_ngram(vocabulary.encode(tokens), vocabulary, order), corpus, grammar)
        for order in (1, 2, 3)
    ]
    assert all(excess > 4 * error for excess, error in found)
    assert found[0] > found[1] > found[2]


@pytest.mark.slow
def test_an_lstm_of_class_size_learns_it_and_never_gets_below_the_floor(tmp_path):
    grammar, corpus = toy_language(1), toy_corpus(7, 60_000, depth=1)
    small = preset("lstm", "class")
    recipe = replace(small.recipe, minutes=None, epochs=1, evaluations=4, seed=5)
    run = prepare("lstm", replace(small, recipe=recipe), corpus)
    steps = [step for step in run_steps(run, tmp_path) if step.valid_perplexity]
    measured = [step.valid_perplexity for step in steps]
    assert measured == sorted(measured, reverse=True)
    assert len(grammar.words) > measured[0] > measured[-1] > grammar.perplexity
    finish(run, tmp_path, "a test")
    excess, error = excess_over_the_floor(load_model(tmp_path), corpus, grammar)
    assert excess > -3 * error
    assert excess < 0.6 * log(len(grammar.words) / grammar.perplexity)


def test_rules_are_read_as_they_are_written():
    rules = parse_rules(
        "# a remark\n\nn = a b\nm = a b\nX.{n} -> 2: go X.{n}^ | 3:\n   | Y.{n} Y.{m}\nY.{n} => one two\n"
    )
    assert list(rules) == ["X.a", "X.b", "Y.a", "Y.b"]
    assert rules["X.b"] == (
        Alternative(Fraction(2), (Symbol("go"), Symbol("X.b", deeper=True))),
        Alternative(Fraction(3), ()),
        Alternative(Fraction(1, 2), (Symbol("Y.b"), Symbol("Y.a"))),
        Alternative(Fraction(1, 2), (Symbol("Y.b"), Symbol("Y.b"))),
    )
    assert rules["Y.a"] == (
        Alternative(Fraction(1, 2), (Symbol("one"),)),
        Alternative(Fraction(1, 3), (Symbol("two"),)),
    )


MISTAKES = {
    "": "There is no rule",
    "s -> a": "'s -> a' is no rule",
    "S -> a | NOUN": "NOUN is in capitals and has no rule",
    "S -> a^": r"a\^ is a word",
    "S -> X.{n}": r"the letter \{n\}",
    "S -> a |  | b": "blank alternative",
    "S -> A\nA -> A b | c": "A stands inside A with something behind it",
    "S -> A\nA -> B | c\nB -> A": "A begins with itself",
    "S -> HELLO S | a\nHELLO -> 1: | oh": "S begins with itself",
    "S -> A\nA -> b A": "No sentence ends",
    "S -> a S": "No sentence ends",
    "S -> a S^": "No sentence ends",
    "S -> a <eos>": "<eos> and <unk> are no words",
    "S => a B": "B is in a list of words",
    "S ->": "'S ->' has a blank alternative",
    "S -> A | B\nA -> 2: x A | y\nB -> x B | y": "no end of states",
    "S -> a | b S b": r"S stands inside S with something behind it.*write S\^",
    "S -> a | b X c\nX -> Y\nY -> a S | a": r"Y stands inside|X stands inside|S stands inside",
}


@pytest.mark.parametrize("rules", MISTAKES)
def test_a_mistake_in_the_rules_is_one_sentence(rules):
    with pytest.raises(InputError, match=MISTAKES[rules]):
        Grammar(rules)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: Grammar(7), "The rules must be a text"),
        (lambda: Grammar("S -> a", -1), "depth is -1"),
        (lambda: toy_language("deep"), "depth is 'deep'"),
        (lambda: toy_corpus(-1, 100, 0), "seed is -1"),
        (lambda: toy_corpus(1, 5, 0), "n_tokens is 5"),
        (lambda: toy_language(0).next_probabilities("zorkmid"), "'zorkmid' cannot stand at the start of a line"),
    ],
)
def test_errors_say_what_is_wrong(wrong, said):
    with pytest.raises(InputError, match=said):
        wrong()
