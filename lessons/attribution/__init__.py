"""Feature importance: which words made the model say that? One file a method, one signature, one kind of answer.

    from lessons.attribution import occlusion
    occlusion(model, "The king was crowned in").top(3)
    model.explain("The king was crowned in", method="occlusion").top(3)     # the same

    method                 works on     what a score is
    saliency               both         length of the gradient at the word
    input_x_gradient       both         the word's vector times that gradient
    integrated_gradients   both         the same, averaged over the way from a baseline to the text
    occlusion              both         what is lost without the word
    lime                   both         slope of a line fitted through texts that lack words
    shapley                both         mean of what the word adds to the words that are there already
    attention              Transformer  weight on the word in one layer
    attention_rollout      Transformer  weights followed through all layers
    surrogate_tree         both         what the word changes in a decision tree that imitates the model

None of them is *the* explanation: they answer different questions, and each file says which.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lessons.attribution.attention import attention
from lessons.attribution.attention_rollout import attention_rollout
from lessons.attribution.input_x_gradient import input_x_gradient
from lessons.attribution.integrated_gradients import gradient_path, integrated_gradients
from lessons.attribution.lime import lime, local_fit
from lessons.attribution.occlusion import occlusion
from lessons.attribution.refining import estimates
from lessons.attribution.saliency import saliency
from lessons.attribution.shapley import coalition_table, shapley
from lessons.attribution.surrogate_tree import fit_surrogate, surrogate_tree
from lessons.errors import InputError
from lessons.records import Attribution, TokenizedText

if TYPE_CHECKING:
    from lessons.model import LanguageModel

__all__ = [
    "METHODS",
    "attention",
    "attention_rollout",
    "coalition_table",
    "estimates",
    "explain",
    "fit_surrogate",
    "gradient_path",
    "input_x_gradient",
    "integrated_gradients",
    "lime",
    "local_fit",
    "occlusion",
    "saliency",
    "shapley",
    "surrogate_tree",
]

METHODS: Mapping[str, Callable[..., Attribution]] = MappingProxyType(
    {
        "occlusion": occlusion,
        "saliency": saliency,
        "input_x_gradient": input_x_gradient,
        "integrated_gradients": integrated_gradients,
        "lime": lime,
        "shapley": shapley,
        "attention": attention,
        "attention_rollout": attention_rollout,
        "surrogate_tree": surrogate_tree,
    }
)


def explain(model: LanguageModel, text: str | TokenizedText, method: str = "occlusion", **options: Any) -> Attribution:
    """Return what each word contributed to a prediction, by the method of that name.

    Args:
        model: the model.
        text: typed, or already tokenized.
        method: a name in `METHODS`.
        options: those of the method; all have `target`, `position`, `explains` and `against`.

    Raises:
        InputError: there is no such method or option, or a value is out of range.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise InputError(f"There is no method {method!r:.60}; choose one of {', '.join(METHODS)}.")
    allowed = list(inspect.signature(METHODS[method]).parameters)[2:]
    unknown = [name for name in options if name not in allowed]
    if unknown:
        raise InputError(f"{method} has no option {unknown[0]!r}; it has {', '.join(allowed)}.")
    return METHODS[method](model, text, **options)
