"""From rules to a machine: which words can come next, how likely each is, and what state each leads to.

While a sentence is being written from left to right, what is still owed is a stack of symbols: after "the dogs that"
it may be VERB.pl VERB.pl "." (the verb of the clause that has just begun, and that of the sentence). With a limit on
depth there are finitely many stacks. A reader sees words and not stacks, and may have to hold several for possible
("the sheep": one or many?). A state is all that a reader can know: the possible stacks, each with its probability. From
a state, a word leads to one state only, and so the machine's probabilities are exactly the language's.

Source: the states are those of Stolcke's prefix probabilities (1995, "An efficient probabilistic context-free parsing
algorithm"), counted out in full, which a limit on depth allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from lessons.errors import InputError
from lessons.grammar.rules import Alternative, Symbol, is_rule
from lessons.text.tokenizers import END_OF_LINE

__all__ = ["MOST_STATES", "State", "build_states"]

MOST_STATES = 20_000
_MOST_BITS = 512  # of a probability's denominator; the toy language needs 46

_Item = tuple[str, int]  # a symbol and the level it stands at
_Stack = tuple[_Item, ...]
_Belief = tuple[tuple[_Stack, Fraction], ...]


@dataclass(frozen=True, eq=False)
class State:
    """All that can be known after the words so far.

    Attributes:
        owed: what may still have to come in this line, and how likely each is.
        words: (k,) the words that can come next, `<eos>` among them.
        probabilities: (k,) float64, all above 0, their sum is 1.
        following: for each of these words the number of the state that it leads to.
    """

    owed: tuple[tuple[str, float], ...]
    words: tuple[str, ...]
    probabilities: np.ndarray
    following: Mapping[str, int]


def build_states(rules: Mapping[str, tuple[Alternative, ...]], depth: int) -> tuple[State, ...]:
    """Return the states of a language; number 0 is the start of a line, to which `<eos>` leads back.

    Args:
        rules: what `parse_rules` returned; a sentence is what its first rule stands for.
        depth: how many levels deep a sentence can be, 0 or more: alternatives that go deeper are left out, and the
            others become more likely in proportion.

    Raises:
        InputError: a sentence never ends, a name begins with itself, or there are too many states.
    """
    firsts = _Firsts(rules, depth)
    start: _Belief = ((((next(iter(rules)), 0),), Fraction(1)),)
    numbers: dict[_Belief, int] = {start: 0}
    beliefs, states = [start], []
    for belief in beliefs:  # which grows while it is read
        if len(beliefs) > MOST_STATES:
            raise InputError(f"The language has more than {MOST_STATES:,} states; lower its depth, or take rules out.")
        after: dict[str, dict[_Stack, Fraction]] = {}  # for each list of words that can come: what is owed behind it
        for stack, share in belief:
            for (name, rest), p in firsts.of_stack(stack).items():
                stacks = after.setdefault(name, {})
                stacks[rest] = stacks.get(rest, Fraction(0)) + share * p
        shares: dict[str, float] = {}
        following: dict[str, int] = {}
        for names, words in firsts.told_apart(tuple(after)):
            # A word of one list says no more than the list; one of several says what its frequencies in them say.
            for some in [words] if len(names) == 1 else [[word] for word in words]:
                then = start if some == [END_OF_LINE] else _belief(after, {n: firsts.lists[n][some[0]] for n in names})
                if then not in numbers:
                    numbers[then] = len(beliefs)
                    beliefs.append(then)
                following |= dict.fromkeys(some, numbers[then])
            for name in names:
                total = sum(after[name].values())
                for word in words:
                    shares[word] = shares.get(word, 0.0) + float(total) * float(firsts.lists[name][word])
        probabilities = np.array(list(map(shares.__getitem__, following)))
        probabilities.setflags(write=False)
        owed = tuple((" ".join(name for name, _ in stack), float(share)) for stack, share in belief)
        states.append(State(owed, tuple(following), probabilities, following))
    return tuple(states)


def _belief(after: Mapping[str, Mapping[_Stack, Fraction]], weights: Mapping[str, Fraction]) -> _Belief:
    """Return what is owed after a word that has these weights in the lists it can come from."""
    stacks: dict[_Stack, Fraction] = {}
    for name, weight in weights.items():
        for rest, p in after[name].items():
            stacks[rest] = stacks.get(rest, Fraction(0)) + weight * p
    total = sum(stacks.values())
    belief = tuple(sorted((rest, p / total) for rest, p in stacks.items()))
    if max(p.denominator.bit_length() for _, p in belief) > _MOST_BITS:
        raise InputError(
            "The language has no end of states: a loop of words that two rules share makes one of them likelier with "
            "each round. Let the two rules use other words, or make the loop a level deeper with ^."
        )
    return belief


class _Firsts:
    """For a symbol or a stack: which word list it can begin with, what is then left of it, and how likely that is.

    A word list is a rule that stands for single words only, or a word by itself.
    """

    def __init__(self, rules: Mapping[str, tuple[Alternative, ...]], depth: int) -> None:
        self._rules, self._depth = rules, depth
        self.lists = _word_lists(rules)
        self._nesting = self._that_nest()
        self._ending = self._that_end()
        self._found: dict[_Item, tuple[dict[tuple[str, _Stack], Fraction], Fraction]] = {}
        self._open: set[_Item] = set()
        self._apart: dict[tuple[str, ...], list[tuple[tuple[str, ...], list[str]]]] = {}
        start = next(iter(rules))
        if (start, 0) not in self._ending:
            raise InputError(f"No sentence ends: {start} leads from rule to rule for ever. Give it a way to words.")

    def told_apart(self, names: tuple[str, ...]) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the words of some lists, grouped by the lists that they stand in."""
        if names not in self._apart:
            groups: dict[tuple[str, ...], list[str]] = {}
            for word in dict.fromkeys(word for name in names for word in self.lists[name]):
                groups.setdefault(tuple(name for name in names if word in self.lists[name]), []).append(word)
            self._apart[names] = list(groups.items())
        return self._apart[names]

    def of_stack(self, stack: _Stack) -> dict[tuple[str, _Stack], Fraction]:
        """Return the probability of each first word and rest of a stack; the empty one has `<eos>` alone."""
        found: dict[tuple[str, _Stack], Fraction] = {}
        share = Fraction(1)  # of reaching this place of the stack without a word
        for place, item in enumerate(stack):
            words, nothing = self._of_item(item)
            below = stack[place + 1 :]
            for (word, rest), p in words.items():
                key = word, rest + below
                found[key] = found.get(key, Fraction(0)) + share * p
            share *= nothing
            if not share:
                return found
        found[END_OF_LINE, ()] = share
        return found

    def _of_item(self, item: _Item) -> tuple[dict[tuple[str, _Stack], Fraction], Fraction]:
        """Return the same for one symbol, and the probability that it stands for nothing."""
        name, level = item
        if name in self.lists:
            return {(name, ()): Fraction(1)}, Fraction(0)
        if item not in self._found:
            if item in self._open:
                raise InputError(f"{name} begins with itself; let a word come before it.")
            self._open.add(item)
            alternatives = [(one.weight, self._items(one.symbols, level)) for one in self._rules[name]]
            usable = [(weight, items) for weight, items in alternatives if set(items) <= self._ending]
            total = sum(weight for weight, _ in usable)
            words: dict[tuple[str, _Stack], Fraction] = {}
            nothing = Fraction(0)
            for weight, items in usable:
                for key, p in self.of_stack(items).items():
                    if key == (END_OF_LINE, ()):
                        nothing += weight / total * p
                    else:
                        words[key] = words.get(key, Fraction(0)) + weight / total * p
            self._open.discard(item)
            self._found[item] = words, nothing
        return self._found[item]

    def _items(self, symbols: tuple[Symbol, ...], level: int) -> _Stack:
        """Return the symbols with their levels; 0 where the level makes no difference, so that equals are equal."""
        return tuple((s.name, level + s.deeper if s.deeper or s.name in self._nesting else 0) for s in symbols)

    def _that_nest(self) -> set[str]:
        """Return the names of all rules that lead, by whatever way, to something one level deeper."""
        nesting: set[str] = set()
        while True:
            more = {
                name
                for name, alternatives in self._rules.items()
                if name not in nesting
                and any(s.deeper or s.name in nesting for one in alternatives for s in one.symbols)
            }
            if not more:
                return nesting
            nesting |= more

    def _that_end(self) -> set[_Item]:
        """Return all symbols, each at every level, from which a text of finite length and allowed depth can come."""
        ending = {(name, 0) for name in self.lists}
        while True:
            more = {
                (name, level)
                for name, alternatives in self._rules.items()
                for level in range(self._depth + 1)
                if (name, level) not in ending
                and any(set(self._items(one.symbols, level)) <= ending for one in alternatives)
            }
            if not more:
                return ending
            ending |= more


def _word_lists(rules: Mapping[str, tuple[Alternative, ...]]) -> dict[str, dict[str, Fraction]]:
    """Return the words of each word list with their probabilities; each word is a list by itself, too."""
    words = [s.name for several in rules.values() for one in several for s in one.symbols if not is_rule(s.name)]
    lists = {word: {word: Fraction(1)} for word in [*words, END_OF_LINE]}
    for name, several in rules.items():
        if all(len(one.symbols) == 1 and not is_rule(one.symbols[0].name) for one in several):
            total = sum(one.weight for one in several)
            lists[name] = {}
            for one in several:
                word = one.symbols[0].name
                lists[name][word] = lists[name].get(word, Fraction(0)) + one.weight / total
    return lists
