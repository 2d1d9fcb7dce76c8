"""The learning rate over a training: a straight rise, a plateau, and half a cosine down to zero.

The rate is a function of the progress, 0 to 1, so a schedule by epochs and one by elapsed time are the same code. On
the plateau a run may be stopped, resumed and given more epochs, and nothing before has been planned for the wrong end.

Source: Loshchilov and Hutter 2017, arXiv:1608.03983 (cosine); Hu et al. 2024, arXiv:2404.06395, section 4 (plateau).
"""

from __future__ import annotations

import math

__all__ = ["learning_rate_factor"]


def learning_rate_factor(progress: float, warmup: float, plateau: float = 0.0) -> float:
    """Return the share of the highest learning rate.

    Args:
        progress: 0 to 1, the part of the training that is done.
        warmup: the part over which the rate rises.
        plateau: the part after that over which it stays at its highest; both together are below 1.
    """
    if progress < warmup:
        return progress / warmup
    falling = progress - warmup - plateau
    return 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, falling) / (1 - warmup - plateau))))
