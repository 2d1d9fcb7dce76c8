"""Our AdamW is torch's to the last digit, and does not load torch's compiler."""

import subprocess
import sys

import pytest
import torch

from lessons.adamw import AdamW


def weights(seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(*shape, generator=generator)) for shape in ((5, 7), (3, 4, 2), (6,), (1,))]


def groups(parameters):
    return [{"params": parameters[:2], "weight_decay": 0.1}, {"params": parameters[2:], "weight_decay": 0.0}]


def test_it_is_torchs_to_the_last_digit_and_resumes_from_its_state():
    ours, theirs = weights(), weights()
    one = AdamW(groups(ours), lr=0.01, betas=(0.9, 0.98))
    other = torch.optim.AdamW(groups(theirs), lr=0.01, betas=(0.9, 0.98), fused=True)
    generator = torch.Generator().manual_seed(2)
    for number in range(25):
        for optimizer in (one, other):
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = 0.01 * (number % 7)
        for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if place != 3 or number > 4:  # the last weight has no gradient at first
                a.grad = 10 ** (number % 5 - 2) * torch.randn(a.shape, generator=generator)
                b.grad = a.grad.clone()
        one.step()
        other.step()
        if number == 12:  # as after a resume, and from a checkpoint of torch's own class
            fresh = AdamW(groups(ours), lr=0.01, betas=(0.9, 0.98))
            fresh.load_state_dict(other.state_dict())
            one = fresh
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    for number, state in other.state_dict()["state"].items():
        assert state.keys() == one.state_dict()["state"][number].keys()
        assert all(torch.equal(state[name], one.state_dict()["state"][number][name]) for name in state)


def test_it_is_the_formula():
    (weight,) = parameters = [torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))]
    optimizer = AdamW([{"params": parameters, "weight_decay": 0.1}], lr=0.5, betas=(0.8, 0.9))
    mean = square = torch.zeros(2, dtype=torch.float64)
    expected = weight.detach().clone()
    for step in range(1, 6):
        weight.grad = torch.tensor([0.3 * step, -1.0 / step], dtype=torch.float64)
        mean, square = 0.8 * mean + 0.2 * weight.grad, 0.9 * square + 0.1 * weight.grad**2
        move = mean / (1 - 0.8**step) / ((square / (1 - 0.9**step)).sqrt() + 1e-8)
        expected = expected - 0.5 * (0.1 * expected + move)
        optimizer.step()
        assert torch.allclose(weight.detach(), expected, rtol=1e-12)


@pytest.mark.parametrize("architecture", ["lstm", "transformer"])
def test_a_training_step_does_not_load_the_compiler(architecture):
    script = f"""
import sys
from lessons.run import prepare
from tests import tiny
prepare({architecture!r}, tiny.preset({architecture!r}), tiny.corpus()).trainer.do_step()
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
