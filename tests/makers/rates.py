"""LRFinder and ClipGauge."""

import math

import numpy as np
from hypothesis import strategies as st

from lessons.clipping import shipped_clipping
from lessons.records import RateCurve, RateTable, RateTrial
from tests.strategies import PLACES, VALUES, request
from widgets import ClipGauge, LRFinder

BOTTOMS = {"adamw": 0.1, "sgd": 10.0}
RANGES = {"adamw": (1e-6, 10.0), "sgd": (1e-3, 1e4)}
WHY = ("a third of the steepest", "steepest", "3 × the steepest", "diverging")


def curve(architecture="lstm", optimizer="adamw", seed=7, corpus="noise", n=None, n_steps=150, ended="whole"):
    """Return a range test that nobody has done: flat, then down to a bottom, then up."""
    rates = np.geomspace(*RANGES[optimizer], n_steps)
    from_bottom = np.log10(rates / BOTTOMS[optimizer])
    losses = 4.5 - 1.5 * np.exp(-(from_bottom**2)) + np.clip(from_bottom, 0, None) ** 2
    losses += np.random.default_rng(seed).normal(0, 0.03, n_steps)
    return RateCurve(architecture, corpus, optimizer, seed, 0.25, *RANGES[optimizer], n_steps, losses[:n], ended)


def trials(architecture="lstm", optimizer="adamw", corpus="noise"):
    """Return whole runs of which the one at three times the steepest is the best, and the last one diverged."""
    rates = [BOTTOMS[optimizer] * share for share in (0.03, 0.1, 0.3, 20)]
    ends = (15.2, 12.1, 11.0, math.inf)
    made = zip(rates, WHY, ends, strict=True)
    return [RateTrial(architecture, corpus, optimizer, 7, rate, why, 300, 8000, end) for rate, why, end in made]


def rates():
    both = [(architecture, optimizer) for architecture in ("lstm", "transformer") for optimizer in RANGES]
    curves = [curve(*one, seed) for one in both for seed in (7, 8)]
    elsewhere = [curve(*one, corpus="other words") for one in both]
    return RateTable((*curves, *elsewhere), tuple(made for one in both for made in trials(*one)), {"noise": 9.2})


class FakeFinder:
    """A live range test without a process: each look at it finds ten more steps done."""

    is_live, message = True, ""

    def __init__(self, architecture, optimizer, *, corpus):
        self.name = f"{architecture} with {optimizer} on {corpus}"
        self._of, self._corpus, self._n = (architecture, optimizer), corpus, 0
        self.state, self.closed = "waiting", False

    def start(self):
        self.state = "starting"

    def curve(self):
        if self.state in ("starting", "running"):
            self._n = min(150, self._n + 10)
            self.state = "finished" if self._n == 150 else "running"
        if not self._n:
            return None
        return curve(*self._of, corpus=self._corpus, n=self._n, ended="whole" if self._n == 150 else "")

    def stop(self):
        if self.state in ("starting", "running"):
            self.state = "stopped"

    def close(self):
        self.stop()
        self.closed = True


def finder_stopped():
    """Return a finder whose own test was stopped: one that goes on would change under a test's eyes."""
    finder = LRFinder(rates(), live=FakeFinder, guess=0.02, revealed=True)
    finder.run()
    for _ in range(12):
        finder.news()
    finder.stop()
    return finder


def gauge_of_the_rest(view):
    return lambda: ClipGauge(shipped_clipping(), view=view, gradient=(-1.5, 2.0), limit=0.8)


MAKERS = {
    "LRFinder": lambda: LRFinder(rates()),
    "LRFinder, run here": finder_stopped,
    "LRFinder, no runs": lambda: LRFinder(rates(), corpus="other words", architecture="transformer", revealed=True),
    "ClipGauge": lambda: ClipGauge(shipped_clipping()),
    "ClipGauge, real gradients": gauge_of_the_rest("training"),
    "ClipGauge, with and without": gauge_of_the_rest("runs"),
}
REQUESTS = [
    request(
        "choose", name=st.sampled_from(["architecture", "optimizer", "corpus", "run", "pair"]) | VALUES, value=VALUES
    ),
    request("guess", place=PLACES),
    *(request(kind) for kind in ("show", "run", "news", "stop", "reset")),
    request("gradient", x=VALUES, y=VALUES),
    request("limit", value=VALUES),
    request("clip", place=PLACES),
    request("view", name=VALUES),
]
