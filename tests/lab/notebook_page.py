"""A notebook in a JupyterLab page, driven through JupyterLab's own commands."""

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page, expect

KERNELSPEC = {"name": "python3", "display_name": "Python 3", "language": "python"}


def write_notebook(folder: Path, cells: tuple[str, ...], copy_of: Path | None = None) -> str:
    """Write a notebook under a name of its own, since a path keeps its kernel; return the name."""
    name = f"{uuid.uuid4().hex}.ipynb"
    if copy_of:
        shutil.copyfile(copy_of, folder / name)
    else:
        code = [nbformat.v4.new_code_cell(cell) for cell in cells]
        notebook = nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": KERNELSPEC})
        nbformat.write(notebook, folder / name)
    return name


class NotebookPage:
    """A notebook that is open and in front: run its cells, look inside it.

    Attributes:
        problems: errors that the page threw while this notebook was open.
        panel: what can be seen of the notebook.
    """

    def __init__(self, page: Page, path: str) -> None:
        self.page, self.path, self.problems = page, path, []
        self._note = lambda error: self.problems.append(error.stack or str(error))
        page.on("pageerror", self._note)
        page.evaluate(
            """async path => {
                const kernel = {name: "python3"};
                const panel = await jupyterapp.commands.execute("docmanager:open", {path, factory: "Notebook", kernel});
                await panel.context.ready;
                await panel.sessionContext.ready;  // 'idle' comes too early: a kernel dialog would then be in the way
                await panel.revealed;
            }""",
            path,
        )
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def cell(self, index: int) -> Locator:
        """The cell at `index`, markdown cells counted."""
        return self.panel.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')

    def show(self) -> None:
        """Bring this notebook to the front."""
        self.command("docmanager:open", path=self.path)

    def run(self, index: int) -> None:
        """Run a cell and wait for its end; fail with its output if it raises."""
        passed = self.page.evaluate(
            """async index => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = index;
                notebook.deselectAll();
                await notebook.scrollToItem(index);
                return await jupyterapp.commands.execute("notebook:run-cell");
            }""",
            index,
        )
        assert passed, "\n".join(self.outputs(index))

    def outputs(self, index: int) -> list[str]:
        """The outputs of a cell as the notebook holds them: text, or `ename: evalue` of an error."""
        return self.page.evaluate(
            """index => jupyterapp.shell.currentWidget.content.model.cells.get(index).toJSON().outputs.map(output =>
                output.output_type === "error" ? `${output.ename}: ${output.evalue}`
                : [output.text ?? output.data?.["text/plain"] ?? ""].flat().join(""))""",
            index,
        )

    def output(self, index: int) -> str:
        """All that a cell put out, as one text."""
        return "".join(self.outputs(index)).strip()

    def ask(self, index: int, source: str) -> str:
        """Run `source` in a cell and return what it prints."""
        self.set_source(index, source)
        self.run(index)
        return self.output(index)

    def channels(self, index: int) -> int:
        """How many channels to the page the kernel holds: one for each widget, and one for its layout."""
        return int(self.ask(index, "from comm import get_comm_manager\nprint(len(get_comm_manager().comms))"))

    def code_cells(self) -> list[int]:
        """Places of the cells of code."""
        return self.page.evaluate(
            """() => [...jupyterapp.shell.currentWidget.content.model.cells].flatMap((cell, index) =>
                cell.type === "code" ? [index] : [])"""
        )

    def sources(self) -> list[str]:
        """What stands in the cells, for seeing that nothing changed them."""
        return self.page.evaluate(
            "() => [...jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.sharedModel.getSource())"
        )

    def set_source(self, index: int, source: str) -> None:
        """Replace what stands in a cell."""
        self.page.evaluate(
            """([index, source]) =>
                jupyterapp.shell.currentWidget.content.model.cells.get(index).sharedModel.setSource(source)""",
            [index, source],
        )

    def command(self, name: str, **arguments: object) -> None:
        """Run one of JupyterLab's commands."""
        self.page.evaluate(
            "([name, arguments]) => jupyterapp.commands.execute(name, arguments).then(() => null)", [name, arguments]
        )

    @contextlib.contextmanager
    def in_the_dark(self) -> Iterator[None]:
        """Switch JupyterLab to its dark theme, and back to the light one at the end.

        JupyterLab takes its splash screen away twice, and complains, if the theme changes again while it fades.
        """
        self._change_theme("JupyterLab Dark", "false")
        try:
            yield
        finally:
            self._change_theme("JupyterLab Light", "true")

    def _change_theme(self, theme: str, is_light: str) -> None:
        self.command("apputils:change-theme", theme=theme)
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def close(self) -> None:
        """End the kernel and close the notebook."""
        self.show()
        self.page.evaluate(
            """async () => {
                const panel = jupyterapp.shell.currentWidget;
                await panel.sessionContext.shutdown();
                await panel.context.save();
                panel.close();
            }"""
        )
        self.page.remove_listener("pageerror", self._note)
