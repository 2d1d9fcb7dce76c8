"""What an AttentionAbacus says about a cell: the question, and the formula filled with the actual numbers."""

from __future__ import annotations

import math

import numpy as np

from lessons.attention_by_hand import AttentionByHand
from widgets.abacus_numbers import Sheet
from widgets.words import number

__all__ = ["STEPS", "entry", "formula", "name_of", "question", "short", "value_of"]

STEPS = ("scores", "scaled", "masked", "weights", "output")
LARGEST_EXPONENT = 20.0  # e^20 is half a billion: beyond it the row's largest score is taken off first, as computers do
_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_HIGH = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def short(value: float) -> str:
    """Return a number for a cell: two decimals, small ones with two digits that count, no zeros that say nothing."""
    if not math.isfinite(value) or value == 0:
        return number(value, 0)
    size = abs(value)
    if 0.001 <= size < 0.1:
        text = number(value, 3 if size >= 0.0095 else 4)
    elif 0.1 <= size < 10_000:
        text = number(value, 2)
    else:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa}×10{str(int(exponent)).translate(_HIGH)}".replace("-", "−").replace(".0×", "×")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _equals(value: float) -> str:
    """Return `= 1.5`, or `≈ 0.33` where the number was rounded."""
    text = short(value)
    plain = text.replace("−", "-").replace(",", "")
    exact = "×" not in text and "∞" not in text and abs(float(plain) - value) < 1e-9
    return f"{'=' if exact or math.isinf(value) else '≈'} {text}"


def entry(sheet: Sheet, value: float) -> str:
    """Return a number of a query, key or value: a learner's own as it was typed, a trained one rounded."""
    return f"{value:g}".replace("-", "−") if sheet.own else short(value)


def _factor(text: str) -> str:
    return f"({text})" if text.startswith("−") else text


def _low(number_: int) -> str:
    return str(number_).translate(_LOW)


def _sum(terms: list[str]) -> str:
    return " + ".join(terms)


def value_of(steps: AttentionByHand, sheet: Sheet, step: int, row: int, column: int) -> float:
    """Return the number of a cell; the last column of the weights may be all tokens that are not shown."""
    i = sheet.places[row]
    if step == 4:
        return float(steps.output[i, column])
    array = (steps.scores, steps.scaled, steps.masked, steps.weights)[step]
    if column == len(sheet.places):
        return float(array[i, list(sheet.others)].sum())
    return float(array[i, sheet.places[column]])


def name_of(sheet: Sheet, step: int, row: int, column: int) -> str:
    """Return what a cell is called in formulas: `q₂·k₁`, `w₂₁`."""
    i = sheet.places[row] + 1
    if step == 4:
        return f"number {column + 1} of output {i}"
    if column == len(sheet.places):
        return f"weight of all other tokens for query {i}"
    j = sheet.places[column] + 1
    dot = f"q{_low(i)}·k{_low(j)}"
    return (dot, f"scaled {dot}", f"masked {dot}", f"weight of key {j} for query {i}")[step]


def question(steps: AttentionByHand, sheet: Sheet, step: int, row: int, column: int) -> list[str]:
    """Return the question of a hidden cell in pieces, plain and emphasised in turn; it gives no hidden number away."""
    name, i = name_of(sheet, step, row, column), sheet.places[row]
    who = sheet.words[i]
    whom = sheet.words[sheet.places[column]] if step < 4 and column < len(sheet.places) else ""
    if step == 0:
        how = f"How well does the query of “{who}” fit the key of “{whom}”? Multiply number by number, then add."
        if sheet.d > sheet.parts:
            left = _left_of_product(steps, sheet, i, sheet.places[column])
            how += f" The {sheet.d - sheet.parts} products that are not listed add {short(left)}."
    elif step == 1 and not steps.use_scale:
        how = "The scale is off, so the score stays as it is."
    elif step == 1:
        how = f"Divide the score by √{sheet.d} ≈ {math.sqrt(sheet.d):.2f}."
    elif step == 2 and steps.mask_place == "never":
        how = "The mask is off, so the score stays as it is."
    elif step == 2:
        how = f"May “{who}” look at “{whom}”? Then the score stays. If not, type -inf."
    elif step == 3 and column == len(sheet.places):
        how = "A row sums to 1: what do the columns that are shown leave over?"
    elif step == 3:
        how = f"e to the power of this score, divided by the sum of such powers over the row of “{who}”."
        if not math.isinf(steps.masked[i, sheet.places[column]]):
            off = _taken_off(steps.masked[i])
            how += f" Take {short(off)} off each score first." if off else ""
            how += _rest(*_left_of_sum(steps, sheet, i))
    else:
        how = f"Number {column + 1} of each value, times the weight that “{who}” gives it; add them up."
        how += _rest(*_left_of_mix(steps, sheet, i, column))
    return ["", f"{name} = ?", f" {how}"]


def formula(steps: AttentionByHand, sheet: Sheet, step: int, row: int, column: int) -> str:
    """Return a cell's formula, filled with the numbers: `q₂·k₁ = 1×1 + 2×0 = 1`."""
    name, value = name_of(sheet, step, row, column), value_of(steps, sheet, step, row, column)
    i = sheet.places[row]
    if step == 4:
        return f"{name} = {_mixed(steps, sheet, i, column)} {_equals(value)}"
    if column == len(sheet.places):
        named = [short(steps.weights[i, j]) for j in sheet.places]
        return f"{name} = 1 − ({_sum(named)}) {_equals(value)}"
    j = sheet.places[column]
    if step == 0:
        return f"{name} = {_product(steps, sheet, i, j)} {_equals(value)}"
    if step == 1:
        score = short(steps.scores[i, j])
        return f"{name} = {score} / √{sheet.d} {_equals(value)}" if steps.use_scale else f"{name} = {score}: no scale"
    if step == 2:
        if math.isinf(value):
            return f"{name} = −∞: key {j + 1} is later than query {i + 1}"
        why = "the mask is off" if steps.mask_place == "never" else f"key {j + 1} is not later than query {i + 1}"
        return f"{name} {_equals(value)}: it stays, for {why}"
    return f"{name} = {_share(steps, sheet, i, j)} {_equals(value)}"


def _rest(left: float, n: int) -> str:
    """Return a sentence on what tokens without a column of their own add to a sum; "" if there are none."""
    return f" The {n} token{'s' * (n != 1)} not shown add{'s' * (n == 1)} {short(left)}." if n else ""


def _left_of_product(steps: AttentionByHand, sheet: Sheet, i: int, j: int) -> float:
    return float((steps.query[i] * steps.key[j])[sheet.parts :].sum())


def _taken_off(row: np.ndarray) -> float:
    """Return what is taken off a row before e is raised to it: nothing, as long as the powers stay readable."""
    return float(row.max()) if np.abs(row[np.isfinite(row)]).max() > LARGEST_EXPONENT else 0.0


def _left_of_sum(steps: AttentionByHand, sheet: Sheet, i: int) -> tuple[float, int]:
    row = steps.masked[i]
    others = [j for j in sheet.others if np.isfinite(row[j])]
    return float(np.exp(row[others] - _taken_off(row)).sum()), len(others)


def _left_of_mix(steps: AttentionByHand, sheet: Sheet, i: int, n: int) -> tuple[float, int]:
    others = [j for j in sheet.others if steps.weights[i, j] > 0]
    return float(steps.weights[i, others] @ steps.value[others, n]), len(others)


def _from(left: float, n: int) -> list[str]:
    return [f"{_factor(short(left))} from {n} other token{'s' * (n != 1)}"] if n else []


def _product(steps: AttentionByHand, sheet: Sheet, i: int, j: int) -> str:
    """Return q·k term by term; of a long vector the first terms and the sum of the others."""
    pairs = zip(steps.query[i, : sheet.parts], steps.key[j, : sheet.parts], strict=True)
    terms = [f"{_factor(entry(sheet, q))}×{_factor(entry(sheet, k))}" for q, k in pairs]
    if sheet.d > sheet.parts:
        left = _factor(short(_left_of_product(steps, sheet, i, j)))
        terms.append(f"{left} from the {sheet.d - sheet.parts} other products")
    return _sum(terms)


def _share(steps: AttentionByHand, sheet: Sheet, i: int, j: int) -> str:
    """Return the softmax of one cell: e to the score over the sum of the row."""
    row = steps.masked[i]
    if math.isinf(row[j]):
        return "e^(−∞) / sum"
    off = _taken_off(row)
    grown = np.exp(row - off)
    terms = [short(grown[k]) for k in sheet.places if np.isfinite(row[k])] + _from(*_left_of_sum(steps, sheet, i))
    power = f"({short(row[j])} − {_factor(short(off))})" if off else short(row[j])
    return f"e^{power} / sum = {short(grown[j])} / ({_sum(terms)})"


def _mixed(steps: AttentionByHand, sheet: Sheet, i: int, n: int) -> str:
    """Return one number of an output: each weight times a value's number, those of hidden tokens as one sum."""
    seen = [(steps.weights[i, j], steps.value[j, n]) for j in sheet.places if steps.weights[i, j] > 0]
    terms = [f"{short(weight)}×{_factor(entry(sheet, value))}" for weight, value in seen]
    return _sum(terms + _from(*_left_of_mix(steps, sheet, i, n))) or "0"
