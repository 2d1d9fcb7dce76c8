"""WhyWidget in Python: the question, what can be chosen, the way back; on a widget that shows nothing but an answer."""

import pytest
import traitlets as t

from lessons.errors import InputError
from lessons.records import BASELINES, EXPLAINS
from tests.makers.importance import TEXT, models
from widgets.why import BASELINE_NAMES, EXPLAINED_NAMES, UNITS
from widgets.why_widget import WhyWidget

QUESTION = {
    "text": TEXT,
    "position": -1,
    "target": None,
    "explains": "log_probability",
    "against": None,
    "baseline": "unk",
    "asked": None,
}


class Plain(WhyWidget):
    """Shows the scores of occlusion as one line of words."""

    scores = t.Unicode().tag(sync=True)

    def __init__(self, *models, title="Why?", say="", presenting=False, **question):
        self.explained = 0
        super().__init__(*models, title=title, say=say, presenting=presenting, **(QUESTION | question))

    def _answer_to(self, why, wanted, changed):
        def explain():
            self.explained += 1
            return why.model.explain(why.text, "occlusion", baseline=why.baseline, **why.options)

        found = self._ask(why, "occlusion", explain)
        return {"scores": " ".join(f"{score:+.4f}" for score in found.scores)}


class NoDeletion(Plain):
    _baselines = ("unk", "zero")


@pytest.fixture
def widget():
    return Plain(*models())


def chosen(widget):
    return {name: getattr(widget, name) for name in QUESTION}


def scores(model, text=TEXT, **options):
    return " ".join(f"{score:+.4f}" for score in model.explain(text, "occlusion", **options).scores)


def test_after_the_text_the_first_choice_is_explained_and_inside_it_the_true_word(widget):
    first = models()[0].next_tokens(TEXT).tokens[0]
    assert widget.question["chosen"]["target"] == first
    assert widget.scores == scores(models()[0], target=first)
    widget.position = 2
    assert widget.question["chosen"]["target"] == "was"
    assert widget.scores == scores(models()[0], target="was", position=2)
    assert "".join(widget.question["heading"]) == "Why does the Transformer expect was as word 3?"
    assert widget.question["choices"]["target"][0][1].endswith("(the true word)")


def test_words_after_the_predicted_one_are_marked_as_not_read(widget):
    widget.position = 5
    after = [int(i) for i, kind in widget.question["kinds"].items() if kind == "after"]
    assert sorted(after) == list(range(6, len(widget.tokens)))
    widget.position = -1
    assert "after" not in widget.question["kinds"].values()
    assert widget.question["selected"] == len(widget.tokens)


def test_another_model_is_asked_the_same(widget):
    widget.change(asked="LSTM", target="church")
    assert widget.scores == scores(models()[1], target="church")
    assert widget.question["hue"] == "lstm"
    assert [name for name, _ in widget.question["choices"]["asked"]] == ["Transformer", "LSTM"]
    assert "the LSTM" in widget.question["heading"][0]


@pytest.mark.parametrize("explains", EXPLAINS)
def test_every_number_can_be_explained(widget, explains):
    widget.change(explains=explains, target="church")
    against = widget.question["chosen"]["against"]
    assert (against is not None) == (explains == "contrast")
    assert against != "church"
    assert widget.scores == scores(models()[0], target="church", explains=explains, against=against)
    assert [name for name, _ in widget.question["choices"]["explains"]] == list(EXPLAINED_NAMES)
    assert bool(widget.question["choices"]["against"]) == (explains == "contrast")
    assert explains in UNITS


@pytest.mark.parametrize("baseline", BASELINES)
def test_every_meaning_of_missing_can_be_chosen(widget, baseline):
    widget.change(baseline=baseline, target="church")
    assert widget.scores == scores(models()[0], target="church", baseline=baseline)
    assert [baseline, BASELINE_NAMES[baseline]] in widget.question["choices"]["baseline"]


def test_a_widget_may_offer_fewer_meanings():
    widget = NoDeletion(*models())
    assert [name for name, _ in widget.question["choices"]["baseline"]] == ["unk", "zero"]
    with pytest.raises(InputError, match="baseline must be 'unk' or 'zero', not 'delete'"):
        widget.baseline = "delete"


def test_a_contrast_ends_with_what_is_explained(widget):
    widget.change(explains="contrast", target="church", against="king")
    assert "".join(widget.question["heading"]).endswith("expect church rather than king after the text?")
    assert "church" not in [name for name, _ in widget.question["choices"]["against"]]
    widget.explains = "logit"
    assert widget.against is None
    with pytest.raises(InputError, match="against names the other word of a contrast"):
        widget.change(explains="logit", against="king")


def test_another_place_has_another_true_word_and_another_text_another_end(widget):
    widget.change(position=6, target="church")
    widget.position = 7
    assert widget.target is None
    assert widget.question["chosen"]["target"] == "."
    widget.text = "The queen was born"
    assert (widget.position, widget.target) == (-1, None)
    widget.change(text="The king was", position=1, target="queen")
    assert (widget.position, widget.target) == (1, "queen")


def test_an_answer_is_worked_out_once(widget):
    assert widget.explained == 1
    for position in (3, -1, 3, -1):
        widget.position = position
    widget.presenting = True
    assert widget.explained == 2


def test_undo_takes_back_one_question_after_the_other(widget, ask):
    states = [chosen(widget)]
    for change in ({"position": 6}, {"target": "church"}, {"explains": "contrast"}, {"text": "The queen"}):
        widget.change(**change)
        states.append(chosen(widget))
    assert widget.question["undo"]
    for state in reversed(states[:-1]):
        ask(widget, "undo")
        assert chosen(widget) == state
    assert not widget.question["undo"]
    ask(widget, "undo")
    assert chosen(widget) == states[0]
    widget.change(position=4, asked="LSTM")
    ask(widget, "reset")
    assert (widget.position, widget.question["chosen"]["asked"]) == (-1, "Transformer")
    widget.undo()
    assert (widget.position, widget.asked) == (4, "LSTM")


def test_a_change_that_changes_nothing_is_not_kept_for_undo(widget):
    widget.position = 6
    widget.position = 6
    widget.change(title="Another")
    widget.undo()
    assert widget.position == -1
    assert not widget.question["undo"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"position": 0}, "No word stands before the first word"),
        ({"position": 14}, "position must be a whole number from -1 to 13"),
        ({"position": "2"}, "position"),
        ({"target": "no such word"}, "not among the"),
        ({"target": 7}, "target must be a string"),
        ({"explains": "everything"}, "explains must be"),
        ({"explains": "contrast", "target": "king", "against": "king"}, "against is the target itself"),
        ({"baseline": "nothing"}, "baseline must be"),
        ({"asked": "GPT"}, "asked must be 'Transformer' or 'LSTM'"),
        ({"text": ""}, "The text is empty"),
        ({"text": 7}, "text must be a string"),
        ({"colour": "red"}, "has no setting 'colour'"),
    ],
)
def test_a_value_that_cannot_be_used_changes_nothing(widget, settings, says):
    widget.position = 6
    before = chosen(widget), widget.question, widget.scores
    with pytest.raises(InputError, match=says):
        widget.change(**settings)
    assert (chosen(widget), widget.question, widget.scores) == before
    widget.undo()
    assert widget.position == -1


def test_the_page_asks_for_places_and_choices(widget, ask):
    revision = widget.question["revision"]
    ask(widget, "place", position=3, revision=revision)
    assert widget.position == 3
    ask(widget, "place", position=len(widget.tokens), revision=revision)
    assert widget.position == -1
    ask(widget, "choose", name="target", value="church", revision=revision)
    assert widget.target == "church"
    ask(widget, "choose", name="text", value="church", revision=revision)
    assert "name must be" in widget.error
    ask(widget, "choose", name="target", value="  ", revision=revision)
    assert "No word was typed" in widget.error
    assert widget.target == "church"
    ask(widget, "read", text="The queen was")
    ask(widget, "place", position=1, revision=revision)
    assert "The text has changed" in widget.error
    assert widget.position == -1


def test_a_long_text_is_cut_and_a_note_says_so(widget):
    widget.text = "king was " * 50
    assert len(widget.tokens) == 64
    assert widget.note.startswith("The text has 100 tokens; the last 64 are shown")
    widget.text = "the crwoned king"
    assert widget.question["words"] == ["the", "crwoned", "king"]
    assert "crwoned" in widget.note


def test_closing_lets_the_models_go(widget):
    widget.close()
    assert widget.models == ()
    with pytest.raises(InputError, match="closed"):
        widget.position = 2
    assert widget.tokens == ()
