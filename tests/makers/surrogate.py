"""SurrogateTree."""

from hypothesis import strategies as st

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import SurrogateTree

TEXT = "the king was crowned in a town of"
GROW = {"n_places": 400, "n_held_out": 60}


def models():
    return tiny.model("lstm"), tiny.model("transformer")


def grow():
    """Return how a tree is grown in a moment, on a text whose words the small models know."""
    return GROW | {"corpus": tiny.corpus()}


def tree(**settings):
    return SurrogateTree(*models(), **{"text": TEXT, "grow": grow()} | settings)


def opened():
    """Return a tree with a branch open that the text does not take."""
    widget = tree(asked="Transformer", depth=4)
    sight = widget._sight
    aside = [node for node in sorted(sight.drawn - set(sight.path)) if sight.tree.folded(node, sight.depth)]
    widget.branch = aside[0]
    return widget


MAKERS = {
    "SurrogateTree": tree,
    "SurrogateTree, a branch open": opened,
    "SurrogateTree of a record": lambda: SurrogateTree(models()[0].surrogate(**grow()), text=TEXT, depth=3),
}
REQUESTS = [
    request("read", text=VALUES),
    request("place", position=PLACES, revision=PLACES),
    request("ask", name=st.sampled_from(["LSTM", "Transformer"]) | VALUES),
    request("cut", depth=PLACES),
    request("tell", node=PLACES),
    request("open", node=PLACES),
    *(request(kind) for kind in ("undo", "reset")),
]
