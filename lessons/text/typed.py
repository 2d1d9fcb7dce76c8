"""What a person types becomes what a model reads, and the reader is told what was done to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from lessons.errors import InputError
from lessons.records import TokenizedText
from lessons.text.splitting import split_word
from lessons.text.tokenizers import END_OF_LINE
from lessons.text.vocabulary import Vocabulary

__all__ = ["readable_text", "typed_text"]

_JOINTS = ("@-@", "@,@", "@.@")
_LISTED = 5  # words in a note before it is cut
_SHOWN = 40  # characters of such a word
_COMPOSED = (
    1000  # characters of a piece whose accents are composed: the time grows with the square of a heap of accents
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")  # those that are white space are read as white space
_LINE_END = re.compile(r"\r\n?")
# soft hyphen, zero-width space, byte order mark, marks of direction: pasted along from web pages, seen by nobody
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_CURLY = re.compile("[‘’‚‛ʼ“”„‟«»]")


def readable_text(text: str | TokenizedText, vocabulary: Vocabulary) -> TokenizedText:
    """Return a text, typed or already tokenized, that a model with this vocabulary can read: at least one token.

    Raises:
        InputError: the text is empty, no text at all, or tokenized for another model.
    """
    tokenized = text if isinstance(text, TokenizedText) else typed_text(text, vocabulary)
    if not len(tokenized):
        raise InputError("The text is empty: there is no word to start from. Type at least one word.")
    ids = tokenized.token_ids
    if ids.min() < 0 or ids.max() >= len(vocabulary):
        raise InputError(
            f"A token number lies outside 0 to {len(vocabulary) - 1}; the text was tokenized for another model."
        )
    return tokenized


def typed_text(text: str, vocabulary: Vocabulary) -> TokenizedText:
    """Return the text as the tokens of a vocabulary that was built with `wikitext`.

    A piece between spaces that is a token stays as it is, so that tokens joined by spaces are read as themselves. Any
    other piece is split as the corpus is (`don 't`, `1 @,@ 000`, `well @-@ known`, `( king )`), and a word that is then
    not in the vocabulary becomes `<unk>`. Capitals are kept: the models tell `King` from `king`, and one of the two may
    be unknown. A line break becomes `<eos>`, as in the corpus; white space at both ends goes away.

    Args:
        text: what was typed, of any length.
        vocabulary: of the model that will read it.

    Returns:
        The tokens with what was typed for each (for a line break the token itself) and notes on all that was done. An
        empty or blank text has no tokens.

    Raises:
        InputError: `text` is not a string, or a word is unknown to a vocabulary that has no token for unknown words.
    """
    if not isinstance(text, str):
        raise InputError(
            f"A text must be a string, and this is of type {type(text).__name__}; type a sentence in quotes."
        )
    if not isinstance(vocabulary, Vocabulary):
        raise InputError(f"vocabulary must be a Vocabulary, and this is of type {type(vocabulary).__name__}.")
    text, notes = _clean(text)
    known = vocabulary.stoi.__contains__
    spelling = _Spelling()
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(text.strip().split("\n")):
        if number and known(END_OF_LINE):
            pairs.append((END_OF_LINE, END_OF_LINE))
        for piece in line.split():
            if known(piece):
                pairs.append((piece, piece))
            else:
                word = spelling.prepared(piece)
                split = split_word(word, known) if word else []
                spelling.add(split)
                pairs += split
    token_ids = vocabulary.encode(token for token, _ in pairs)
    unknown = [typed for token, typed in pairs if not known(token)]
    return TokenizedText(
        text=text,
        tokens=tuple(vocabulary.itos[number] for number in token_ids.tolist()),
        typed=tuple(typed for _, typed in pairs),
        token_ids=token_ids,
        notes=(*notes, *spelling.notes(), *_unknown_notes(unknown, vocabulary)),
    )


def _clean(text: str) -> tuple[str, list[str]]:
    """Return the text without characters that no page can show, and a note for each kind that was there."""
    notes = []
    try:
        text.encode()
    except UnicodeEncodeError:
        whole = text.encode("utf-16-le", "surrogatepass").decode(
            "utf-16-le", "replace"
        )  # joins halves that belong together
        halves = whole.count("\ufffd") - text.count("\ufffd")
        if halves:
            notes.append(
                f"{_times(halves, 'half character')} (part of an emoji, perhaps) {_was(halves)} replaced by \ufffd."
            )
        text = whole
    text = _LINE_END.sub("\n", text)
    text, controls = _CONTROL.subn(" ", text)
    if controls:
        notes.append(f"{_times(controls, 'control character')} {_was(controls)} replaced by a space.")
    return text, notes


class _Spelling:
    """Prepares pieces for splitting and remembers, for the notes, what the spelling of the corpus changed."""

    def __init__(self) -> None:
        self.invisible = self.composed = self.curly = 0
        self.respelt: dict[str, str] = {}

    def prepared(self, piece: str) -> str:
        """Return the piece without invisible characters and with its accents composed (é as one character)."""
        if piece.isascii():
            return piece
        piece, invisible = _INVISIBLE.subn("", piece)
        composed = unicodedata.normalize("NFC", piece) if len(piece) <= _COMPOSED else piece
        self.invisible += invisible
        self.composed += composed != piece
        return composed

    def add(self, split: list[tuple[str, str]]) -> None:
        """Take note of what a piece was split into."""
        self.curly += sum(1 for token, typed in split if token != typed and _CURLY.search(typed))
        if len(self.respelt) < 3 and len(split) < 30:
            inner = [i for i, (token, _) in enumerate(split) if token in _JOINTS or (token[0] == "'" and token[1:])]
            if inner and len(split) > 1:
                first, last = max(inner[0] - 1, 0), inner[-1] + 1 + (split[inner[-1]][0] in _JOINTS)
                typed = "".join(typed for _, typed in split[first:last])
                self.respelt[_clipped(typed)] = _clipped(" ".join(token for token, _ in split[first:last]))

    def notes(self) -> list[str]:
        """Return a sentence for each kind of change."""
        notes = []
        if self.invisible:
            notes.append(f"{_times(self.invisible, 'invisible character')} {_was(self.invisible)} left out.")
        if self.composed:
            notes.append(
                f"{_times(self.composed, 'word')} had accents as characters of their own; they were joined to letters."
            )
        if self.curly:
            notes.append(
                "Curly quotation marks and apostrophes are read as straight ones, as the corpus writes most of them."
            )
        if self.respelt:
            examples = "; ".join(f"{typed} becomes {tokens}" for typed, tokens in self.respelt.items())
            notes.append(f"Words are split as the corpus splits them: {examples}.")
        return notes


def _unknown_notes(unknown: list[str], vocabulary: Vocabulary) -> list[str]:
    """Return the notes on words outside the vocabulary."""
    if not unknown:
        return []
    words = list(dict.fromkeys(unknown))
    is_are, is_are_read = ("is", "is read") if len(words) == 1 else ("are", "are read")
    name = vocabulary.itos[vocabulary.unknown_id or 0]
    notes = [
        f"{_times(len(words), 'word')} {is_are} not in the vocabulary and {is_are_read} as {name}: {_listed(words)}."
    ]
    other = [(word, _other_case(word, vocabulary)) for word in words]
    pairs = [f"{_clipped(word)} is unknown, {known} is known" for word, known in other if known]
    if pairs:
        notes.append(f"Capital letters count: {'; '.join(pairs[:3])}.")
    return notes


def _other_case(word: str, vocabulary: Vocabulary) -> str | None:
    """Return the word with other capitals, if the vocabulary has it so."""
    forms = (word.lower(), word.capitalize(), word.upper()) if len(word) <= _SHOWN else ()
    return next((form for form in forms if form in vocabulary), None)


def _listed(words: Iterable[str]) -> str:
    words = [_clipped(word) for word in words]
    more = len(words) - _LISTED
    return ", ".join(words) if more <= 0 else f"{', '.join(words[:_LISTED])} and {more} more"


def _clipped(word: str) -> str:
    return word if len(word) <= _SHOWN else word[: _SHOWN - 1] + "…"


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
