"""LSTMStepper in Python: the blackboard's numbers, steps to and fro, presets, and a real unit with its what-ifs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.errors import InputError
from tests import tiny
from widgets import LSTMStepper

TEXT = "The king was crowned in London"
GATES = ("input", "forget", "candidate", "output")


@pytest.fixture(scope="module")
def trace():
    return tiny.model("lstm").trace(TEXT, top_k=0)


@pytest.fixture
def real(trace):
    return LSTMStepper(trace, layer=1, unit=5)


def text_of(board):
    return "\n".join("".join(line) for line in board["formulas"])


def test_the_numbers_are_those_of_the_blackboard():
    stepper = LSTMStepper(input=0.5, forget=0.9, candidate=-0.6, output=0.8, cell_state=2.0)
    new = 0.9 * 2.0 - 0.5 * 0.6
    assert stepper.cell.new_cell_state == pytest.approx(new)
    assert stepper.cell.hidden_state == pytest.approx(0.8 * math.tanh(new))
    assert text_of(stepper.board) == (
        "c′ = f · c + i · g = 0.900 · 2.000 + 0.500 · −0.600\n"
        "= 1.800 + −0.300 = 1.500\n"
        "h = o · tanh(c′) = 0.800 · tanh(1.500)\n"
        "= 0.800 · 0.905 = 0.724"
    )
    assert stepper.board["fading"] == "With f = 0.900 at every step, half of the memory is gone after 6.6 steps."


@given(*(st.floats(low, 1) for low in (0, 0, -1, 0)), st.floats(-8, 8), st.integers(1, 5))
def test_steps_carry_the_memory_on_and_back_brings_it_back(i, f, g, o, c, n_steps):
    stepper = LSTMStepper(input=i, forget=f, candidate=g, output=o, cell_state=c)
    memory = c
    for _ in range(n_steps):
        memory = f * memory + i * g
        stepper.step()
        assert stepper.cell_state == pytest.approx(memory, abs=1e-9)
    assert len(stepper.past) == n_steps
    levels = stepper.board["strips"][0]["levels"]
    assert np.count_nonzero(levels) <= n_steps + 1
    for _ in range(n_steps + 1):
        stepper.back()
    assert (stepper.cell_state, stepper.past) == (c, ())


def test_back_brings_back_the_gates_as_they_stood():
    stepper = LSTMStepper()
    stepper.step()
    stepper.change(forget=0.1, output=0.2)
    stepper.step()
    stepper.forget = 1.0
    stepper.back()
    assert (stepper.forget, stepper.output) == (0.1, 0.2)
    stepper.back()
    assert stepper.forget == 0.9
    stepper.step()
    stepper.reset()
    assert (stepper.past, stepper.forget, stepper.cell_state) == ((), 0.9, 1.0)


@pytest.mark.parametrize(
    ("name", "memories"),
    [
        ("Keep everything", [1.5, 1.5, 1.5]),
        ("Erase", [0.3, 0.3, 0.3]),
        ("Halve", [0.75, 0.375, 0.1875]),
        ("Count", [1.6, 1.7, 1.8]),
    ],
)
def test_a_preset_shows_what_it_says(name, memories):
    stepper = LSTMStepper(cell_state=1.5)
    stepper.preset(name)
    assert [preset["on"] for preset in stepper.board["presets"] if preset["name"] == name] == [True]
    assert stepper.board["lesson"]
    for memory in memories:
        stepper.step()
        assert stepper.cell_state == pytest.approx(memory)


def test_a_hidden_memory_is_there_and_not_shown():
    stepper = LSTMStepper(cell_state=1.5)
    stepper.preset("Hidden memory")
    stepper.step()
    assert stepper.past[0].hidden_state == 0
    assert stepper.cell_state != 0
    assert "h is 0 and c is not" in stepper.board["lesson"]


def test_counting_goes_on_beyond_one_and_what_is_shown_does_not():
    stepper = LSTMStepper(cell_state=0.0, output=1.0)
    stepper.preset("Count")
    for _ in range(100):
        stepper.step()
    assert stepper.cell_state == pytest.approx(10.0)
    assert stepper.cell.hidden_state < 1
    assert float(stepper.board["sliders"][4]["high"]) > 9.9
    stepper.back()
    assert stepper.cell_state == pytest.approx(9.9)


def test_the_half_life_has_its_ends():
    assert "never fades" in LSTMStepper(forget=1.0).board["fading"]
    assert "nothing of the memory is left" in LSTMStepper(forget=0.0).board["fading"]


def test_a_real_unit_is_the_traces_at_every_token(real, trace):
    for place in range(len(trace)):
        assert real.cell.new_cell_state == pytest.approx(float(trace.cell_state[1, place, 5]), abs=1e-6)
        assert real.cell.hidden_state == pytest.approx(float(trace.hidden_state[1, place, 5]), abs=1e-6)
        for index, name in enumerate(GATES):
            assert getattr(real, name) == pytest.approx(float(trace.gates[1, place, index, 5]))
        assert real.board["what_if"] == ""
        assert "other" not in real.board["strips"][0]
        if place + 1 < len(trace):
            real.step()
    with pytest.raises(InputError, match="That was the last token of the text"):
        real.step()
    assert len(real.past) == len(trace) - 1


def test_a_moved_gate_is_a_what_if_that_is_said_and_taken_back(real, trace):
    real.step()
    real.step()
    truth = real.forget
    real.forget = 0.0 if truth > 0.5 else 1.0
    assert real.board["what_if"] == "What if: forget differs from the real unit."
    assert real.board["sliders"][1]["real"] == f"{truth:.3f}"
    assert "other" in real.board["strips"][0]
    real.step()
    assert real.forget == pytest.approx(float(trace.gates[1, 3, 1, 5]))  # the next token's gates are the real ones
    assert real.board["what_if"] == "What if: old memory differs from the real unit."
    real.back_to_real()
    assert real.board["what_if"] == ""
    assert len(real.past) == 3
    assert real.past[2].new_cell_state == pytest.approx(float(trace.cell_state[1, 2, 5]), abs=1e-6)
    assert "other" not in real.board["strips"][0]


def test_another_unit_starts_from_the_first_token(real, trace):
    real.step()
    real.output = 0.123
    real.change(layer=0, unit=2)
    assert real.past == ()
    assert real.output == pytest.approx(float(trace.gates[0, 0, 3, 2]))
    real.reset()
    assert (real.layer, real.unit, real.past) == (1, 5, ())
    assert real.output == pytest.approx(float(trace.gates[1, 0, 3, 5]))


def test_a_trace_can_be_loaded_later(trace):
    stepper = LSTMStepper()
    stepper.step()
    stepper.trace = trace
    assert stepper.past == ()
    assert stepper.cell_state == 0
    assert stepper.line["words"][1] == "The"


def test_a_click_goes_to_a_token_and_back(real, trace, ask):
    ask(real, "jump", place=4)
    assert real.cell.new_cell_state == pytest.approx(float(trace.cell_state[1, 4, 5]), abs=1e-6)
    ask(real, "jump", place=1)
    assert len(real.past) == 1
    ask(real, "jump", place=99)
    assert real.error == "There is no such token; please click again."
    ask(LSTMStepper(), "jump", place=0)
    assert len(real.past) == 1


def test_a_move_is_answered_with_one_small_message(ask):
    (message,) = ask(LSTMStepper(), "move", name="forget", value=0.25)
    assert set(message["state"]) == {"board", "_answered"}
    assert len(str(message)) < 5000


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"forget": 1.5}, "forget must be a number from 0 to 1, not 1.5"),
        ({"candidate": -1.5}, "candidate must be a number from -1 to 1"),
        ({"input": math.nan}, "input must be"),
        ({"cell_state": 99}, "cell_state must be a number from -8 to 8, not 99"),
        ({"output": "open"}, "output must be"),
        ({"trace": "The king"}, "trace must be a RecurrentTrace .*, not str"),
    ],
)
def test_what_it_refuses(settings, sentence):
    stepper = LSTMStepper()
    stepper.step()
    before = stepper.get_state()
    with pytest.raises(InputError, match=sentence):
        stepper.change(**settings)
    assert stepper.get_state() == before
    with pytest.raises(InputError, match=sentence):
        LSTMStepper(**settings)


@pytest.mark.parametrize(("settings", "sentence"), [({"layer": 2}, "layer must be"), ({"unit": 16}, "unit must be")])
def test_a_unit_that_is_not_there_is_refused(real, settings, sentence):
    real.step()
    with pytest.raises(InputError, match=sentence):
        real.change(**settings)
    assert (real.layer, real.unit, len(real.past)) == (1, 5, 1)


def test_a_preset_or_a_way_that_is_not_there_is_refused(ask):
    stepper = LSTMStepper()
    with pytest.raises(InputError, match="name must be 'Keep everything', "):
        stepper.preset("Remember")
    ask(stepper, "go", where="away")
    assert stepper.error.startswith("where must be 'step', 'back', 'reset' or 'real'")


def test_steps_end_somewhere():
    stepper = LSTMStepper()
    for _ in range(300):
        stepper.step()
    with pytest.raises(InputError, match="300 steps are done"):
        stepper.step()
    assert len(stepper.past) == 300


def test_a_closed_stepper_lets_go_of_its_trace(trace):
    stepper = LSTMStepper(trace)
    stepper.close()
    assert stepper.trace is None
    with pytest.raises(InputError, match="closed"):
        stepper.step()
