"""SamplingBench and ModelDuel."""

from tests.fakes import FakeModel
from tests.strategies import VALUES, request
from widgets import ModelDuel, SamplingBench

TEXT = "The king was crwoned in <unk> Abbey .\nHe was born"


def two_models():
    return FakeModel(), FakeModel("transformer", seed=1)


def bench():
    return SamplingBench(*two_models(), text=TEXT, temperature=1.5)


def bench_drawn():
    made = SamplingBench(*two_models(), text=TEXT, temperature=0.8, top_k=5, top_p=0.9, seed=3)
    made.draw(4)
    made.count_draws()
    return made


MAKERS = {
    "SamplingBench": bench,
    "SamplingBench, drawn and counted": bench_drawn,
    "ModelDuel": lambda: ModelDuel(*two_models(), text=TEXT),
}
REQUESTS = [
    request("set", temperature=VALUES, top_k=VALUES, top_p=VALUES),
    request("draw", more=VALUES),
    *(request(kind) for kind in ("back", "again", "count")),
]
