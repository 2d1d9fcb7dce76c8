"""Malformed messages from a page: nothing is raised in the kernel, and the last good state stays."""

import functools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessons.errors import InputError
from tests.browser.standin import Wire, portable
from tests.fakes import FakeModel
from tests.makers import MAKERS, REQUESTS
from tests.strategies import ANY_JSON
from widgets import NextWordExplorer

NUMBERED = {"view": st.just("v"), "n": st.integers(1, 50)}


def messages_to(widget):
    """Return a strategy for messages to a widget: its own requests with any values, other requests, and rubbish."""
    return _messages(frozenset(widget._handlers), frozenset(widget.keys))


@functools.cache  # to put such a strategy together takes longer than to draw from it
def _messages(handled, keys):
    kinds = st.sampled_from(sorted(handled))
    own = [request for request in REQUESTS if request["kind"].value in handled]
    contents = st.one_of(
        ANY_JSON,
        st.fixed_dictionaries({"kind": kinds | ANY_JSON, "view": ANY_JSON, "n": ANY_JSON, "with": ANY_JSON}),
        st.one_of(*(st.fixed_dictionaries(request | NUMBERED) for request in own)),
        st.one_of(*(st.fixed_dictionaries(request | NUMBERED) for request in REQUESTS)),
    )
    traits = st.sampled_from(sorted({"x", *keys}))
    return st.one_of(
        st.builds(lambda content: {"method": "custom", "content": content}, contents),
        st.builds(lambda content: {"method": "custom", "content": content}, contents),
        st.builds(lambda state: {"method": "update", "state": state}, st.dictionaries(traits, ANY_JSON) | ANY_JSON),
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
@settings(max_examples=max(34, settings.default.max_examples // 8))
@given(data=st.data())
def test_no_message_breaks_a_widget(name, data):
    widget = MAKERS[name]()
    wire = Wire(widget)
    state = state_of(widget)
    for message in data.draw(st.lists(messages_to(widget), min_size=4, max_size=12)):
        before = state
        wire.receive(message)  # raises nothing
        state = state_of(widget)
        assert widget.last_exception is None or isinstance(widget.last_exception, InputError), widget.last_exception
        is_request = isinstance(message, dict) and message.get("method") == "custom"
        if widget.error or not is_request:
            assert state == before
        json.dumps(portable(state), allow_nan=False).encode()
    assert "<script" not in widget.static_html()  # drawn once: a picture costs more than a message


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
    widget = NextWordExplorer(FakeModel())
    Wire(widget)
    pick = {"kind": "pick", "view": "v", "n": 2, "with": {"token": "and", "position": 5, "revision": 1}}
    late = {"kind": "read", "view": "v", "n": 1, "with": {"text": "The queen"}}
    for content in (pick, pick, late):
        widget.comm.receive({"method": "custom", "content": content})
    assert widget.text == "The king was crowned in and"
    assert widget.error == ""


def test_a_request_that_names_a_text_no_longer_there_gets_a_sentence(ask):
    widget = NextWordExplorer(FakeModel())
    widget.text = "The queen"
    ask(widget, "select", position=0, revision=1)
    assert widget.error == "The text has changed in the meantime; please click again."
    assert widget.selected is None


def test_every_request_has_a_strategy():
    described = {request["kind"].value for request in REQUESTS}
    assert {kind for make in MAKERS.values() for kind in make()._handlers} <= described
