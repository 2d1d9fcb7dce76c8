"""NextWordGame in Python: the bet is a distribution, the draw is the seed's, the score is the mean surprisal."""

import json
import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from tests.fakes import FakeModel
from tests.makers.first_widgets import PASSAGES
from widgets import NextWordGame
from widgets.bets import Bet, read_bet

V = FakeModel().vocab_size


@pytest.fixture
def game(models):
    return NextWordGame(*models, passages=PASSAGES, seed=7, places=4)


@given(st.dictionaries(st.sampled_from(FakeModel().vocabulary.itos), st.floats(0.01, 33), max_size=3))
def test_a_bet_is_a_distribution_over_the_whole_vocabulary(shares):
    model = FakeModel()
    bet = read_bet(list(shares), list(shares.values()), model)
    everything = [bet.probability(token) for token in model.vocabulary.itos]
    assert math.fsum(everything) == pytest.approx(1)
    assert min(everything) > 0
    for token, share in shares.items():
        assert bet.probability(token) == pytest.approx(share / 100)


def test_a_bets_surprisal_by_hand():
    bet = Bet((("in", 0.4), ("at", 0.1)), 33_278)
    assert bet.left == pytest.approx(0.5)
    assert bet.probability("crowned") == pytest.approx(0.5 / 33_276)


def test_empty_fields_are_no_bet():
    assert read_bet(["", "king", " "], ["", "20", None], FakeModel()).shares == (("king", 0.2),)
    assert read_bet([], [], FakeModel()).probability("king") == pytest.approx(1 / V)


@pytest.mark.parametrize(
    ("words", "percents", "sentence"),
    [
        (["king"], [100], "add up to 100; they may reach 99"),
        (["king", "the"], [60, 40], "At least 1 % stays"),
        (["king"], [0], "is not a percentage"),
        (["king"], [-1], "is not a percentage"),
        (["king"], ["1e400"], "is not a percentage"),
        (["king"], [10**400], "is not a percentage"),
        (["king"], [10**5000], "is not a percentage"),
        (["king"], [math.nan], "is not a percentage"),
        (["king"], [True], "is not a percentage"),
        (["king"], ["٣"], "is not a percentage"),
        (["king"] * 4, [1] * 4, "at most 3 words"),
        (["king"], [], "at most 3 words"),
        ([3], [10], "A word must be a string"),
        (["king", "king"], [10, 10], "stands there twice"),
        (["a b"], [10], "as 2 tokens"),
        (["zebra"], [10], "not among the 49 words"),
        (["", "king"], [5, 5], "no word beside 5 %"),
    ],
)
def test_what_is_no_bet(game, words, percents, sentence):
    before = game.get_state()
    with pytest.raises(InputError, match=sentence):
        game._lock_in(words, percents)
    assert game.get_state() == before
    assert game.rounds == ()


def test_the_score_is_the_mean_surprisal_and_its_exp(game, models):
    for _ in range(4):
        game.bet({"the": 30, "king": 5.5})
        game.next_place()
    for i, name in enumerate(("LSTM", "Transformer")):
        by_hand = [models[i].surprisals(PASSAGES[passage])[position] for passage, position in game._places]
        assert [played.surprisals[name] for played in game.rounds] == pytest.approx(by_hand)
        assert game.score[name] == pytest.approx(np.mean(by_hand))
    mine = [-math.log(played.bet.probability(played.token)) for played in game.rounds]
    assert game.score["You"] == pytest.approx(np.mean(mine))
    assert game.score_board["perplexity"][1] == f"{math.exp(np.mean(mine)):,.1f}"
    assert game.board["verdict"].endswith("New places draws others.")


def test_the_same_seed_is_the_same_game(models, game):
    again = NextWordGame(*models, passages=PASSAGES, seed=7, places=4)
    assert again._places == game._places
    assert game._places == sorted(game._places)  # no place gives a later one away
    other = NextWordGame(*models, passages=PASSAGES, seed=8, places=4)
    assert other._places != game._places
    game.bet({"king": 10})
    game.repeat()
    assert (game.rounds, game.board) == ((), again.board)
    game.seed = 8
    assert game.board == other.board
    game.reset()
    assert game.seed == 7


def test_places_are_worth_betting_on(models):
    passage = "The zebra was qqq in <unk> Abbey .\nHe was"
    game = NextWordGame(*models, passages=[passage], places=100)
    tokens = models[0].tokenize(passage).tokens
    places = [position for _, position in game._places]
    assert places == [k for k in range(4, len(tokens)) if tokens[k] not in ("<unk>", "<eos>")]


def test_models_are_asked_only_after_the_bet(game, models):
    assert [model.asked for model in models] == [[], []]
    game.bet()
    assert [len(model.asked) for model in models] == [1, 1]


def test_a_page_sees_nothing_before_the_bet(game):
    before = json.dumps(game.get_state(["board", "score_board", "card", "note", "error"])) + game.static_html()
    game.bet()
    played = game.rounds[0]
    assert "rows" in game.board
    for value in (*played.probabilities.values(), *played.surprisals.values()):
        assert f"{value:.2f}" not in before
    assert "panels" not in before


def test_the_order_of_play(game):
    with pytest.raises(InputError, match="Lock in your bet at this place first"):
        game.next_place()
    game.bet({"king": 10})
    with pytest.raises(InputError, match="is locked in; go on"):
        game.bet({"king": 10})


def test_a_bet_in_a_cell_and_a_click_at_once_are_one_bet(game, models, ask, monkeypatch):
    """A cell runs on one thread of the kernel and, while it is busy, a click on another."""
    inside, go, answer = threading.Event(), threading.Event(), models[0].next_tokens

    def slow(*given, **settings):
        inside.set()
        go.wait(10)
        return answer(*given, **settings)

    monkeypatch.setattr(models[0], "next_tokens", slow)
    cell = threading.Thread(target=game.bet, args=({"king": 10},))
    click = threading.Thread(target=ask, args=(game, "bet"), kwargs={"place": 0, "words": ["the"], "percents": ["5"]})
    cell.start()
    assert inside.wait(10)
    click.start()
    click.join(0.3)  # time enough to pass the check, if nothing keeps it waiting
    go.set()
    cell.join()
    click.join()
    assert [played.bet.shares for played in game.rounds] == [(("king", 0.1),)]
    assert "is locked in" in game.error


def test_going_on_twice_at_once_skips_no_place(game):
    game.bet()
    failures = []

    def go_on():
        try:
            game.next_place()
        except InputError as error:
            failures.append(str(error))

    other = threading.Thread(target=go_on)
    with game._one_update():
        other.start()
        other.join(0.3)
        game.next_place()
    other.join()
    assert failures == ["Lock in your bet at this place first."]
    assert game.board["place"] == 1


def test_an_own_model_has_its_name_and_the_hue_of_its_architecture():
    game = NextWordGame(FakeModel(), FakeModel("my-lstm", "LSTM", seed=1), passages=PASSAGES)
    game.bet()
    assert [(row["who"], row["hue"]) for row in game.board["rows"]] == [
        ("You", "you"), ("LSTM", "lstm"), ("LSTM (my-lstm)", "lstm"),
    ]  # fmt: skip
    assert [panel["hue"] for panel in game.board["panels"]] == ["lstm", "lstm"]
    assert set(game.score) == {"You", "LSTM", "LSTM (my-lstm)"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"passages": ()}, "passages must be a list of 1 to 200 texts"),
        ({"passages": "The king was"}, "passages must be a list"),
        ({"passages": [3]}, r"passages\[0\] must be a string"),
        ({"passages": ["The king"]}, "No passage has a known word after 4 others"),
        ({"passages": [""]}, "empty"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"places": 0}, "places must be a whole number from 1 to 100"),
    ],
)
def test_what_it_refuses(models, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        NextWordGame(*models, **({"passages": PASSAGES} | settings))


def test_a_late_click_is_refused(game, ask):
    game.bet({"king": 10})
    game.next_place()
    ask(game, "bet", place=0, words=["king"], percents=["5"])
    assert "gone on in the meantime" in game.error
    assert len(game.rounds) == 1
    ask(game, "bet", place=1, words=[3], percents=[None])
    assert "Bet on at most 3 words" in game.error
