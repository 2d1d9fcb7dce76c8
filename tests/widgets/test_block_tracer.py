"""BlockTracer in Python: its numbers are the models', switches change what they should, and what it refuses."""

import json

import numpy as np
import pytest

from lessons.errors import InputError
from tests import tiny
from tests.fakes import FakeModel
from widgets import BlockTracer

TEXT = "The king was crowned in London"


@pytest.fixture(scope="module")
def models():
    return tiny.model("lstm"), tiny.model("transformer")


@pytest.fixture
def tracer(models):
    return BlockTracer(*models, text=TEXT)


def rows_of(tracer, model):
    return [row for row in tracer.grid["rows"] if row["model"] == model]


def step(tracer, model, name):
    return next(row for row in tracer.board["ways"][model]["rows"] if row["name"] == name)


def test_each_cell_has_the_first_choice_of_the_lens(tracer, models):
    for number, model in enumerate(models):
        trace = model.trace(TEXT)
        rows = rows_of(tracer, number)
        assert len(rows) == trace.n_layers + 1
        for layer, row in enumerate(rows):
            assert row["layer"] == layer
            assert [word.removeprefix("↵ ") for word in row["words"]] == trace.lens.tokens[layer, :, 0].tolist()
            np.testing.assert_allclose(row["levels"], trace.lens.probabilities[layer, :, 0], atol=6e-4)
            right = [i for i in range(len(trace) - 1) if trace.lens.tokens[layer, i, 0] == trace.tokens[i + 1]]
            assert row["true"] == right
            assert row["moved"] == []
    assert tracer.grid["words"] == ["↵ <eos>", *TEXT.split()]
    assert tracer.tokens == ("<eos>", *TEXT.split())


def test_the_last_row_is_what_the_model_says(tracer, models):
    for number, model in enumerate(models):
        for place in range(len(tracer.tokens)):
            position = -1 if place == len(tracer.tokens) - 1 else place
            answer = model.next_tokens(TEXT, top_k=1, position=position)
            assert rows_of(tracer, number)[-1]["words"][place].removeprefix("↵ ") == answer.tokens[0]


def test_the_bars_are_those_of_the_selected_cell(tracer, models):
    tracer.change(selected=3, layer=1)
    for number, model in enumerate(models):
        lens = model.trace(TEXT, top_k=5).lens
        panel = tracer.board["panels"][number]
        assert [row["token"] for row in panel["rows"][:5]] == lens.tokens[1, 3].tolist()
        truth = next(row for row in panel["rows"] if row.get("true"))
        assert truth["token"] == "crowned"
        surprisal = -np.log(lens.next_probability[1, 3])
        assert "".join(panel["facts"][0]).startswith("What comes is crowned: ")
        assert f", {surprisal:.1f} nats" in "".join(panel["facts"][0])
        listed = sum(lens.probabilities[1, 3])
        if truth["token"] not in lens.tokens[1, 3]:
            listed += lens.next_probability[1, 3]
        assert panel["rest"]["width"] == pytest.approx(1 - listed, abs=1e-4)
        assert f"{model.perplexity(TEXT):.4g}" == f"{np.exp(tracer.losses[number]):.4g}"
    assert tracer.board["layers"] == [1, 1]
    tracer.change(selected=None, layer=None)
    assert tracer.board["layers"] == [2, 2]
    assert "Here the text ends" in tracer.board["panels"][0]["facts"][0][0]


def test_a_model_with_fewer_layers_is_asked_at_its_last(models):
    deep = tiny.model("transformer", n_layers=4)
    tracer = BlockTracer(models[0], deep, text=TEXT, layer=3)
    assert tracer.board["layers"] == [2, 3]
    assert [panel["aside"] for panel in tracer.board["panels"]] == ["read at layer 2 (answer)", "read at block 3"]


def test_the_lengths_and_directions_are_those_of_the_trace(tracer, models):
    place = 4
    tracer.selected = place
    trace = models[1].trace(TEXT)
    stream = trace.embeddings[place]
    for name, vector in [
        ("position 4", trace.position_embeddings[place]),
        ("attention 1", trace.attention_outputs[0, place]),
        ("MLP 1", trace.mlp_outputs[0, place]),
        ("attention 2", trace.attention_outputs[1, place]),
        ("MLP 2", trace.mlp_outputs[1, place]),
    ]:
        row = step(tracer, 1, name)
        assert row["number"] == f"{np.linalg.norm(vector):.1f}"
        cosine = vector @ stream / np.linalg.norm(vector) / np.linalg.norm(stream)
        assert row["cells"][0] == f"{cosine:.2f}".replace("-", "−")
        stream = stream + vector
        assert row["cells"][1] == f"{np.linalg.norm(stream):.1f}"
    np.testing.assert_allclose(stream, trace.residual_stream[-1, place], atol=1e-4)
    assert step(tracer, 1, "last norm")["cells"][1] == f"{np.linalg.norm(trace.final_hidden[place]):.1f}"
    lstm = models[0].trace(TEXT)
    assert step(tracer, 0, "cell state 2")["number"] == f"{np.linalg.norm(lstm.cell_state[1, place]):.1f}"
    now, before = lstm.hidden_state[0, place], lstm.hidden_state[0, place - 1]
    cosine = now @ before / np.linalg.norm(now) / np.linalg.norm(before)
    assert step(tracer, 0, "hidden state 1")["cells"] == [f"{cosine:.2f}".replace("-", "−")]


def test_each_step_says_its_shape(tracer, models):
    transformer = {row["name"]: row["shape"] for row in tracer.board["ways"][1]["rows"]}
    vocab_size = models[1].vocab_size
    assert transformer["attention 1"] == "weights 2 × 7 × 7"
    assert transformer["MLP 2"] == "inside 7 × 32"
    assert transformer["head"] == f"7 × {vocab_size}"
    lstm = {row["name"]: row["shape"] for row in tracer.board["ways"][0]["rows"]}
    assert (lstm["cell state 1"], lstm["hidden state 1"]) == ("gates 7 × 4 × 16", "7 × 16")


def test_steps_after_the_layer_that_is_read_are_marked(tracer):
    tracer.change(layer=1)
    later = [row["name"] for row in tracer.board["ways"][1]["rows"] if row["later"]]
    assert later == ["attention 2", "MLP 2"]
    assert step(tracer, 1, "last norm")["cells"] == ["", ""]  # the length known is that of the answer


def test_a_switch_shows_the_model_without_the_part(tracer, models):
    tracer.change(attention_off=[0], mlp_off=[1], selected=2)
    reference = models[1].ablate(heads=[(0, 0), (0, 1)], mlps=[1]).trace(TEXT)
    np.testing.assert_array_equal(tracer.traces[1].residual_stream, reference.residual_stream)
    assert tracer.traces[0] is tracer.whole_traces[0]
    assert rows_of(tracer, 1)[2]["words"] == [
        word.replace("<eos>", "↵ <eos>") for word in reference.lens.tokens[2, :, 0].tolist()
    ]
    before = models[1].trace(TEXT).lens.tokens[:, :, 0]
    for layer, row in enumerate(rows_of(tracer, 1)):
        assert row["moved"] == np.flatnonzero(reference.lens.tokens[layer, :, 0] != before[layer]).tolist()
    assert all(row["moved"] == [] for row in rows_of(tracer, 0))
    loss = -np.log(reference.predictions.next_probability[:-1]).mean()
    assert tracer.losses[1] == pytest.approx(loss)
    old = np.log(models[1].perplexity(TEXT))
    assert f"{old:.2f} → {loss:.2f} nats a token" in tracer.controls["effect"]
    assert step(tracer, 1, "MLP 2 (off)")["number"] == "0.0"
    assert "its bias" in tracer.board["ways"][1]["legend"]
    assert tracer.attention_off == (0,)
    assert tracer.board["legend"].endswith("A line marks where a bar ended with everything on.")


def test_a_bar_says_what_it_was_before_the_switch(tracer, models):
    tracer.change(mlp_off=[0], selected=2)
    was = models[1].trace(TEXT, top_k=models[1].vocab_size).lens
    probability = dict(zip(was.tokens[2, 2].tolist(), was.probabilities[2, 2].tolist(), strict=True))
    kept = tracer.whole_traces[1].lens.tokens[2, 2].tolist()
    full = float(tracer.board["legend"].split("A full bar is ")[1].split(" %")[0]) / 100
    for row in tracer.board["panels"][1]["rows"]:
        if row["token"] in kept or row.get("true"):
            assert row["was"] == pytest.approx(min(1, probability[row["token"]] / full), abs=1e-3)
            assert " → " in row["share"]
        else:
            assert row["share"].startswith("< ")
    assert all("was" not in row for row in tracer.board["panels"][0]["rows"])
    tracer.layer = 0  # before the switch nothing has changed
    assert all("was" in row and "→" not in row["share"] for row in tracer.board["panels"][1]["rows"])


def test_a_switch_is_asked_once_and_a_click_asks_nothing(ask):
    class Counted:
        def __init__(self, model):
            self._model, self.asked = model, 0

        def __getattr__(self, name):
            return getattr(self._model, name)

        def trace(self, *args, **kwargs):
            self.asked += 1
            return self._model.trace(*args, **kwargs)

        def ablate(self, **parts):
            self.asked += 1
            return self._model.ablate(**parts)

    lstm, transformer = Counted(tiny.model("lstm")), Counted(tiny.model("transformer"))
    tracer = BlockTracer(lstm, transformer, text=TEXT)
    (message,) = ask(tracer, "select", position=2, layer=1, revision=1)
    assert set(message["state"]) == {"board", "_answered"}
    assert len(json.dumps(message)) < 6000
    assert (lstm.asked, transformer.asked) == (1, 1)
    for off in ([0], [], [0]):
        ask(tracer, "switch", attention=[], mlp=off)
    assert (lstm.asked, transformer.asked) == (1, 2)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"text": " "}, "The text is empty"),
        ({"text": 5}, "text must be a string"),
        ({"selected": 7}, "selected must be a whole number from 0 to 6, not 7"),
        ({"selected": -1}, "selected must be"),
        ({"layer": 3}, "layer must be a whole number from 0 to 2, not 3"),
        ({"layer": True}, "layer must be"),
        ({"attention_off": [2]}, "each layer of attention_off must be a whole number from 0 to 1, not 2"),
        ({"mlp_off": [-1]}, "each layer of mlp_off must be"),
        ({"mlp_off": 1}, "mlp_off must be a list of layers"),
        ({"mlp_off": ["a"]}, "each layer of mlp_off must be"),
    ],
)
def test_a_bad_value_is_refused_and_the_last_good_state_stays(tracer, models, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        BlockTracer(*models, **{"text": TEXT} | settings)
    tracer.change(selected=2, layer=1, mlp_off=[1])
    before, traces = tracer.get_state(), tracer.traces
    with pytest.raises(InputError, match=sentence):
        tracer.change(**settings)
    assert tracer.get_state() == before
    assert tracer.traces is traces


def test_only_what_can_be_traced_is_taken(models):
    with pytest.raises(InputError, match="A FakeModel is no model that could be shown here: it has no trace"):
        BlockTracer(FakeModel())
    with pytest.raises(InputError, match="at least one model"):
        BlockTracer()
    with pytest.raises(InputError, match="does not know 'head'"):
        BlockTracer(*models, head=1)
    with pytest.raises(InputError, match="no Transformer was given"):
        BlockTracer(models[0], text=TEXT, mlp_off=[0])


def test_one_model_alone_and_one_word(models):
    alone = BlockTracer(models[0], text="king")
    assert len(alone.tokens) == 2
    assert alone.controls["blocks"] == 0
    assert len(BlockTracer(models[1], text="king").board["panels"]) == 1


def test_a_long_text_is_cut_to_what_every_model_sees(models):
    tracer = BlockTracer(*models, text="The king was born in London . " * 5)
    assert len(tracer.tokens) == models[1].context_length == 16
    assert {len(trace) for trace in tracer.traces} == {16}
    assert all(trace.first == 0 for trace in tracer.traces)
    assert tracer.note == "The text has 35 tokens; the last 15 are shown, and the models read only those."
    assert tracer.losses[0] == pytest.approx(np.log(models[0].perplexity(tracer.traces[0].text)))


def test_another_text_starts_at_its_end_and_a_reset_goes_back(tracer):
    tracer.change(selected=2, layer=1, attention_off=[1])
    tracer.text = "He was born in London"
    assert tracer.selected is None
    assert (tracer.layer, tracer.attention_off) == (1, (1,))
    assert tracer.board["selected"] == 5
    tracer.reset()
    assert (tracer.text, tracer.selected, tracer.layer, tracer.attention_off) == (TEXT, None, None, ())


def test_a_click_on_a_text_that_is_gone_gets_a_sentence(tracer, ask):
    tracer.text = "He was born"
    ask(tracer, "select", position=1, layer=1, revision=1)
    assert tracer.error == "The text has changed in the meantime; please click again."
    assert tracer.selected is None


def test_words_say_what_is_seen(tracer):
    tracer.change(selected=3, layer=1)
    assert tracer.board["spoken"].startswith("After was, token 3 of 6: what would the head say comes next? read at")
    assert "Transformer: " in tracer.board["spoken"]


def test_the_picture_shows_a_part_of_a_long_text(models):
    deep = tiny.model("transformer", context_length=64)
    tracer = BlockTracer(deep, text=" ".join(["The king was born in London ."] * 8), selected=30, mlp_off=[0])
    svg = tracer.picture().svg()
    assert "Places 26 to 34 of 56" in svg
    assert "MLP 1 (off)" in svg
    assert "→" not in svg
