"""Attention as on a blackboard: five steps on small arrays, each a function of its own.

    scores  = Q Kᵀ                 how well each query (row) fits each key (column)
    scaled  = scores / √d_head     so that wide vectors do not make large scores
    masked  = scaled, −∞ where a query may not look
    weights = softmax of each row  positive, and each row sums to 1
    output  = weights V            a weighted mean of the values

Everything is NumPy in double precision; the models' own attention is `lessons.transformer.attend`, and tests compare
both with torch's. One head, one text: arrays are (T, d) and (T, T).

Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1 and its footnote 4 on the scale.
"""

from lessons.attention_by_hand.spread import (
    MeanLook,
    ScaleAverage,
    ScaleDraw,
    SoftmaxLook,
    average_scores,
    draw_scores,
    look,
)
from lessons.attention_by_hand.steps import causal, hide_weights, mask, mix, scale, scores, softmax
from lessons.attention_by_hand.whole import MASK_PLACES, AttentionByHand, attention

__all__ = [
    "MASK_PLACES",
    "AttentionByHand",
    "MeanLook",
    "ScaleAverage",
    "ScaleDraw",
    "SoftmaxLook",
    "attention",
    "average_scores",
    "causal",
    "draw_scores",
    "hide_weights",
    "look",
    "mask",
    "mix",
    "scale",
    "scores",
    "softmax",
]
