"""LimeLab."""

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import LimeLab

TEXT = "The king was crwoned in <unk> Abbey .\nHe was born"


def lab(text="The king was born", **settings):
    """Return a lab over two small models."""
    return LimeLab(tiny.model("lstm"), tiny.model("transformer"), text=text, **settings)


def lab_with_seeds():
    made = lab(TEXT, n_samples=24, kernel_width=0.4, seed=5, sort="misfit", picked=3, asked="Transformer")
    made.run_seeds()
    return made


def lab_of_a_contrast():
    made = lab(TEXT, explains="contrast", baseline="delete", position=6, n_samples=16)
    made._begin()  # two of the ten seeds, as in the middle of a row
    made._go_on()
    return made


MAKERS = {
    "LimeLab": lab,
    "LimeLab, ten seeds": lab_with_seeds,
    "LimeLab, a contrast": lab_of_a_contrast,
}
REQUESTS = [
    request("read", text=VALUES),
    request("place", position=PLACES, revision=PLACES),
    request("choose", name=VALUES, value=VALUES, revision=PLACES),
    request("n_samples", value=VALUES),
    request("kernel_width", value=VALUES),
    request("sort", by=VALUES),
    request("page", by=VALUES),
    request("pick", sample=PLACES),
    *(request(kind) for kind in ("new", "again", "seeds", "go_on", "stop", "undo", "reset")),
]
