"""What a TrainingSlider shows of its recordings at one step: charts, words, lines, tables and maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.records import GATES, RecordedCheckpoint
from widgets.plot import Plot
from widgets.recording_changes import changed, grown, head_line, saturated_in_words
from widgets.recording_charts import counted_for, growth_chart, perplexity_chart, word_chart
from widgets.recording_maps import cells_of, large_of, line_inside
from widgets.recording_source import SCORES, Recorded, place_of, steps_of, surprise_scale, when
from widgets.token_line import line_of
from widgets.words import count, number, show

__all__ = ["LOOKS", "State"]

#: What can be looked at.
LOOKS = {
    "writes": "what it writes",
    "surprise": "what surprises it",
    "neighbours": "neighbours",
    "inside": "attention, gates",
    "growth": "over time",
}


@dataclass(frozen=True, eq=False)
class State:
    """All that the page shows follows from this.

    Attributes:
        recorded: one or two recordings.
        step: where the slider stands.
        against: "before", "first", or a step.
        look: one of `LOOKS`.
        asked: index of the recording whose inside is shown.
        word: place among its words.
        selected: place of a word in the sentence, without the `<eos>`.
        chosen: layer, and head or gate.
        score: one of its scores.
    """

    recorded: tuple[Recorded, ...]
    step: int
    against: str | int
    look: str
    asked: int
    word: int
    selected: int
    chosen: tuple[int, int]
    score: str

    @property
    def one(self) -> Recorded:
        """The recording that is asked."""
        return self.recorded[self.asked]

    def now(self, one: Recorded) -> RecordedCheckpoint:
        """Return the checkpoint that is shown: the last one up to the step."""
        return one.recording.at(self.step)

    def then(self, one: Recorded) -> RecordedCheckpoint:
        """Return the checkpoint that is compared with."""
        if self.against == "before":
            return one.before(self.now(one))
        return one.recording.checkpoints[0] if self.against == "first" else one.recording.at(int(self.against))

    def charts(self) -> list[tuple[Plot, str]]:
        """Return the charts with their names: perplexity, and what belongs to what is looked at."""
        other = self.then(self.one).step
        charts = [(perplexity_chart(self.recorded, self.step, other), "perplexity over the training")]
        if self.look == "growth":
            chart = growth_chart(self.one, self.score, self.chosen, self.now(self.one).step, other)
            charts.append((chart, f"{SCORES[self.score]} over the training"))
        if self.look == "surprise":
            chart = word_chart(self.recorded, self.selected, surprise_scale(self.recorded), self.step, other)
            charts.append((chart, "surprisal of the chosen word over the training"))
        return charts

    def board(self) -> dict[str, Any]:
        """Return all but the maps."""
        steps = steps_of(self.recorded)
        heads = [head_line(one, self.now(one)) for one in self.recorded]
        shown = self.recorded if self.look in ("writes", "surprise", "neighbours") else (self.one,)
        place = self.selected + (self.look == "inside")
        apart = counted_for(self.recorded).said
        told = [changed(self.look, one, self.now(one), self.then(one), self.word, self.chosen) for one in shown]
        board: dict[str, Any] = {
            "at": steps.index(self.step),
            "stops": [f"step {count(step)}" for step in steps],
            "places": [place_of(step) for step in steps],
            "looks": [[name, self._called(name)] for name in LOOKS],
            "look": self.look,
            "fields": self._fields(),
            "heads": heads,
            "told": told,
            "charts": [[chart.page(), name] for chart, name in self.charts()],
            "selected": place,
            "spoken": " ".join("".join(said) for said in (*heads, *told) if said),
        }
        shows: dict[str, Callable[[], dict[str, Any]]] = {
            "writes": self._writes,
            "surprise": self._surprise,
            "neighbours": self._neighbours,
            "inside": self._inside,
            "growth": self._growth,
        }
        shown_below = shows[self.look]()
        hints = [*([apart] if apart else []), *shown_below["hints"]]
        return board | shown_below | {"hints": hints}

    def _called(self, look: str) -> str:
        kinds = {one.has_heads for one in self.recorded}
        if look in ("inside", "growth") and len(kinds) == 1:
            what = {"inside": ("gates", "attention maps"), "growth": ("gates over time", "heads over time")}
            return what[look][kinds.pop()]
        return LOOKS[look]

    def _fields(self) -> list[dict[str, Any]]:
        """Return the choices above what is shown: name, label, value and options."""
        steps = {str(at.step): when(at) for at in self.one.recording.checkpoints}
        pinned = {"before": "the checkpoint before", "first": "the first one"} | steps
        against = self.against if isinstance(self.against, str) else str(self.then(self.one).step)
        fields = [_field("against", "Compare with", against, pinned)]
        if self.look == "neighbours":
            words = {str(i): show(word) for i, word in enumerate(self.one.recording.words)}
            fields.append(_field("word", "Neighbours of", str(self.word), words))
        if self.look in ("inside", "growth") and len(self.recorded) > 1:
            names = {str(i): one.name for i, one in enumerate(self.recorded)}
            fields.append(_field("asked", "Inside", str(self.asked), names))
        if self.look == "growth":
            fields.append(_field("score", "Follow", self.score, {name: SCORES[name] for name in self.one.scores}))
        return fields

    def _named(self, one: Recorded, at: RecordedCheckpoint) -> str:
        return f"{one.name} after {when(at)}"

    def _writes(self) -> dict[str, Any]:
        texts = []
        for one in self.recorded:
            now, then = self.now(one), self.then(one)
            rows = []
            for i, prompt in enumerate(one.recording.prompts):
                for kind, words in (("its first choices", "greedy"), (f"drawn, seed {one.recording.seed}", "drawn")):
                    rows.append([kind, "", _said(prompt, getattr(now, words)[i])])
                    if then is not now:
                        rows.append([f"{when(then)}", "then", _said(prompt, getattr(then, words)[i])])
            texts.append({"name": self._named(one, now), "hue": one.hue, "rows": rows})
        hint = "Bold is what the model wrote: its first choices, one after the other, or words drawn at temperature 1."
        return {"texts": texts, "hints": [hint]}

    def _surprise(self) -> dict[str, Any]:
        scale = surprise_scale(self.recorded)
        lines = []
        for one in self.recorded:
            tokens, now = one.recording.run.tokens, self.now(one)
            line = line_of(tokens, tokens, now.surprisals.tolist(), unit="nats of surprisal", scale=scale)
            mean = f": {number(float(now.surprisals.mean()), 2)} nats a word on average"
            lines.append([["", self._named(one, now), mean], line | {"hue": one.hue}])
        return {"lines": lines, "hints": ["Click a word: the curve is its surprisal over the whole training."]}

    def _neighbours(self) -> dict[str, Any]:
        tables = []
        for one in self.recorded:
            now, then = self.now(one), self.then(one)
            columns = [now] if now is then else [now, then]
            known = set(then.neighbours[self.word].tolist()) if then is not now else set(now.neighbours[self.word])
            rows = []
            for i in range(now.neighbours.shape[1]):
                cells: list[tuple[str, str, float]] = []
                for at in columns:
                    token, cosine = str(at.neighbours[self.word, i]), float(at.cosines[self.word, i])
                    new = " (new)" if at is now and token not in known else ""
                    cells.append((f"{show(token)}{new}", number(cosine, 2), max(0.0, cosine)))
                rows.append(cells)
            heads = [when(at) for at in columns]
            tables.append({"name": self._named(one, now), "hue": one.hue, "heads": heads, "rows": rows})
        word, candidates = show(self.one.recording.words[self.word]), count(self.one.recording.n_candidates)
        hint = (
            f"The words whose embeddings point most nearly the same way as that of “{word}”, among the {candidates} "
            "most frequent ones; the number is the cosine, 1 for the same direction."
        )
        return {"tables": tables, "hints": [hint]}

    def _inside(self) -> dict[str, Any]:
        one, now = self.one, self.now(self.one)
        place = self.selected + 1
        line = line_inside(one, now, self.chosen, place)
        name = f"{self._named(one, now)}, {one.part(*self.chosen)}"
        word = show(one.recording.run.tokens[self.selected])
        said = ["", name, ": what ", word, " looks at"] if one.has_heads else ["", name, ": its mean at each word"]
        shown: dict[str, Any] = {"lines": [[said, line | {"hue": one.hue}]], **self._grid(None)}
        if one.has_heads:
            hint = "Each small map is a head: a row is the word that looks, a column the word it looks at. Click one."
            return shown | {"hints": [hint]}
        n_words = count(one.recording.n_tokens)
        hint = (
            "Each small picture is a gate: how its values are distributed, from 0 (left) to 1, the candidate from −1, "
            f"over {n_words} tokens; the height is the square root of the share, to the same scale at all steps. "
            "Click one."
        )
        heads = [f"layer {self.chosen[0] + 1}", "mean", "below 0.1 (candidate −0.9)", "above 0.9"]
        rows = [[[cell, "", 0] for cell in row] for row in saturated_in_words(now, self.chosen[0])]
        table = {"name": "", "hue": one.hue, "heads": heads, "rows": rows}
        return shown | {"hints": [hint], "tables": [table]}

    def _growth(self) -> dict[str, Any]:
        one = self.one
        lines = f"{one.recording.n_lines} lines, {count(one.recording.n_tokens)} tokens"
        hint = f"Means over {lines}, the same at every checkpoint. Click a cell to follow it."
        if one.has_heads:
            even = float(one.recording.even[list(one.scores).index(self.score)])
            hint += f" A head that looks at all words alike would have {100 * even:.0f} %."
        return {"hints": [hint], "told2": [grown(one, self.score, self.now(one))], **self._grid(self.score)}

    def _grid(self, score: str | None) -> dict[str, Any]:
        layers, parts = self.one.shape
        texts = cells_of(self.one, self.now(self.one), score)[1]
        names = [self.one.part(*divmod(i, parts)) for i in range(layers * parts)]
        said = [f"{name}, {text}" if text else name for name, text in zip(names, texts, strict=True)]
        cells = [list(cell) for cell in zip(said, texts, strict=True)]
        columns = [f"head {i + 1}" for i in range(parts)] if self.one.has_heads else list(GATES)
        place = self.chosen[0] * parts + self.chosen[1]
        return {"cells": cells, "columns": parts, "names": columns, "cell": place}

    def maps(self) -> tuple[bytes, dict[str, Any]]:
        """Return the small maps and the large one, and how to read them; nothing where no map is shown."""
        if self.look not in ("inside", "growth"):
            return b"", {}
        one, now = self.one, self.now(self.one)
        small = cells_of(one, now, self.score if self.look == "growth" else None)[0]
        grid = {"side": list(small.shape[2:])}
        if self.look == "growth":
            return small.tobytes(), {"grid": grid}
        large, look = large_of(one, now, self.chosen)
        return np.concatenate([small.ravel(), large.ravel()]).tobytes(), {"grid": grid, "large": look}


def _field(name: str, label: str, value: str, options: dict[str, str]) -> dict[str, Any]:
    choices = [{"value": one, "text": text} for one, text in options.items()]
    return {"name": name, "label": label, "value": value, "options": choices}


def _said(prompt: str, written: str) -> list[str]:
    """Return a prompt and, emphasised, what was written after it."""
    return [f"{prompt} ", " ↵ ".join(part.strip() for part in written.split("\n"))]
