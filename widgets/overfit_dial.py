"""OverfitDial: the same training with more and less text, more and less dropout."""

from __future__ import annotations

from typing import Any

import traitlets as t

from lessons.errors import InputError
from lessons.records import OverfitGrid, OverfitRun
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, refuse_unknown
from widgets.overfit_view import SHOWS, cells_of, chart_of, facts_of, part_of_text, value_of
from widgets.picture import Picture
from widgets.requests import handles
from widgets.sketches import sentences_part, stacked
from widgets.static_parts import paragraph, table
from widgets.undo import ResetWidget
from widgets.words import count

__all__ = ["OverfitDial"]

_SAY = (
    "The same small model, the same number of steps. How much text does it read, and how much dropout does it get? "
    "Turn both, and watch the text that it reads (solid) and text that it has never seen (dashed)."
)


class OverfitDial(ResetWidget):
    """Show how a training overfits: its curves on the text that it reads and on other text, and a map of all of them.

    Args:
        grid: an OverfitGrid, for example what `lessons.curves.shipped_overfit()` returns.
        fraction: the part of the text that is read, one of the grid's; None for the smallest.
        dropout: one of the grid's; None for the lowest.
        shows: what the map shows, validation perplexity at the "end" or at the "best" step.
        title, say, presenting: see `GlassboxWidget`.

    `runs` are the trainings that are on the screen, one for each seed; the curves with marks are those of the first.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("svg", "plot", "grid", "radios", "overfit_dial")
    _css = style("plot", "overfit_dial", of="overfit_dial")

    grid = Setting()
    fraction = Setting()
    dropout = Setting()
    shows = Setting()

    board = t.Dict(help="curves, map, sentences and controls as the page draws them").tag(sync=True)

    def __init__(
        self,
        grid: OverfitGrid,
        *,
        fraction: float | None = None,
        dropout: float | None = None,
        shows: str = "end",
        title: str = "When does it learn by heart?",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        start = {"grid": grid, "fraction": fraction, "dropout": dropout, "shows": shows}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    # What is on the screen, as numbers.

    @property
    def runs(self) -> tuple[OverfitRun, ...]:
        """The trainings whose curves are drawn, one for each seed."""
        grid: OverfitGrid = self.grid
        return grid.of(self.fraction, self.dropout)

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        grid = wanted["grid"]
        if not isinstance(grid, OverfitGrid):
            raise InputError(
                "grid must be an OverfitGrid (what lessons.curves.shipped_overfit() returns), not "
                f"{type(grid).__name__:.40}."
            )
        settings: dict[str, Any] = {
            "grid": grid,
            "fraction": _one_of_its(grid.fractions, wanted, "fraction", changed),
            "dropout": _one_of_its(grid.dropouts, wanted, "dropout", changed),
            "shows": one_of(wanted["shows"], "shows", SHOWS),
        }
        runs = grid.of(settings["fraction"], settings["dropout"])
        run = runs[0]
        read = "once" if round(run.epochs) <= 1 else f"{count(round(run.epochs))} times"
        facts = facts_of(grid, runs)
        about = (
            f"{count(run.n_tokens)} tokens, read {read if run.epochs >= 0.95 else 'in part'}; dropout {run.dropout:g}"
        )
        board = {
            "chart": chart_of(grid, runs).page(),
            "cells": cells_of(grid, settings["shows"]),
            "fractions": [part_of_text(one) for one in grid.fractions],
            "dropouts": [f"{one:g}" for one in grid.dropouts],
            "at": [grid.fractions.index(run.fraction), grid.dropouts.index(run.dropout)],
            "shows": settings["shows"],
            "views": [[name, words] for name, words in SHOWS.items()],
            "facts": facts,
            "about": about,
            "spoken": f"{about}. {' '.join(facts)}",
            "source": _source_of(grid, run),
        }
        return parts | settings | {"board": board}

    # What the page asks.

    @handles("turn", fraction=(int,), dropout=(int,))
    def _turn(self, fraction: int, dropout: int) -> None:
        grid = self.grid
        if not (0 <= fraction < len(grid.fractions) and 0 <= dropout < len(grid.dropouts)):
            raise InputError("There is no such place in the map; please choose another one.")
        self.change(fraction=grid.fractions[fraction], dropout=grid.dropouts[dropout])

    @handles("show", shows=(str,))
    def _show(self, shows: str) -> None:
        self.shows = shows

    # On paper.

    def picture(self) -> Picture:
        """Return the curves with what they say."""
        parts = [chart_of(self.grid, self.runs).part(720), sentences_part(self.board["facts"], 720)]
        return stacked(f"{self.title} {self.board['about']}", self.board["spoken"], 720, parts)

    def _static(self) -> list[str]:
        board = self.board
        rows = [
            [name, *(cell["text"] for cell in row)]
            for name, row in zip(board["fractions"], board["cells"], strict=True)
        ]
        caption = f"validation perplexity {SHOWS[self.shows]}: part of the text (down), dropout (across)"
        return [table(rows, ["", *board["dropouts"]], caption), paragraph(board["source"])]

    @property
    def perplexities(self) -> dict[tuple[float, float], float]:
        """The numbers of the map: validation perplexity by fraction and dropout, the mean over the seeds."""
        grid: OverfitGrid = self.grid
        return {
            (fraction, dropout): float(value_of(grid.of(fraction, dropout), self.shows).mean())
            for fraction in grid.fractions
            for dropout in grid.dropouts
        }


def _source_of(grid: OverfitGrid, run: OverfitRun) -> str:
    """Return what was trained and how the numbers are drawn. Args: run, whose curves have marks."""
    several = len(grid.seeds) > 1
    is_whole = run.n_tokens <= grid.n_valid_tokens
    heard = f"all its {count(run.n_tokens)}" if is_whole else f"its first {count(grid.n_valid_tokens)}"
    return (
        f"{grid.corpus}: {grid.recipe}; {count(grid.n_valid_tokens)} validation tokens, PyTorch {grid.torch}, "
        f"{grid.source}. The perplexity on the text that it reads is that of {heard} tokens, with dropout off. "
        f"The map has the mean over {len(grid.seeds)} {'seeds' if several else 'seed'}; the stronger "
        f"the tint, the worse, on a logarithmic scale that begins at the floor. Curves with marks: seed {run.seed}"
        f"{'; faint: the other seeds' if several else ''}."
    )


def _one_of_its(has: tuple[float, ...], wanted: dict[str, Any], name: str, changed: Any) -> float:
    """Return a setting that the grid has; a value that was not asked for now gives way to the grid's first."""
    value = wanted[name]
    if value is None or (value not in has and name not in changed):
        return has[0]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value not in has:
        raise InputError(f"{name} is {value!r:.40}; the grid has {', '.join(f'{one:g}' for one in has)}.")
    return has[has.index(value)]
