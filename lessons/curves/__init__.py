"""Real training curves to diagnose, and real overfitting to turn: small trainings on the toy language.

from lessons.curves import faulty_run, overfit_run, shipped_curves, shipped_overfit
faulty_run("too high a rate")           # a RunLog, in some seconds
shipped_curves()                        # all eight, at once
overfit_run(fraction=1 / 64, dropout=0.5)
"""

from lessons.curves.faults import CHANGES
from lessons.curves.faulty import curve_of, faulty_run
from lessons.curves.overfit import grid_of, overfit_grid, overfit_run
from lessons.curves.setting import RECIPE
from lessons.curves.table import shipped_curves, shipped_overfit

__all__ = [
    "CHANGES",
    "RECIPE",
    "curve_of",
    "faulty_run",
    "grid_of",
    "overfit_grid",
    "overfit_run",
    "shipped_curves",
    "shipped_overfit",
]
