"""RecurrentExplorer, LSTMStepper and MemoryReach."""

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import LSTMStepper

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


MAKERS = {
    "LSTMStepper": LSTMStepper,
    "LSTMStepper, a real unit": stepper_of_a_real_unit,
    "LSTMStepper, counting": stepper_that_counts,
}
REQUESTS = [
    request("move", name=VALUES, value=VALUES),
    request("preset", name=VALUES),
    request("unit", layer=PLACES, unit=PLACES),
    request("jump", place=PLACES),
    request("go", where=VALUES),
]
