"""Several processes that train one network together, each on its share of the rows of every batch.

`torchrun` starts them, on one machine or on many, and tells each in its environment who it is. All hold the same
weights; each reads its rows, and their gradients are averaged before the step (PyTorch's DistributedDataParallel), so
that all take the very same step. Process 0 alone measures, writes and speaks.

What they tell each other goes through gloo, gradients on GPUs through nccl; nothing is unpickled.

Source: Li et al. 2020, PyTorch Distributed: Experiences on Accelerating Data Parallel Training, arXiv:2006.15704.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

import torch
import torch.distributed as dist
from safetensors.torch import load, save
from torch import Tensor, nn

from lessons.errors import InputError, TrainingError

__all__ = ["Team", "joined", "leave", "started_by_torchrun"]

_PATIENCE = timedelta(hours=2)  # process 0 may measure a long split while the others wait

Checkpoint = tuple[Mapping[str, Tensor], Mapping[str, Any]]


@dataclass(frozen=True)
class Team:
    """The processes of a training, seen from one of them; a team of one asks nobody.

    What is marked *all* must be called by all of them, in the same order.

    Attributes:
        rank: number of this process, from 0.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is process 0, which measures, writes and speaks."""
        return self.rank == 0

    def rows(self, batch_size: int) -> slice:
        """Return which rows of a batch are this process's.

        Raises:
            InputError: the batch cannot be shared out evenly.
        """
        if batch_size % self.size:
            raise InputError(
                f"batch_size is {batch_size} and there are {self.size} processes; each takes as many rows as the "
                f"others, so the number of processes must divide {batch_size}."
            )
        share = batch_size // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def sharing(self, module: nn.Module) -> nn.Module:
        """Return the module, such that its gradients are the mean over the team (all)."""
        if self.size == 1:
            return module
        return nn.parallel.DistributedDataParallel(module, gradient_as_bucket_view=True)

    def mean(self, value: float) -> float:
        """Return the mean of a number over the team (all)."""
        return self._sum(value) / self.size

    def any(self, said: bool) -> bool:
        """Return whether any process says so (all)."""
        return self._sum(float(said)) > 0

    def told(self, value: float | None) -> float | None:
        """Return what process 0 says, after waiting for it (all)."""
        if self.size == 1:
            return value
        words = torch.tensor([value is not None, value or 0.0], dtype=torch.float64)
        dist.broadcast(words, 0)
        return float(words[1]) if words[0] else None

    def agree(self, what: str) -> None:
        """Make sure that all processes were started alike (all).

        Raises:
            InputError: one has another `what`.
        """
        if self.size == 1:
            return
        digest = torch.frombuffer(bytearray(hashlib.sha256(what.encode("utf-8")).digest()), dtype=torch.uint8)
        others = [torch.empty_like(digest) for _ in range(self.size)]
        dist.all_gather(others, digest)
        for rank, other in enumerate(others):
            if not torch.equal(other, others[0]):
                raise InputError(
                    f"Process {rank} of {self.size} trains with another text, other options or another version of "
                    "PyTorch than process 0. Start all of them with the same command and the same files."
                )

    def whole(self, rows: Tensor, dim: int) -> Tensor:
        """Return the rows of all processes, one after another (all). Args: rows, on the processor; dim, theirs."""
        if self.size == 1:
            return rows
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(self.size)]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts, dim)

    def handed(self, checkpoint: Checkpoint | None) -> Checkpoint | None:
        """Return the checkpoint that process 0 has read, so that the others need not see its folder (all)."""
        if self.size == 1:
            return checkpoint
        data = None
        if checkpoint is not None:
            data = save({name: tensor.contiguous() for name, tensor in checkpoint[0].items()})
        data = self._bytes(data)
        card = self._bytes(json.dumps(checkpoint[1]).encode("utf-8") if checkpoint is not None else None)
        return None if data is None or card is None else (load(data), json.loads(card))

    def _sum(self, value: float) -> float:
        if self.size == 1:
            return value
        total = torch.tensor([value], dtype=torch.float64)
        dist.all_reduce(total)
        return float(total)

    def _bytes(self, data: bytes | None) -> bytes | None:
        length = self.told(None if data is None else len(data))
        if length is None:
            return None
        buffer = (
            torch.frombuffer(bytearray(data), dtype=torch.uint8)
            if data
            else torch.empty(int(length), dtype=torch.uint8)
        )
        dist.broadcast(buffer, 0)
        return buffer.numpy().tobytes()


def started_by_torchrun() -> bool:
    """Return whether `torchrun` started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def leave(code: int) -> NoReturn:
    """End this process of a team at once, with an exit code.

    On a crowded machine a thread of torch's may still be there, which aborts a Python that takes itself apart, and
    torchrun would call that a failure.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def joined(device: torch.device) -> Iterator[Team]:
    """Find the other processes, and be one of their team inside the `with` block; without torchrun, a team of one.

    Args:
        device: where this process computes.

    Raises:
        TrainingError: another process of the team has ended.
    """
    if not started_by_torchrun() or os.environ.get("WORLD_SIZE") == "1":
        yield Team()
        return
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.set_device(device)
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo", timeout=_PATIENCE)
    try:
        team = Team(dist.get_rank(), dist.get_world_size())
        yield team
        team.any(False)  # nobody leaves before the last is done
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error):
            raise TrainingError(
                "Another process of this training has ended, and so does this one. The last checkpoint is kept: "
                "go on from it with --resume."
            ) from error
        raise
    dist.destroy_process_group()  # not of a team that has lost one: that may wait for it, and nothing be said before
