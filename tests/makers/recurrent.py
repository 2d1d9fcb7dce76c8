"""RecurrentExplorer, LSTMStepper and MemoryReach."""

import numpy as np
from hypothesis import strategies as st

from lessons.memory_reach import measure_reach
from lessons.reach_table import shipped_reach
from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import LSTMStepper, MemoryReach, RecurrentExplorer

TEXT = "The king was crwoned in <unk> Abbey .\nHe was born"


def stepper_of_a_real_unit():
    stepper = LSTMStepper(trace=tiny.model("lstm").trace(TEXT, top_k=0), layer=1, unit=3)
    for _ in range(3):
        stepper.step()
    stepper.forget = 0.5
    stepper.step()
    return stepper


def stepper_that_counts():
    stepper = LSTMStepper(cell_state=0.0)
    stepper.preset("Count")
    for _ in range(14):
        stepper.step()
    return stepper


def explorer():
    return RecurrentExplorer(tiny.model("lstm"), text=TEXT, selected=2, off=[(0, 3)], how_many=12)


def explorer_of_a_trace():
    trace = tiny.model("lstm").trace("The king was born", top_k=0)
    return RecurrentExplorer(trace, layer=1, quantity="cell_state", order="moved", unit=7, how_many=4)


def measuring():
    """Return a function that measures two small models in a moment."""
    models = tiny.model("lstm"), tiny.model("transformer", context_length=64)
    text = np.random.default_rng(0).integers(0, models[0].vocab_size, 200)
    return lambda: measure_reach(models, ("cut", "shuffle"), (1, 4, 16), n_targets=10, token_ids=text, corpus="noise")


def reach_under_way():
    reach = MemoryReach(shipped_reach(), measure=measuring(), kind="shuffle", distance=50)
    for _ in range(4):
        reach._begin()
    return reach


MAKERS = {
    "MemoryReach": lambda: MemoryReach(shipped_reach(), measure=measuring(), distance=20),
    "MemoryReach, measuring": reach_under_way,
    "RecurrentExplorer": explorer,
    "RecurrentExplorer of a trace": explorer_of_a_trace,
    "LSTMStepper": LSTMStepper,
    "LSTMStepper, a real unit": stepper_of_a_real_unit,
    "LSTMStepper, counting": stepper_that_counts,
}
REQUESTS = [
    request("read", text=VALUES),
    request("look", place=PLACES, unit=PLACES, revision=PLACES),
    request("show", name=st.sampled_from(["layer", "quantity", "order", "how_many"]) | VALUES, value=VALUES),
    request("switch", unit=PLACES),
    request("all_on"),
    request("set", done=VALUES, distance=VALUES),
    *(request(kind) for kind in ("measure", "go_on", "stop")),
    request("reset"),
    request("move", name=VALUES, value=VALUES),
    request("preset", name=VALUES),
    request("unit", layer=PLACES, unit=PLACES),
    request("jump", place=PLACES),
    request("go", where=VALUES),
]
