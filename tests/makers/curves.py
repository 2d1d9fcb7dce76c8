"""CurveDoctor and OverfitDial."""

import numpy as np
from hypothesis import strategies as st

from lessons.curves import shipped_curves
from lessons.records import FAULTS, OverfitGrid, OverfitRun
from tests.strategies import PLACES, VALUES, request
from widgets import CurveDoctor, OverfitDial

STEPS = (0, 10, 20, 30)


def made_up_grid(fractions=(0.25, 1.0), dropouts=(0.0, 0.5), seeds=(1, 2), floor=10.0):
    """Return a grid in which little text overfits, dropout helps there and hurts elsewhere, and seeds differ by 0.5."""
    runs = []
    for seed in seeds:
        for fraction in fractions:
            for dropout in dropouts:
                learnt = 100 * np.exp(-np.arange(4.0)) * fraction + 4 + 8 * fraction + 4 * dropout
                rise = np.array([60, 20, 0, 15 * (1 - dropout)]) * (1 - fraction)
                valid = learnt + 6 + rise + 0.5 * (seed - seeds[0])
                n_tokens = round(1000 * fraction)
                runs.append(OverfitRun(fraction, dropout, seed, n_tokens, 2 / fraction, STEPS, learnt, valid))
    return OverfitGrid(tuple(runs), floor, {"unigram": 92.0}, 500, "a made-up language", "no training", "2.0")


def half_solved():
    doctor = CurveDoctor(shipped_curves(), seed=3, selected="B")
    doctor.diagnose("healthy" if doctor.curve("B").fault != "healthy" else "too low a rate")
    doctor.diagnose(doctor.curve("B").fault)
    doctor.diagnose(doctor.curve("D").fault, "D")
    return doctor


def all_shown():
    doctor = CurveDoctor(shipped_curves()[:3], selected="C")
    doctor.show_all()
    return doctor


MAKERS = {
    "CurveDoctor": lambda: CurveDoctor(shipped_curves()),
    "CurveDoctor, half solved": half_solved,
    "CurveDoctor, all shown": all_shown,
    "OverfitDial": lambda: OverfitDial(made_up_grid()),
    "OverfitDial, best": lambda: OverfitDial(made_up_grid(seeds=(4,)), fraction=1.0, dropout=0.5, shows="best"),
}
REQUESTS = [
    request("look", letter=st.sampled_from("ABCDEFGHI") | VALUES),
    request("diagnose", letter=st.sampled_from("ABH") | VALUES, diagnosis=st.sampled_from(sorted(FAULTS)) | VALUES),
    request("show_all"),
    request("shuffle", seed=PLACES),
    request("reset"),
    request("turn", fraction=PLACES, dropout=PLACES),
    request("show", shows=st.sampled_from(["end", "best"]) | VALUES),
]
