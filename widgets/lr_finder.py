"""LRFinder: a training whose learning rate rises, where to stop on it, and what whole runs made of such rates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import OPTIMIZERS, RateCurve, RateTable, RateTrial
from widgets.assets import script, style
from widgets.bars import display_name
from widgets.base import Setting
from widgets.checks import flag, one_of, real, refuse_unknown, whole
from widgets.picture import Picture
from widgets.plot import Plot
from widgets.rate_plots import (
    MOST_PLACES,
    curve_plot,
    place_of,
    rate_at,
    rate_words,
    trial_plot,
    trial_rows,
)
from widgets.rate_words import advice_of, guess_of, other_of, seeds_of, seen_of, status_of, verdict_of
from widgets.requests import handles
from widgets.sketches import sentences_part, stacked
from widgets.static_parts import paragraph, table
from widgets.undo import ResetWidget

__all__ = ["LRFinder"]

_SAY = (
    "A fresh model trains while its learning rate rises from step to step. First predict: which rate would you "
    "train with? Move your line, then show what the test advises and what whole runs made of it."
)
_WIDTH = 720
_CHOICES = ("architecture", "optimizer", "corpus")


class LRFinder(ResetWidget):
    """Show a learning-rate range test, let the learner pick a rate, and compare it with the advice and whole runs.

    Args:
        table: a RateTable, for example what `lessons.rates.table.shipped_rates()` returns.
        live: a function of architecture, optimizer and `corpus=` (as the table has them) that returns a range test
            which runs beside the kernel, for example `lessons.rates.LiveFinder`; None hides the button.
        architecture: "lstm" or "transformer".
        optimizer: "adamw" or "sgd".
        corpus: one of the table's texts; None is the first.
        guess: the learner's rate, 1e-6 to 10,000.
        revealed: whether the advice and the whole runs are shown.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    All settings may be assigned later. `curve` is the RateCurve that is drawn in full, `trials` the whole runs,
    `live_curve` what was run here.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("svg", "plot", "choices", "lr_finder")
    _css = style("plot", "choices", "lr_finder", of="lr_finder")

    table = Setting()
    architecture = Setting()
    optimizer = Setting()
    corpus = Setting()
    guess = Setting()
    revealed = Setting()

    places = t.List([rate_words(rate_at(place)) for place in range(MOST_PLACES + 1)], read_only=True).tag(sync=True)
    _run: Any = None  # the test that was started here last
    _is_going = False  # whether more can be heard of it
    board = t.Dict(help="both charts, the table, sentences and controls as the page draws them").tag(sync=True)

    def __init__(
        self,
        table: RateTable,
        *,
        live: Callable[..., Any] | None = None,
        architecture: str = "lstm",
        optimizer: str = "adamw",
        corpus: str | None = None,
        guess: float = 1e-4,
        revealed: bool = False,
        title: str = "Which learning rate?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        if live is not None and not callable(live):
            raise InputError("live must be a function that returns a range test to start, or None.")
        self._live = live
        self._plots: list[Plot] = []
        self._lived: dict[tuple[str, str, str], RateCurve] = {}
        settings = {"architecture": architecture, "optimizer": optimizer, "corpus": corpus}
        start = {"table": table, "guess": guess, "revealed": revealed, **settings}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        if self._run is not None:
            self._run.close()
        self._live = self._run = None
        self._lived = {}

    # What Python offers.

    @property
    def curve(self) -> RateCurve:
        """The range test that is drawn in full."""
        found: RateCurve = self.table.of(self.architecture, self.corpus, self.optimizer)[0]
        return found

    @property
    def trials(self) -> tuple[RateTrial, ...]:
        """The whole runs of the same model, text and optimizer, by rising rate."""
        found: tuple[RateTrial, ...] = self.table.trials_of(self.architecture, self.corpus, self.optimizer)
        return found

    @property
    def live_curve(self) -> RateCurve | None:
        """What was run here with this model, text and optimizer; None if nothing was."""
        return self._lived.get((self.architecture, self.corpus, self.optimizer))

    def show(self) -> None:
        """Show the advice and the whole runs."""
        self.change(revealed=True)

    def run(self) -> None:
        """Start the range test in a process of its own; one that is going on goes on. `news` takes in what it did."""
        if self._live is None:
            raise InputError("This widget was made without a way to run; give it live=, such as LiveFinder.")
        with self._one_update():
            if not self._is_running():
                run = self._live(self.architecture, self.optimizer, corpus=self.corpus)
                run.start()  # the one before stays where this one cannot be made or started
                if self._run is not None:
                    self._run.close()
                self._run, self._is_going = run, True
            self.change()

    def news(self) -> None:
        """Take in what the test that is going on has done so far."""
        if self._run is not None:
            with self._one_update():
                self._is_going = self._is_running()  # asked first: one that has ended has said all that it will say
                curve = self._run.curve()
                if curve is not None:
                    self._lived[(curve.architecture, curve.corpus, curve.optimizer)] = curve
                self.change()

    def stop(self) -> None:
        """End the test that is going on; its curve so far stays."""
        with self._one_update():
            if self._run is not None:
                self._run.stop()
                self.news()

    def reset(self) -> None:
        """Go back to the settings that the widget was made with; what was run here is stopped and dropped."""
        with self._one_update():
            if self._run is not None:
                self._run.close()
            self._run, self._is_going, self._lived = None, False, {}
            super().reset()

    def _is_running(self) -> bool:
        return self._run is not None and self._run.state in ("starting", "running")

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        rates = wanted["table"]
        if not isinstance(rates, RateTable) or not rates.curves:
            raise InputError(
                "table must be a RateTable with at least one curve (what lessons.rates.table.shipped_rates() returns), "
                f"not {type(rates).__name__}."
            )
        offered = {name: list(dict.fromkeys(getattr(one, name) for one in rates.curves)) for name in _CHOICES}
        chosen = {name: wanted[name] for name in _CHOICES}
        if chosen["corpus"] is None:
            chosen["corpus"] = offered["corpus"][0]
        for name in _CHOICES:
            chosen[name] = one_of(chosen[name], name, offered[name])
        architecture, optimizer, corpus = (chosen[name] for name in _CHOICES)
        curves = rates.of(architecture, corpus, optimizer)
        if not curves or not curves[0].losses.size:
            raise InputError(f"The table has no range test of {architecture} with {optimizer} on {corpus}.")
        settings: dict[str, Any] = {
            "table": rates,
            **chosen,
            "guess": real(wanted["guess"], "guess", rate_at(0), rate_at(MOST_PLACES)),
            "revealed": flag(wanted["revealed"], "revealed"),
        }
        words: dict[str, Callable[[str], str]] = {
            "architecture": display_name,
            "optimizer": OPTIMIZERS.__getitem__,
            "corpus": str,
        }
        choices = {name: [[one, words[name](one)] for one in offered[name]] for name in _CHOICES}
        return parts | settings | {"board": {"choices": choices, "chosen": chosen} | self._drawn(settings)}

    def _drawn(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the charts and the sentences for checked settings."""
        key = settings["architecture"], settings["corpus"], settings["optimizer"]
        rates, guess, revealed = settings["table"], settings["guess"], settings["revealed"]
        curves, trials, live = rates.of(*key), rates.trials_of(*key), self._lived.get(key)
        first, floor = curves[0], rates.floors.get(settings["corpus"])
        others = [one for other in OPTIMIZERS if other != key[2] for one in rates.of(*key[:2], other)]
        self._plots = [curve_plot(curves, others, guess, revealed, live)]
        if revealed and trials:
            self._plots.append(trial_plot(trials, floor, guess))
        said = [seen_of(first)]
        if revealed:
            said += [advice_of(first)]
            said += (
                [guess_of(guess, trials), verdict_of(trials)] if trials else ["No whole runs of this text are here."]
            )
        facts = [other_of(first, others), seeds_of(curves)] if revealed else []
        facts.append(
            "The lines are means of the losses so far, each step counting for a fifth and what lies before fading; "
            f"gradients are clipped at norm {first.clip:g}. {first.corpus}; trained with seed {first.seed}; "
            f"{rates.source}."
        )
        if revealed and trials:
            one = trials[0]
            facts.append(
                f"Each whole run: {one.n_steps} steps of the class preset, whose rate rises to the highest and falls "
                f"to zero; seed {one.seed}; perplexity of {one.n_valid_tokens:,} validation tokens."
            )
        return {
            "plot": self._plots[0].page(),
            "trials": self._plots[1].page() if self._plots[1:] else None,
            "rows": trial_rows(trials) if revealed else [],
            "place": round(place_of(guess)),
            "revealed": revealed,
            "said": said,
            "facts": [fact for fact in facts if fact],
            "can_run": self._live is not None,
            "running": self._is_going,
            "run": "Stop" if self._is_going else f"Run it here, on {settings['corpus']}",
            "status": status_of(self._run, live, first),
            "spoken": " ".join(said if revealed else [f"Your rate: {rate_words(guess)}."]),
        }

    # What the page asks.

    @handles("choose", name=(str,), value=(str,))
    def _choose(self, name: str, value: str) -> None:
        self.change(**{one_of(name, "the choice", _CHOICES): value})

    @handles("guess", place=(int,))
    def _guess(self, place: int) -> None:
        self.change(guess=rate_at(whole(place, "place", 0, MOST_PLACES)))

    @handles("show")
    def _show(self) -> None:
        self.change(revealed=not self.revealed)

    @handles("run")
    def _begin(self) -> None:
        self.run()

    @handles("news")
    def _news(self) -> None:
        self.news()

    @handles("stop")
    def _stop(self) -> None:
        self.stop()

    # On paper.

    def picture(self) -> Picture:
        """Return the charts as they are on the page."""
        parts = [plot.part(_WIDTH) for plot in self._plots]
        parts.append(sentences_part(self.board["said"], _WIDTH))
        return stacked(self.title, self.board["spoken"], _WIDTH, parts)

    def _static(self) -> list[str]:
        rows = [table(self.board["rows"], ["the rate is", "rate", "perplexity"])] if self.board["rows"] else []
        return [*rows, *map(paragraph, self.board["facts"])]
