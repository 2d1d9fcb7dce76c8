"""One picture, drawn as SVG and by matplotlib: the same colours in the same places."""

import base64
import io
import re
import struct
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

import numpy as np
import pytest

import widgets
from lessons.errors import InputError
from tests.makers import MAKERS
from widgets import GlassboxWidget
from widgets.picture import COLOURS, Picture, signed_tints, tints

NASTY = ["<script>alert(1)</script>", "$\\frac{", "\ud83d", "a\x00b", "‮rtl", "👩‍🚀", "&amp;", '"']


def pixels_of(figure):
    """Return (height, width, 3) uint8 of a matplotlib figure at 100 dots an inch."""
    from matplotlib.image import imread

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    buffer.seek(0)
    return np.rint(imread(buffer)[..., :3] * 255).astype(int)


def test_the_colours_are_those_of_the_light_theme():
    css = (Path(widgets.__file__).parent / "static" / "shared.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--gb-([a-z-]+): light-dark\((#[0-9a-f]{6}),", css))
    assert COLOURS.items() <= light.items()


def test_tints_go_from_paper_to_the_hue():
    np.testing.assert_array_equal(tints([0, 1]), [[255, 255, 255], [0x0B, 0x57, 0xA4]])
    np.testing.assert_array_equal(signed_tints([-1, 0, 1]), [[0xB3, 0x59, 0], [255, 255, 255], [0x0B, 0x57, 0xA4]])
    np.testing.assert_array_equal(tints([-3, 7]), tints([0, 1]))


def some_picture():
    picture = Picture(200, 100, 'A "picture" of <unk>')
    picture.rect(0, 0, 50, 50, "against")
    picture.rect(150, 50, 50, 50, None, edge="ink", hatched=True)
    picture.line([(0, 75), (100, 75)], "transformer", width=6)
    picture.raster(100, 0, 100, 50, tints([[0, 1], [1, 0]]))
    picture.text(60, 90, "words", anchor="middle", bold=True, turned=90)
    return picture


def test_the_figure_has_each_thing_in_its_place():
    found = pixels_of(some_picture().figure())
    assert found.shape == (100, 200, 3)

    def at(x, y):
        return tuple(found[y, x])

    assert at(25, 25) == (0xB3, 0x59, 0)
    assert at(50, 75) == (0, 0x70, 0x6B)
    assert (at(125, 12), at(175, 12), at(125, 37), at(175, 37)) == (
        (255, 255, 255),
        (0x0B, 0x57, 0xA4),
        (0x0B, 0x57, 0xA4),
        (255, 255, 255),
    )
    assert len({at(x, 60) for x in range(152, 198)}) > 1  # hatched


@pytest.mark.browser
def test_the_svg_shows_the_same(page, tmp_path):
    from matplotlib.image import imread

    picture = some_picture()
    page.set_content(f'<body style="margin:0">{picture.svg_image()}</body>')
    image = page.get_by_role("img", name='A "picture" of <unk>')
    image.evaluate("image => image.decode()")
    image.screenshot(path=tmp_path / "svg.png")
    theirs = np.rint(imread(tmp_path / "svg.png")[..., :3] * 255).astype(int)
    ours = pixels_of(picture.figure())
    for x, y in [(25, 25), (50, 75), (125, 12), (175, 12), (125, 37), (175, 37), (60, 40)]:
        np.testing.assert_allclose(theirs[y, x], ours[y, x], atol=2)


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("words", NASTY)
def test_text_is_text(words):
    picture = Picture(100, 20, words)
    picture.text(0, 10, words)
    root = ElementTree.fromstring(picture.svg())
    assert [node.tag for node in root.iter() if "script" in node.tag] == []
    assert root.findall("{*}text")[0].text
    assert "<script" not in picture.svg_image()
    picture.figure().savefig(io.BytesIO(), format="svg")


def test_a_raster_is_a_png_of_its_cells():
    picture = Picture(10, 10, "cells")
    cells = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    picture.raster(0, 0, 10, 10, cells)
    data = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", picture.svg())[1])
    assert struct.unpack(">II", data[16:24]) == (3, 2)
    lines = zlib.decompress(data[data.index(b"IDAT") + 4 : data.index(b"IEND") - 8])
    np.testing.assert_array_equal(np.frombuffer(lines, np.uint8).reshape(2, 10)[:, 1:].reshape(2, 3, 3), cells)


@pytest.mark.parametrize("name", MAKERS)
def test_every_widget_has_its_picture_on_paper_or_says_why_not(name):
    widget = MAKERS[name]()
    if type(widget).picture is GlassboxWidget.picture:
        with pytest.raises(InputError, match="words and tables"):
            widget.figure()
    else:
        assert (widget.picture().svg_image() in widget.static_html()) == widget._picture_is_exported
        pixels = pixels_of(widget.figure())
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 5
