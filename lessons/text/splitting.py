"""Splitting a typed word the way the corpus is split: `(well-known)` becomes `( well @-@ known )`.

WikiText-2 was cut by the rules of the Moses tokenizer, and its rare words were replaced. The rules here are those for
English, and one more: where a rule could go two ways, the way that the vocabulary knows is taken (`U.S.` keeps its
dots because the corpus has that token, `king.` does not).

Source: Koehn et al., "Moses" (2007), `tokenizer.perl` with aggressive hyphen splitting; the corpus itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

__all__ = ["split_word"]

# No alternative can match the empty string or go back on what it took, so a scan is linear in the text's length.
_ATOM = re.compile(
    r"""
      \ue000\ue001*                                               # a sign of the corpus, see _shape
    | [^\W_]+ (?: (?:\.|(?<=\d),(?=\d)) [^\W_]+ )* (?:\.(?!\.))?  # king  king.  U.S.  3.14  1,000  About.com
    | \.{2,} | -{2,}                                              # ...  --
    | [\U0001F1E6-\U0001F1FF]{2}                                  # a flag is two characters
    | [^\w\s] (?: [\ufe0e\ufe0f\u20e3\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F] | \u200d[^\w\s] )*  # 👩🏽‍🚀 is four
    | .                                                           # any other character
    """,
    re.VERBOSE | re.DOTALL,
)
_SPECIAL = re.compile(r"<\w{1,20}>|@[-.,]@")  # <unk>  <eos>  @-@
_SHORT_FORM = re.compile(r"'[^\W_]{1,20}'[^\W_]{1,20}")  # 'n'roll
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?\.?")  # U.S.S.R.  G.I
_IN_NUMBER = re.compile(r"(?<=\d)([.,])(?=\d)")
_MISSING_SPACE = re.compile(r"(?<=\w)\.(?=[A-Z])")  # the end.Next
_STRAIGHT = str.maketrans(dict.fromkeys("‘’‚‛ʼ", "'") | dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‐‑", "-"))
_JOINERS = frozenset("\u200c\u200d")
_SIGN = frozenset("\ue000\ue001")

_Known = Callable[[str], bool]


def split_word(word: str, known: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Return the tokens of a word in the corpus's spelling, each with the part of the word that it stands for.

    The parts, joined, give the word again. A token may well be outside the vocabulary: the rules only ask `known` where
    they could go two ways.

    Args:
        word: a piece of text without white space.
        known: tells whether a token is in the vocabulary.

    Returns:
        Pairs of token and typed part, as in `[("1", "1"), ("@,@", ","), ("000", "000")]`.
    """
    if known(word):
        return [(word, word)]
    plain = word.translate(_STRAIGHT)  # as long as the word, so that every place means the same in both
    shape = _shape(plain, known)  # as long too
    tokens: list[tuple[str, str]] = []
    start = 0
    while start < len(word):
        end = _end_of_piece(shape, start, known)
        piece = plain[start:end]
        if shape[end - 1].isalnum() or shape[start].isalnum():
            spelt = _split_dotted(piece, known)
        else:
            spelt = [(_sign(word[start:end], piece, shape[start - 1 : start], shape[end : end + 1], known), piece)]
        for token, part in spelt:
            tokens.append((token, word[start : start + len(part)]))
            start += len(part)
    return tokens


def _end_of_piece(shape: str, start: int, known: _Known) -> int:
    """Return where the piece that begins at `start` ends; an apostrophe goes with what follows: don 't, O 'Brien 's."""
    before, after = shape[start - 1 : start], shape[start + 1 : start + 2]
    joins_words = after.isalpha() and (before.isalpha() or before in _SIGN)
    if shape[start] == "'" and (joins_words or (before.isdigit() and after == "s")):
        short_form = _SHORT_FORM.match(shape, start)
        if short_form and known(short_form[0]):
            return short_form.end()
        start += 1
    atom = _ATOM.match(shape, start)
    assert atom is not None, "the last alternative takes any character"
    return atom.end()


def _sign(typed: str, plain: str, before: str, after: str, known: _Known) -> str:
    """Return the token for a sign: as the corpus writes it if the vocabulary has that, else as it was typed."""
    if plain == "-" and (_is_word(before) or before == ".") and _is_word(after) and known("@-@"):
        return "@-@"
    if plain == "…" and known("..."):
        return "..."
    return plain if known(plain) else typed


def _split_dotted(word: str, known: _Known) -> list[tuple[str, str]]:
    """Take a word with dots and commas in it apart: numbers, abbreviations, the dot at the end of a sentence."""
    if known(word):
        return [(word, word)]
    if word[-1] == "." and (known(word[:-1]) or not _INITIALS.fullmatch(word)):
        return [*_split_dotted(word[:-1], known), (".", ".")]
    tokens: list[tuple[str, str]] = []
    for part in _IN_NUMBER.split(word):
        if part in (".", ","):
            tokens.append((f"@{part}@" if known(f"@{part}@") else part, part))
            continue
        *sentences, last = [part] if known(part) else _MISSING_SPACE.split(part)
        for sentence in sentences:  # "the end.Next" lacks a space, "St.Louis" too
            dotted = sentence + "."
            tokens += [(dotted, dotted)] if known(dotted) else [(sentence, sentence), (".", ".")]
        tokens.append((last, last))
    return tokens


def _is_word(character: str) -> bool:
    return character.isalnum() or character in _SIGN


def _shape(word: str, known: _Known) -> str:
    """Return the word with all that belongs together made alike, so that the scan can go by single characters.

    A known sign (`<unk>`, `@-@`) becomes \ue000\ue001…, an accent that belongs to a letter becomes an x, a letter.
    """
    word = _SPECIAL.sub(lambda m: "\ue000" + "\ue001" * (len(m[0]) - 1) if known(m[0]) else m[0], word)
    if word.isascii():
        return word
    shape: list[str] = []
    for character in word:
        joins = character in _JOINERS or unicodedata.category(character)[0] == "M"
        shape.append("x" if joins and shape and shape[-1].isalnum() else character)
    return "".join(shape)
