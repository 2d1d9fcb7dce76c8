"""Where a network is trained: on the processor, on an NVIDIA GPU (cuda) or on a Mac's (mps).

Everything random is drawn on the processor, so a run on another device has the same starting weights, batches and
dropout; its sums are rounded in another order.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

from lessons.errors import InputError

__all__ = ["DEVICES", "chosen_device", "fast_bfloat16", "on_processor", "steady_speed"]

_Module = TypeVar("_Module", bound=nn.Module)

DEVICES = ("auto", "cpu", "cuda", "mps")


def chosen_device(name: str = "cpu", place: int = 0, size: int = 1) -> torch.device:
    """Return the device that was asked for.

    Args:
        name: one of `DEVICES`; "auto" takes a GPU where there is one.
        place: number of this process on its machine; each takes a GPU of its own.
        size: of all processes that train together.

    Raises:
        InputError: there is no such device here, or none for this process.
    """
    if name not in DEVICES:
        raise InputError(f"The device is {name!r}; choose one of {', '.join(DEVICES)}.")
    if name == "auto":
        on_mac = torch.backends.mps.is_available() and size == 1
        name = "cuda" if torch.cuda.is_available() else "mps" if on_mac else "cpu"
    if name == "cuda":
        if not torch.cuda.is_available():
            raise InputError(
                "The device is cuda, and PyTorch finds no GPU for it here. Choose cpu or auto, or install a PyTorch "
                "that is built for CUDA, with the driver that it asks for."
            )
        if place >= (n_gpus := torch.cuda.device_count()):
            raise InputError(
                f"Process {place} of this machine (they count from 0) finds no GPU of its own: there are {n_gpus}. "
                "Start as many processes as there are GPUs, or choose cpu."
            )
        return torch.device("cuda", place)
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise InputError(
                "The device is mps, and PyTorch finds none here: it is the GPU of a Mac with an Apple processor. "
                "Choose cpu or auto."
            )
        if size > 1:
            raise InputError(f"The device is mps and there are {size} processes; on it, one trains alone. Choose cpu.")
    return torch.device(name)


def fast_bfloat16(device: torch.device | None = None) -> bool:
    """Return whether a device multiplies bfloat16 matrices in hardware.

    Args:
        device: None is the processor, which has AMX or AVX512-BF16 for it.
    """
    if device is not None and device.type != "cpu":
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    checks = [getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported")]
    return any(check() for check in checks if check)


def on_processor(network: _Module) -> _Module:
    """Return the network itself if it is on the processor, else a copy there, to be asked as a `LanguageModel` is."""
    if all(parameter.device.type == "cpu" for parameter in network.parameters()):
        return network
    return copy.deepcopy(network).cpu()


@contextmanager
def steady_speed() -> Iterator[None]:
    """Have the processor take numbers below 1e-38 as 0 inside the `with` block: a model that diverges, or whose gates
    have closed for good, is full of them, and they take ten to forty times as long as others."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
