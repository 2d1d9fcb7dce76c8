"""ShapleyTable."""

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import ShapleyTable

TEXT = "The king was crwoned in <unk> Abbey .\nHe was born"


def coalitions(text="The king was born", **settings):
    """Return a table over two small models."""
    return ShapleyTable(tiny.model("lstm"), tiny.model("transformer"), text=text, **settings)


def under_way():
    made = coalitions("The king was crwoned in", n_orders=12, seed=4, asked="Transformer")
    for _ in range(3):
        made.step()
    return made


def of_groups():
    return coalitions(TEXT, explains="contrast", baseline="delete", grouping="even", order=tuple(range(8)), joined=8)


MAKERS = {
    "ShapleyTable": coalitions,
    "ShapleyTable, under way": under_way,
    "ShapleyTable, groups": of_groups,
}
REQUESTS = [
    request("step"),
    request("orders", n=VALUES),
    request("go", mask=PLACES, revision=PLACES),
    request("group", grouping=VALUES),
    request("n_samples", value=VALUES),
    *(request(kind) for kind in ("again", "new", "undo", "reset")),
]
