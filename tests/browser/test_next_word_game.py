"""NextWordGame: nothing of the models or of the word before the bet, everything after it."""

import json
import math

import pytest
from playwright.sync_api import expect

from tests.fakes import FakeModel
from tests.makers.first_widgets import PASSAGES
from widgets import NextWordGame


@pytest.fixture
def shown(mount, models):
    return mount(NextWordGame(*models, passages=PASSAGES, seed=7, places=3))


def place_bet(page, *bets):
    for i, (word, percent) in enumerate(bets, 1):
        page.get_by_role("textbox", name=f"word {i}", exact=True).fill(word)
        page.get_by_role("textbox", name=f"percentage of word {i}").fill(percent)
    page.get_by_role("button", name="Lock in my bet").click()


def test_before_the_bet_nothing_is_given_away(shown, models):
    passage, position = shown.widget._places[0]
    word = models[0].tokenize(PASSAGES[passage]).tokens[position]
    state = json.dumps(shown.widget.get_state(["board", "score_board", "card"]))
    assert "%" not in state
    assert "nats" not in state
    assert "Transformer" not in state
    assert shown.page.locator(".gb-slot").inner_text() == "?"
    assert not [model.asked for model in models if model.asked]
    assert not shown.page.locator(".gb-passage").inner_text().endswith(word)


def test_a_bet_reveals_the_word_and_everybodys_surprisal(shown):
    page = shown.page
    place_bet(page, ("king", "40"), ("the", "20 %"))
    played = shown.widget.rounds
    expect(page.locator(".gb-slot")).to_contain_text(shown.widget.rounds[0].token if played else "")
    (played,) = shown.widget.rounds
    for name, surprisal in played.surprisals.items():
        row = page.locator(".gb-given").get_by_role("row", name=name)
        expect(row).to_contain_text(f"{surprisal:.2f} nats")
    assert played.surprisals["You"] == pytest.approx(-math.log(played.bet.probability(played.token)))
    expect(page.get_by_role("button", name="Next place")).to_be_focused()
    page.locator(".gb__body").get_by_text("The models' first choices").click()
    expect(page.get_by_role("group", name="LSTM", exact=True)).to_be_visible()


def test_a_whole_game_by_keyboard(shown):
    page = shown.page
    page.get_by_role("textbox", name="word 1", exact=True).focus()
    for place in range(3):
        expect(page.get_by_role("textbox", name="word 1", exact=True)).to_be_focused()
        page.keyboard.type("king")
        page.keyboard.press("Tab")
        page.keyboard.type("50")
        page.keyboard.press("Enter")
        expect(page.locator(".gb__body").get_by_text(f"mean of {place + 1} place")).to_be_visible()
        if place < 2:
            page.keyboard.press("Enter")
    expect(page.locator(".gb__body").get_by_text("That was the last place")).to_be_visible()
    mean = shown.widget.score["You"]
    total = page.locator(".gb-total").get_by_role("row", name="perplexity")
    expect(total).to_contain_text(f"{math.exp(mean):,.1f}")
    expect(page.get_by_role("button", name="Next place")).to_have_count(0)


@pytest.mark.parametrize(
    ("bets", "sentence"),
    [
        ([("king", "60"), ("the", "40")], "At least 1 % stays for all other words"),
        ([("zzz", "10")], "“zzz” is not among the 49 words"),
        ([("the king", "10")], "as 2 tokens (the and king)"),
        ([("king", "")], "“king” has no percentage"),
        ([("", "10")], "There is no word beside 10 %"),
        ([("king", "ten")], "“ten” beside “king” is not a percentage"),
        ([("king", "-5")], "is not a percentage"),
        ([("king", "nan")], "is not a percentage"),
        ([("king", "10"), ("king", "10")], "“king” stands there twice"),
        ([("<img src=x onerror=window.__x=1>", "10")], "tokens"),
        ([("\u202e\U0001f600", "10")], "bet on"),
    ],
)
def test_a_bet_that_cannot_be_used_gets_a_sentence(shown, bets, sentence):
    page = shown.page
    place_bet(page, *bets)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    for i, (word, percent) in enumerate(bets, 1):
        expect(page.get_by_role("textbox", name=f"word {i}", exact=True)).to_have_value(word)
        expect(page.get_by_role("textbox", name=f"percentage of word {i}")).to_have_value(percent)
    assert shown.widget.rounds == ()
    assert page.evaluate("window.__x") is None


def test_what_is_left_is_counted_while_typing(shown):
    page = shown.page
    expect(page.locator(".gb__body").get_by_text("100 % left, spread evenly over all other words")).to_be_visible()
    page.get_by_role("textbox", name="percentage of word 1").fill("30")
    page.get_by_role("textbox", name="percentage of word 2").fill("12,5 %")
    expect(page.locator(".gb__body").get_by_text("57.5 % left")).to_be_visible()
    page.get_by_role("textbox", name="percentage of word 3").fill("57")
    expect(page.locator(".gb__body").get_by_text("at least 1 % has to stay")).to_be_visible()


def test_repeat_new_and_reset(shown):
    page, first = shown.page, shown.page.locator(".gb-passage").inner_text()
    place_bet(page, ("king", "40"))
    page.get_by_role("button", name="Next place").click()
    expect(page.locator(".gb__body").get_by_text("Place 2 of 3")).to_be_visible()
    page.get_by_role("button", name="Repeat exactly").click()
    expect(page.locator(".gb__body").get_by_text("Place 1 of 3")).to_be_visible()
    assert page.locator(".gb-passage").inner_text() == first
    expect(page.get_by_role("textbox", name="word 1", exact=True)).to_have_value("")
    page.get_by_role("button", name="New places").click()
    expect(page.locator(".gb__body").get_by_text("seed 8")).to_be_visible()
    assert page.locator(".gb-passage").inner_text() != first
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".gb__body").get_by_text("seed 7")).to_be_visible()
    assert page.locator(".gb-passage").inner_text() == first


@pytest.mark.parametrize("own", [False, True])
def test_a_score_on_a_phone_breaks_no_word_and_can_be_scrolled(mount, axe_violations, models, own):
    both = (models[0], FakeModel("my-first-lstm-of-monday", "LSTM"), models[1]) if own else models
    game = NextWordGame(*both, passages=PASSAGES, seed=7)
    game.bet({"king": 10})
    page = mount(game, width=320).page
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
    head = page.locator(".gb-total").get_by_role("rowheader", name="perplexity")
    lines = (
        "cell => { const r = document.createRange(); r.selectNodeContents(cell); return r.getClientRects().length; }"
    )
    assert head.evaluate(lines) == 1
    score = page.get_by_role("group", name="Score so far")
    if own:
        score.focus()
        expect(score).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.activeElement.scrollLeft > 0")
    else:
        assert score.get_attribute("tabindex") is None
    assert axe_violations(page) == []


def test_locking_in_twice_counts_once(shown):
    shown.page.evaluate(
        "globalThis.once = toPython; globalThis.toPython = message => { once(message); once(message); }; 0"
    )
    place_bet(shown.page, ("king", "40"))
    expect(shown.page.locator(".gb__body").get_by_text("mean of 1 place")).to_be_visible()
    assert len(shown.widget.rounds) == 1
