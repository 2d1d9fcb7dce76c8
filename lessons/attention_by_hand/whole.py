"""All five steps at once, with every result on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessons.attention_by_hand.matrices import matrix_of, same_tokens
from lessons.attention_by_hand.steps import hide_weights, mask, mix, scale, scores, softmax, visible_or_causal
from lessons.errors import InputError

__all__ = ["MASK_PLACES", "AttentionByHand", "attention"]

MASK_PLACES = ("before", "after", "never")


@dataclass(frozen=True, eq=False)
class AttentionByHand:
    """All that attention computes on its way, step by step; arrays are float64 and read-only.

    Attributes:
        query, key: (T, d). value: (T, d_value).
        scores: (T, T) Q Kᵀ.
        scaled: (T, T) after the division by √d; the scores themselves if the scale was left out.
        masked: (T, T) with −∞ where a query may not look; `scaled` itself unless the mask stands before the softmax.
        weights: (T, T) after the softmax, and after a mask that stands behind it.
        output: (T, d_value) weights V.
        visible: (T, T) bool, where the mask lets a query look.
        use_scale: whether the scores were divided by √d.
        mask_place: where the mask was applied: `before` the softmax, `after` it, or `never`.
    """

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    scores: np.ndarray
    scaled: np.ndarray
    masked: np.ndarray
    weights: np.ndarray
    output: np.ndarray
    visible: np.ndarray
    use_scale: bool = True
    mask_place: str = "before"

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                kept = value.copy()
                kept.setflags(write=False)
                object.__setattr__(self, name, kept)

    def __len__(self) -> int:
        """T, the number of tokens."""
        return len(self.query)


def attention(
    query: object,
    key: object,
    value: object,
    *,
    use_scale: bool = True,
    mask_place: str = "before",
    visible: object = None,
) -> AttentionByHand:
    """Do all five steps and return what each of them gave.

    Args:
        query, key: (T, d) each. value: (T, d_value).
        use_scale: False leaves the division by √d out.
        mask_place: `before` the softmax (the right place), `after` it (a well-known mistake) or `never`.
        visible: (T, T) True where a query may look; None for the causal mask.

    Raises:
        InputError: the arrays do not fit each other or hold no finite numbers, or a query sees no key at all.
    """
    if mask_place not in MASK_PLACES:
        raise InputError(f"mask_place is {mask_place!r}; it must be one of {', '.join(map(repr, MASK_PLACES))}.")
    q, k, v = matrix_of("query", query), matrix_of("key", key), matrix_of("value", value)
    dots = scores(q, k)
    same_tokens("value", v, "query", q)
    seen = visible_or_causal(visible, len(q))
    scaled = scale(dots, q.shape[1]) if use_scale else dots
    masked = mask(scaled, seen) if mask_place == "before" else scaled
    weights = softmax(masked)
    if mask_place == "after":
        weights = hide_weights(weights, seen)
    return AttentionByHand(
        q, k, v, dots, scaled, masked, weights, mix(weights, v), seen, bool(use_scale), str(mask_place)
    )
