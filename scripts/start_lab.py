"""Opens JupyterLab at the first notebook: `python scripts/start_lab.py [options of jupyter lab]`.

Installs what is missing first; a second start installs nothing. In an environment of your own, such as conda's,
`--no-install` takes the Python that runs this.
"""

import os
import subprocess
import sys

import setup_env

FIRST_NOTEBOOK = "notebooks/00_start_here.ipynb"

# No question about news, no look-ups on the network, no list of language servers that are not there, and of the log
# nothing but errors and the address to open. What the notebooks and their kernel say to each other is encrypted: on a
# machine that many people share the others could read it.
QUIET = (
    f"--LabApp.app_settings_dir={setup_env.ROOT / 'scripts' / 'lab_settings'}",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LanguageServerManager.autodetect=False",
    "--KernelManager.transport_encryption=auto",
    "--Application.log_level=ERROR",
)


def has_display(system: str, environment: "dict[str, str]") -> bool:
    """Return True if a browser can open here: always but on a Linux without a screen."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return system != "linux" or any(environment.get(name) for name in names)


def lab_options(arguments: "list[str]", system: str, environment: "dict[str, str]", is_root: bool) -> "list[str]":
    """Return the options for `jupyter lab`; the caller's own come last, so that they win."""
    options = [f"--ServerApp.root_dir={setup_env.ROOT}", f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}", *QUIET]
    if is_root:
        options.append("--allow-root")
    if "--no-browser" not in arguments and not has_display(system, environment):
        options.append("--no-browser")
    return options + arguments


def main() -> int:
    """Make the environment ready and hand over to JupyterLab."""
    arguments = sys.argv[1:]
    if "--no-install" in arguments:
        arguments.remove("--no-install")
        python = sys.executable
    else:
        python = str(setup_env.ensure())
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    options = lab_options(arguments, sys.platform, dict(os.environ), is_root)
    where = "Open the address below in a browser" if "--no-browser" in options else "Your browser opens in a moment"
    print(f"JupyterLab is starting. {where}; Ctrl-C stops it.", flush=True)
    command = [python, "-m", "jupyterlab", *options]
    environment = {**os.environ, "PATH": os.pathsep.join([os.path.dirname(python), os.environ.get("PATH", "")])}
    if os.name == "nt":
        return subprocess.call(command, env=environment)
    os.execve(python, command, environment)  # in place of this process, so that Ctrl-C reaches JupyterLab alone


if __name__ == "__main__":
    sys.exit(setup_env.run(main))
