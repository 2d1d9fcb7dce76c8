"""SamplingBench: from a distribution to a word, with every step between them in sight."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import traitlets as t

from lessons.errors import InputError
from lessons.records import Distribution, TokenizedText
from widgets.assets import script, style
from widgets.bars import static_panel
from widgets.base import Setting
from widgets.checks import real, refuse_unknown, whole
from widgets.draws import Distributions, Draws, Steps, counted_numbers, longer
from widgets.picture import Picture
from widgets.reading import Reading, check_models, hues_of, names_of
from widgets.requests import handles
from widgets.sampling_paper import panels_part, static_text, way_part
from widgets.sampling_view import board_of
from widgets.sketches import stacked
from widgets.undo import UndoWidget

__all__ = ["SamplingBench"]

MOST_WRITTEN = 200
MOST_COUNTED = 10_000
TOP_KS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_SAY = (
    "Shape the distribution with the sliders, then draw: a random number u falls into one word's interval, "
    "and that word joins the text. The models draw with the same numbers, each from its own distribution."
)


class SamplingBench(UndoWidget):
    """Draw words from the whole vocabulary's distribution of one or more models, and see how it is done.

    The k-th word of each model is drawn with the k-th random number of the seed. So, as long as nothing but Draw was
    pressed, `texts` is what `model.generate(text, n, temperature, top_k, top_p, seed)` writes.

    Args:
        models: what `load_model` returns, one to four of them.
        text: what the models go on from.
        temperature: 0.1 to 3; the logits are divided by it. 1 is the model as trained.
        top_k: only so many of the most probable words stay, None for all.
        top_p: only the smallest set of words that has this probability stays, 0.01 to 1, None for all.
        seed: of the random numbers.
        title: heading of the card.
        say: one sentence under it.
        presenting: large type, for a projector.

    Each of these but the models may be assigned later. `plain` and `shaped` have the distributions on the screen,
    `drawn` what was drawn, `texts` what was written, `counts` the draws that were only counted; `undo` takes back the
    last change of the text, the seed or what was drawn.

    Raises:
        InputError: a value cannot be used; what was shown before stays.
    """

    _esm = script("text_field", "sampling_bench")
    _css = style("text_field", "bars", "sampling_bench", of="sampling_bench")

    text = Setting()
    temperature = Setting()
    top_k = Setting()
    top_p = Setting()
    seed = Setting()

    board = t.Dict(help="the place, and each model's text, bars and intervals as the page draws them").tag(sync=True)
    controls = t.Dict(help="the state of the controls").tag(sync=True)

    def __init__(
        self,
        *models: Any,
        text: str = "The king was crowned in",
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
        title: str = "From a distribution to a word",
        say: str = _SAY,
        presenting: bool = False,
        **unknown: object,
    ) -> None:
        refuse_unknown(type(self), unknown)
        self.models = check_models(models, "distribution")
        self._names, self._hues = names_of(self.models), hues_of(self.models)
        self._most = max(int(getattr(model, "vocab_size", 1)) for model in self.models)
        self._reading: Reading | None = None
        self._asked = Distributions(self.models)
        self._empty = Draws(tuple(() for _ in self.models))
        self._draws, self._wish, self._remember = self._empty, self._empty, True
        self._plain: tuple[Distribution, ...] = ()
        start = {"text": text, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        super().__init__(title=title, say=say, presenting=presenting, **start)

    def _let_go(self) -> None:
        self.models, self._asked, self._reading, self._plain = (), Distributions(()), None, ()
        self._draws = self._wish = Draws(())

    # What Python offers.

    @property
    def drawn(self) -> tuple[Steps, ...]:
        """For each model the tokens that were drawn, with the number, the interval and the probabilities of each."""
        return self._draws.drawn

    @property
    def texts(self) -> tuple[TokenizedText, ...]:
        """For each model the text with what was drawn behind it."""
        read = self._reading.texts if self._reading else ()
        return tuple(longer(text, steps) for text, steps in zip(read, self._draws.drawn, strict=True))

    @property
    def plain(self) -> tuple[Distribution, ...]:
        """For each model its distribution at the place on the screen, as trained."""
        return self._plain

    @property
    def shaped(self) -> tuple[Distribution, ...]:
        """For each model what temperature, top-k and top-p leave of it."""
        return tuple(plain.shaped(self.temperature, self.top_k, self.top_p) for plain in self._plain)

    @property
    def counts(self) -> tuple[np.ndarray, ...]:
        """For each model (n,) how often each token of `shaped` came in the draws that were counted only."""
        numbers = counted_numbers(self.seed, self._draws.place, self._draws.counted)
        return tuple(shaped.count_draws(numbers) for shaped in self.shaped)

    def draw(self, n: int = 1) -> None:
        """Draw n words, which join the text, each with the seed's next number."""
        n = whole(n, "n", 1, MOST_WRITTEN)
        with self._one_update():
            for i in range(n):
                self._draw_one(more=i > 0)

    def step_back(self) -> None:
        """Take the last drawn word away; the next draw uses the same number again. Nothing happens if there is none."""
        with self._one_update():
            if len(self._draws):
                self._go(Draws(tuple(steps[:-1] for steps in self._draws.drawn)))

    def repeat(self) -> None:
        """Draw as many words once more, with the same numbers from the first, and with the sliders as they stand."""
        with self._one_update():
            n = len(self._draws)
            self._start_again()
            for _ in range(n):
                self._draw_one(more=True)

    def count_draws(self, n: int = 100) -> None:
        """Draw n times more at the place on the screen and only count what comes; no word joins the text.

        The numbers come from a stream of their own: `np.random.Generator(np.random.PCG64([seed, place]))`, where place
        is the number of drawn words before it.
        """
        n = whole(n, "n", 1, MOST_COUNTED)
        with self._one_update():
            counted = min(MOST_COUNTED, self._draws.counted + n)
            self._go(replace(self._draws, counted=counted), remember=False)

    def new_seed(self) -> None:
        """Take the next seed and begin at the text again."""
        with self._one_update():
            self.change(seed=(self.seed + 1) % 2**32)

    def reset(self) -> None:
        """Go back to the text and the settings that the widget was made with; nothing is drawn."""
        with self._one_update():
            self._go(self._empty, **self._start)

    def _draw_one(self, more: bool) -> None:
        """Draw a word for each model; `more` says that it belongs to the draw before and is undone with it."""
        self._check_open()
        if len(self._draws) >= MOST_WRITTEN:
            raise InputError(f"{MOST_WRITTEN} words have been drawn, and no more fit; step back, repeat or reset.")
        texts = self._reading.texts if self._reading else ()
        shape = {"temperature": self.temperature, "top_k": self.top_k, "top_p": self.top_p}
        plain = self._asked.after(texts, self._draws.drawn)
        self._go(self._draws.next(plain, self.seed, shape, more), remember=not more)

    def _start_again(self) -> None:
        self._go(replace(self._empty, again=self._draws.tokens))

    def _go(self, draws: Draws, remember: bool = True, **settings: Any) -> None:
        """Show other draws; if a model fails, what was shown before stays."""
        self._wish, self._remember = draws, remember
        try:
            self.change(**settings)
        finally:
            self._wish, self._remember = self._draws, True

    def _go_back(self, before: dict[str, Any]) -> None:
        self._go(**before)

    # What follows from the settings.

    def _work_out(self, wanted: dict[str, Any], changed: Any) -> dict[str, Any]:
        parts = super()._work_out(wanted, changed)
        shape: dict[str, Any] = {
            "temperature": real(wanted["temperature"], "temperature", 0.1, 3.0),
            "top_k": None if wanted["top_k"] is None else whole(wanted["top_k"], "top_k", 1, self._most),
            "top_p": None if wanted["top_p"] is None else real(wanted["top_p"], "top_p", 0.01, 1.0),
        }
        seed = whole(wanted["seed"], "seed", 0, 2**32 - 1)
        old, draws = self._reading, self._wish
        is_new = old is None or ("text" in changed and wanted["text"] != self.text)
        reading = Reading.of(self.models, wanted["text"]) if is_new or old is None else old
        if draws is self._draws:  # nobody asked for other ones
            if is_new or seed != self.seed:
                draws = self._empty
            elif any(shape[name] != getattr(self, name) for name in shape):  # the sliders are for the next word
                draws = Draws(draws.drawn, again=draws.again)
        plain = self._asked.after(reading.texts, tuple(steps[: draws.place] for steps in draws.drawn))
        numbers = counted_numbers(seed, draws.place, draws.counted)
        typed = [text.typed for text in reading.texts]
        board = board_of(plain, shape, self._names, self._hues, typed, draws, numbers, seed)
        # Nothing below can fail: from here on the new state is the good one.
        if old is not None and self._remember and (is_new or seed != self.seed or draws.drawn != self._draws.drawn):
            self._keep_for_undo({"text": self.text, "seed": self.seed, "draws": self._draws})
        self._reading, self._plain, self._draws, self._wish = reading, plain, draws, draws
        controls: dict[str, Any] = shape | {"text": reading.text, "seed": seed, "undo": bool(self._past)}
        controls |= {"drawn": len(draws), "again": len(draws.again[0]) if draws.again else 0}
        controls["top_ks"] = [k for k in TOP_KS if k < self._most]
        settings = {"text": reading.text, "seed": seed, **shape}
        return parts | settings | {"board": board, "controls": controls, "note": " ".join(reading.notes)}

    # What the page asks.

    @handles("read", text=(str,))
    def _read(self, text: str) -> None:
        self.change(text=text)

    @handles("set", temperature=(int, float), top_k=(int, type(None)), top_p=(int, float, type(None)))
    def _set(self, temperature: float, top_k: int | None, top_p: float | None) -> None:
        self.change(temperature=temperature, top_k=top_k, top_p=top_p)

    @handles("draw", more=(bool,))
    def _draw(self, more: bool) -> None:
        self._draw_one(more and bool(len(self._draws) or self._draws.again))

    @handles("back")
    def _back(self) -> None:
        self.step_back()

    @handles("again")
    def _again(self) -> None:
        self._start_again()

    @handles("count")
    def _count(self) -> None:
        self.count_draws()

    @handles("new")
    def _new(self) -> None:
        self.new_seed()

    def picture(self) -> Picture:
        """Return all models' texts, bars and ways from 0 to 1 as a picture."""
        panels = self.board["panels"]
        parts = [panels_part(panels, self.board["legend"], 860), way_part(panels, 860)]
        return stacked("".join(self.board["heading"]), self.board["spoken"], 860, parts)

    def _static(self) -> list[str]:
        panels = self.board["panels"]
        return [*map(static_text, panels), *(static_panel(panel, self.board["legend"]) for panel in panels)]
