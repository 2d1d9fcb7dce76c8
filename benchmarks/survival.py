"""Trainings that are killed, damaged, starved of disk, doubled, sent off course or stopped: what is left of them.

Run it from the project's folder, on Linux: python -m benchmarks.survival [--save]

A small disk takes root; without, its rows are left out. The trainings are those of tests/survival.py: small, but with
all that a long one has to remember.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import arguments, environment, finish, table
from lessons.errors import CheckpointError, TrainingError
from lessons.last_checkpoints import LastCheckpoints
from lessons.loading import load_model
from lessons.places import MODEL_CARD, SHIPPED
from lessons.run import run_steps
from tests import tiny
from tests.survival import (
    EVERY,
    HURTS,
    Nursery,
    hurt,
    is_alive,
    kill,
    losses_in,
    prepared,
    refused_and_replaced,
    small_disk,
    survive_a_full_disk,
    survive_kills,
    unbroken,
    wait_until,
)

ARCHITECTURES = ("lstm", "transformer")
SEEDS = (7, 8)
GLASSBOX = [sys.executable, "-c", "import sys; from lessons.cli import main; sys.exit(main())"]


def killed(nursery: Nursery, folder: Path, kills: int, chance: random.Random) -> list[list[object]]:
    rows = []
    for architecture in ARCHITECTURES:
        (folder / architecture).mkdir()
        lost, compared = survive_kills(nursery, architecture, folder / architecture, kills // 2, kills // 10, chance)
        rows.append([f"kill -9, {architecture}: resumed from a whole checkpoint", len(lost), len(lost)])
        rows.append([f"its steps with the very loss of an unbroken run (at most {max(lost)} lost)", compared, compared])
    return rows


def damaged(folder: Path, damages: int, chance: random.Random) -> list[list[object]]:
    rows = []
    list(zip(run_steps(prepared("lstm"), folder), range(2 * EVERY), strict=False))
    for how in HURTS:
        rows.append(
            [f"{how}: named, and the one before used", damages, refused_and_replaced(folder, how, damages, chance)]
        )
    for architecture in ARCHITECTURES:
        copy = folder / architecture
        shutil.copytree(SHIPPED / architecture, copy)
        files = [copy / MODEL_CARD, next(copy.glob("*.safetensors"))]
        for how in HURTS:
            refused = 0
            for index in range(damages // 10):
                path = files[index % 2]
                whole = path.read_bytes()
                path.write_bytes(hurt(whole, how, chance))
                try:
                    load_model(copy)
                except CheckpointError as error:
                    refused += str(path) in str(error)
                path.write_bytes(whole)
            rows.append([f"{how}, shipped {architecture}: refused by name", damages // 10, refused])
    return rows


def starved(folder: Path, times: int) -> list[list[object]]:
    rows = []
    for architecture in ARCHITECTURES:
        try:
            with small_disk(folder / architecture) as disk:
                refused, saved = survive_a_full_disk(disk, architecture, times // 2)
        except OSError as error:
            print(f"No small disk could be made: {error}")
            continue
        rows.append(
            [f"full disk, {architecture}: both sizes said, the old one whole, no rest left", times // 2, refused]
        )
        rows.append(["and saved again when there was room", times // 2, saved])
    return rows


def doubled(nursery: Nursery, folder: Path, times: int) -> list[list[object]]:
    told = {True: 0, False: 0}
    whole = 0
    straight = {seed: unbroken(nursery, "lstm", folder / f"straight {seed}", 2000, seed) for seed in SEEDS}
    for locks in told:
        for index in range(times):
            run = folder / f"{locks} {index}"
            curves = {seed: folder / f"{locks} {index} curve {seed}" for seed in SEEDS}
            both = {nursery.train("lstm", run, curve, seed, 1, locks): curve for seed, curve in curves.items()}
            wait_until(lambda both=both: not all(map(is_alive, both)))
            ended = [curve for process, curve in both.items() if not is_alive(process)]
            told[locks] += len(ended) == 1 and "end Another process" in ended[0].read_text(encoding="utf-8")
            going_on = next(process for process in both if is_alive(process))
            seen = len(losses_in(both[going_on]))
            wait_until(lambda curve=both[going_on], seen=seen: len(losses_in(curve)) > seen + 3)
            kill(going_on)
            found = LastCheckpoints(run).newest()
            seed = found.card["recipe"]["seed"]
            step = next(iter(run_steps(prepared("lstm", seed), run, resume=True)))
            curve = dict(losses_in(curves[seed]))
            as_unbroken = all(straight[seed][step] == loss for step, loss in curve.items())
            whole += found.note is None and as_unbroken and step.loss.hex() == straight[seed][step.step]
    return [
        ["two trainings in one folder: the second is told", times, told[True]],
        ["the same without locks: exactly one is told and ends", times, told[False]],
        ["the checkpoint is whole, of one run, and goes on with its losses", 2 * times, whole],
    ]


def diverging(folder: Path) -> list[list[object]]:
    rows = []
    for name, rate, spoil in (("lr = 1e6", 1e6, None), ("a weight that is NaN", 5e-3, float("nan"))):
        good = 0
        for architecture in ARCHITECTURES:
            for every in (1, 2):
                place = folder / f"{name} {architecture} {every}"
                run = prepared(architecture, every=every, learning_rate=rate)
                try:
                    for step in run_steps(run, place):
                        if spoil is not None and step.step == 7:
                            next(run.trainer.network.parameters()).data.fill_(spoil)
                except TrainingError as error:
                    told = f"diverged at step {run.trainer.step + 1}:" in str(error)
                    found = LastCheckpoints(place).newest()
                    kept = "There is no checkpoint" in str(error) if found is None else found.note is None
                    good += told and kept
        rows.append([f"{name}: 'diverged at step k' said, and what is kept is whole", 4, good])
    return rows


def asked_to_stop(folder: Path, times: int, chance: random.Random) -> list[list[object]]:
    text = folder / "own.txt"
    text.write_text("".join(tiny.corpus(400).texts.values()), encoding="utf-8")
    rows = []
    for number in (signal.SIGINT, signal.SIGTERM):
        out, good, before = folder / number.name, 0, 0
        words = ["train", "lstm", "--preset", "class", "--text", str(text), "--epochs", "100000", "--out", str(out)]
        for _ in range(times):
            process = subprocess.Popen(
                [*GLASSBOX, *words, "--resume"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()
            )
            # In one of five it is not yet training, perhaps not even importing.
            wait = chance.random() * 2 if chance.random() < 0.2 else None
            if wait is None:
                said = b""
                while b"tokens/s" not in said:
                    said += process.stdout.read(1)
                wait = chance.random()
            time.sleep(wait)
            process.send_signal(number)
            process.communicate(timeout=120)
            found = LastCheckpoints(out).newest()
            step = found.card["step"] if found else 0
            good += process.returncode != 0 and (found is None or found.note is None) and step >= before
            before = step
        rows.append([f"{number.name} to glassbox train: stopped, and resumable without a loss", times, good])
    return rows


def main() -> None:
    chosen = arguments(
        __doc__,
        kills=(int, 50, "kills, a fifth of them while saving"),
        damages=(int, 300, "damages of each kind"),
        full=(int, 20, "full disks"),
        doubles=(int, 10, "pairs of trainings in one folder"),
        signals=(int, 10, "of each signal"),
    )
    chance, rows = random.Random(1), []
    with tempfile.TemporaryDirectory() as name, Nursery() as nursery:
        for what in ("killed", "damaged", "starved", "doubled", "diverging", "stopped"):
            (Path(name) / what).mkdir()
        folders = {path.name: path for path in Path(name).iterdir()}
        rows += killed(nursery, folders["killed"], chosen.kills, chance)
        rows += damaged(folders["damaged"], chosen.damages, chance)
        rows += starved(folders["starved"], chosen.full)
        rows += doubled(nursery, folders["doubled"], chosen.doubles)
        rows += diverging(folders["diverging"])
        rows += asked_to_stop(folders["stopped"], chosen.signals, chance)
    table(["what befell a training", "times", "survived"], rows)
    finish(
        "survival", {"rows": [dict(zip(("what", "times", "survived"), row, strict=True)) for row in rows]}, chosen.save
    )


if __name__ == "__main__":
    main()
