"""Two ways to cut a text into tokens: the one the models are trained on, and torchtext's `basic_english`."""

from __future__ import annotations

from lessons.errors import InputError

__all__ = ["END_OF_LINE", "UNKNOWN", "basic_english", "wikitext"]

END_OF_LINE = "<eos>"  # the token that stands for the end of a line
UNKNOWN = "<unk>"  # the token that stands for every word outside the vocabulary

# What basic_english replaces, in this order; it shows: `<br" />` loses its quote first and is then a line break.
_BASIC_ENGLISH = (
    ("'", " ' "),
    ('"', ""),
    (".", " . "),
    ("<br />", " "),
    (",", " , "),
    ("(", " ( "),
    (")", " ) "),
    ("!", " ! "),
    ("?", " ? "),
    (";", " "),
    (":", " "),
)


def wikitext(text: str) -> list[str]:
    """Return the pieces of `text` between white space, with one `<eos>` at the end of each line.

    This is how language models of WikiText-2 are trained: its files are split by spaces already.
    Only `\\n` ends a line, and the last line need not have one: `wikitext("a b")` and `wikitext("a b\\n")` are equal.

    Args:
        text: one line or a whole file.

    Returns:
        The tokens, in order; none for the empty text.

    Raises:
        InputError: `text` is not a string.

    Source: Merity et al., "Pointer Sentinel Mixture Models" (2016), arXiv:1609.07843.
    """
    lines = _checked(text).split("\n")
    if not lines[-1]:
        lines.pop()  # what follows the last "\n" is no line
    tokens: list[str] = []
    for line in lines:
        tokens += line.split()
        tokens.append(END_OF_LINE)
    return tokens


def basic_english(text: str) -> list[str]:
    """Return the tokens of torchtext's `get_tokenizer("basic_english")`, to the last one.

    Letters become lower case; `' . , ( ) ! ?` become tokens of their own; `" ; :` and `<br />` disappear.

    Args:
        text: one line or a whole file; a line's end is white space like any other.

    Returns:
        The tokens, in order.

    Raises:
        InputError: `text` is not a string.

    Source: torchtext 0.18, `torchtext.data.utils._basic_english_normalize`.
    """
    text = _checked(text).lower()
    for old, new in _BASIC_ENGLISH:
        text = text.replace(old, new)
    return text.split()


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise InputError(f"A text must be a string, and this is of type {type(text).__name__}; pass the text itself.")
    return text
