"""Glassbox LM, what is taught: text, models, training and explanations. Nothing here knows a widget.

Importing this package loads neither torch nor a model; each name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lessons.corpus import Corpus, WikiText2
    from lessons.loading import load_model
    from lessons.model import LanguageModel
    from lessons.records import NextTokens, TokenizedText, TrainingStep
    from lessons.text import Vocabulary, basic_english, typed_text, wikitext

__all__ = [
    "Corpus",
    "LanguageModel",
    "NextTokens",
    "TokenizedText",
    "TrainingStep",
    "Vocabulary",
    "WikiText2",
    "basic_english",
    "load_model",
    "typed_text",
    "wikitext",
]

_MODULES = {
    "lessons.corpus": ("Corpus", "WikiText2"),
    "lessons.loading": ("load_model",),
    "lessons.model": ("LanguageModel",),
    "lessons.records": ("NextTokens", "TokenizedText", "TrainingStep"),
    "lessons.text": ("Vocabulary", "basic_english", "typed_text", "wikitext"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lessons' has no attribute {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
