"""How fast a training goes, over its last steps."""

from __future__ import annotations

from collections import deque

from lessons.trainer import Trainer

__all__ = ["Pace"]

_STEPS = 50


class Pace:
    """The tokens a second of a training, measured from one look to the next.

    Args:
        trainer: the training.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._recent: deque[tuple[int, float]] = deque(maxlen=_STEPS)

    def look(self) -> float:
        """Return the tokens a second over the last looks, 0 at the first; to be called after each step."""
        trainer = self._trainer
        if self._recent and self._recent[-1][0] >= trainer.step:  # it has gone back, or this step has failed
            self._recent.clear()
        self._recent.append((trainer.step, trainer.seconds))
        first_step, first_seconds = self._recent[0]
        span = trainer.seconds - first_seconds
        tokens = (trainer.step - first_step) * trainer.recipe.batch_size * trainer.recipe.length
        return tokens / span if span else 0.0
