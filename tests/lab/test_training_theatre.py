"""A live training in a real JupyterLab: the chart grows, what is turned acts, and the kernel's interrupt ends it."""

import re

from playwright.sync_api import expect

STAGE = """
from lessons.live import LiveRun
from widgets import TrainingTheatre

theatre = TrainingTheatre(LiveRun("lstm", n_steps=100_000, evaluations=1_000))
theatre
"""
GONE = """
import os, time
until = time.monotonic() + 60  # it says that it stopped, and then ends, which takes a loaded machine a moment
while theatre.runs[0].pid is not None and time.monotonic() < until:
    time.sleep(0.05)
try:
    os.kill({pid}, 0)
    print("lives")
except ProcessLookupError:
    print("is gone")
"""


def test_a_training_is_watched_turned_paused_stopped_and_interrupted(open_notebook):
    notebook = open_notebook(STAGE, "")
    notebook.run(0)
    card = notebook.panel.get_by_role("region", name="The training theatre")
    status, marks = card.locator(".gb-theatre-runs > p"), card.locator(".gb-plot .gb-dot")

    def deed(name):
        return card.get_by_role("button", name=name, exact=True)

    def step():
        return int(re.search(r"step ([\d,]+)", status.inner_text())[1].replace(",", ""))

    deed("Start").dblclick()
    expect(marks.nth(1)).to_be_attached(timeout=120_000)  # a Python of its own imports torch
    so_far = marks.count()
    expect(marks.nth(so_far)).to_be_attached(timeout=60_000)  # it grows
    field = card.get_by_role("spinbutton", name="learning rate, as a number")
    field.fill("0.02")
    field.press("Enter")
    expect(card.locator(".gb-plot .gb-turned")).to_have_count(1)
    assert notebook.ask(1, "print(theatre.log.changes[0].name, theatre.log.changes[0].value)") == "learning_rate 0.02"
    assert notebook.ask(1, "print(theatre.log.step.tolist() == list(range(1, theatre.log.last_step + 1)))") == "True"

    deed("Pause").click()
    expect(status).to_contain_text("is paused")
    paused = step()
    deed("Step").click()
    expect(status).to_contain_text(f"is paused: step {paused + 1:,} of")
    deed("Start").click()
    expect(status).to_contain_text("is training")
    expect(status).not_to_contain_text(f"step {paused + 1:,} of")  # it goes on
    pid = notebook.ask(1, "print(theatre.runs[0].pid)")
    notebook.command("notebook:interrupt-kernel")
    expect(status).to_contain_text("was stopped")
    expect(deed("Start")).not_to_have_attribute("aria-disabled", "true")
    assert notebook.ask(1, GONE.format(pid=pid)) == "is gone"
    assert step() > paused + 1
    expect(card.get_by_role("alert")).to_have_count(0)
