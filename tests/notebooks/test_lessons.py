"""Each notebook is a lesson: the same parts in the same order, three goals, honest metadata, links that lead on."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PARTS = ["◎ Goals", "◇ Predict", "▷ Play", "≡ Explain", "✎ Exercise", "✓ Check", "★ Takeaway"]
TESTABLE_VERBS = {
    "build", "choose", "compare", "compute", "count", "cut", "decide", "draw", "explain", "find", "measure", "name",
    "operate", "predict", "run", "sort", "state", "write",
}  # fmt: skip
FIELDS = {
    "id", "title", "goals", "core_minutes", "deeper_minutes", "prerequisites", "new_terms", "notation",
    "misconceptions", "widgets", "predictions", "references", "instructor",
}  # fmt: skip
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def prose(book: nbformat.NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")


def code(book: nbformat.NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "code")


def test_there_are_lessons() -> None:
    numbers = [path.stem[:2] for path in NOTEBOOKS]
    assert numbers == sorted(set(numbers))
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem) for path in NOTEBOOKS)
    assert len(NOTEBOOKS) >= 3


@every_notebook
def test_is_stored_clean(path: Path) -> None:
    book = read(path)
    nbformat.validate(book)
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    assert book.metadata.kernelspec.name == "python3"
    assert "widgets" not in book.metadata
    ids = [cell.id for cell in book.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", cell_id) for cell_id in ids)
    for cell in book.cells:
        assert cell.metadata == {}, f"{cell.id} carries metadata"
        assert cell.source.strip(), f"{cell.id} is empty"
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), f"{cell.id} is stored with its output"


@every_notebook
def test_metadata_says_what_the_lesson_needs(path: Path) -> None:
    lesson = read(path).metadata.glassbox
    assert set(lesson) == FIELDS
    assert lesson.id == f"L{path.stem[:2]}"
    assert len(lesson.goals) == 3
    for goal in lesson.goals:
        assert goal.split()[0].lower() in TESTABLE_VERBS, f"a goal begins with what can be tested: {goal}"
    assert 0 < lesson.core_minutes <= 60
    assert 0 <= lesson.deeper_minutes <= 60
    assert lesson.predictions >= 1
    assert all(re.fullmatch(r"M\d\d", name) for name in lesson.misconceptions)
    assert set(lesson.prerequisites) <= {f"L{other.stem[:2]}" for other in NOTEBOOKS if other < path}
    assert {"minute_plan", "likely_answers", "when_it_goes_wrong"} <= set(lesson.instructor)
    minutes = sum(int(number) for number in re.findall(r"(?:^|; )(\d+) ", lesson.instructor.minute_plan))
    assert minutes == lesson.core_minutes, "the minute plan adds up to the core minutes"


@every_notebook
def test_new_terms_are_few_and_explained(path: Path) -> None:
    book = read(path)
    assert len(book.metadata.glassbox.new_terms) <= 8
    for term in book.metadata.glassbox.new_terms:
        assert re.search(rf"[*]+{term}s?[*]+", prose(book), re.IGNORECASE), f"{term!r} is marked where it is explained"


@every_notebook
def test_parts_come_in_the_same_order(path: Path) -> None:
    headings = re.findall(r"^## (\S+ \w+)", prose(read(path)), re.MULTILINE)
    parts = [heading for heading in headings if heading in PARTS]
    assert list(dict.fromkeys(parts)) == PARTS
    assert [PARTS.index(part) for part in parts] == sorted(PARTS.index(part) for part in parts)


@every_notebook
def test_learners_meet_the_belief_and_not_its_number(path: Path) -> None:
    assert not re.search(r"\bM\d\d\b", prose(read(path)) + code(read(path)))


@every_notebook
def test_named_widgets_are_there(path: Path) -> None:
    book = read(path)
    for widget in book.metadata.glassbox.widgets:
        assert re.search(rf"\b{widget}\(", code(book)), f"{widget} is named in the metadata and not shown"


@every_notebook
def test_tracks_and_minutes_are_told(path: Path) -> None:
    book = read(path)
    lesson, text = book.metadata.glassbox, prose(book)
    assert re.search(rf"\*\*Core\W.*?{lesson.core_minutes} minutes", text)
    assert re.search(rf"\*\*Deeper\W.*?{lesson.deeper_minutes} minutes", text)


@every_notebook
def test_links_lead_to_notebooks(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(read(path))):
        assert (FOLDER / target).is_file(), f"{path.name} links to {target}"


def test_the_map_knows_every_lesson() -> None:
    text = prose(read(NOTEBOOKS[0]))
    for path in NOTEBOOKS[1:]:
        lesson = read(path).metadata.glassbox
        row = re.search(rf"\|[^|]*\]\({path.name}\)[^|]*\|[^|]*\|([^|]*)\|", text)
        assert row, f"{path.name} is missing in the map of 00"
        assert row[1].split() == [str(lesson.core_minutes), "+", str(lesson.deeper_minutes)]
