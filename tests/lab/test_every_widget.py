"""Each widget in a real JupyterLab with the shipped models: two copies in one cell, run again, in both themes."""

import pytest
from playwright.sync_api import expect

import widgets

MODELS = """
from IPython.display import display
from lessons import load_model
from lessons.curves import shipped_curves, shipped_overfit
from lessons.clipping import shipped_clipping
from lessons.faithfulness import shipped_faithfulness
from lessons.rates import LiveFinder
from lessons.live import LiveRun
from lessons.passages import PASSAGES
from lessons.rates.table import shipped_rates
from lessons.reach_table import shipped_reach
from tests.fake_recording import both
import widgets as w

lstm, transformer = load_model("lstm"), load_model("transformer")
TEXT = "The king was crowned in <unk> Abbey on 6 January 1066 ."
"""
MADE_BY = {
    "AttentionAbacus": "w.AttentionAbacus(trace=transformer.trace(TEXT), layer=2, head=1)",
    "AttentionExplorer": "w.AttentionExplorer(transformer, text=TEXT)",
    "AttentionVersusOcclusion": "w.AttentionVersusOcclusion(transformer, text=TEXT)",
    "BlockTracer": "w.BlockTracer(lstm, transformer, text=TEXT)",
    "ClipGauge": "w.ClipGauge(shipped_clipping())",
    "CurveDoctor": "w.CurveDoctor(shipped_curves())",
    "FaithfulnessLab": "w.FaithfulnessLab(lstm, transformer, text=TEXT, table=shipped_faithfulness())",
    "ImportanceExplorer": "w.ImportanceExplorer(lstm, transformer, text=TEXT)",
    "LRFinder": "w.LRFinder(shipped_rates(), live=LiveFinder)",
    "LSTMStepper": "w.LSTMStepper(lstm.trace(TEXT), layer=1, unit=3)",
    "LimeLab": "w.LimeLab(lstm, transformer, text=TEXT)",
    "MaskPainter": "w.MaskPainter()",
    "MemoryReach": "w.MemoryReach(shipped_reach())",
    "ModelDuel": "w.ModelDuel(lstm, transformer, text=TEXT)",
    "NextTokenBars": "w.NextTokenBars(lstm.next_tokens(TEXT))",
    "NextWordExplorer": "w.NextWordExplorer(lstm, transformer, text=TEXT)",
    "NextWordGame": "w.NextWordGame(lstm, transformer, passages=PASSAGES)",
    "OverfitDial": "w.OverfitDial(shipped_overfit())",
    "PathSlider": "w.PathSlider(lstm, transformer, text=TEXT)",
    "RecurrentExplorer": "w.RecurrentExplorer(lstm, text=TEXT)",
    "SamplingBench": "w.SamplingBench(lstm, transformer, text=TEXT)",
    "ScaleSlider": "w.ScaleSlider()",
    "ShapleyTable": "w.ShapleyTable(lstm, transformer, text=TEXT)",
    "SurrogateTree": "w.SurrogateTree(lstm, transformer, text=TEXT)",
    "TokenClicker": "w.TokenClicker(lstm.tokenize(TEXT), lstm.surprisals(TEXT), unit='nats')",
    "TrainingSlider": "w.TrainingSlider(*both(), step=30)",
    "TrainingTheatre": 'w.TrainingTheatre(LiveRun("lstm"), LiveRun("transformer"))',
}
PAPER = "card => getComputedStyle(card).backgroundColor"


def test_every_widget_is_here():
    assert sorted(MADE_BY) == sorted(set(widgets.__all__) - {"GlassboxWidget"})


@pytest.fixture(scope="module")
def shared(open_module_notebook):
    """One notebook with one kernel and both models, for all tests here."""
    notebook = open_module_notebook(MODELS, "", "")
    notebook.run(0)
    return notebook


@pytest.mark.parametrize("name", MADE_BY)
def test_two_copies_work_beside_each_other_after_a_second_run_and_in_both_themes(shared, name):
    shared.show()
    shared.set_source(1, f"a = {MADE_BY[name]}\nb = {MADE_BY[name]}\nb.title = 'The other copy'\ndisplay(a, b)")
    shared.run(1)
    cards = shared.cell(1).locator("section.gb")
    expect(cards).to_have_count(2)
    before, light = shared.channels(2), cards.first.evaluate(PAPER)
    shared.run(1)
    expect(cards).to_have_count(2)
    assert shared.channels(2) == before
    other = shared.cell(1).get_by_role("region", name="The other copy")
    other.get_by_role("button", name="Large type").click()
    expect(other.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "true")
    expect(cards.first.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "false")
    expect(shared.cell(1).get_by_role("alert")).to_have_count(0)
    with shared.in_the_dark():
        assert other.evaluate(PAPER) != light
        expect(shared.cell(1).get_by_role("alert")).to_have_count(0)
