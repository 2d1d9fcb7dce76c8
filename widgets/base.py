"""The base of all widgets: settings that change as a whole or not at all, one answer a request, shown errors."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets as t

from lessons.errors import InputError
from widgets.assets import script, style
from widgets.cells import note_made, note_shown
from widgets.checks import flag, short_text
from widgets.requests import RequestLog, data_of, handlers_of, handles, read
from widgets.words import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from widgets.picture import Picture

__all__ = ["LOCK", "GlassboxWidget", "Setting"]

# ipykernel may run a callback on a second thread while a cell is busy, and widgets share models: one lock for all.
LOCK = threading.RLock()


class Setting(t.TraitType):
    """A trait whose assignment calls the widget's `change`: nothing is stored before all that follows is known."""

    default_value = None
    allow_none = True

    def set(self, obj: Any, value: Any) -> None:
        """Let the widget check the value and work out what follows."""
        obj.change(**{str(self.name): value})

    def store(self, obj: Any, value: Any) -> None:
        """Store a value that the widget has checked."""
        super().set(obj, value)


class GlassboxWidget(anywidget.AnyWidget):
    """A card with a title, a sentence, and whatever a subclass puts into it.

    A subclass has `Setting` traits, works out in `_work_out` what the page shows, and marks methods with `handles`.

    Args:
        title: heading of the card.
        say: one sentence that says what is seen and what can be done.
        presenting: large type and wide lines, for a projector.

    Raises:
        InputError: a value cannot be used, or a keyword is not known.
    """

    _esm = script("card")
    _css = style(of="card")
    _anywidget_id = t.Unicode(read_only=True).tag(sync=True)

    title = Setting()
    say = Setting()
    presenting = Setting()

    card = t.Dict(help="what every widget shows: title, say, presenting").tag(sync=True)
    error = t.Unicode("", help="what went wrong in the last request, in one sentence").tag(sync=True)
    note = t.Unicode("", help="what was cut or read otherwise, in one sentence").tag(sync=True)
    _answered = t.Unicode("", help="the last request that was dealt with: view:number").tag(sync=True)

    _handlers: ClassVar[dict[str, tuple[str, dict[str, tuple[type, ...]]]]] = {}
    _picture_is_exported: ClassVar[bool] = True  # False where the words and tables of `_static` say it all
    _looks: ClassVar[frozenset[str]] = frozenset()  # requests that do nothing: the error of the last deed stays
    _closed = False
    _revision = 0  # how many texts were shown before this one
    _first_layout: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the requests that the class handles."""
        super().__init_subclass__(**kwargs)
        cls._handlers = handlers_of(cls)

    def __init__(self, *, title: str = "", say: str = "", presenting: bool = False, **settings: Any) -> None:
        note_made(self)  # first: the models of the widget that it replaces are let go before the new ones are asked
        self._log = RequestLog()
        self._held: list[Any] | None = None
        self._after: list[Callable[[], object]] = []
        self.last_exception: Exception | None = None
        self.change(title=title, say=say, presenting=presenting, **settings)
        super().__init__()
        self._first_layout = self.layout  # a widget of its own, as ipywidgets makes one for each

    def close(self) -> None:
        """Take the widget off the page and let go of its models; running its cell again does that to the one before."""
        with LOCK:  # what another thread is answering is answered first; what it asks later is refused
            self._closed = True
        self._leave()  # without the lock: a training may take seconds to save

    def __del__(self) -> None:
        """Close what nobody has any more: without the lock, for the collector may run while others are waited for."""
        self._closed = True
        self._leave()

    def _leave(self) -> None:
        super().close()
        if self._first_layout is not None:
            self._first_layout.close()
        self._let_go()

    def _check_open(self) -> None:
        """Raise InputError if the widget is closed."""
        if self._closed:
            raise InputError(f"This {type(self).__name__} is closed, or its cell was run again; use the new one.")

    def _let_go(self) -> None:
        """Drop what is large, for the closed widget itself stays among IPython's outputs."""

    @t.default("_anywidget_id")
    def _default_anywidget_id(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}"

    def add_traits(self, **traits: Any) -> None:
        """Add traits that the class lacks; anywidget's own are on the class, which spares a class for each instance."""
        missing = {name: trait for name, trait in traits.items() if not self.has_trait(name)}
        if missing:
            super().add_traits(**missing)

    # Settings: worked out first, stored together, sent in one message, and only then told to observers.

    def change(self, **settings: Any) -> None:
        """Change several settings at once: the page gets one message, and if one cannot be used none is changed.

        Raises:
            InputError: a value cannot be used, or the widget has no setting of that name.
        """
        self._check_open()
        unknown = sorted(name for name in settings if not isinstance(self.traits().get(name), Setting))
        if unknown:
            known = sorted(name for name, trait in self.traits().items() if isinstance(trait, Setting))
            raise InputError(f"{type(self).__name__} has no setting {unknown[0]!r}; it has {', '.join(known)}.")
        with self._one_update():
            wanted = {name: getattr(self, name) for name, trait in self.traits().items() if isinstance(trait, Setting)}
            for name, value in self._work_out(wanted | settings, settings.keys()).items():
                trait = self.traits()[name]
                if isinstance(trait, Setting):
                    trait.store(self, value)
                else:
                    setattr(self, name, value)
            self.error = ""

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        """Return the values of all settings and of all parts of the page that follow from the settings wanted.

        Args:
            wanted: every setting, not checked yet.
            changed: names of the settings that were assigned.

        Raises:
            InputError: a value cannot be used.
        """
        title = short_text(wanted["title"], "title")
        say = short_text(wanted["say"], "say", longest=1000)
        presenting = flag(wanted["presenting"], "presenting")
        card = {"title": title, "say": say, "presenting": presenting}
        return {"title": title, "say": say, "presenting": presenting, "card": card}

    @contextmanager
    def _one_update(self) -> Iterator[None]:
        """Send what changes inside as one message, and tell observers after it."""
        with LOCK:
            if self._held is not None:  # an outer call does it
                yield
                return
            self._held = []
            try:
                with self.hold_sync():
                    yield
            finally:
                held, self._held = self._held, None
            after, self._after = self._after, []
            failures: list[Exception] = []
            notify = super().notify_change
            tellings: list[Callable[[], object]] = [partial(notify, change) for change in held]
            for tell in [*tellings, *after]:
                try:
                    tell()
                except Exception as error:  # an observer is a learner's code: the others still run
                    failures.append(error)
            if failures:
                raise failures[0]

    def notify_change(self, change: Any) -> None:
        """Hold what observers of settings are told until the page has its message."""
        if self._held is not None and isinstance(self.traits().get(change["name"]), Setting):
            self._held.append(change)
        else:
            super().notify_change(change)

    # Messages from the page: none may raise in the kernel, and none may spoil a good state.

    def _handle_msg(self, msg: Any) -> None:
        try:
            data = data_of(msg)
            method = data.get("method")
            if method == "request_state":
                self.send_state()
            elif method == "custom":
                self._receive(data.get("content"))
            elif method == "update":
                self.set_state(data.get("state"))
        except Exception as error:
            self._explain(error)

    def set_state(self, sync_data: object) -> None:
        """Refuse state from the page, which asks by requests so that each is checked; send the good state back."""
        names = [name for name in sync_data if name in self.keys] if isinstance(sync_data, dict) else []
        with LOCK:
            if names:
                self.send_state([name for name in names if name not in ("_esm", "_css")])

    def _receive(self, content: object) -> None:
        """Carry out one request of the page and answer it with one message."""
        request = None
        try:
            with self._one_update():
                try:
                    request = read(content, self._handlers)
                    if self._log.is_new(request):
                        getattr(self, self._handlers[request.kind][0])(**request.values)
                        self.error = self.error if request.kind in self._looks else ""
                except Exception as error:
                    self._explain(error)
                finally:  # what the kernel's interrupt ends is answered, too: until then the page asks nothing more
                    if request is not None:
                        self._answered = f"{request.view}:{request.n}"
        except Exception as error:  # of an observer
            self._explain(error, "A function that observes this widget failed: ")

    def _explain(self, error: Exception, opening: str = "") -> None:
        """Show an error in the widget; one that is no InputError is named with its type, and kept for whoever looks."""
        self.last_exception = error
        words = clean(str(error)) if isinstance(error, InputError) else clean(f"{type(error).__name__}: {error}")
        if not opening and not isinstance(error, InputError):
            opening = "This could not be worked out; the last good state is shown. "
        self.error = f"{opening}{words}"[:600]

    def _check_revision(self, revision: int) -> None:
        """Raise InputError if a click was meant for a text that is no longer shown."""
        if revision != self._revision:
            raise InputError("The text has changed in the meantime; please click again.")

    @handles("present", presenting=(bool,))
    def _present(self, presenting: bool) -> None:
        self.change(presenting=presenting)

    # The picture, for pages without a kernel and for paper.

    def picture(self) -> Picture:
        """Return what is on the screen as a picture: one description for the exported page and for `figure`.

        Raises:
            InputError: this widget is made of words and numbers alone; the exported page shows them as a table.
        """
        raise InputError(f"A {type(self).__name__} has no picture of its own: its numbers are words and tables.")

    def figure(self) -> Figure:
        """Return what is on the screen as a matplotlib figure, for slides and print."""
        with LOCK:
            return self.picture().figure()

    def _static(self) -> list[str]:
        """Return the parts of the static picture as HTML in which every text has been escaped."""
        return []

    def static_html(self) -> str:
        """Return the widget's present state as HTML without a script, as an exported page shows it."""
        with LOCK:
            parts = [f"<p><strong>{html.escape(self.title)}</strong></p>"] if self.title else []
            parts += [f"<p>{html.escape(self.say)}</p>"] if self.say else []
            if self._picture_is_exported and type(self).picture is not GlassboxWidget.picture:
                parts.append(f"<p>{self.picture().svg_image()}</p>")
            parts += self._static()
            parts += [f"<p><em>{html.escape(self.note)}</em></p>"] if self.note else []
            return f'<div class="gb-static">{"".join(parts)}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        note_shown(self)
        data, metadata = bundle
        data["text/plain"] = f"{type(self).__name__}: {self.title}"
        data["text/html"] = self.static_html()
        return data, metadata
