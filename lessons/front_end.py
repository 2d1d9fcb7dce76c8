"""Which JupyterLab shows the widgets: finds the running servers and what their pages know of widgets.

A widget has two halves: Python in the kernel's environment and JavaScript in the environment that JupyterLab runs from.
Where these are two environments, one half can be missing or of another age, and the page then shows "Loading widget"
or "Error displaying widget". Nothing here needs the network or torch.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

__all__ = ["EXTENSIONS", "FrontEnd", "front_end_of", "front_end_troubles", "running_servers", "version_numbers"]

# The page's half of each package: its folder under share/jupyter/labextensions, and the oldest version that fits.
EXTENSIONS = {
    "@jupyter-widgets/jupyterlab-manager": ("jupyterlab_widgets", "5.0"),  # 5.x belongs to ipywidgets 8, 3.x to 7
    "anywidget": ("anywidget", "0.9.18"),
}


@dataclass(frozen=True)
class FrontEnd:
    """The JupyterLab of one environment.

    Attributes:
        prefix: folder of the environment that it runs from.
        extensions: version of each of `EXTENSIONS` that its pages can load.
        disabled: those of `EXTENSIONS` that its configuration switches off.
        pid: process of the running server, or None where none was found.
    """

    prefix: Path
    extensions: dict[str, str]
    disabled: frozenset[str] = frozenset()
    pid: int | None = None


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, for comparing: "2.13.0+cpu" gives (2, 13, 0), "8.1rc1" gives (8, 1)."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in found.group().split(".")) if found else ()


def front_end_of(prefix: str | os.PathLike[str], pid: int | None = None) -> FrontEnd:
    """Return what the JupyterLab in the environment `prefix` knows of widgets.

    Args:
        prefix: folder of an environment.
        pid: process of the server, if it is running.
    """
    prefix = Path(prefix)
    extensions: dict[str, str] = {}
    for share in _share_folders(prefix):
        for name in EXTENSIONS:
            about = _json(share / "labextensions" / name / "package.json")
            if name not in extensions and "version" in about:
                extensions[name] = str(about["version"])
    disabled: set[str] = set()
    for folder in (prefix / "etc" / "jupyter" / "labconfig", _user_config() / "labconfig"):
        switched_off = _json(folder / "page_config.json").get("disabledExtensions", {})
        names = switched_off if isinstance(switched_off, list) else [name for name, off in switched_off.items() if off]
        disabled |= set(names) & set(EXTENSIONS)
    return FrontEnd(prefix, extensions, frozenset(disabled), pid)


def front_end_troubles(front_end: FrontEnd) -> list[str]:
    """Return one sentence for each reason why `front_end` would not show the widgets of this kernel."""
    python = front_end.prefix / ("python.exe" if os.name == "nt" else "bin/python")
    troubles = []
    for name, (package, oldest) in EXTENSIONS.items():
        version = front_end.extensions.get(name)
        mend = f'run `{python} -m pip install -U "{package}"` and start JupyterLab again'
        if version is None:
            troubles.append(
                f"The JupyterLab in {front_end.prefix} has no {name}, so its pages cannot show the widgets: {mend}."
            )
        elif version_numbers(version) < version_numbers(oldest):
            troubles.append(f"The JupyterLab in {front_end.prefix} has {name} {version}, older than {oldest}: {mend}.")
        elif name in front_end.disabled:
            troubles.append(
                f"The JupyterLab in {front_end.prefix} has {name} switched off: "
                f"run `{python} -m jupyter labextension enable {name}` and load the page again."
            )
        elif name == "anywidget" and _minor(version) < _minor(_installed("anywidget")):
            troubles.append(
                f"The kernel has anywidget {_installed('anywidget')} and the JupyterLab in {front_end.prefix} has "
                f"{version}: {mend}."
            )
    return troubles


def running_servers(runtime_folder: str | os.PathLike[str] | None = None) -> list[tuple[int, Path]]:
    """Return the process and the environment of each Jupyter server that runs as this user here.

    Args:
        runtime_folder: where servers leave their files; None is Jupyter's own place.
    """
    if runtime_folder is None:
        from jupyter_core.paths import jupyter_runtime_dir

        runtime_folder = jupyter_runtime_dir()
    pids = {_json(file).get("pid") for file in Path(runtime_folder).glob("jpserver-*.json")}
    parent = os.environ.get("JPY_PARENT_PID", "")  # in a kernel: the server that started it
    if parent.isdecimal():
        pids.add(int(parent))
    prefixes = {pid: _prefix_of_process(pid) for pid in pids if isinstance(pid, int) and pid > 1}
    return sorted((pid, prefix) for pid, prefix in prefixes.items() if prefix is not None)


def _prefix_of_process(pid: int) -> Path | None:
    """Return the environment that a server's process runs in, or None if it is gone or cannot be looked at."""
    import psutil

    try:
        process = psutil.Process(pid)
        command = process.cmdline()
        if not any("jupyter" in Path(part).name.lower() or part == "notebook" for part in command):
            return None  # the number now belongs to some other program
        python = Path(command[0])
        if python.is_absolute():
            return python.parent if (python.parent / "conda-meta").exists() else python.parent.parent
        environment = process.environ()
        named = environment.get("VIRTUAL_ENV") or environment.get("CONDA_PREFIX")
        return Path(named) if named else Path(process.exe()).parent.parent
    except (psutil.Error, OSError, IndexError):
        return None


def _share_folders(prefix: Path) -> Iterable[Path]:
    """Return the folders in which a JupyterLab looks for extensions, its own environment first."""
    from jupyter_core.paths import jupyter_data_dir

    folders = [prefix / "share" / "jupyter", Path(jupyter_data_dir())]
    if os.name != "nt":
        folders += [Path("/usr/local/share/jupyter"), Path("/usr/share/jupyter")]
    return folders


def _user_config() -> Path:
    from jupyter_core.paths import jupyter_config_dir

    return Path(jupyter_config_dir())


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "0"


def _minor(version: str) -> tuple[int, ...]:
    return version_numbers(version)[:2]


def _json(path: Path) -> dict:
    """Return the object in a JSON file, or {} where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
