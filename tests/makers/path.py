"""PathSlider."""

from functools import cache

from hypothesis import strategies as st

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import PathSlider

TEXT = "The king was crwoned in <unk> Abbey"


@cache
def models():
    return tiny.model("lstm"), tiny.model("transformer", context_length=40)


def one_step_of_a_contrast():
    return PathSlider(
        *models(), text=TEXT, position=4, explains="contrast", baseline="zero", n_steps=1, rule="midpoint", place=1
    )


def many_words():
    text = " ".join(["The king was born in London .", "He was crowned in a town of stone"] * 2)
    return PathSlider(models()[1], text=text, baseline="resample", explains="probability", n_steps=3, place=0.2)


MAKERS = {
    "PathSlider": lambda: PathSlider(*models(), text=TEXT),
    "PathSlider, one step of a contrast": one_step_of_a_contrast,
    "PathSlider, many words": many_words,
}
REQUESTS = [
    request("read", text=VALUES),
    request("place", position=PLACES, revision=PLACES),
    request(
        "choose",
        name=st.sampled_from(["target", "explains", "against", "baseline", "asked"]) | VALUES,
        value=st.sampled_from(["king", "zero", "delete", "contrast", "logit", "Transformer"]) | VALUES,
        revision=PLACES,
    ),
    request("go", place=st.sampled_from([0, 0.3, 1, 1.5]) | VALUES),
    request("steps", n_steps=st.sampled_from([0, 1, 64, 65]) | VALUES),
    request("rule", rule=st.sampled_from(["midpoint", "trapezoid"]) | VALUES),
    request("undo"),
    request("reset"),
]
