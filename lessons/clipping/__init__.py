"""What clipping does to real gradients, and to trainings.

gradients   the whole gradient of a step before and after clipping      table   trainings with and without, as they ship
"""

from lessons.clipping.gradients import gradient_of
from lessons.clipping.table import shipped_clipping

__all__ = ["gradient_of", "shipped_clipping"]
