"""Training by several processes at once, with the options of `glassbox train`:

    torchrun --nproc-per-node 2 -m lessons.train lstm --preset class --corpus toy --out runs/lstm

Without torchrun, `python -m lessons.train` is `glassbox train`. How to run it on several machines is in
docs/several-processes.md.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence

from lessons.cli import main

__all__ = ["command_typed"]


def command_typed(words: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the command that started this process.

    Args:
        words: the options after `lessons.train`.
        environment: of the process, where torchrun says how many processes and machines there are.
    """
    if "TORCHELASTIC_RUN_ID" not in environment:
        return shlex.join(["python", "-m", "lessons.train", *words])
    n_machines = environment.get("GROUP_WORLD_SIZE", "1")
    machines = [] if n_machines == "1" else ["--nnodes", n_machines]
    processes = ["--nproc-per-node", environment.get("LOCAL_WORLD_SIZE", "1")]
    return shlex.join(["torchrun", *machines, *processes, "-m", "lessons.train", *words])


if __name__ == "__main__":
    code = main(["train", *sys.argv[1:]], command_typed(sys.argv[1:], os.environ))
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        sys.exit(code)
    from lessons.distributed import leave

    leave(code)
