"""Private memory of a kernel that shows the explorer over both models, beside a kernel that has only the imports.

Run it from the project's folder: python -m benchmarks.memory [--save]      (Linux: it reads /proc)
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from hashlib import sha1
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from benchmarks.common import arguments, environment, finish, table

TEXT = "The king was crowned in the abbey , and his brother was killed in a war that lasted for more than ten years"
IMPORTS = "import torch, ipywidgets\nfrom matplotlib import pyplot"
CELL = f"""
from lessons import load_model
from widgets import NextWordExplorer

lstm, transformer = load_model("lstm"), load_model("transformer")
explorer = NextWordExplorer(lstm, transformer, text={TEXT!r})
explorer
"""
CLICKS = 20
WAIT = 120  # seconds


class Kernel:
    """A real ipykernel that is talked to as a page does."""

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3", env=environment())
        assert isinstance(self.client, BlockingKernelClient)
        self.pid = int(self.value("__import__('os').getpid()"))

    def run(self, source: str) -> None:
        """Run a cell as JupyterLab does, with the cell's name; its output is shown to nobody."""
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = self.client.session.msg(
            "execute_request", content, metadata={"cellId": sha1(source.encode()).hexdigest()}
        )
        self.client.shell_channel.send(message)
        while True:
            answer = self.client.get_iopub_msg(timeout=WAIT)
            if answer["msg_type"] == "error":
                raise RuntimeError("\n".join(answer["content"]["traceback"]))
            of_this = answer["parent_header"].get("msg_id") == message["header"]["msg_id"]
            if of_this and answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return

    def value(self, expression: str) -> str:
        """Return what an expression looks like in the kernel."""
        reply = self.client.execute_interactive(
            "", user_expressions={"it": expression}, output_hook=lambda message: None, store_history=False, timeout=WAIT
        )
        found = reply["content"]["user_expressions"]["it"]
        if found["status"] != "ok":
            raise RuntimeError(f"{expression}: {found['evalue']}")
        return found["data"]["text/plain"].strip("'")

    def request(self, comm: str, kind: str, n: int, **values: Any) -> None:
        """Send a widget a request as its page does, and wait for the answer."""
        content = {"kind": kind, "view": "benchmark", "n": n, "with": values}
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self.client.shell_channel.send(message)
        while True:
            answer = self.client.get_iopub_msg(timeout=WAIT)
            state = answer["content"].get("data", {}).get("state", {}) if answer["msg_type"] == "comm_msg" else {}
            if state.get("_answered") == f"benchmark:{n}":
                if state.get("error"):
                    raise RuntimeError(state["error"])
                return

    def memory(self) -> dict[str, float]:
        """Private memory in MB: all of it (USS), and its parts.

        A page of a file that was not written to is private only as long as no other process has the same page mapped:
        here those of the models and, mostly, those of torch's code that computes.
        """
        maps = Path(f"/proc/{self.pid}/smaps").read_text(encoding="utf-8")
        found = re.findall(
            r"^[0-9a-f]+-\S+ \S+ \S+ \S+ \d+ *(.*)\n(?:\w+: .*\n)*?Private_Clean: +(\d+) kB", maps, re.MULTILINE
        )
        clean = dict.fromkeys(("models", "others"), 0.0)
        for file, size in found:
            clean["models" if file.endswith(".safetensors") else "others"] += int(size) * 1024 / 1e6
        private = psutil.Process(self.pid).memory_full_info().uss / 1e6
        return {"private": private, "own": private - sum(clean.values()), **clean}

    def comms(self) -> int:
        """Return how many channels to a page the kernel holds: one for each widget, and one for its layout."""
        return int(self.value("len(__import__('comm').get_comm_manager().comms)"))

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def started(running: ExitStack) -> Kernel:
    """Start a kernel with the imports that all have, and see to it that it is stopped."""
    kernel = Kernel()
    running.callback(kernel.stop)
    kernel.run(IMPORTS)
    return kernel


def main() -> None:
    chosen = arguments(__doc__, reruns=(int, 100, "how often the cell is run again"))
    with ExitStack() as running:
        bare, kernel = started(running), started(running)
        kernel.run(CELL)
        opened = kernel.memory()
        comm = kernel.value("explorer.comm.comm_id")
        for n in range(1, CLICKS + 1):
            kernel.request(comm, "select", n, position=n - 1, revision=1)
        clicked = {"bare": bare.memory(), "explorer": kernel.memory()}
        comms = kernel.comms()
        after = [clicked["explorer"]]
        for _ in range(chosen.reruns):
            kernel.run(CELL)
            after.append(kernel.memory())
        comms_after = kernel.comms()
        started(running).run(CELL)
        beside = {name: size - bare.memory()[name] for name, size in kernel.memory().items()}
    more = {name: clicked["explorer"][name] - clicked["bare"][name] for name in clicked["bare"]}
    growth = {name: after[-1][name] - after[0][name] for name in after[0]}
    rows = {
        "only the imports": clicked["bare"],
        "with the explorer, before a click": opened,
        f"after {CLICKS} clicks": clicked["explorer"],
        "more than the imports (aim: at most 60)": more,
        f"after {chosen.reruns} re-runs of the cell": after[-1],
        "growth by re-runs (aim: at most 5)": growth,
        "more than the imports, a second such kernel beside it": beside,
    }
    head = ["MB (1,000,000 bytes)", "private (USS)", "its own pages", "unchanged: models' files", "other files"]
    table(head, [[what, *(f"{value:.1f}" for value in sizes.values())] for what, sizes in rows.items()])
    print(f"Comms in the kernel: {comms} before the re-runs, {comms_after} after.")
    found = {
        "megabytes": {what: {k: round(v, 1) for k, v in sizes.items()} for what, sizes in rows.items()},
        "by_rerun": [round(sizes["private"], 1) for sizes in after],
        "comms": [comms, comms_after],
    }
    finish("memory", found, chosen.save)


if __name__ == "__main__":
    main()
