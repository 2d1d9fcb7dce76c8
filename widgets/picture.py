"""One description of a picture, drawn in two ways: as SVG for a page without a kernel, and as a matplotlib figure.

    picture = Picture(640, 400, "Attention of layer 1, head 2")
    picture.raster(80, 80, 300, 300, tints(weights))
    picture.text(80, 60, "king", anchor="middle")
    picture.svg_image()   # an <img>, which needs no matplotlib
    picture.figure()      # for slides and print

Lengths are in pixels from the top left corner. The colours are those of the light theme, for paper is white.
"""

from __future__ import annotations

import base64
import html
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from widgets.words import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "Picture", "signed_tints", "tints"]

# The light half of the colours in static/shared.css.
COLOURS = {
    "ink": "#1a1d21",
    "ink-soft": "#545b64",
    "paper": "#ffffff",
    "panel": "#f5f6f8",
    "line": "#d5d9de",
    "edge": "#80878f",
    "lstm": "#7b3fa0",
    "transformer": "#00706b",
    "for": "#0b57a4",
    "against": "#b35900",
    "true": "#1a6b3c",
}
_NAMED = COLOURS | {"other": COLOURS["for"]}  # the hue of any other model, as on the page
_POINTS = 0.72  # points in a pixel at 100 pixels an inch
_SIZE = 13  # of text, in pixels
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(_NAMED[colour][i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def tints(values: Any, colour: str = "for") -> np.ndarray:
    """Return colours from paper (0) to the full hue (1). Args: values (...), 0 to 1. Returns: (..., 3) uint8."""
    share = np.clip(np.asarray(values, dtype=np.float64), 0, 1)[..., None]
    mixed: np.ndarray = np.rint(_rgb("paper") * (1 - share) + _rgb(colour) * share).astype(np.uint8)
    return mixed


def signed_tints(values: Any) -> np.ndarray:
    """Return orange for -1, paper for 0 and blue for 1. Args: values (...), -1 to 1. Returns: (..., 3) uint8."""
    values = np.asarray(values, dtype=np.float64)
    return np.where(values[..., None] < 0, tints(-values, "against"), tints(values, "for"))


@dataclass(frozen=True)
class _Item:
    kind: str
    at: tuple[float, ...]
    look: dict[str, Any]


class Picture:
    """A list of rectangles, lines, words and rasters.

    Args:
        width: in pixels.
        height: in pixels.
        alt: what the picture shows, for who cannot see it.

    A colour is a name of `COLOURS`, a model's hue or, for a rectangle, three numbers from 0 to 255.
    """

    def __init__(self, width: float, height: float, alt: str) -> None:
        self.width, self.height, self.alt = width, height, clean(alt)
        self._items: list[_Item] = []

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str | Sequence[int] | None = "for",
        *,
        edge: str | None = None,
        hatched: bool = False,
    ) -> None:
        """Add a rectangle; hatched means that it stands for what is left out."""
        self._add("rect", (x, y, width, height), fill=_colour(fill), edge=_colour(edge), hatched=hatched)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str | Sequence[int] = "ink",
        *,
        width: float = 2,
        dashed: bool = False,
    ) -> None:
        """Add a line through points."""
        flat = tuple(float(value) for point in points for value in point)
        self._add("line", flat, colour=_colour(colour), width=width, dashed=dashed)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = _SIZE,
        anchor: str = "start",
        colour: str = "ink",
        bold: bool = False,
        turned: float = 0,
    ) -> None:
        """Add words whose baseline starts, has its middle or ends at a point; turned by degrees, counter-clockwise."""
        look = {"words": clean(words), "size": size, "anchor": anchor, "bold": bold, "turned": turned}
        self._add("text", (x, y), colour=_colour(colour), **look)

    def raster(self, x: float, y: float, width: float, height: float, pixels: np.ndarray) -> None:
        """Add a field of coloured cells. Args: pixels (rows, columns, 3) uint8."""
        self._add("raster", (x, y, width, height), pixels=np.asarray(pixels, dtype=np.uint8))

    def _add(self, kind: str, at: tuple[float, ...], **look: Any) -> None:
        self._items.append(_Item(kind, at, look))

    # As SVG.

    def svg(self) -> str:
        """Return the picture as an SVG document."""
        size = f'width="{self.width:g}" height="{self.height:g}" viewBox="0 0 {self.width:g} {self.height:g}"'
        hatch = (
            '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="3" height="6" fill="{COLOURS["line"]}"/></pattern></defs>'
        )
        paper = f'<path d="M0 0H{self.width:g}V{self.height:g}H0z" fill="{COLOURS["paper"]}"/>'
        drawn = "".join(getattr(self, f"_svg_{item.kind}")(item.at, **item.look) for item in self._items)
        usual = f'font-family="system-ui, sans-serif" font-size="{_SIZE}" fill="{COLOURS["ink"]}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {usual}>{hatch}{paper}{drawn}</svg>'

    def svg_image(self) -> str:
        """Return the picture as an <img> that holds all it needs."""
        data = quote(self.svg().replace('"', "'"), safe=" '/:;,=.-()+*!$@")
        return (
            f'<img alt="{html.escape(self.alt)}" width="{self.width:g}" style="max-width:100%;height:auto" '
            f'src="data:image/svg+xml,{data}">'
        )

    @staticmethod
    def _svg_rect(at: tuple[float, ...], fill: str | None, edge: str | None, hatched: bool) -> str:
        x, y, width, height = at
        box = f'x="{_short(x)}" y="{_short(y)}" width="{_short(max(0, width))}" height="{_short(height)}"'
        stroke = f' stroke="{edge}"' if edge else ""
        return f'<rect {box} fill="{"url(#hatch)" if hatched else fill or "none"}"{stroke}/>'

    @staticmethod
    def _svg_line(at: tuple[float, ...], colour: str, width: float, dashed: bool) -> str:
        points = " ".join(f"{_short(x)},{_short(y)}" for x, y in zip(at[::2], at[1::2], strict=True))
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}/>'

    @staticmethod
    def _svg_text(
        at: tuple[float, ...], words: str, colour: str, size: float, anchor: str, bold: bool, turned: float
    ) -> str:
        x, y = at
        look = {
            "font-size": "" if size == _SIZE else f"{size:g}",
            "text-anchor": "" if anchor == "start" else anchor,
            "fill": "" if colour == COLOURS["ink"] else colour,
            "font-weight": "600" if bold else "",
            "transform": f"rotate({-turned:g} {_short(x)} {_short(y)})" if turned else "",
        }
        unusual = "".join(f' {name}="{value}"' for name, value in look.items() if value)
        return f'<text x="{_short(x)}" y="{_short(y)}"{unusual}>{html.escape(_printable(words))}</text>'

    @staticmethod
    def _svg_raster(at: tuple[float, ...], pixels: np.ndarray) -> str:
        x, y, width, height = at
        data = base64.b64encode(_png(pixels)).decode("ascii")
        box = f'x="{_short(x)}" y="{_short(y)}" width="{_short(width)}" height="{_short(height)}"'
        sharp = 'preserveAspectRatio="none" style="image-rendering:pixelated"'
        return f'<image {box} {sharp} href="data:image/png;base64,{data}"/>'

    # As a matplotlib figure.

    def figure(self) -> Figure:
        """Return the picture as a matplotlib figure, to be shown in a notebook or saved: `figure.savefig("a.pdf")`."""
        from matplotlib.figure import Figure  # half a second and fifty megabytes: only for who asks for it

        figure = Figure(figsize=(self.width / 100, self.height / 100), dpi=100, facecolor=COLOURS["paper"])
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, self.width), ylim=(self.height, 0))
        axes.axis("off")
        for item in self._items:
            getattr(self, f"_plot_{item.kind}")(axes, item.at, **item.look)
        return figure

    @staticmethod
    def _plot_rect(axes: Any, at: tuple[float, ...], fill: str | None, edge: str | None, hatched: bool) -> None:
        from matplotlib.patches import Rectangle

        x, y, width, height = at
        line = COLOURS["line"] if hatched else edge
        look: dict[str, Any] = {"facecolor": fill or "none", "edgecolor": line or "none", "linewidth": _POINTS}
        axes.add_patch(Rectangle((x, y), max(0, width), height, hatch="////" if hatched else None, **look))

    @staticmethod
    def _plot_line(axes: Any, at: tuple[float, ...], colour: str, width: float, dashed: bool) -> None:
        axes.plot(at[::2], at[1::2], color=colour, linewidth=width * _POINTS, linestyle="--" if dashed else "-")

    @staticmethod
    def _plot_text(
        axes: Any, at: tuple[float, ...], words: str, colour: str, size: float, anchor: str, bold: bool, turned: float
    ) -> None:
        look = {"color": colour, "fontsize": size * _POINTS, "fontweight": "bold" if bold else "normal"}
        turn = {"rotation": turned, "rotation_mode": "anchor", "ha": _ANCHORS[anchor], "va": "baseline"}
        axes.text(*at, _printable(words), parse_math=False, **look, **turn)

    @staticmethod
    def _plot_raster(axes: Any, at: tuple[float, ...], pixels: np.ndarray) -> None:
        x, y, width, height = at
        limits = axes.get_xlim(), axes.get_ylim()
        axes.imshow(pixels, extent=(x, x + width, y + height, y), aspect="auto", interpolation="nearest")
        axes.set(xlim=limits[0], ylim=limits[1])


def _colour(colour: str | Sequence[int] | None) -> str | None:
    if colour is None or isinstance(colour, str):
        return _NAMED[colour] if colour else None
    return "#" + "".join(f"{int(part):02x}" for part in colour)


def _short(length: float) -> str:
    """Return a length to a tenth of a pixel."""
    return f"{round(length, 1):g}"


def _printable(words: str) -> str:
    """Return words without the control characters that XML and fonts have no sign for."""
    return "".join(c if c.isprintable() else "\ufffd" for c in words)


def _png(pixels: np.ndarray) -> bytes:
    """Return (rows, columns, 3) uint8 as a PNG file (ISO/IEC 15948): 8 bits a colour, no filter."""
    rows, columns, _ = pixels.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, columns * 3)], axis=1)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0),
        b"IDAT": zlib.compress(lines.tobytes(), 6),
        b"IEND": b"",
    }
    packed = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)
