"""TrainingTheatre."""

from dataclasses import replace

from hypothesis import strategies as st

from lessons.records import RunChange
from tests.fake_runs import FakeRun, RecordedRun, made_up_log
from tests.strategies import VALUES, request
from widgets import TrainingTheatre

SMALL = {"n_steps": 60, "every": 20}


def under_way():
    """Two live runs; in one something was turned, and one is in its second life."""
    lstm, transformer = FakeRun("lstm", n_steps=60), FakeRun("transformer", n_steps=60)
    theatre = TrainingTheatre(lstm, transformer)
    theatre.start()
    transformer.advance(30)
    theatre.again()
    lstm.advance(20)
    theatre.runs[0].advance(25)
    theatre.runs[1].advance(55)
    theatre.turn(learning_rate=0.02)
    theatre.runs[0].advance(15)
    theatre.refresh()
    return theatre


def diverged():
    log = made_up_log("lstm", **SMALL, until=45, diverges_at=41, state="diverged", changes=[RunChange(30, "clip", 9.0)])
    return TrainingTheatre(log, checkpoint=40)


def recorded():
    runs = [RecordedRun(made_up_log(name, **SMALL, seconds_a_step=60)) for name in ("lstm", "transformer")]
    return TrainingTheatre(*runs, step=30)


def long_words():
    log = made_up_log("gru", n_steps=900, every=10)
    words = tuple(f"{word}<b>" * (1 + i) for i, word in enumerate(log.tokens))
    return TrainingTheatre(replace(log, tokens=words, prompt="‮<i>", n_steps=None), play_seconds=7, step=700)


def two_texts():
    """Two runs that cannot be compared: each has lines across of its own."""
    toy = made_up_log("lstm", **SMALL)
    wiki = made_up_log("transformer", **SMALL, corpus="WikiText-2")
    return TrainingTheatre(toy, replace(wiki, baselines={"unigram": 1130.0, "bigram": 261.0}, floor=None))


MAKERS = {
    "TrainingTheatre": lambda: TrainingTheatre(FakeRun("lstm", n_steps=60)),
    "TrainingTheatre, under way": under_way,
    "TrainingTheatre, diverged": diverged,
    "TrainingTheatre, recorded": recorded,
    "TrainingTheatre, two texts": two_texts,
    "TrainingTheatre, long words": long_words,
}
REQUESTS = [
    request("news"),
    request(
        "do", deed=st.sampled_from(["start", "pause", "step", "stop", "again", "repeat", "close", "__init__"]) | VALUES
    ),
    request(
        "turn",
        name=st.sampled_from(["learning_rate", "dropout", "clip", "seed"]) | VALUES,
        value=st.sampled_from([0, 0.1, 0.5, 1, -1, 1e9]) | VALUES,
    ),
    request("turns", run=st.sampled_from(["", "LSTM", "Transformer"]) | VALUES),
    request("keep", keep=st.booleans() | VALUES),
    request("checkpoint", step=st.sampled_from([0, 20, 33, 60]) | VALUES),
    request("play", playing=st.booleans() | VALUES),
    request("seconds", seconds=st.sampled_from([10, 80, 0, 601]) | VALUES),
    request("go", step=st.sampled_from([0, 30, 60, 61]) | VALUES),
    request("reset"),
]
