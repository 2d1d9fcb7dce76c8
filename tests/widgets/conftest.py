"""Each widget over two small models, with a wire that keeps what is sent."""

import pytest

from tests.browser.standin import Wire
from tests.fakes import FakeModel
from tests.makers import MAKERS


@pytest.fixture(params=MAKERS)
def make(request):
    """A function that makes one of the widgets."""
    return MAKERS[request.param]


@pytest.fixture
def models():
    return FakeModel(), FakeModel("transformer", seed=1)


@pytest.fixture
def ask():
    """Send a widget the request that its page would send; returns the messages that came back."""
    numbers = iter(range(1, 10**6))

    def send(widget, kind, **values):
        if not isinstance(widget.comm, Wire):
            Wire(widget)
        sent = len(widget.comm.sent)
        content = {"kind": kind, "view": "test", "n": next(numbers), "with": values}
        widget.comm.receive({"method": "custom", "content": content})
        return widget.comm.sent[sent:]

    return send
