"""TrainingSlider, over recordings of tiny trainings."""

from hypothesis import strategies as st

from tests.fake_recording import both, recording
from tests.strategies import PLACES, VALUES, request
from widgets import TrainingSlider


def gates():
    return TrainingSlider(*both(), look="inside", layer=1, part=2, against="first", selected=3)


MAKERS = {
    "TrainingSlider": lambda: TrainingSlider(*both()),
    "TrainingSlider, attention": lambda: TrainingSlider(recording("transformer"), look="inside", step=32),
    "TrainingSlider, gates": gates,
    "TrainingSlider, heads over time": lambda: TrainingSlider(recording("transformer"), look="growth", step=0),
    "TrainingSlider, surprise": lambda: TrainingSlider(*both(), look="surprise", against=10, selected=2),
    "TrainingSlider, neighbours": lambda: TrainingSlider(*both(), look="neighbours", word="stone"),
}
REQUESTS = [
    request("go", at=PLACES),
    request(
        "set",
        name=st.sampled_from(["look", "against", "asked", "word", "score"]) | VALUES,
        value=st.sampled_from(["inside", "growth", "writes", "first", "10", "1", "0", "entropy", "mean"]) | VALUES,
    ),
    request("select", position=PLACES),
    request("choose", cell=PLACES),
    request("pin"),
    request("reset"),
]
