"""The rules of a small probabilistic grammar, written as text that anybody can read and change.

    n = sg pl                               a letter in braces stands for each of these in turn
    S -> SUBJECT.{n} VERB.{n} .             a name in capitals has a rule of its own, anything else is a word
    SUBJECT.{n} -> 3: the NOUN.{n} | 1: the NOUN.{n} near SUBJECT.{m}^      three times as often; ^ is one level deeper
    NOUN.sg => dog cat mouse                words, the first ones more frequent: weights 1/2, 1/3, 1/4 ...
    NOUN.pl => dogs cats mice

A line that starts with a space goes on from the line above; one that starts with # is a remark. An alternative
without a symbol, `2:`, stands for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from lessons.errors import InputError

__all__ = ["Alternative", "Symbol", "is_rule", "parse_rules"]

_VARIABLE = re.compile(r"([a-z]) = (\S.*)")
_RULE = re.compile(r"([A-Z]\S*) (->|=>) ?(.*)")
_WEIGHT = re.compile(r"([1-9]\d*):")
_LETTER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True)
class Symbol:
    """A word, or the name of a rule; `deeper` tells whether it is one level deeper than what it stands in."""

    name: str
    deeper: bool = False

    def __str__(self) -> str:
        return self.name + "^" * self.deeper


@dataclass(frozen=True)
class Alternative:
    """One of the things that a rule's name can stand for, and how often in proportion to the others."""

    weight: Fraction
    symbols: tuple[Symbol, ...]


def is_rule(name: str) -> bool:
    """True for the name of a rule, False for a word."""
    return name[:1].isupper()


def parse_rules(text: str) -> dict[str, tuple[Alternative, ...]]:
    """Return the alternatives of each rule of a grammar, the first rule first.

    Args:
        text: rules as the module's text describes them.

    Raises:
        InputError: a line is no rule, a rule is missing, or a name stands for nothing in particular.
    """
    if not isinstance(text, str):
        raise InputError(f"The rules must be a text, and this is of type {type(text).__name__}.")
    values: dict[str, list[str]] = {}
    rules: dict[str, list[Alternative]] = {}
    for line in _lines(text):
        if found := _VARIABLE.fullmatch(line):
            values[found[1]] = found[2].split()
        elif found := _RULE.fullmatch(line):
            for left, right in _filled(found[1], found[3], values, line):
                read = _word_list if found[2] == "=>" else _alternatives
                rules.setdefault(left, []).extend(read(right, values, line))
        else:
            raise InputError(f"{line!r:.80} is no rule; write one as in: S -> the NOUN VERB . | NOUN VERB .")
    for alternative in (one for several in rules.values() for one in several):
        for symbol in alternative.symbols:
            if is_rule(symbol.name) and symbol.name not in rules:
                raise InputError(f"{symbol.name} is in capitals and has no rule; give it one, or write it small.")
            if symbol.deeper and not is_rule(symbol.name):
                raise InputError(f"{symbol.name}^ is a word; only the name of a rule can be a level deeper.")
    if not rules:
        raise InputError("There is no rule; write at least one, as in: S -> the dog sleeps .")
    _check_nesting(rules)
    return {name: tuple(several) for name, several in rules.items()}


def _check_nesting(rules: Mapping[str, Sequence[Alternative]]) -> None:
    """Raise InputError where a text could nest without limit: a name inside itself, something behind it, and no ^."""
    inside = {  # whatever a name leads to on its own level
        name: {s.name for one in several for s in one.symbols if is_rule(s.name) and not s.deeper}
        for name, several in rules.items()
    }
    for middle in rules:  # Warshall's closure
        for reached in inside.values():
            if middle in reached:
                reached |= inside[middle]
    for name, several in rules.items():
        for one in several:
            for symbol in one.symbols[:-1]:
                if not symbol.deeper and (symbol.name == name or name in inside.get(symbol.name, ())):
                    raise InputError(
                        f"{symbol.name} stands inside {name} with something behind it, and {name} can stand inside "
                        f"{symbol.name}: that could go on for ever. Let it be one level deeper: write {symbol.name}^."
                    )


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of the rules, each with the lines that it goes on in, single spaces between the symbols."""
    whole: list[str] = []
    for line in text.split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace() and whole:
            whole[-1] += " " + line
        else:
            whole.append(line)
    return (" ".join(line.split()) for line in whole)


def _filled(left: str, right: str, values: Mapping[str, Sequence[str]], line: str) -> Iterator[tuple[str, str]]:
    """Yield a rule once for each choice of the letters on its left side."""
    letters = list(dict.fromkeys(_LETTER.findall(left)))
    for choice in _choices(letters, values, line):
        yield _fill(left, choice), _fill(right, choice)


def _alternatives(right: str, values: Mapping[str, Sequence[str]], line: str) -> Iterator[Alternative]:
    """Yield the alternatives; letters that are only on the right side stand for each value, all equally likely."""
    alternatives: list[list[str]] = [[]]
    for symbol in right.split():
        if symbol == "|":
            alternatives.append([])
        else:
            alternatives[-1].append(symbol)
    for symbols in alternatives:
        weight = _WEIGHT.fullmatch(symbols[0]) if symbols else None
        if not symbols:
            raise InputError(f"{line!r:.80} has a blank alternative; write 1: for one that stands for nothing.")
        symbols = symbols[1:] if weight else symbols
        letters = list(dict.fromkeys(letter for symbol in symbols for letter in _LETTER.findall(symbol)))
        choices = list(_choices(letters, values, line))
        share = Fraction(int(weight[1]) if weight else 1, len(choices))
        for choice in choices:
            filled = (_fill(symbol, choice) for symbol in symbols)
            yield Alternative(share, tuple(Symbol(name.rstrip("^"), name.endswith("^")) for name in filled))


def _word_list(right: str, values: Mapping[str, Sequence[str]], line: str) -> Iterator[Alternative]:
    """Yield the words of a list, each as an alternative, the first ones more frequent."""
    for place, word in enumerate(right.split()):
        if is_rule(word) or word == "|" or _WEIGHT.fullmatch(word):
            raise InputError(f"{word} is in a list of words, after =>; {line!r:.60} needs -> for anything else.")
        yield Alternative(Fraction(1, place + 2), (Symbol(word),))


def _choices(letters: list[str], values: Mapping[str, Sequence[str]], line: str) -> Iterator[dict[str, str]]:
    for letter in letters:
        if letter not in values:
            raise InputError(f"{line!r:.80} has the letter {{{letter}}}, which stands for nothing yet: n = sg pl")
    for chosen in product(*(values[letter] for letter in letters)):
        yield dict(zip(letters, chosen, strict=True))


def _fill(text: str, choice: Mapping[str, str]) -> str:
    return _LETTER.sub(lambda found: choice.get(found[1], found[0]), text)
