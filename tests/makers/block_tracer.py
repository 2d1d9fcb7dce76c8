"""BlockTracer, over small whole models with random weights."""

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import BlockTracer

TEXT = "The king was crwoned in <unk> Abbey .\nHe was born"


def models():
    return tiny.model("lstm"), tiny.model("transformer")


MAKERS = {
    "BlockTracer": lambda: BlockTracer(*models(), text=TEXT),
    "BlockTracer, switched off": lambda: BlockTracer(
        *models(), text=TEXT, selected=3, layer=1, attention_off=(1,), mlp_off=(0,)
    ),
    "BlockTracer, long text": lambda: BlockTracer(*models(), text=" ".join(["The king was born in London ."] * 9)),
}
REQUESTS = [
    request("select", position=PLACES, layer=PLACES, revision=PLACES),
    request("switch", attention=VALUES, mlp=VALUES),
]
