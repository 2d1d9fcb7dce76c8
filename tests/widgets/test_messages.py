"""Malformed messages from a page: nothing is raised in the kernel, and the last good state stays."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.errors import InputError
from tests.browser.standin import Wire
from tests.widgets.conftest import MAKERS

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
NUMBERS = st.one_of(st.integers(-3, 9), st.sampled_from([-1, 10**9, -(10**9), 2**70]), st.floats(), st.booleans())
LEAVES = st.one_of(st.none(), NUMBERS, ANY_TEXT, st.sampled_from(["The king", "was", "", "LSTM", "<script>"]))
ANY_JSON = st.recursive(LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(ANY_TEXT, part, max_size=3))
VALUES = st.one_of(LEAVES, st.lists(LEAVES, max_size=4), ANY_JSON)
PLACES = st.sampled_from([0, 1]) | VALUES

# Every request that a widget knows, with any value in each place; some of them are right.
REQUESTS = [
    {"kind": st.just("present"), "with": st.fixed_dictionaries({"presenting": VALUES})},
    {"kind": st.just("select"), "with": st.fixed_dictionaries({"position": VALUES, "revision": PLACES})},
    {"kind": st.just("read"), "with": st.fixed_dictionaries({"text": VALUES})},
    {"kind": st.just("pick"), "with": st.fixed_dictionaries({"token": VALUES})},
    {"kind": st.just("pick"), "with": st.fixed_dictionaries({"token": VALUES, "position": VALUES, "revision": PLACES})},
    {
        "kind": st.just("set"),
        "with": st.fixed_dictionaries(dict.fromkeys(["temperature", "top_k", "values_of"], VALUES)),
    },
    {"kind": st.just("bet"), "with": st.fixed_dictionaries({"place": PLACES, "words": VALUES, "percents": VALUES})},
    {"kind": st.just("next"), "with": st.fixed_dictionaries({"place": PLACES})},
    {"kind": st.sampled_from(["undo", "reset", "repeat", "new"]), "with": st.just({})},
]
NUMBERED = {"view": st.just("v"), "n": st.integers(1, 50)}
KINDS = st.sampled_from(["present", "select", "read", "pick", "set", "undo", "reset", "bet", "next", "new"])
CONTENTS = st.one_of(
    ANY_JSON,
    st.fixed_dictionaries({"kind": KINDS | ANY_JSON, "view": ANY_JSON, "n": ANY_JSON, "with": ANY_JSON}),
    st.one_of(*(st.fixed_dictionaries(request | NUMBERED) for request in REQUESTS)),
)
TRAITS = st.sampled_from(["card", "error", "_answered", "line", "board", "controls", "chosen", "selected", "text", "x"])
MESSAGES = st.one_of(
    st.builds(lambda content: {"method": "custom", "content": content}, CONTENTS),
    st.builds(lambda content: {"method": "custom", "content": content}, CONTENTS),
    st.builds(lambda state: {"method": "update", "state": state}, st.dictionaries(TRAITS, ANY_JSON) | ANY_JSON),
    st.just({"method": "request_state"}),
    ANY_JSON,
)


def state_of(widget):
    """What a person sees, without the error and the receipt."""
    state = widget.get_state()
    return {
        name: value for name, value in state.items() if name not in ("error", "_answered", "layout", "_esm", "_css")
    }


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=max(100, settings.default.max_examples // 4))
@given(messages=st.lists(MESSAGES, min_size=1, max_size=8))
def test_no_message_breaks_a_widget(name, messages):
    widget = MAKERS[name]()
    wire = Wire(widget)
    for message in messages:
        before = state_of(widget)
        wire.receive(message)  # raises nothing
        assert widget.last_exception is None or isinstance(widget.last_exception, InputError), widget.last_exception
        is_request = isinstance(message, dict) and message.get("method") == "custom"
        if widget.error or not is_request:
            assert state_of(widget) == before
        json.dumps(state_of(widget), allow_nan=False).encode()
        assert "<script" not in widget.static_html()


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    "msg", [None, {}, {"content": {}}, {"content": {"data": 0}}, {"content": {"data": {"method": []}}}]
)
def test_a_message_without_its_parts_is_no_error(name, msg):
    widget = MAKERS[name]()
    Wire(widget)
    before = state_of(widget)
    widget._handle_msg(msg)
    assert state_of(widget) == before


@pytest.mark.parametrize("name", MAKERS)
def test_state_from_the_page_is_refused_and_the_good_one_sent_back(name):
    widget = MAKERS[name]()
    wire = Wire(widget)
    good = widget.card
    wire.receive({"method": "update", "state": {"card": {"title": 7}, "unknown": 1}, "buffer_paths": [["x", 1]]})
    assert widget.card == good
    assert wire.sent[-1]["state"] == {"card": good}


def test_a_request_that_comes_twice_or_late_is_not_carried_out_again(ask):
    widget = MAKERS["NextWordExplorer"]()
    Wire(widget)
    pick = {"kind": "pick", "view": "v", "n": 2, "with": {"token": "and", "position": 5, "revision": 1}}
    late = {"kind": "read", "view": "v", "n": 1, "with": {"text": "The queen"}}
    for content in (pick, pick, late):
        widget.comm.receive({"method": "custom", "content": content})
    assert widget.text == "The king was crowned in and"
    assert widget.error == ""


def test_a_request_that_names_a_text_no_longer_there_gets_a_sentence(ask):
    widget = MAKERS["NextWordExplorer"]()
    widget.text = "The queen"
    ask(widget, "select", position=0, revision=1)
    assert widget.error == "The text has changed in the meantime; please click again."
    assert widget.selected is None
