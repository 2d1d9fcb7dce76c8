"""A training on a GPU that is not there: tensors of its kind without numbers, for which mixing devices is an error.

What this cannot show is that a real GPU computes the right numbers; nobody has tried that yet.
"""

from dataclasses import asdict, replace

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode

import lessons.trainer
from lessons.devices import DEVICES, chosen_device, fast_bfloat16, on_processor
from lessons.errors import InputError
from lessons.evaluation import evaluate
from lessons.noise import Noise
from lessons.run import prepare
from lessons.trainer import Trainer
from tests import tiny

ABROAD = ["cuda", "mps"]
ARCHITECTURES = ["lstm", "transformer"]
EVERYTHING = {
    "jitter": 2,
    "activation_penalty": 1.0,
    "temporal_penalty": 1.0,
    "noise": replace(tiny.RECIPE.noise, recurrent=0.1),
}


class Elsewhere(TorchFunctionMode):
    """Stands in for what PyTorch asks of the GPU's own library, and of tensors that have no numbers."""

    def __init__(self):
        super().__init__()
        self.parameters, self.seen = [], set()
        of = torch.Tensor
        self.stand_ins = {
            of.__float__: lambda values: 1.0,
            of.__bool__: lambda values: True,
            of.__invert__: torch.empty_like,
            of.__getitem__: self.picked,
            of.backward: self.gradients,
            of.copy_: lambda values, other: values,  # the one thing that may be done with two devices
            of.cpu: lambda values: self.moved(values, "cpu"),
            of.new_tensor: lambda values, data: torch.zeros(len(data), dtype=values.dtype, device=values.device),
            of.nonzero: lambda values, **_: (torch.arange(len(values) // 2, device=values.device),),
            of.to: self.moved,
        }

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.Tensor.bernoulli_:
            assert args[0].device == kwargs["generator"].device, "a mask is drawn with another device's generator"
        if func is torch._fused_adamw_:
            assert len({tensor.device for tensors in args for tensor in tensors}) == 1, "the optimizer mixes devices"
        found = self.stand_ins.get(func, func)(*args, **kwargs)
        for tensor in found if isinstance(found, tuple) else (found,):
            if isinstance(tensor, torch.Tensor):
                self.seen.add(tensor.device.type)
                assert (tensor.device.type, tensor.dtype) != ("mps", torch.float64), "a Mac's GPU has no float64"
        return found

    def gradients(self, cost, **_):
        for parameter in self.parameters:
            parameter.grad = torch.empty_like(parameter)

    def moved(self, values, where=None, dtype=None, **kwargs):
        if isinstance(where, (torch.device, str)):
            return torch.empty(values.shape, dtype=dtype or values.dtype, device=where)
        kwargs |= {"dtype": dtype} if dtype else {}
        with torch._C.DisableTorchFunction():
            return values.to(where, **kwargs) if where is not None else values.to(**kwargs)

    def picked(self, values, index):
        def there(part):
            if not isinstance(part, torch.Tensor):
                return part
            assert part.device == values.device, "an index lies on another device"
            return torch.zeros(part.shape, dtype=part.dtype)

        places = tuple(there(part) for part in index) if isinstance(index, tuple) else there(index)
        with torch._C.DisableTorchFunction():
            shape = torch.empty(values.shape)[places].shape
            return torch.empty(shape, dtype=values.dtype, device=values.device)


def put(network, device):
    """Give a network weights without numbers on a device, as `network.to(device)` does on a machine that has it."""
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(torch.empty(parameter.shape, device=device)))
    return network


def train_on(architecture, device):
    """Do all that a training does, on a device: steps, average, checkpoint, restoring, measuring."""
    of_lstm = EVERYTHING if architecture == "lstm" else {}
    recipe = replace(tiny.RECIPE, average_over=20, **of_lstm)
    run = prepare(architecture, tiny.preset(architecture), tiny.corpus())
    tokens = run.trainer.batches.tokens
    with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True), Elsewhere() as elsewhere:
        trainer = Trainer(put(run.trainer.network, device), tokens, recipe)
        elsewhere.parameters = list(trainer.network.parameters())
        for _ in range(10):  # the tenth goes into the average
            trainer.do_step()
        tensors = trainer.tensors()
        assert {tensor.device.type for tensor in tensors.values()} == {"cpu"}
        card = {"text_sha256": trainer.text_sha256, "recipe": asdict(recipe), "step": trainer.step, "seconds": 1.0}
        trainer.restore(tensors, card)
        trainer.do_step()
        assert {tensor.device.type for tensor in trainer.state or trainer.network.parameters()} == {device}
        with trainer.result() as network:
            evaluate(network, run.valid_ids[:50], 0)
    return elsewhere.seen - {"meta"}  # with which PyTorch finds out shapes


@pytest.mark.filterwarnings("ignore:Accessing the data pointer")
@pytest.mark.parametrize("device", ABROAD)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_step_of_a_training_mixes_devices(architecture, device):
    assert train_on(architecture, device) == {"cpu", device}


def mask_left_behind(noise, shape, rate, like):
    return torch.empty(shape).bernoulli_(1 - rate, generator=noise.generator)


def mask_drawn_abroad(noise, shape, rate, like):
    return torch.empty(shape, device=like.device).bernoulli_(1 - rate, generator=noise.generator)


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (mask_left_behind, AssertionError, "an index lies on another device"),
        (mask_drawn_abroad, AssertionError, "another device's generator"),
    ],
)
def test_mixing_devices_would_be_found(wrong, error, sentence, monkeypatch):
    monkeypatch.setattr(Noise, "_keep", wrong)
    with pytest.raises(error, match=sentence):
        train_on("transformer", "cuda")


def test_a_text_that_stays_behind_would_be_found(monkeypatch):
    monkeypatch.setattr(lessons.trainer, "Cost", StaysBehind)
    with pytest.raises(Exception, match="same device"):
        train_on("lstm", "mps")


class StaysBehind(lessons.trainer.Cost):
    def forward(self, recipe, inputs, targets, *others):
        return super().forward(recipe, inputs, torch.empty(targets.shape, dtype=targets.dtype), *others)


@pytest.mark.parametrize(("name", "sentence"), [("cuda", "finds no GPU for it here"), ("mps", "the GPU of a Mac")])
def test_a_device_that_is_missing_is_said(name, sentence, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=rf"The device is {name}.*{sentence}.*Choose cpu"):
        chosen_device(name)
    assert chosen_device("auto") == chosen_device() == torch.device("cpu")


def test_each_process_has_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [chosen_device("auto", place, 2) for place in (0, 1)] == [torch.device("cuda", 0), torch.device("cuda", 1)]
    with pytest.raises(InputError, match=r"Process 2 of this machine .* there are 2"):
        chosen_device("cuda", 2, 4)


def test_a_mac_trains_alone(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert chosen_device("auto") == torch.device("mps")
    assert chosen_device("auto", 0, 2) == torch.device("cpu")
    assert not fast_bfloat16(torch.device("mps"))
    with pytest.raises(InputError, match="there are 2 processes; on it, one trains alone"):
        chosen_device("mps", 1, 2)


def test_a_device_that_nobody_knows_is_refused():
    with pytest.raises(InputError, match="'gpu'; choose one of auto, cpu, cuda, mps"):
        chosen_device("gpu")
    assert DEVICES == ("auto", "cpu", "cuda", "mps")


def test_a_network_on_the_processor_is_taken_as_it_is():
    network = tiny.network("lstm")
    assert on_processor(network) is network
