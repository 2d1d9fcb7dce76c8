"""ImportanceExplorer: all worked out, not worked out yet, and where methods have no answer."""

from functools import cache

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import ImportanceExplorer

TEXT = "The king was crwoned in <unk> Abbey . He was born in a church"


@cache
def models():
    return tiny.model("transformer", context_length=32), tiny.model("lstm")


def explorer(**settings):
    """All worked out, over small models and few samples."""
    return ImportanceExplorer(*models(), **{"text": TEXT, "n_samples": 32, "n_random": 3} | settings).finish()


def word_inside():
    return explorer(position=6, explains="contrast", against="church", baseline="resample", n_steps=4)


def left_out():
    shown = explorer(asked="LSTM", baseline="delete")
    shown.without(2)
    shown.finish()
    return shown


def not_refined():
    return ImportanceExplorer(*models(), text=TEXT, refine=False).finish()


MAKERS = {
    "ImportanceExplorer": explorer,
    "ImportanceExplorer, a contrast inside": word_inside,
    "ImportanceExplorer, words left out": left_out,
    "ImportanceExplorer, not refined": not_refined,
}
REQUESTS = [
    request("read", text=VALUES),
    request("place", position=PLACES, revision=PLACES),
    request("choose", name=VALUES, value=VALUES, revision=PLACES),
    request("more", number=PLACES),
    request("without", place=PLACES, number=PLACES),
    request("refine", refine=VALUES),
    *(request(kind) for kind in ("seed", "undo", "reset")),
]
