"""TrainingTheatre with real clicks and keys: deeds, sliders, news while it is seen, a silent kernel, a replay."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.fake_runs import FakeRun, RecordedRun, made_up_log
from widgets import TrainingTheatre


@pytest.fixture
def run():
    return FakeRun("lstm", n_steps=60, every=10)


@pytest.fixture
def shown(mount, run):
    return mount(TrainingTheatre(run))


@pytest.fixture
def film(mount):
    return mount(TrainingTheatre(RecordedRun(made_up_log("transformer", n_steps=80, every=20))))


def status(page):
    return page.locator(".gb-theatre-runs > p").first


def deed(page, name):
    return page.get_by_role("button", name=name, exact=True)


def asked(page, kind):
    return page.evaluate("kind => sent.filter(one => one.kind === kind).length", kind)


def said_over_time(page):
    """Note when the status region says what."""
    page.evaluate("""() => { globalThis.heard = []; new MutationObserver(() =>
        heard.push([performance.now(), document.querySelector('.gb__live').textContent]))
        .observe(document.querySelector('.gb__live'), { childList: true, characterData: true, subtree: true }); }""")


def test_the_chart_grows_while_it_trains_and_nobody_is_asked_before_and_after(shown, run):
    page = shown.page
    expect(status(page)).to_have_text(re.compile("LSTM has not been started"))
    page.wait_for_function("sent.filter(one => one.kind === 'news').length === 1")  # one look, when it is first seen
    deed(page, "Start").click()
    expect(status(page)).to_contain_text("is being made ready")
    run.advance(20)
    expect(status(page)).to_contain_text("step 20 of 60")
    chart = page.get_by_role("img", name="Training loss and validation perplexity over the steps.")
    expect(chart.locator(".gb-dot")).to_have_count(3)
    run.advance(20)
    expect(chart.locator(".gb-dot")).to_have_count(5)
    expect(chart).to_contain_text("counting pairs 58.0")
    run.advance(20)
    expect(status(page)).to_contain_text("has finished: step 60 of 60")
    page.wait_for_timeout(400)
    before = asked(page, "news")
    page.wait_for_timeout(700)
    assert asked(page, "news") == before


def test_by_keyboard_a_run_is_started_turned_paused_stepped_and_stopped(shown, run, eventually):
    page = shown.page
    deed(page, "Start").focus()
    page.keyboard.press("Enter")
    eventually(lambda: run.told == ["start"])
    run.advance(20)
    expect(status(page)).to_contain_text("step 20")
    rate = page.get_by_role("slider", name="learning rate")
    rate.focus()
    page.keyboard.press("ArrowRight")
    eventually(lambda: len(run.told) == 2)
    assert run.told[1]["learning_rate"] > 0.004
    field = page.get_by_role("spinbutton", name="learning rate, as a number")
    expect(field).to_have_value(f"{run.told[1]['learning_rate']:g}")
    field.fill("0.02")
    page.keyboard.press("Enter")
    eventually(lambda: run.told[-1] == {"learning_rate": 0.02})
    expect(page.locator(".gb-plot .gb-turned")).to_have_count(1)
    expect(rate).to_have_attribute("aria-valuetext", "0.02")
    for name, told in (("Pause", "paused"), ("Step", "paused: step 21"), ("Stop", "was stopped")):
        deed(page, name).focus()
        page.keyboard.press("Space")
        expect(status(page)).to_contain_text(told)
    assert run.told[3:] == ["pause", "step", "stop"]


def test_a_double_click_and_two_views_train_once(shown, run, eventually):
    page = shown.page
    page.evaluate("void render()")
    deed(page, "Start").first.dblclick()
    deed(page, "Start").nth(1).dispatch_event("click")
    eventually(lambda: "start" in run.told)
    run.advance(5)
    expect(page.locator(".gb-theatre-runs > p")).to_have_text([re.compile("step 5 of 60")] * 2)
    assert run.told == ["start"]
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_button_that_cannot_act_says_why(shown, run):
    page = shown.page
    expect(deed(page, "Pause")).to_have_attribute("aria-disabled", "true")
    deed(page, "Pause").click(force=True)
    expect(page.get_by_text("It has not been started yet.")).to_have_count(2)  # on the card, and read out
    assert asked(page, "do") == 0
    assert run.told == []


def test_a_value_that_is_refused_gets_a_sentence_that_stays_while_it_trains(shown, run, eventually):
    page = shown.page
    deed(page, "Start").click()
    eventually(lambda: run.told == ["start"])
    run.advance(10)
    field = page.get_by_role("spinbutton", name="dropout, as a number")
    field.fill("7")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("dropout is 7")
    run.advance(10)
    expect(status(page)).to_contain_text("step 20")
    expect(page.get_by_role("alert")).to_contain_text("dropout is 7")
    field.blur()
    expect(field).to_have_value("0.1")


def test_no_slider_moves_under_the_hand(shown, run, eventually):
    page = shown.page
    deed(page, "Start").click()
    eventually(lambda: run.told == ["start"])
    run.advance(5)
    clip = page.get_by_role("slider", name="clipping")
    clip.evaluate("node => { node.value = 90; node.dispatchEvent(new Event('input')); }")
    run.advance(5)
    expect(status(page)).to_contain_text("step 10")
    expect(clip).to_have_value("90")
    clip.evaluate("node => node.dispatchEvent(new Event('change'))")
    eventually(lambda: run.told[-1] == {"clip": pytest.approx(5.01)})


def test_looking_back_shows_an_earlier_checkpoint_beside_the_newest(shown, run, eventually):
    page, theatre = shown.page, shown.widget
    theatre.start()
    run.advance(45)
    expect(status(page)).to_contain_text("step 45")
    back = page.get_by_role("slider", name="look back to")
    back.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    eventually(lambda: theatre.checkpoint == 30)
    expect(page.locator(".gb-theatre-wrote small")).to_have_text(
        [re.compile("step 30, perplexity"), re.compile("step 40, perplexity")]
    )
    first = page.get_by_role("list", name="surprisal of each token").get_by_role("listitem").first
    numbers = [f"{theatre.log.checkpoints[i].surprisals[0]:.1f}" for i in (3, 4)]
    expect(first.locator("small")).to_have_text(numbers)
    expect(page.locator(".gb-plot .gb-here").first).to_be_attached()
    chart = page.get_by_role("img", name="Training loss and")
    chart.click(position={"x": chart.bounding_box()["width"] * 0.27, "y": 60})
    eventually(lambda: theatre.checkpoint == 10)
    page.get_by_role("button", name="Reset").click()
    eventually(lambda: theatre.checkpoint is None)


def test_the_status_region_speaks_at_most_every_two_seconds(shown, run):
    page = shown.page
    said_over_time(page)
    shown.widget.start()
    for _ in range(12):
        run.advance(5)
        page.wait_for_timeout(400)
    page.wait_for_function("heard.some(one => one[1].includes('has finished'))")
    heard = page.evaluate("heard")
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(heard)]
    assert len(heard) >= 2
    assert min(gaps) > 1900
    assert re.search(r"step \d+ of 60: validation perplexity \d+", heard[0][1])


OUT_OF_SIGHT = """() => new Promise(done => new IntersectionObserver((all, self) => {
  if (!all.at(-1).isIntersecting) { self.disconnect(); done(); }
}).observe(document.querySelector(".gb")))"""  # the card's own observer is older, so it has been told before this one


def test_nothing_is_asked_while_the_card_is_out_of_sight(shown, run):
    page = shown.page
    shown.widget.start()
    run.advance(10)
    expect(status(page)).to_contain_text("step 10")
    page.evaluate("document.querySelector('#root').style.paddingTop = '3000px'")
    page.evaluate(OUT_OF_SIGHT)
    before = asked(page, "news")
    run.advance(10)
    page.wait_for_timeout(700)
    assert asked(page, "news") == before
    page.evaluate("document.querySelector('#root').style.paddingTop = ''")
    expect(status(page)).to_contain_text("step 20")


def fall_silent(shown, run):
    """Let a run do 20 steps, which are shown, and then the kernel answer no more; return what would answer."""
    shown.widget.start()
    run.advance(20)
    expect(status(shown.page)).to_contain_text("step 20")
    answers, shown.page.to_python = shown.page.to_python, lambda data: None
    return answers


def test_a_silent_kernel_leaves_the_picture_and_is_told(shown, run):
    page, answers = shown.page, fall_silent(shown, run)
    quiet = page.locator(".gb-theatre-quiet")
    said = r"No answer from the kernel for ([5-9]|1\d) s; what is shown is the last"
    expect(quiet).to_contain_text(re.compile(said))
    expect(status(page)).to_contain_text("step 20")
    expect(deed(page, "Stop")).not_to_have_attribute("aria-disabled", "true")
    page.to_python = answers
    asked_last = page.evaluate("sent.filter(one => one.kind === 'news').at(-1)")
    run.advance(20)
    answers({"method": "custom", "content": asked_last})  # the kernel gets to it at last
    expect(quiet).to_have_text("")
    expect(status(page)).to_contain_text("step 40")


def test_a_kernel_that_is_long_silent_may_be_gone_which_is_said_once(shown, run):
    page, answers = shown.page, fall_silent(shown, run)
    before = asked(page, "news")
    page.wait_for_function("before => sent.filter(one => one.kind === 'news').length > before", arg=before)
    said_over_time(page)
    page.evaluate("""() => { const stopped = performance.now(); let later = 0;
        globalThis.skip = seconds => { later += 1000 * seconds; }; performance.now = () => stopped + later; }""")
    gone = "If the kernel was restarted or has died, the training has ended: run the cell again."
    quiet = page.locator(".gb-theatre-quiet")
    page.evaluate("skip(10)")
    expect(quiet).to_contain_text(re.compile("for 1[0-4] s.* A busy kernel carries out Stop as soon as it answers"))
    expect(quiet).not_to_contain_text(gone)
    for _ in range(3):
        page.evaluate("skip(20)")
        expect(quiet).to_contain_text(re.compile(rf"for [3-9]\d s.* {re.escape(gone)}$"))
        run.advance(10)
        shown.widget.refresh()  # in a cell: there are words that are read out instead
        page.evaluate("skip(3)")
        page.wait_for_function("step => heard.at(-1)[1].includes(`step ${step} of`)", arg=run.log().last_step)
    assert [words for _, words in page.evaluate("heard") if "kernel" in words] == [gone]
    asked_last = page.evaluate("sent.filter(one => one.kind === 'news').at(-1)")
    page.to_python = answers
    answers({"method": "custom", "content": asked_last})  # it was only busy
    expect(quiet).to_have_text("")


def test_a_recording_is_played_stepped_and_scrubbed(film, eventually):
    page, theatre = film.page, film.widget
    expect(page.get_by_text("Nothing is trained here.")).to_be_visible()
    expect(deed(page, "Start")).to_have_count(0)
    steps = page.get_by_role("slider", name="shown up to step")
    expect(steps).to_have_value("80")
    steps.focus()
    page.keyboard.press("Home")
    eventually(lambda: theatre.step == 0)
    deed(page, "Step").click()
    expect(steps).to_have_attribute("aria-valuetext", "step 1 of 80")
    deed(page, "Next checkpoint").click()
    expect(steps).to_have_value("20")
    expect(page.locator(".gb-plot .gb-dot")).to_have_count(2)
    page.get_by_role("combobox", name="all of it is played").select_option("10")
    deed(page, "Play").click()
    eventually(lambda: theatre.step > 24)
    deed(page, "Pause").click()
    eventually(lambda: theatre.playing is False)
    expect(steps).to_have_value(str(theatre.step))


def test_with_reduced_motion_nothing_plays_unless_play_is_pressed(film, eventually):
    page, theatre = film.page, film.widget
    page.emulate_media(reduced_motion="reduce")
    theatre.change(step=0, playing=True)
    page.wait_for_timeout(700)
    assert theatre.step == 0
    deed(page, "Pause").click()
    deed(page, "Play").click()
    eventually(lambda: theatre.step > 0)


def test_two_runs_are_told_apart_and_turned_one_by_one(mount, eventually):
    runs = FakeRun("lstm", n_steps=20), FakeRun("transformer", n_steps=20)
    page = mount(TrainingTheatre(*runs)).page
    deed(page, "Start").click()
    eventually(lambda: all(one.told for one in runs))
    for one in runs:
        one.advance(10)
    expect(page.locator(".gb-theatre-runs > p")).to_have_text([re.compile("^LSTM is"), re.compile("^Transformer is")])
    chart = page.get_by_role("img", name="Training loss and")
    expect(chart.locator("path.gb-curve0.gb-hue-lstm").first).to_be_attached()
    expect(chart.locator("path.gb-curve1.gb-hue-transformer").first).to_be_attached()
    page.get_by_role("combobox", name="turn").select_option("Transformer")
    field = page.get_by_role("spinbutton", name="clipping, as a number")
    field.fill("1")
    field.press("Enter")
    eventually(lambda: runs[1].told[-1] == {"clip": 1})
    assert runs[0].told == ["start"]


PAINT = """() => {
  const begun = performance.now(), charts = structuredClone(model.get("charts"));
  charts.plots[0].marks.pop();
  fromPython({ charts });
  return Promise.resolve().then(() => { document.body.getBoundingClientRect(); return performance.now() - begun; });
}"""


def test_a_paint_with_news_takes_under_50_milliseconds(mount):
    logs = [made_up_log(name, n_steps=1200, every=100) for name in ("lstm", "transformer")]
    page = mount(TrainingTheatre(*map(RecordedRun, logs))).page
    marks = page.locator(".gb-plot").first.locator("path, text")
    before = marks.count()
    took = [page.evaluate(PAINT) for _ in range(5)]
    expect(marks).to_have_count(before - 5)
    assert min(took) < 50  # what the code costs: more is what the machine does besides
