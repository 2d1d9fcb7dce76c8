"""FaithfulnessLab."""

import math

from hypothesis import strategies as st

from lessons.records import RANDOM, Estimate, FaithfulnessTable
from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import FaithfulnessLab

TEXT = "The king was crwoned in <unk> Abbey on 6 January"
METHODS = ("occlusion", "integrated_gradients", "saliency", "attention")


def table(model_name="transformer", methods=("occlusion", "integrated_gradients", "saliency")):
    """Return a small table of numbers that nobody has measured."""
    baselines = ("unk", "delete")
    scores = {
        (model_name, method, measure, baseline): Estimate(
            i + 1.5 - j, i + 1.2 - j, i + 1.9 - j, math.nan if method == RANDOM else 5.0, 12
        )
        for j, baseline in enumerate(baselines)
        for measure in ("deletion", "insertion")
        for i, method in enumerate((RANDOM, *methods))
    }
    differences = {
        (model_name, one, other, "deletion", baseline): Estimate(-1.0, low, high, math.nan, 12)
        for one, other in (methods[:2], methods[1:])
        for baseline, low, high in zip(baselines, (-1.4, -1.6), (-0.6, 0.1), strict=True)
    }
    return FaithfulnessTable(
        scores=scores,
        differences=differences,
        agreement={},
        randomised={(model_name, "occlusion"): (Estimate(0.3, 0.1, 0.5, 0.9, 12), Estimate(0.1, -0.1, 0.3, 0.5, 12))},
        n_lines=12,
        corpus="noise",
        seed=7,
        baselines=baselines,
    )


def lab(**settings):
    """Return a widget whose page finds all its work done."""
    transformer = tiny.model("transformer")
    made = FaithfulnessLab(
        transformer, tiny.model("lstm"), **{"text": TEXT, "methods": METHODS, "n_random": 4} | settings
    )
    made.finish()
    return made


MAKERS = {
    "FaithfulnessLab": lambda: lab(shown=("occlusion", "integrated_gradients", "saliency"), follow="saliency", k=4),
    "FaithfulnessLab, an LSTM puts back": lambda: lab(
        asked="LSTM", direction="insertion", backwards=True, baseline="resample", explains="contrast", k=2
    ),
    "FaithfulnessLab, drawn anew": lambda: lab(view="redrawn", n_layers=2, shown=("occlusion", "attention")),
    "FaithfulnessLab, many lines": lambda: lab(view="lines", table=table()),
    "FaithfulnessLab, no table": lambda: lab(view="lines", text="king"),
}
NAMES = st.sampled_from(["view", "direction", "follow", "asked_with", "measure", "one", "other"])
CHOICES = st.sampled_from(["words", "redrawn", "lines", "insertion", "-occlusion", "saliency", "zero", "deletion"])
REQUESTS = [
    request("read", text=VALUES),
    request("place", position=PLACES, revision=PLACES),
    request("choose", name=VALUES, value=VALUES, revision=PLACES),
    request("at", name=st.sampled_from(["k", "n_layers"]) | VALUES, value=PLACES),
    request("set", name=NAMES | VALUES, value=CHOICES | VALUES),
    request("toggle", method=st.sampled_from(METHODS) | VALUES),
    *(request(kind) for kind in ("redraw", "go_on", "undo", "reset")),
]
