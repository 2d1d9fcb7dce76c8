"""Two real processes train as one: the same losses, one writer, resumed in any number, stopped and killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from lessons.checkpoint import read_checkpoint
from lessons.cli.terminal import interruptible
from lessons.distributed import Team, joined
from lessons.errors import InputError, TrainingError
from lessons.noise import Noise, NoiseRates
from lessons.train import command_typed
from lessons.training import TRAINING_CARD
from tests.lessons import team_member

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
TINY = ("lstm, tiny", "transformer, tiny")
RESUMED_AFTER = 20
PATIENCE = 120  # seconds, for a busy machine

two_processes = pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs what PyTorch for Windows lacks")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """All that two processes did, beside what one did by itself: (their folder, losses of one, their two reports)."""
    folder = tmp_path_factory.mktemp("team")
    alone = {case: team_member.losses(team_member.made(case), folder / "unbroken" / case) for case in team_member.CASES}
    for case in TINY:
        team_member.losses(team_member.made(case), folder / "alone" / case, stop=RESUMED_AFTER)
    command = [*TORCHRUN, "tests.lessons.team_member", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE * 2)
    assert done.returncode == 0, done.stderr
    reports = [json.loads((folder / f"report-{rank}.json").read_text(encoding="utf-8")) for rank in (0, 1)]
    return folder, alone, reports


def differences(one, two, column=1):
    """Return the largest difference between the losses (column 1) or gradient norms (2) of the same steps."""
    assert [row[0] for row in one] == [row[0] for row in two]
    return max(abs(a[column] - b[column]) for a, b in zip(one, two, strict=True))


@pytest.mark.slow
@two_processes
@pytest.mark.parametrize("case", team_member.CASES)
def test_two_processes_have_the_losses_of_one(case, trained):
    _, alone, (first, second) = trained
    assert first["size"] == 2
    assert len(alone[case]) == team_member.N_STEPS
    assert len({loss for _, loss, *_ in alone[case]}) > 40  # it does train
    assert differences(alone[case], first[case]) < 1e-5
    assert differences(alone[case], first[case], 2) < 1e-3
    assert first[case] == second[case]  # measured by process 0, told to all
    for (*_, one), (*_, two) in zip(alone[case], first[case], strict=True):
        assert two == (None if one is None else pytest.approx(one, rel=1e-4))


@pytest.mark.slow
@two_processes
@pytest.mark.parametrize("case", TINY)
def test_a_run_goes_on_with_more_processes_and_with_fewer(case, trained):
    folder, alone, (first, _) = trained
    assert differences(alone[case][RESUMED_AFTER:], first[f"{case}, resumed"]) < 1e-5
    further = {"stop": team_member.N_STEPS + 10}
    by_one = team_member.losses(team_member.made(case), folder / "unbroken" / case, resume=True, **further)
    after_two = team_member.losses(team_member.made(case), folder / "process-0" / case, resume=True, **further)
    assert len(by_one) == 10
    assert differences(by_one, after_two) < 1e-5


@pytest.mark.slow
@two_processes
def test_a_team_has_one_writer_one_clock_and_one_end(trained):
    folder, _, (first, second) = trained
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["alone", "process-0", "unbroken"]
    tensors, card = read_checkpoint(folder / "process-0" / "stopped" / TRAINING_CARD)
    assert first["stopped at"] == second["stopped at"] == card["step"] == 7  # though only process 1 was asked
    assert tensors["carry.cell_state"].shape == (2, 4, 16)  # the rows of both
    assert first["by the clock"] == second["by the clock"]
    assert first["by the clock"][-1][0] == 1
    assert first["weights"] == second["weights"]  # to the last bit


@pytest.mark.slow
@two_processes
def test_a_team_that_cannot_work_says_why(trained):
    for report in trained[2]:
        assert "batch_size is 5 and there are 2 processes" in report["one row too many"]
        assert "Process 1 of 2 trains with another text, other options" in report["another seed"]


def launched(folder, log, *options):
    """Start `torchrun ... -m lessons.train` and wait until a step is done."""
    words = ["lstm", "--preset", "class", "--corpus", "toy", "--epochs", "500", "--out", str(folder), *options]
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [*TORCHRUN, "lessons.train", *words], cwd=ROOT, env=ENVIRONMENT, stdout=file, stderr=subprocess.STDOUT
        )
    return process


def wait_for(process, log, condition):
    """Wait until something holds, or the process has ended."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("alone", [True, False])
def test_one_of_a_team_that_fails_hears_no_more_requests_to_end(alone):
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    try:
        with pytest.raises(TrainingError), interruptible(alone):
            raise TrainingError("the others have gone")
        assert ([signal.getsignal(number) for number in numbers] == before) is alone
        if not alone:
            os.kill(os.getpid(), signal.SIGTERM)  # would end the tests
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    with interruptible(alone):
        pass
    assert [signal.getsignal(number) for number in numbers] == before


@pytest.mark.slow
@two_processes
def test_a_killed_process_ends_the_job_and_a_stopped_job_resumes(tmp_path):
    folder, log = tmp_path / "run", tmp_path / "log.txt"
    job = launched(folder, log)
    try:
        wait_for(job, log, (folder / TRAINING_CARD).exists)
        members = {child.environ().get("RANK"): child for child in psutil.Process(job.pid).children()}
        members["1"].kill()
        began = time.monotonic()
        assert job.wait(PATIENCE) != 0
        assert time.monotonic() - began < 60  # torchrun itself waits for 30 s before it ends what has not ended
        assert "Another process of this training has ended" in log.read_text(encoding="utf-8")
        assert not members["0"].is_running()
        _, card = read_checkpoint(folder / TRAINING_CARD)  # whole, or this raises

        job = launched(folder, log, "--resume")
        wait_for(job, log, lambda: "tokens/s" in log.read_text(encoding="utf-8"))
        job.terminate()
        job.wait(PATIENCE)
        words = log.read_text(encoding="utf-8")
        _, later = read_checkpoint(folder / TRAINING_CARD)
        assert later["step"] > card["step"]
        assert f"Stopped at step {later['step']:,}. Go on with: torchrun --nproc-per-node 2 -m lessons.train" in words
    finally:
        if job.poll() is None:
            job.kill()


def test_a_team_of_one_asks_nobody(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    with joined(torch.device("cpu")) as team:
        assert team == Team()
        assert (team.mean(2.5), team.any(True), team.any(False), team.told(None)) == (2.5, True, False, None)
        assert team.rows(5) == slice(0, 5)
        assert not torch.distributed.is_initialized()


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_shares_of_a_batch_are_the_whole_of_it(size):
    parts = [Team(rank, size).rows(8) for rank in range(size)]
    assert [row for part in parts for row in range(8)[part]] == list(range(8))
    rates = NoiseRates(word=0.3)
    values, ids = torch.ones(8, 5, 6), torch.arange(40).reshape(8, 5)

    def drawn(rank, size, rows):
        noise = Noise(rates, seed=1, step=4, rank=rank, size=size)
        mine = values[rows]
        return noise.units(mine, 0.4), noise.locked(mine, 0.4), noise.words(mine, ids[rows], 40)

    shares = [drawn(rank, size, rows) for rank, rows in enumerate(parts)]
    for whole, share in zip(drawn(0, 1, slice(None)), zip(*shares, strict=True), strict=True):
        assert torch.equal(torch.cat(share), whole)
    weights = [Noise(rates, 1, 4, rank, size).weights(torch.ones(7, 3), 0.5) for rank in range(size)]
    assert all(torch.equal(one, weights[0]) for one in weights)


def test_a_batch_that_cannot_be_shared_out_is_refused():
    with pytest.raises(InputError, match=r"batch_size is 8 and there are 3 processes.*must divide 8"):
        Team(0, 3).rows(8)


def test_what_was_typed_can_be_typed_again():
    words = ["lstm", "--out", "my runs"]
    assert command_typed(words, {}) == "python -m lessons.train lstm --out 'my runs'"
    team = {"TORCHELASTIC_RUN_ID": "none", "LOCAL_WORLD_SIZE": "4", "GROUP_WORLD_SIZE": "1"}
    assert command_typed(words, team) == "torchrun --nproc-per-node 4 -m lessons.train lstm --out 'my runs'"
    several = command_typed(words, {**team, "GROUP_WORLD_SIZE": "2"})
    assert several == "torchrun --nnodes 2 --nproc-per-node 4 -m lessons.train lstm --out 'my runs'"


def test_an_end_of_another_process_is_told_from_other_errors(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("init_process_group", "destroy_process_group"):
        monkeypatch.setattr(torch.distributed, name, lambda *_, **__: None)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 0)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    with pytest.raises(TrainingError, match="go on from it with --resume"), joined(torch.device("cpu")):
        raise RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer")
    with pytest.raises(RuntimeError, match="shapes"), joined(torch.device("cpu")):
        raise RuntimeError("shapes differ")
