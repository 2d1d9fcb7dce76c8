"""Undo and Reset, where they can go wrong."""

import pytest

from tests.fakes import FakeModel
from widgets import NextWordExplorer
from widgets.undo import MOST_UNDONE


class Moody(FakeModel):
    """A model that can be told to fail."""

    fails = False

    def surprisals(self, text):
        if self.fails:
            raise RuntimeError("not now")
        return super().surprisals(text)


def test_an_undo_that_fails_loses_nothing():
    model = Moody()
    explorer = NextWordExplorer(model, text="the king")
    explorer.text = "the queen"
    model.fails = True
    with pytest.raises(RuntimeError):
        explorer.undo()
    assert explorer.text == "the queen"
    assert explorer.controls["undo"]
    model.fails = False
    explorer.undo()
    assert explorer.text == "the king"
    assert not explorer.controls["undo"]
    explorer.text = "the crown"  # counts as a change again
    explorer.undo()
    assert explorer.text == "the king"


def test_so_many_changes_are_taken_back_and_no_more():
    explorer = NextWordExplorer(FakeModel(), text="the king 0")
    for i in range(1, MOST_UNDONE + 3):
        explorer.text = f"the king {i}"
    for _ in range(MOST_UNDONE + 3):
        explorer.undo()
    assert explorer.text == "the king 2"
    assert not explorer.controls["undo"]


def test_a_closed_widget_holds_no_past_and_no_start():
    explorer = NextWordExplorer(FakeModel(), text="the king")
    explorer.text = "the queen"
    explorer.close()
    explorer.undo()  # nothing is there to go back to
    assert not explorer._past
    assert not explorer._start
