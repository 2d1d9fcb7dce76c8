"""AttentionExplorer: over a small Transformer with random weights, and over a finished trace."""

from functools import cache

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import AttentionExplorer

TEXT = "The king was crwoned in <unk> Abbey . He was born in a church"


@cache
def transformer():
    return tiny.model("transformer", context_length=32)


def heads_off():
    return AttentionExplorer(transformer(), text=TEXT, layer=1, selected=4, off=[(0, 0), (1, 1)], hide_first=True)


def two_texts():
    return AttentionExplorer(transformer(), text=TEXT, other_text="The queen was born in London", compare="text")


def of_a_trace():
    return AttentionExplorer(transformer().trace(TEXT, top_k=0), head="mean", compare=(1, 0), selected=3)


MAKERS = {
    "AttentionExplorer": lambda: AttentionExplorer(transformer(), text=TEXT),
    "AttentionExplorer, heads off": heads_off,
    "AttentionExplorer, two texts": two_texts,
    "AttentionExplorer, of a trace": of_a_trace,
}
REQUESTS = [
    request("read", text=VALUES),
    request("look", cell=PLACES),
    request("select", position=VALUES, revision=PLACES),
    request("switch", cell=PLACES),
    request("hide", hide=VALUES),
    request("set", name=VALUES, value=VALUES),
    *(request(kind) for kind in ("all_on", "undo", "reset")),
]
