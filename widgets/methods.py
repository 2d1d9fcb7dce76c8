"""The methods of `model.explain` for the page: what each is called, what its scores mean and what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lessons.errors import InputError
from widgets.words import listing

__all__ = ["METHODS", "REALITY", "Method", "chosen_methods"]

#: The method whose scores are no estimate: the model is asked again without each word.
REALITY = "occlusion"


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of `model.explain`, as a row of the table shows it.

    Attributes:
        label: what it is called on the page.
        says: what a score is, in a few words.
        has_sign: whether a score says for or against, and so has the unit of what is explained.
        unit: of the scores of a method without a sign, else "".
        has_baseline: whether it takes a word away.
        needs_vector: whether a vector must stand for a missing word.
        is_sampled: whether its scores come from random samples, so that they can be refined.
    """

    label: str
    says: str
    has_sign: bool = True
    unit: str = ""
    has_baseline: bool = True
    needs_vector: bool = False
    is_sampled: bool = False


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "occlusion": Method(label="occlusion", says="what really happens"),
        "integrated_gradients": Method(label="integrated gradients", says="mean slope", needs_vector=True),
        "input_x_gradient": Method(label="input × gradient", says="what the slope promises", needs_vector=True),
        "lime": Method(label="LIME", says="a line through many texts", is_sampled=True),
        "shapley": Method(label="Shapley values", says="mean of what a word adds", is_sampled=True),
        "saliency": Method(
            label="saliency", says="length of the gradient", has_sign=False, unit="length", has_baseline=False
        ),
        "attention": Method(
            label="attention", says="weight in the last layer", has_sign=False, unit="share", has_baseline=False
        ),
        "attention_rollout": Method(
            label="attention rollout", says="weights of all layers", has_sign=False, unit="share", has_baseline=False
        ),
    }
)


def chosen_methods(value: Any) -> tuple[str, ...]:
    """Return the methods to show, each once, what really happens as the first.

    Raises:
        InputError: it is no list of names of methods.
    """
    names = list(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else None
    if names is None or not all(isinstance(name, str) and name in METHODS for name in names):
        raise InputError(f"methods must be a list of names out of {listing(METHODS)}, not {value!r:.60}.")
    return tuple(dict.fromkeys([REALITY, *names]))
