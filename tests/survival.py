"""Trainings that are hurt on purpose: processes to kill, bytes to damage, small disks. For tests and benchmarks.

`Nursery` is one Python that has imported torch and forks a training at once, where a fresh process would take seconds.
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from lessons.checkpoint import read_card, read_checkpoint
from lessons.last_checkpoints import PREVIOUS_CARD, TRAINING_CARD, LastCheckpoints
from lessons.run import prepare, run_steps
from lessons.run_lock import open_folder
from tests import tiny

ROOT = Path(__file__).resolve().parent.parent
EVERY = 3  # steps between two checkpoints
PATIENCE = 120  # seconds
HURTS = ("flipped bit", "cut", "zeroed block")


def prepared(architecture: str, seed: int = 7, every: int = EVERY, **changes):
    """A run of all that has to be remembered: dropout, the LSTM's state, averaged weights."""
    fields = {"epochs": 400, "evaluations": 0, "average_over": 20, "seed": seed, "checkpoint_every": every, **changes}
    return prepare(architecture, tiny.preset(architecture, **fields), tiny.corpus())


class Nursery:
    """Forks trainings: `with Nursery() as nursery: nursery.train(...)`."""

    def __enter__(self) -> "Nursery":
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.survival"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            cwd=ROOT,
        )
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()

    def train(self, architecture, folder, curve, seed=7, every=EVERY, locks=True) -> int:
        """Start a training in `folder` that appends its losses to `curve`; return the process's number.

        It resumes what is there; without locks it starts anew, since the other one may have begun.
        """
        print(architecture, folder, curve, seed, every, int(locks), sep="\t", file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def _train(architecture, folder, curve, seed, every, locks) -> None:
    if locks == "0":
        import fcntl  # Windows has none

        fcntl.flock = lambda *_: None  # as on a network drive that grants every lock
    with open(curve, "ab", buffering=0) as lines:
        try:
            with open_folder(folder):
                for step in run_steps(prepared(architecture, int(seed), int(every)), folder, locks == "1"):
                    lines.write(f"{step.step} {step.loss.hex()} {step.note or ''}\n".encode())
        except Exception as error:
            lines.write(f"end {error}\n".encode())


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave at once
    for line in sys.stdin:
        if not (child := os.fork()):
            _train(*line.rstrip("\n").split("\t"))
            os._exit(0)
        print(child, flush=True)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(happened) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: not is_alive(process))


def losses_in(curve: Path) -> list[tuple[int, str]]:
    """Every step of every process that wrote to the curve, with its loss to the last bit."""
    lines = curve.read_text(encoding="utf-8").splitlines() if curve.exists() else []
    return [(int(words[0]), words[1]) for words in map(str.split, lines) if words[0] != "end"]


def unbroken(nursery: Nursery, architecture: str, folder: Path, n_steps: int, seed: int = 7) -> dict[int, str]:
    """The losses of a run that nobody disturbs, by step."""
    folder.mkdir()
    process = nursery.train(architecture, folder, folder / "curve", seed, every=1_000_000)
    wait_until(lambda: len(losses_in(folder / "curve")) >= n_steps or not is_alive(process))
    kill(process)
    return dict(losses_in(folder / "curve"))


def survive_kills(nursery: Nursery, architecture: str, folder: Path, n_kills: int, n_aimed: int, chance: random.Random):
    """Kill a training at random moments, resume it each time, and compare all of its curve with an unbroken run.

    Args:
        n_kills: in all.
        n_aimed: of them at a moment when a checkpoint is being written.

    Returns:
        Steps lost by each kill (done but not in the checkpoint), and the number of steps whose loss was compared.
    """
    run, curve = folder / "run", folder / "curve"
    run.mkdir()
    lost = []
    for index in range(n_kills):
        before = len(losses_in(curve))
        process = nursery.train(architecture, run, curve)
        wait_until(lambda seen=before: len(losses_in(curve)) > seen + EVERY)
        assert is_alive(process), curve.read_text(encoding="utf-8")
        time.sleep(chance.random() * 0.3)
        if index < n_aimed:
            wait_until(lambda: any(run.glob(".training*.tmp")))
        kill(process)
        _, card = read_checkpoint(run / TRAINING_CARD)  # whole and unchanged, or this raises
        lost.append(max(0, losses_in(curve)[-1][0] - card["step"]))
    process = nursery.train(architecture, run, curve)
    before = len(losses_in(curve))
    wait_until(lambda: len(losses_in(curve)) > before + EVERY)
    kill(process)
    found = losses_in(curve)
    straight = unbroken(nursery, architecture, folder / "unbroken", max(step for step, _ in found))
    different = [step for step, loss in found if straight[step] != loss]
    assert not different, different
    unseen = set(range(1, found[-1][0])) - dict(found).keys()  # killed between save and line
    assert len(unseen) <= n_kills
    assert not any(step % EVERY for step in unseen)
    return lost, len(found)


def hurt(data: bytes, how: str, chance: random.Random) -> bytes:
    """Damage bytes at a random place in one of the `HURTS`; what comes back is never the same."""
    while True:
        hurt, place = bytearray(data), chance.randrange(len(data))
        if how == "flipped bit":
            hurt[place] ^= 1 << chance.randrange(8)
        elif how == "cut":
            del hurt[place:]
        else:
            hurt[place : place + 512] = bytes(len(hurt[place : place + 512]))
        if hurt != data:
            return bytes(hurt)


def refused_and_replaced(folder: Path, how: str, n: int, chance: random.Random) -> int:
    """Damage the newest checkpoint in a folder, its card and its weights in turn, and look for it.

    Returns:
        How many of `n` times the damaged file was named, and the whole checkpoint before it was found instead.
    """
    _, before = read_checkpoint(folder / PREVIOUS_CARD)
    card = folder / TRAINING_CARD
    weights = folder / read_card(card)["weights"]["file"]
    good = 0
    for index in range(n):
        path = (card, weights)[index % 2]
        whole = path.read_bytes()
        path.write_bytes(hurt(whole, how, chance))
        found = LastCheckpoints(folder).newest()
        good += found.note is not None and found.note.startswith(str(path)) and found.card == before
        path.write_bytes(whole)
    return good


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int = 20) -> Iterator[Path]:
    """A disk of a few megabytes in a folder; OSError where that cannot be made."""
    folder.mkdir(exist_ok=True)
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True, capture_output=True
        )
    except subprocess.CalledProcessError as error:
        raise OSError(error.stderr.decode().strip()) from None
    try:
        yield folder
    finally:
        for _ in range(20):  # something may look at the disk just now
            if subprocess.run(["umount", str(folder)], capture_output=True).returncode == 0:
                break
            time.sleep(0.05)
        else:
            subprocess.run(["umount", str(folder)], check=True)


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Write a file until nothing more fits on a disk."""
    path = disk / "filling"
    with contextlib.suppress(OSError), open(path, "ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return path


def survive_a_full_disk(disk: Path, architecture: str, n: int) -> tuple[int, int]:
    """Fill a disk and empty it again while a training saves on it.

    Returns:
        How many of `n` times the save was refused with both sizes, the checkpoint before it was whole, nothing else
        was left and the training went on; and how many times it could save again when there was room.
    """
    steps, refused, saved = run_steps(prepared(architecture), disk / "run"), 0, 0
    good = next(islice(steps, EVERY - 1, None)).step
    for _ in range(n):
        filling = fill(disk)
        step = next(islice(steps, EVERY - 1, None))
        said = bool(step.note and re.search(r"it needs [\d.]+ MB, [\d.]+ MB are free", step.note))
        found = LastCheckpoints(disk / "run").newest()
        whole = found.note is None and found.card["step"] == good and not list((disk / "run").glob(".*.tmp"))
        refused += said and whole and step.checkpoint is None
        filling.unlink()
        step = next(islice(steps, EVERY - 1, None))
        good = LastCheckpoints(disk / "run").newest().card["step"]
        saved += step.checkpoint is not None and good == step.step
    steps.close()
    return refused, saved


if __name__ == "__main__":
    main()
