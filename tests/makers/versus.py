"""AttentionVersusOcclusion, over a small Transformer with random weights."""

from functools import cache

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import AttentionVersusOcclusion

TEXT = "The king was crwoned in <unk> Abbey . He was born in a church"
TEXTS = ("The queen was born in London .", "It was built in a city of war")


@cache
def transformer(seed=3):
    return tiny.model("transformer", seed, context_length=32)


def versus(**settings):
    return AttentionVersusOcclusion(transformer(), **{"text": TEXT, "texts": TEXTS} | settings)


def signed():
    return versus(size=False, layer=0, head=1, position=6, explains="probability", baseline="delete")


def hunted():
    found = versus(order="overlooked")
    found.search()
    return found


def rollout():
    return AttentionVersusOcclusion(transformer(), transformer(5), text=TEXT, layer="rollout", explains="contrast")


MAKERS = {
    "AttentionVersusOcclusion": versus,
    "AttentionVersusOcclusion, with signs": signed,
    "AttentionVersusOcclusion, after a hunt": hunted,
    "AttentionVersusOcclusion, rollout": rollout,
    "AttentionVersusOcclusion, one word": lambda: versus(text="king"),
}
REQUESTS = [
    request("read", text=VALUES),
    request("place", position=PLACES, revision=PLACES),
    request("choose", name=VALUES, value=VALUES, revision=PLACES),
    request("see", name=VALUES, value=VALUES),
    request("open", row=PLACES),
    *(request(kind) for kind in ("hunt", "go_on", "stop", "undo", "reset")),
]
