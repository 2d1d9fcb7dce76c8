"""A cell that is run again closes what it made and showed before, and nothing else."""

import sys
from types import SimpleNamespace

import pytest
from IPython.core.formatters import DisplayFormatter
from ipywidgets import Box, HBox, VBox
from ipywidgets.widgets import widget as ipywidgets_widget

from lessons.errors import InputError
from tests.fakes import FakeModel
from widgets import GlassboxWidget, NextWordExplorer, NextWordGame
from widgets.cells import watch_boxes


class Notebook:
    """Says which cell is being run, as JupyterLab does in the message that runs it."""

    def __init__(self):
        self.parent, self.runs, self.display_formatter = {}, 0, DisplayFormatter()

    def get_parent(self):
        return self.parent

    def run(self, cell, message="execute_request", **metadata):
        self.runs += 1
        named = {"cellId": cell} if cell else {}
        self.parent = {"header": {"msg_type": message, "msg_id": str(self.runs)}, "metadata": named | metadata}


@pytest.fixture
def notebook(monkeypatch):
    made = Notebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: made))
    monkeypatch.setattr("widgets.cells._made", {})
    watch_boxes()
    return made


def explorer(shown=True):
    made = NextWordExplorer(FakeModel(), text="The king was crowned in")
    if shown:
        made._repr_mimebundle_()
    return made


def is_open(widget):
    return widget in ipywidgets_widget._instances.values()


def test_the_widgets_of_the_run_before_are_closed(notebook):
    notebook.run("a")
    old = [explorer(), explorer()]
    assert all(map(is_open, old))
    notebook.run("a")
    new = [explorer(), explorer()]
    assert not any(map(is_open, old))
    assert all(map(is_open, new))
    assert [one.models for one in old] == [(), ()]


def test_a_hundred_runs_leave_one_widget_and_its_layout(notebook):
    before = len(ipywidgets_widget._instances)
    for _ in range(100):
        notebook.run("a")
        last = explorer()
    assert len(ipywidgets_widget._instances) == before + 2
    last.close()
    assert len(ipywidgets_widget._instances) == before


def test_the_models_are_let_go_before_the_new_ones_are_asked(notebook, monkeypatch):
    notebook.run("a")
    old = explorer()
    left = []
    asked = FakeModel.surprisals
    monkeypatch.setattr(FakeModel, "surprisals", lambda *given: left.append(old.models) or asked(*given))
    notebook.run("a")
    explorer()
    assert left == [()]


def test_other_cells_keep_theirs(notebook):
    notebook.run("a")
    first = explorer()
    notebook.run("b")
    explorer()
    notebook.run("b")
    explorer()
    assert is_open(first)


def test_what_another_cell_shows_too_stays(notebook):
    notebook.run("a")
    shared = explorer()
    notebook.run("b")
    shared._repr_mimebundle_()
    notebook.run("a")
    explorer()
    assert is_open(shared)


def test_what_was_not_shown_by_itself_stays(notebook):
    """It may be part of something else."""
    notebook.run("a")
    part = explorer(shown=False)
    notebook.run("a")
    explorer()
    assert is_open(part)


@pytest.fixture
def show(notebook):
    """Show something as IPython does at the end of a cell."""

    def shown(thing):
        data, _ = notebook.display_formatter.format(thing)
        assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == thing.model_id

    return shown


def test_widgets_in_a_box_are_closed_with_their_cell(notebook, show):
    notebook.run("a")
    old = [explorer(shown=False), explorer(shown=False), explorer(shown=False)]
    show(VBox([HBox(old[:2]), old[2]]))
    assert all(map(is_open, old))
    notebook.run("a")
    new = explorer(shown=False)
    show(VBox([new]))
    assert not any(map(is_open, old))
    assert is_open(new)


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_widget_in_a_box_that_another_cell_shows_stays(notebook, show, by_itself):
    notebook.run("a")
    part = explorer(shown=by_itself)
    box = VBox([HBox([part])])
    show(box)
    notebook.run("b")
    show(box)
    notebook.run("a")
    explorer()
    assert is_open(part)


def test_a_widget_put_into_a_box_of_another_cell_stays(notebook, show):
    notebook.run("b")
    box = VBox()
    show(box)
    notebook.run("a")
    part = explorer()
    box.children = [part]
    notebook.run("a")
    explorer()
    assert is_open(part)


def test_what_the_new_run_has_shown_again_stays(notebook, show):
    notebook.run("a")
    part = explorer()
    box = VBox([part])
    show(box)
    notebook.run("a")
    show(box)
    explorer()
    assert is_open(part)


def test_who_draws_boxes_already_goes_on_doing_so(notebook):
    formatter = notebook.display_formatter.mimebundle_formatter = DisplayFormatter().mimebundle_formatter
    formatter.for_type(Box, lambda box: {"text/plain": "mine"})
    watch_boxes()
    assert notebook.display_formatter.format(VBox())[0]["text/plain"] == "mine"


@pytest.mark.parametrize(("cell", "message"), [(None, "execute_request"), ("a", "comm_msg")])
def test_without_the_name_of_a_cell_nothing_is_closed(notebook, cell, message):
    notebook.run(cell, message)
    old = explorer()
    notebook.run(cell, message)
    explorer()
    assert is_open(old)


@pytest.mark.parametrize("parent", [None, {}, {"header": None}, {"header": {"msg_type": "execute_request"}}, 7])
def test_a_strange_parent_message_does_no_harm(notebook, parent):
    notebook.parent = parent
    assert is_open(explorer())


def test_a_closed_widget_says_so():
    closed = explorer()
    closed.close()
    closed.close()  # a second time does no harm
    for change in (lambda: setattr(closed, "text", "The queen"), lambda: closed.continue_with("in"), closed.reset):
        with pytest.raises(InputError, match=r"closed.*use the new one"):
            change()
    game = NextWordGame(FakeModel(), passages=["The king was crowned in the Abbey on his day ."])
    game.close()
    with pytest.raises(InputError, match="closed"):
        game.bet({"in": 50})


def test_a_class_that_fails_on_closing_does_not_stop_the_cell(notebook):
    class Stubborn(GlassboxWidget):
        asked = 0

        def _let_go(self):
            self.asked += 1
            if self.asked == 1:
                raise RuntimeError("no")

    notebook.run("a")
    stubborn = Stubborn(title="one")
    stubborn._repr_mimebundle_()
    notebook.run("a")
    explorer()
    assert stubborn.asked == 1
