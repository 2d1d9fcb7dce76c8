"""LimeLab: the texts that LIME asks about, the line through the answers, and what another seed makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets as t

from lessons.records import LocalFit
from widgets.assets import script, style
from widgets.base import Setting
from widgets.checks import one_of, real, refuse_unknown, whole
from widgets.lime_board import board_of
from widgets.lime_paper import chart_part
from widgets.lime_seeds import MOST_SEEDS
from widgets.lime_view import SORTS, dots_of, order_of, stops_of, sum_told
from widgets.picture import Picture
from widgets.requests import handles
from widgets.signed_rows import signed_part
from widgets.sketches import stacked
from widgets.static_parts import paragraph, table
from widgets.why import Why
from widgets.why_widget import WhyWidget
from widgets.words import count

__all__ = ["LimeLab"]

SAMPLES = (16, 32, 64, 128, 256, 512, 1024)
WIDTHS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 2.0)
PAGE, LONG_PAGE, LONG = 12, 6, 24  # texts that are listed at a time, fewer where they have more words than that
_CHOOSE = "Choose a text, here or as a dot, to see how the line comes to its number."
_SAY = (
    "LIME reads many texts that lack some of the words, and draws a straight line through the model's numbers. "
    "The slope of a word is its score. Other texts, or another kernel width, make another line."
)


class LimeLab(WhyWidget):
    """Show the texts that LIME draws, the model's answers, the straight line through them, and other seeds' lines.

    Args:
        models, text, position, target, explains, against, baseline, asked: the question, see `WhyWidget`.
        n_samples: how many texts are drawn, 16 to 1,024.
        kernel_width: how slowly a text's weight falls with the number of words that it lacks, 0.05 to 2.
        seed: of the drawing.
        sort: in which order the texts are listed, one of "drawn", "weight", "model" and "misfit".
        picked: number of the text, counted from 0, whose sum is told; None for none.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    Each of these but the models may be assigned later. `fit` has all that is on the screen: what
    `model.local_fit` returns; `runs` the same for each seed that was tried. `undo` takes back the last change of the
    question or of the seed.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "tokens", "question", "svg", "signed_rows", "lime_lab")
    _css = style("text_field", "tokens", "question", "signed_rows", "lime_lab", of="lime_lab")
    _needs = ("local_fit",)

    n_samples = Setting()
    kernel_width = Setting()
    seed = Setting()
    sort = Setting()
    picked = Setting()

    board = t.Dict(help="slopes, scatter, texts, sentences and controls as the page draws them").tag(sync=True)
    dots: t.List[float] = t.List(help="for each text its dot: across, down, radius").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The king was crowned in the old town",
        position: int = -1,
        target: str | None = None,
        explains: str = "log_probability",
        against: str | None = None,
        baseline: str = "unk",
        asked: str | None = None,
        n_samples: int = 64,
        kernel_width: float = 0.25,
        seed: int = 0,
        sort: str = "drawn",
        picked: int | None = None,
        title: str = "A straight line around one text",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self._fit: LocalFit | None = None
        self._runs: tuple[LocalFit, ...] = ()
        self._runs_are_of: Any = None  # the question and the settings that they answer
        self._left = 0  # seeds still to be tried
        self._page = 0
        self._told = ""
        start: dict[str, Any] = {"text": text, "position": position, "target": target, "explains": explains}
        start |= {"against": against, "baseline": baseline, "asked": asked, "n_samples": n_samples}
        start |= {"kernel_width": kernel_width, "seed": seed, "sort": sort, "picked": picked}
        super().__init__(*models, title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        super()._let_go()
        self._fit, self._runs, self._runs_are_of = None, (), None

    # What Python offers.

    @property
    def fit(self) -> LocalFit | None:
        """The texts, the model's answers and the line that are on the screen."""
        return self._fit

    @property
    def runs(self) -> tuple[LocalFit, ...]:
        """What was found with each seed that was tried, in the order of the seeds."""
        return self._runs

    def new_seed(self) -> None:
        """Draw other texts: take the next seed."""
        self.change(seed=(self.seed + 1) % 2**32)

    def repeat(self) -> None:
        """Ask the model about the same texts once more, and say whether the answer is the same."""
        with self._one_update():
            self._check_open()
            before, why = self._fit, self._why
            if before is None or why is None:
                return
            again = self._fit_of(why, self.n_samples, self.kernel_width, self.seed)
            same = all(
                np.array_equal(getattr(before, name), getattr(again, name))
                for name in ("present", "values", "weights", "fitted")
            )
            told = "the same texts, numbers and slopes, to the last digit" if same else "something differs"
            self._told = f"Asked again with seed {self.seed}: {told}."
            self.change()

    def run_seeds(self) -> None:
        """Try ten seeds, the present one first, all at once; on the page the same goes on in small parts."""
        self._begin()
        while self._left:
            self._go_on()

    def reset(self) -> None:
        """Go back to the question and the settings that the widget was made with; the other seeds are forgotten."""
        with self._one_update():
            self._runs, self._left, self._page = (), 0, 0
            super().reset()

    def _begin(self) -> None:
        with self._one_update():
            self._check_open()
            self._runs, self._left = (), MOST_SEEDS
            self._runs_are_of = self._asked_for(self.n_samples, self.kernel_width)
            self._go_on()

    def _go_on(self) -> None:
        """Try the next seed; one that the model refuses ends the row."""
        with self._one_update():
            why = self._why
            if not self._left or why is None:
                return
            seed = (self.seed + MOST_SEEDS - self._left) % 2**32
            n_samples, width = self.n_samples, self.kernel_width
            try:
                run = self._ask(why, (n_samples, width, seed), lambda: self._fit_of(why, n_samples, width, seed))
            except Exception:
                self._left = 0
                raise
            self._runs, self._left = (*self._runs, run), self._left - 1
            self.change()

    def _asked_for(self, n_samples: int, width: float) -> Any:
        return None if self._why is None else (self._why.key, n_samples, width)

    @staticmethod
    def _fit_of(why: Why, n_samples: int, width: float, seed: int) -> LocalFit:
        settings = {"n_samples": n_samples, "kernel_width": width, "seed": seed, "baseline": why.baseline}
        fit: LocalFit = why.model.local_fit(why.text, **settings, **why.options)
        return fit

    # What follows from the settings.

    def _answer_to(self, why: Why, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        n_samples = whole(wanted["n_samples"], "n_samples", SAMPLES[0], SAMPLES[-1])
        width = real(wanted["kernel_width"], "kernel_width", WIDTHS[0], WIDTHS[-1])
        seed = whole(wanted["seed"], "seed", 0, 2**32 - 1)
        sort = one_of(wanted["sort"], "sort", SORTS)
        fit = self._ask(why, (n_samples, width, seed), lambda: self._fit_of(why, n_samples, width, seed))
        is_new = fit is not self._fit
        picked = wanted["picked"]
        if is_new and "picked" not in changed:
            picked = None
        if picked is not None:
            picked = whole(picked, "picked", 0, n_samples - 1)
        order, size = order_of(fit, sort), _page_size(why.n_words)
        page = 0 if is_new or sort != self.sort else self._page
        if picked is not None and ("picked" in changed or "sort" in changed):
            page = int(np.flatnonzero(order == picked)[0]) // size
        runs_hold = self._runs_are_of == (why.key, n_samples, width)
        runs = self._runs if runs_hold else ()
        left = self._left if runs_hold and seed == self.seed else 0
        hue = self._hues[self._names.index(why.name)]
        board = board_of(fit, why, hue, runs, order[page * size : (page + 1) * size].tolist()) | {
            "listed": f"texts {page * size + 1} to {min(n_samples, (page + 1) * size)} of {count(n_samples)}",
            "sum": _CHOOSE if picked is None else sum_told(fit, picked, why),
            "picked": picked,
            "left": left,
            "seed": seed,
            "sort": sort,
            "sorts": [[name, words] for name, words in SORTS.items()],
            "told": self._told,
            "stops": {"n_samples": stops_of(SAMPLES, n_samples), "kernel_width": stops_of(WIDTHS, width)},
            "n_samples": n_samples,
            "kernel_width": width,
        }
        # Nothing below can fail.
        if self._fit is not None and why is self._why and seed != self.seed:
            self._keep_for_undo({"seed": self.seed})
        self._fit, self._runs, self._left, self._page, self._told = fit, runs, left, page, ""
        settings = {"n_samples": n_samples, "kernel_width": width, "seed": seed, "sort": sort, "picked": picked}
        return settings | {"board": board, "dots": dots_of(fit)}

    # What the page asks.

    @handles("n_samples", value=(int,))
    def _on_samples(self, value: int) -> None:
        self.change(n_samples=value)

    @handles("kernel_width", value=(int, float))
    def _on_width(self, value: float) -> None:
        self.change(kernel_width=value)

    @handles("sort", by=(str,))
    def _on_sort(self, by: str) -> None:
        self.change(sort=by)

    @handles("page", by=(int,))
    def _on_page(self, by: int) -> None:
        n_pages = -(-self.n_samples // _page_size(len(self.board["words"])))
        self._page = (self._page + whole(by, "by", -1, 1)) % n_pages  # the last leads to the first
        self.change()

    @handles("pick", sample=(int,))
    def _on_pick(self, sample: int) -> None:
        self.change(picked=sample)

    @handles("new")
    def _on_new(self) -> None:
        self.new_seed()

    @handles("again")
    def _on_again(self) -> None:
        self.repeat()

    @handles("seeds")
    def _on_seeds(self) -> None:
        self._begin()

    @handles("go_on")
    def _on_go_on(self) -> None:
        self._go_on()

    @handles("stop")
    def _on_stop(self) -> None:
        self._left = 0
        self.change()

    # On paper.

    def picture(self) -> Picture:
        """Return the slopes and the scatter."""
        parts = [signed_part(self.board["slopes"], 420), chart_part(self.board, self.dots)]
        return stacked("".join(self.question["heading"]), self.board["spoken"], 460, parts)

    def _static(self) -> list[str]:
        board = self.board
        words = board["words"]
        texts = []
        for row in board["texts"]:
            there = " ".join(word for word, bit in zip(words, row["there"], strict=True) if bit == "1")
            texts.append([row["name"], there or "(none)", *row["cells"]])
        slopes = [[row["word"], *row["cells"]] for row in board["slopes"]["rows"]]
        return [
            paragraph("".join(self.question["heading"])),
            table(slopes, board["slopes"]["head"]),
            *map(paragraph, ("".join(board["fit"]), *board["facts"], *board["seeds"])),
            table(texts, board["head"], f"{board['listed']}, {SORTS[self.sort]}; seed {self.seed}"),
        ]


def _page_size(n_words: int) -> int:
    return PAGE if n_words <= LONG else LONG_PAGE
