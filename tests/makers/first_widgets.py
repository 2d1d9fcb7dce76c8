"""TokenClicker, NextTokenBars, NextWordExplorer and NextWordGame."""

from tests.fakes import FakeModel
from tests.strategies import PLACES, VALUES, request
from widgets import NextTokenBars, NextWordExplorer, NextWordGame, TokenClicker

TEXT = "The king was crwoned in <unk> Abbey .\nHe was born"
PASSAGES = [
    "The king was crowned in London on 6 January 1066 . He was born in London .",
    "The church was built by the king , and it was not the first church in the city .",
]


def clicker():
    values = [12, -11, 9, -7, 5, 4, 3, 2, None, 0, 1, 2]
    return TokenClicker(FakeModel().tokenize(TEXT), values, unit="nats", selected=1, say="A sentence.")


def explorer():
    models = FakeModel(), FakeModel("transformer", seed=1)
    return NextWordExplorer(*models, text=TEXT, selected=3, temperature=0.7)


def game():
    return NextWordGame(FakeModel(), FakeModel("transformer", seed=1), passages=PASSAGES, seed=7)


def game_revealed():
    played = game()
    played.bet({"king": 40, ",": 10})
    return played


MAKERS = {
    "TokenClicker": clicker,
    "NextTokenBars": lambda: NextTokenBars(FakeModel().next_tokens(TEXT, top_k=8, position=3)),
    "NextWordExplorer": explorer,
    "NextWordGame": game,
    "NextWordGame, revealed": game_revealed,
}
REQUESTS = [
    request("present", presenting=VALUES),
    request("select", position=VALUES, revision=PLACES),
    request("read", text=VALUES),
    request("pick", token=VALUES),
    request("pick", token=VALUES, position=VALUES, revision=PLACES),
    request("set", temperature=VALUES, top_k=VALUES, values_of=VALUES),
    request("bet", place=PLACES, words=VALUES, percents=VALUES),
    request("next", place=PLACES),
    *(request(kind) for kind in ("undo", "reset", "repeat", "new")),
]
