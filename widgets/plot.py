"""A chart, laid out once in Python and drawn in two ways: by the page, and in the widget's picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from widgets.picture import Picture, tints
from widgets.sketches import MARGIN, Part, text_width
from widgets.words import number

__all__ = ["Plot", "decades_between", "ticks_between"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 16.0, 26.0, 40.0
_SAME = 1e-6  # numbers that differ by less are drawn as one
_SHAPES = ("circle", "square", "triangle")  # of the marks of the first, second and third curve
Points = Sequence[tuple[float, float]]


def _digits(ticks: Sequence[float | tuple[float, str]]) -> int:
    """Return how many decimals tell evenly spaced ticks apart."""
    first, second = (tick[0] if isinstance(tick, tuple) else tick for tick in ticks[:2])
    return max(0, math.ceil(-math.log10(second - first) - 1e-9))


def decades_between(low: float, high: float) -> list[tuple[float, str]]:
    """Return 1, 2, 5, 10 ... from at most `low` to at least `high` for an axis of log10: (log10 of it, its words)."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [one * 10.0**power for power in powers for one in (1, 2, 5)]
    first = max(i for i, value in enumerate(values) if value <= low * (1 + 1e-9))
    last = min(i for i, value in enumerate(values) if value >= high * (1 - 1e-9))
    return [(math.log10(value), f"{value:,.0f}" if value >= 1 else f"{value:g}") for value in values[first : last + 1]]


def ticks_between(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers from `low` or below to `high` or above, about so many."""
    if high - low < _SAME:
        low, high = low - 0.5, high + 0.5
    span = high - low
    power = 10.0 ** math.floor(math.log10(span / about))
    step = next(one * power for one in (1, 2, 5, 10) if one * power * about >= span * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [i * step for i in range(first, last + 1)]


class Plot:
    """Curves, bands, dots and words over two axes.

    Args:
        x, y: ends of the axes.
        width, height: of the whole chart, in its own pixels.
        left: room for the numbers, or the names, of the vertical axis.
    """

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        width: float = 720,
        height: float = 270,
        left: float = _LEFT,
    ) -> None:
        self.x, self.y, self.width, self.height = x, y, width, height
        self.left, self.right, self.top, self.bottom = left, width - _RIGHT, _TOP, height - _BOTTOM
        self._marks: list[list[Any]] = []  # as the page draws them: element, attributes, words
        self._drawn: list[Any] = []  # and for the picture
        self._stops: list[list[float]] = []

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point in pixels."""
        (x0, x1), (y0, y1) = self.x, self.y
        across = (x - x0) / ((x1 - x0) or 1)
        up = (y - y0) / ((y1 - y0) or 1)
        px, py = self.left + (self.right - self.left) * across, self.bottom - (self.bottom - self.top) * up
        return round(px, 1), round(py, 1)

    def words(
        self, px: float, py: float, words: str, anchor: str = "middle", hue: str = "", over: bool = False
    ) -> None:
        """Add words at a place in pixels. Args: over, whether they may lie over a line of the scale."""
        look = f"gb-{anchor}{' gb-over' if over else ''}{f' gb-named gb-hue-{hue}' if hue else ''}"
        self._marks.append(["text", {"x": px, "y": py, "class": look}, words])
        self._drawn.append(("text", (px, py), words, anchor, hue))

    def line(self, points: Points, look: str = "rule", hue: str = "", thin: bool = False, behind: bool = False) -> None:
        """Add a line through points in pixels.

        Args:
            points: at least one.
            look: "rule", "here", "turned", "mean", "other", "raw" (behind its own mean), or "curve0" to "curve2".
            hue: of a model; "" for none.
            thin: whether it is thinner than usual.
            behind: whether all that was drawn before, words above all, covers it.
        """
        path = "".join(f"{'L' if i else 'M'}{x:g} {y:g}" for i, (x, y) in enumerate(points))
        names = f"gb-{look}{' gb-thin' if thin else ''}{f' gb-hue-{hue}' if hue else ''}"
        at = 0 if behind else len(self._marks)
        self._marks.insert(at, ["path", {"d": path, "class": names}])
        self._drawn.insert(at, ("line", points, look, hue, thin))

    def axes(
        self, across: Iterable[tuple[float, str]], up: Sequence[float | tuple[float, str]], along: str, above: str
    ) -> None:
        """Add both axes.

        Args:
            across: places on the lower axis, with their words.
            up: places on the vertical axis, at least two; a scale that is not even gives them with their words.
            along: what runs along the lower axis.
            above: what the numbers on the vertical axis are.
        """
        for value, words in (one if isinstance(one, tuple) else (one, "") for one in up):
            _, py = self.at(self.x[0], value)
            self.line([(self.left, py), (self.right, py)])
            self.words(self.left - 7, py + 4, words or number(value, _digits(up)), "end")
        reached = -math.inf
        for value, words in across:
            px, _ = self.at(value, self.y[0])
            if px - reached > 16 + 4 * len(words):  # as many as have room
                outside = px + text_width(words, 12) / 2 > self.width
                self.words(self.width - 2 if outside else px, self.bottom + 17, words, "end" if outside else "middle")
                reached = px
        self.words((self.left + self.right) / 2, self.height - 5, along)
        self.words(self.left, 14, above, "start")

    def band(self, low: Points, high: Points) -> None:
        """Add the area between two lines in pixels, both from left to right."""
        points = [*low, *reversed(high)]
        path = "".join(f"{'L' if i else 'M'}{x:g} {y:g}" for i, (x, y) in enumerate(points))
        self._marks.append(["path", {"d": f"{path}Z", "class": "gb-band"}])
        self._drawn.append(("band", low, high))

    def curve(self, points: Points, which: int, hue: str, marked: bool = True, thin: bool = False) -> None:
        """Add the first, second or third curve, each with a line and with marks of its own."""
        self.line(points, f"curve{which}", hue, thin)
        for x, y in points if marked else ():
            self.dot(x, y, which, hue)

    def dot(self, x: float, y: float, which: int, hue: str) -> None:
        """Add the mark of the first, second or third curve."""
        path = {
            "circle": f"M{x - 3.5:g} {y:g}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z",
            "square": f"M{x - 3:g} {y - 3:g}h6v6h-6Z",
            "triangle": f"M{x:g} {y - 4:g}l4 7h-8Z",
        }[_SHAPES[which]]
        self._marks.append(["path", {"d": path, "class": f"gb-dot gb-hue-{hue}"}])
        self._drawn.append(("dot", (x, y), hue))

    def stops(self, values: Iterable[float]) -> None:
        """Let a click on the chart choose the nearest of these places of the lower axis."""
        self._stops = [[self.at(value, self.y[0])[0], value] for value in values]

    def page(self) -> dict[str, Any]:
        """Return what the page draws."""
        return {"width": self.width, "height": self.height, "marks": self._marks, "stops": self._stops}

    def part(self, width: float, left: float = 0) -> Part:
        """Return the chart as a part for `sketches.stacked`. Args: left, what is free at its left."""
        scale = width / self.width

        def draw(picture: Picture, top: float) -> None:
            def at(point: tuple[float, float]) -> tuple[float, float]:
                return MARGIN + left + point[0] * scale, top + point[1] * scale

            for kind, *what in self._drawn:
                if kind == "text":
                    point, words, anchor, hue = what
                    size = 12 if hue else 11
                    picture.text(*at(point), words, anchor=anchor, colour=hue or "ink-soft", bold=bool(hue), size=size)
                elif kind == "line":
                    points, look, hue, thin = what
                    colour = hue or {"rule": "line", "here": "ink"}.get(look, "edge")
                    if look == "raw":
                        colour = tints(0.35, hue).tolist()
                    dashed = look in ("here", "other", "turned", "curve1", "curve2")
                    picture.line([at(p) for p in points], colour, width=1 if thin or not hue else 2, dashed=dashed)
                elif kind == "band":
                    _draw_band(picture, [at(p) for p in what[0]], [at(p) for p in what[1]])
                else:
                    (px, py), hue = at(what[0]), what[1]
                    picture.rect(px - 2.5, py - 2.5, 5, 5, "paper", edge=hue)

        return self.height * scale, draw


def _draw_band(picture: Picture, low: Points, high: Points) -> None:
    """Draw the area between two lines as upright strips."""
    for (x0, low0), (x1, low1), (_, high0), (_, high1) in zip(low, low[1:], high, high[1:], strict=False):
        strips = max(1, round((x1 - x0) / 4))
        for i in range(strips):
            share = (i + 0.5) / strips
            top, foot = high0 + (high1 - high0) * share, low0 + (low1 - low0) * share
            picture.rect(x0 + (x1 - x0) * i / strips, top, (x1 - x0) / strips + 0.5, max(0.0, foot - top), "line")
