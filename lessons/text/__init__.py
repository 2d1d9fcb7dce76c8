"""Text becomes tokens, tokens become numbers: two tokenizers, a vocabulary, and the way typed text is read."""

from lessons.text.tokenizers import basic_english, wikitext
from lessons.text.typed import readable_text, typed_text
from lessons.text.vocabulary import Vocabulary

__all__ = ["Vocabulary", "basic_english", "readable_text", "typed_text", "wikitext"]
