"""The settings of an AttentionExplorer, checked, with the answers of the model to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lessons.errors import InputError
from lessons.records import TransformerTrace
from widgets.attention_board import MEAN, State
from widgets.attention_source import AttentionSource
from widgets.checks import flag, whole
from widgets.checks import text as checked_text

__all__ = ["OTHER_TEXT", "TEXT", "head_of_cell", "heads_of", "state_of"]

TEXT, OTHER_TEXT = "The king was crowned in London and the queen was crowned in", "The queen was crowned in London"
_COMPARED = ("intact", "text")
_ASK_A_MODEL = 'give the model itself: AttentionExplorer(load_model("transformer")).'


def heads_of(name: str, pairs: Any, trace: TransformerTrace) -> tuple[tuple[int, int], ...]:
    """Return heads as sorted pairs (layer, head), each once, or raise InputError if the model does not have one."""
    shape = trace.n_layers, trace.n_heads
    try:
        found = {(int(layer), int(head)) for layer, head in pairs if not {type(layer), type(head)} & {bool, float, str}}
        wrong = [tuple(pair) for pair in pairs if tuple(pair) not in found]
    except (TypeError, ValueError):
        found, wrong = set(), [pairs]
    wrong += [pair for pair in found if not (0 <= pair[0] < shape[0] and 0 <= pair[1] < shape[1])]
    if wrong:
        allowed = f"layers 0 to {shape[0] - 1} and heads 0 to {shape[1] - 1}"
        raise InputError(f"{name} names {str(wrong[0])[:60]}; a head is a pair (layer, head), of {allowed}.")
    return tuple(sorted(found))


def head_of_cell(cell: int, trace: TransformerTrace) -> tuple[int, int | str]:
    """Return the layer and the head of a cell of the grid, whose last column is the mean."""
    layer, head = divmod(cell, trace.n_heads + 1)
    if not 0 <= layer < trace.n_layers:
        raise InputError(f"There is no layer {layer + 1}; this model has {trace.n_layers}.")
    return layer, MEAN if head == trace.n_heads else head


def state_of(source: AttentionSource, old: State | None, wanted: dict[str, Any], changed: Collection[str]) -> State:
    """Return what an explorer is to show, or raise InputError if a setting cannot be used.

    Args:
        source: what is asked.
        old: what was shown before, None at first.
        wanted: all settings, not checked.
        changed: names of those that were assigned.
    """
    text, other_text, target = (_text(wanted[name], name) for name in ("text", "other_text", "target"))
    if source.trace is not None and text not in (None, source.trace.text.text):
        raise InputError(f"The text of a finished trace cannot be changed; {_ASK_A_MODEL}")
    if text is None:
        text = TEXT if source.trace is None else source.trace.text.text
    intact = source.read(text)
    trace = intact.trace
    layer = whole(wanted["layer"], "layer", 0, trace.n_layers - 1)
    head = MEAN if wanted["head"] == MEAN else whole(wanted["head"], "head", 0, trace.n_heads - 1)
    off = heads_of("off", wanted["off"], trace)
    compare = wanted["compare"]
    if compare not in (None, *_COMPARED):
        compare = heads_of("compare", [compare], trace)[0]
    if source.trace is not None and (off or compare in _COMPARED or target):
        raise InputError(f"A finished trace has one text, and its heads cannot be switched off; {_ASK_A_MODEL}")
    moved = old is None or old.intact is not intact
    selected = None if moved and "selected" not in changed else wanted["selected"]
    if selected is not None:
        selected = whole(selected, "selected", 0, len(trace) - 1)
    if (moved or (old is not None and selected != old.settings["selected"])) and "target" not in changed:
        target = None
    settings = {
        "text": text,
        "other_text": other_text or OTHER_TEXT,
        "layer": layer,
        "head": head,
        "selected": selected,
        "off": off,
        "hide_first": flag(wanted["hide_first"], "hide_first"),
        "compare": compare,
        "target": target or None,
        "top_k": whole(wanted["top_k"], "top_k", 1, 20),
    }
    now = source.without(text, off)
    other = now if isinstance(compare, tuple) else intact if compare == "intact" else None
    if compare == "text":
        other = source.without(settings["other_text"], off)
    place = len(trace) - 1 if selected is None else selected
    effect = source.effect(intact, now, place, settings["target"], settings["top_k"]) if intact.model else None
    return State.of(source, settings, intact, now, other, place, effect)


def _text(value: object, name: str) -> str | None:
    return None if value is None else checked_text(value, name)
