"""AttentionAbacus, ScaleSlider and MaskPainter."""

from hypothesis import strategies as st

from tests import tiny
from tests.strategies import PLACES, VALUES, request
from widgets import AttentionAbacus, MaskPainter, ScaleSlider


def abacus_half_done():
    abacus = AttentionAbacus()
    abacus.show_step(0)
    abacus.show_step(2)
    abacus.guess((3, 1, 0), "1/3")
    abacus.guess((3, 1, 1), 0.5)
    return abacus


def abacus_full():
    abacus = AttentionAbacus(
        ["A", "long-winded", "<unk>", "<script>", "end"],
        [[1, 0, -0.125], [100, -100, 7], [2, 2, 2], [0, 0, 0], [1, 1, 1]],
        [[1, 2, 3], [100, -100, 7], [0.5, 0, 0], [3, 0, 0], [-1, 0, 2]],
        [[1, 2, 3], [4, 5, 6], [0, 0, 0], [-7.5, 99.99, 1], [1, 0, 0]],
        use_scale=False,
    )
    abacus.show_all()
    return abacus


def abacus_of_a_head():
    trace = tiny.model("transformer").trace("the king was crowned in a town of stone", top_k=0)
    abacus = AttentionAbacus.from_trace(trace, layer=1, head=0, places=[0, 2, 5, 8])
    abacus.show_step(0)
    abacus.show_step(3)
    abacus.guess((4, 3, 1), "0,5")
    return abacus


def slider_repeated():
    slider = ScaleSlider(d=512, seed=3, n_keys=16)
    slider.repeat()
    return slider


def painter_with_a_closed_row():
    painter = MaskPainter()
    painter.paint(0, 0, False)
    return painter


MAKERS = {
    "AttentionAbacus": AttentionAbacus,
    "AttentionAbacus, half done": abacus_half_done,
    "AttentionAbacus, all shown": abacus_full,
    "AttentionAbacus of a trained head": abacus_of_a_head,
    "ScaleSlider": ScaleSlider,
    "ScaleSlider, repeated": slider_repeated,
    "MaskPainter": MaskPainter,
    "MaskPainter, a row closed": painter_with_a_closed_row,
}

SOME_CELL = VALUES | st.lists(st.integers(0, 4), min_size=3, max_size=3)
REQUESTS = [
    request(
        "edit", of=VALUES | st.sampled_from(["query", "value"]), row=PLACES, column=PLACES, text=VALUES | st.just("1/2")
    ),
    request("select", cell=SOME_CELL),
    request("guess", cell=SOME_CELL, text=VALUES | st.sampled_from(["2", "-inf"])),
    request("show", cell=SOME_CELL),
    request("show_step", step=PLACES),
    request("next"),
    request("switch", use_scale=VALUES, use_mask=VALUES),
    request("pick", which=VALUES | st.sampled_from(["tokens", "head"]), value=VALUES),
    request("all", shown=VALUES),
    request("set", d=VALUES | st.sampled_from([2, 3, 5, 512])),
    request("another"),
    request("paint", row=PLACES, column=PLACES, visible=VALUES),
    request("preset", name=VALUES | st.sampled_from(["none", "padding"])),
]
