"""Take the pictures in docs/images: the notebooks as they look in JupyterLab, in the light and the dark theme.

    python scripts/take_screenshots.py                    # redo docs/images/*.png
    python scripts/take_screenshots.py --pages FOLDER     # every screenful of every notebook, to look through

It needs what `make test` needs: JupyterLab, playwright for Python, and a Chromium (see scripts/chromium.py).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chromium import find_chromium
from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.lab.server import jupyter_lab_server  # noqa: E402

IMAGES = ROOT / "docs" / "images"
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDTH, HEIGHT, TALL = 1280, 720, 1900  # a lecture room's projector; tall enough for a whole widget and its text
MOST_BYTES = 200_000
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@dataclass(frozen=True)
class Shot:
    """A picture of the page: its name, the notebook, and the ids of the first and the last cell in the picture."""

    name: str
    notebook: str
    first: str
    last: str


SHOTS = (
    Shot("explorer", "00_start_here", "title", "explorer"),
    Shot("game", "01_guess_the_next_word", "play", "game"),
    Shot("tokens", "02_tokens_and_wikitext", "play", "two-tokenizers"),
    Shot("gates", "04_lstm_gates", "real-unit", "real-unit"),
    Shot("training", "07_training", "theatre", "theatre"),
    Shot("slider", "07_training", "recorded-runs", "recorded-runs"),
    Shot("sampling", "08_generation", "bench", "bench"),
    Shot("attention", "09_reading_attention", "explorer", "explorer"),
    Shot("importance", "10_what_mattered", "explorer", "explorer"),
)


@contextlib.contextmanager
def jupyter_lab() -> Iterator[str]:
    """Start JupyterLab over a copy of the notebooks, as the tests do; yield its address."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    with (
        tempfile.TemporaryDirectory(prefix="glassbox-pictures-") as base,
        jupyter_lab_server(Path(base), environment) as (address, notebooks),
    ):
        left_out = shutil.ignore_patterns(".ipynb_checkpoints")
        shutil.copytree(ROOT / "notebooks", notebooks, ignore=left_out, dirs_exist_ok=True)
        yield address


def open_notebook(page: Page, name: str) -> None:
    """Open a notebook in the page, run all of it, and wait until every cell has been run and every widget is drawn."""
    page.evaluate(
        """async (path) => {
            const how = {path, factory: 'Notebook', kernel: {name: 'python3'}};
            const panel = await jupyterapp.commands.execute('docmanager:open', how);
            await panel.context.ready; await panel.sessionContext.ready;
            await jupyterapp.commands.execute('notebook:run-all-cells'); }""",
        f"{name}.ipynb",
    )
    errors = page.evaluate(
        """() => {
            const cells = [...jupyterapp.shell.currentWidget.content.model.cells].filter(cell => cell.type === 'code');
            const bad = output => output.output_type === 'error' || output.name === 'stderr';
            return cells.flatMap(cell => cell.toJSON().outputs.filter(bad).map(
                output => `${cell.id}: ${output.evalue ?? output.text}`)); }"""
    )
    if errors:
        raise SystemExit(f"{name}.ipynb does not run:\n" + "\n".join(errors))
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output").first.wait_for()
    page.wait_for_load_state("networkidle")


def show_cell(page: Page, cell: str) -> None:
    """Scroll so that the cell with this id stands at the top of the screen; the selected cell is far away from it."""
    page.evaluate(
        """async (id) => {
            const notebook = jupyterapp.shell.currentWidget.content;
            const index = notebook.widgets.findIndex(cell => cell.model.id === id);
            if (index < 0) throw new Error('no cell ' + id);
            notebook.mode = 'command';
            notebook.activeCellIndex = index < notebook.widgets.length / 2 ? notebook.widgets.length - 1 : 0;
            for (let i = 0; i < 4; i++) { // cells above may grow when they come into sight
                await notebook.scrollToItem(index, 'start');
                await new Promise(done => setTimeout(done, 150));
            } }""",
        cell,
    )
    page.mouse.move(2, HEIGHT - 2)
    page.wait_for_timeout(400)  # the scroll bar and the cell's toolbar fade


def cells_of(name: str) -> list[str]:
    """Return the ids of a notebook's cells."""
    book = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    return [cell["id"] for cell in book["cells"]]


def set_theme(page: Page, theme: str) -> None:
    """Switch JupyterLab to the light or the dark theme and wait until it shows."""
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", THEMES[theme])
    page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=str(theme == "light").lower())


def place_a_bet(page: Page) -> None:
    """Play one place of the game, so that the picture shows what is revealed."""
    game = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea").filter(has_text="Your bet").first
    for number, (word, percentage) in enumerate((("river", "20"), ("railway", "10")), 1):
        game.get_by_label(f"word {number}", exact=True).fill(word)
        game.get_by_label(f"percentage of word {number}", exact=True).fill(percentage)
    game.get_by_role("button", name="Lock in my bet").click()
    game.get_by_text("Your bet: 20 %").wait_for()


def card_of(page: Page, title: str) -> Locator:
    """Return the first widget of the open notebook that has this title."""
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").get_by_role("region", name=title).first


def train_on_stage(page: Page) -> None:
    """Let the theatre train to its end."""
    card = card_of(page, "The training theatre")
    card.get_by_role("button", name="Start", exact=True).click()
    card.get_by_text("has finished").first.wait_for(timeout=300_000)


def show_neighbours(page: Page) -> None:
    """Choose the view of the training slider that needs the least room."""
    card_of(page, "A model learns").get_by_role("radio", name="neighbours").check()


#: What is done on the page before a picture is taken.
DEEDS = {"game": place_a_bet, "training": train_on_stage, "slider": show_neighbours}


def clip_of(page: Page, shot: Shot) -> FloatRect:
    """Return the part of the page that the cells of a picture fill."""
    box = page.evaluate(
        """([first, last]) => {
            const notebook = jupyterapp.shell.currentWidget.content;
            const box = id => notebook.widgets.find(cell => cell.model.id === id).node.getBoundingClientRect();
            const {left, right, top} = box(first), edge = 5;
            return {x: left, y: top, width: right - left + edge, height: box(last).bottom - top + edge}; }""",
        [shot.first, shot.last],
    )
    return FloatRect(x=box["x"], y=box["y"], width=box["width"], height=box["height"])


def take_images(page: Page) -> None:
    """Redo docs/images, and say so where a picture became too large for a README."""
    page.set_viewport_size({"width": WIDTH, "height": TALL})
    IMAGES.mkdir(parents=True, exist_ok=True)
    for shot in SHOTS:
        open_notebook(page, shot.notebook)
        if shot.name in DEEDS:
            show_cell(page, shot.first)
            DEEDS[shot.name](page)
        for theme in THEMES:
            set_theme(page, theme)
            show_cell(page, shot.first)
            path = IMAGES / f"{shot.name}-{theme}.png"
            page.screenshot(path=path, clip=clip_of(page, shot))
            size = path.stat().st_size
            sys.stdout.write(f"{path.relative_to(ROOT)}  {size:,} bytes\n")
            if size > MOST_BYTES:
                raise SystemExit(f"{path.name} has {size:,} bytes; at most {MOST_BYTES:,} are wanted.")


def take_pages(page: Page, folder: Path, only: str) -> None:
    """Save a picture with each cell at the top, for a person to look through."""
    for notebook in sorted((ROOT / "notebooks").glob(f"{only}*.ipynb")):
        open_notebook(page, notebook.stem)
        for theme in THEMES:
            set_theme(page, theme)
            for number, cell in enumerate(cells_of(notebook.stem)):
                show_cell(page, cell)
                page.screenshot(path=folder / f"{notebook.stem[:2]}-{number:02}-{cell}-{theme}.png")


def main() -> None:
    """Read the options and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--pages", type=Path, metavar="FOLDER", help="save every screenful there instead of docs/images"
    )
    parser.add_argument(
        "--only", default="", metavar="START", help="with --pages: only notebooks whose name starts so, such as 01"
    )
    options = parser.parse_args()
    with jupyter_lab() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
        page.goto(f"{address}/lab?reset")
        page.wait_for_function("() => globalThis.jupyterapp?.restored")
        page.evaluate("jupyterapp.restored")
        page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        if options.pages:
            take_pages(page, options.pages, options.only)
        else:
            take_images(page)
        browser.close()


if __name__ == "__main__":
    main()
