"""The base of all widgets: changes as a whole or not at all, one message a request, errors shown, a static picture."""

import json
import re
import threading

import pytest

from lessons.errors import InputError
from tests.browser.standin import Wire, portable
from tests.fakes import FakeModel
from tests.makers import MAKERS
from widgets import GlassboxWidget, NextTokenBars, TokenClicker
from widgets.assets import STATIC

ALL = sorted({GlassboxWidget, *(type(make()) for make in MAKERS.values())}, key=lambda widget: widget.__name__)


def test_an_unknown_keyword_is_refused_with_the_list_of_those_allowed(make):
    kind = type(make())
    first = {NextTokenBars: FakeModel().next_tokens("The"), TokenClicker: ["a"]}.get(kind, FakeModel())
    with pytest.raises(InputError, match=r"does not know 'titel'; it takes .*presenting.*title"):
        kind(first, titel="x")


def test_an_unknown_setting_is_refused(make):
    with pytest.raises(InputError, match=r"has no setting 'titel'; it has .*title"):
        make().change(titel="x")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"title": 3}, "title must be a string, not 3"),
        ({"title": "x" * 301}, "title has 301 characters; at most 300 fit"),
        ({"say": None}, "say must be a string"),
        ({"presenting": 1}, "presenting must be True or False, not 1"),
    ],
)
def test_a_bad_setting_changes_nothing(make, settings, sentence):
    widget = make()
    before = widget.get_state()
    with pytest.raises(InputError, match=sentence):
        widget.change(**({"title": "new"} | settings))
    assert widget.get_state() == before


def test_instances_share_one_class(make):
    assert type(make()) is type(make())
    assert type(make()) in ALL


def test_one_change_is_one_message(make):
    widget = make()
    wire = Wire(widget)
    widget.change(title="a", say="b", presenting=True)
    assert [list(message["state"]) for message in wire.sent] == [["card"]]
    widget.change(title="a")
    assert len(wire.sent) == 1  # nothing differs, nothing is sent


def test_a_request_is_answered_with_one_message(make, ask):
    (message,) = ask(make(), "present", presenting=True)
    assert set(message["state"]) == {"card", "_answered"}


def test_a_request_that_the_kernels_interrupt_ends_is_answered(ask, monkeypatch):
    def interrupted(*given, **named):
        raise KeyboardInterrupt

    widget = TokenClicker(["a", "b"])
    monkeypatch.setattr(widget, "change", interrupted)
    Wire(widget)
    with pytest.raises(KeyboardInterrupt):
        ask(widget, "present", presenting=True)
    assert [message["state"] for message in widget.comm.sent] == [{"_answered": widget._answered}]
    monkeypatch.undo()
    assert ask(widget, "present", presenting=True)
    assert widget.presenting


def test_nothing_that_is_sent_is_nan(make):
    json.dumps(portable({k: v for k, v in make().get_state().items() if k != "layout"}), allow_nan=False).encode()


def test_an_observer_hears_of_a_change_after_the_page(make):
    widget = make()
    wire = Wire(widget)
    heard = []
    widget.observe(lambda change: heard.append((change.new, len(wire.sent))), names="presenting")
    widget.presenting = True
    assert heard == [(True, 1)]


def test_an_observers_error_is_shown_and_the_others_still_hear(make, ask):
    widget, heard = make(), []

    def fail(change):
        raise ZeroDivisionError("by zero")

    widget.observe(fail, names="presenting")
    widget.observe(heard.append, names="title")
    ask(widget, "present", presenting=True)
    assert widget.presenting is True
    assert widget.error == "A function that observes this widget failed: ZeroDivisionError: by zero"
    ask(widget, "present", presenting=False)
    assert widget.presenting is False
    with pytest.raises(ZeroDivisionError):
        widget.change(presenting=True, title="new")  # in a cell it is raised there
    assert len(heard) == 1


def test_an_observer_may_change_the_widget_again(make):
    widget = make()
    widget.observe(lambda change: widget.change(title=f"presenting {change.new}"), names="presenting")
    widget.presenting = True
    assert widget.title == widget.card["title"] == "presenting True"


def test_an_error_goes_away_with_the_next_good_change(make, ask):
    widget = make()
    ask(widget, "no such thing")
    assert "something that this widget does not do" in widget.error
    widget.presenting = True
    assert widget.error == ""


def test_a_defect_is_shown_and_kept(make, ask, monkeypatch):
    widget = make()
    monkeypatch.setattr(type(widget), "_work_out", lambda *a: 1 / 0)
    ask(widget, "present", presenting=True)
    assert widget.error.startswith("This could not be worked out; the last good state is shown. ZeroDivisionError: ")
    assert isinstance(widget.last_exception, ZeroDivisionError)
    assert widget.presenting is False


def test_many_threads_at_once_leave_a_whole_state(make):
    widget = make()
    Wire(widget)
    failures = []

    def press(thread):
        for n in range(1, 101):
            request = {"kind": "present", "view": f"v{thread}", "n": n, "with": {"presenting": bool(n % 2)}}
            widget._receive(request)
            if widget.error:
                failures.append(widget.error)

    threads = [threading.Thread(target=press, args=(i,)) for i in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert widget.presenting is widget.card["presenting"] is False


def test_the_bundle_has_a_picture_for_pages_without_a_kernel(make):
    widget = make()
    widget.change(title="<b>Title</b> & more", say="<script>window.__x=1</script>")
    data, _ = widget._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert "&lt;b&gt;Title&lt;/b&gt; &amp; more" in data["text/html"]
    assert "<script" not in data["text/html"]
    assert data["text/plain"] == f"{type(widget).__name__}: <b>Title</b> & more"
    widget.close()


@pytest.mark.parametrize("widget", ALL)
def test_a_script_stays_small_and_safe(widget):
    script = widget._esm.default_value.replace('"http://www.w3.org/2000/svg"', "")  # a name, which nothing fetches
    assert len(script.encode()) < 20_000
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|https?:|\bimport\b", script)


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_every_selector_is_prefixed(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    text = re.sub(r"@media[^{]*\{", "", text)
    selectors = [part.strip() for head in re.findall(r"([^{};]+)\{", text) for part in re.split(r",(?![^(]*\))", head)]
    assert selectors
    assert [selector for selector in selectors if selector and not re.match(r"\.gb\b", selector)] == []
    assert "color-scheme:" not in text
    assert "url(" not in text


def test_an_exported_page_shows_the_picture(make):
    nbformat, nbconvert = pytest.importorskip("nbformat"), pytest.importorskip("nbconvert")
    widget = make()
    widget.change(title="A <i>title</i>")
    data, metadata = widget._repr_mimebundle_()
    output = nbformat.v4.new_output("execute_result", data, metadata=metadata, execution_count=1)
    cell = nbformat.v4.new_code_cell("widget", outputs=[output], execution_count=1)
    page, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "gb-static" in page
    assert "A &lt;i&gt;title&lt;/i&gt;" in page
