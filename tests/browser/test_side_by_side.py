"""Widgets of training in a cell of JupyterLab beside the file list, and in large type, on a window of 1280 pixels."""

import pytest

from lessons.curves import shipped_curves
from tests.fake_runs import RecordedRun, made_up_log
from tests.makers.curves import made_up_grid
from widgets import CurveDoctor, OverfitDial, TrainingTheatre

CELL, PROJECTOR = 862, 1280  # a card of 830 pixels; all of the window
SEEN = {  # the charts, and what has to be seen beside them
    "CurveDoctor": (lambda: CurveDoctor(shipped_curves(), seed=0), ".gb-large", ".gb-wall"),
    "OverfitDial": (lambda: OverfitDial(made_up_grid()), ".gb-large", ".gb-map"),
    "TrainingTheatre": (
        lambda: TrainingTheatre(RecordedRun(made_up_log("lstm"))),
        ".gb-theatre-charts",
        ".gb-theatre-side",
    ),
}


@pytest.mark.parametrize(("width", "presenting"), [(CELL, False), (PROJECTOR, True)])
@pytest.mark.parametrize("name", SEEN)
def test_charts_have_the_rest_beside_them_and_type_of_one_size(mount, name, width, presenting):
    make, charts, beside = SEEN[name]
    widget = make()
    widget.presenting = presenting
    page = mount(widget, width=width).page
    left, right = (page.locator(part).bounding_box() for part in (charts, beside))
    assert left["y"] < right["y"] + right["height"]
    assert right["y"] < left["y"] + left["height"]
    assert left["x"] + left["width"] <= right["x"] or right["x"] + right["width"] <= left["x"]
    scales = page.locator(charts).evaluate(
        "node => [...node.querySelectorAll('.gb-plot')].map(svg => svg.getScreenCTM().a)"
    )
    assert min(scales) > 0.9  # type of 12 pixels is drawn with 11 at least
    assert max(scales) < 1.05 * min(scales)
