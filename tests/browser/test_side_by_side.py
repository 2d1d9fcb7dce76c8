"""Widgets of training at the width that a cell of JupyterLab has beside its file list, on a window of 1280 pixels."""

import pytest

from lessons.curves import shipped_curves
from tests.fake_runs import RecordedRun, made_up_log
from tests.makers.curves import made_up_grid
from widgets import CurveDoctor, OverfitDial, TrainingTheatre

CELL = {"width": 862, "height": 720}  # a card of 830 pixels
SEEN = {  # the charts, and what has to be seen beside them
    "CurveDoctor": (lambda: CurveDoctor(shipped_curves(), seed=0), ".gb-large", ".gb-wall"),
    "OverfitDial": (lambda: OverfitDial(made_up_grid()), ".gb-large", ".gb-map"),
    "TrainingTheatre": (
        lambda: TrainingTheatre(RecordedRun(made_up_log("lstm"))),
        ".gb-theatre-charts",
        ".gb-theatre-side",
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_charts_have_the_rest_beside_them_and_type_of_one_size(mount, name):
    make, charts, beside = SEEN[name]
    page = mount(make()).page
    page.set_viewport_size(CELL)
    left, right = (page.locator(part).bounding_box() for part in (charts, beside))
    assert left["y"] < right["y"] + right["height"]
    assert right["y"] < left["y"] + left["height"]
    assert left["x"] + left["width"] <= right["x"] or right["x"] + right["width"] <= left["x"]
    scales = page.locator(charts).evaluate(
        "node => [...node.querySelectorAll('.gb-plot')].map(svg => svg.getScreenCTM().a)"
    )
    assert min(scales) > 0.9  # type of 12 pixels is drawn with 11 at least
    assert max(scales) < 1.05 * min(scales)
