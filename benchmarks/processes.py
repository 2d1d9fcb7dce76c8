"""Steps a second of one process with one thread and with two, and of two processes with one thread each.

Run it from the project's folder: python -m benchmarks.processes [--save]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, arguments, environment, finish, summary, table

PRESETS = ("class", "long")
WAYS = {"1 process, 1 thread": (1, 1), "1 process, 2 threads": (1, 2), "2 processes, 1 thread each": (2, 1)}
WARM_UP = 3


def measure(seconds: float, threads: int, path: Path) -> None:
    """Be one of a team: train each preset on each corpus for so many seconds; process 0 writes what it counted."""
    import torch

    from lessons import Corpus
    from lessons.distributed import joined
    from lessons.errors import CorpusError
    from lessons.grammar import toy_corpus
    from lessons.presets import preset
    from lessons.run import prepare

    torch.set_num_threads(threads)
    corpora = [toy_corpus()]
    try:
        corpora.append(Corpus.wikitext2())
    except CorpusError:
        print("WikiText-2 is not here; only the toy language is trained.")
    found: dict[str, dict[str, Any]] = {}
    with joined(torch.device("cpu")) as team:
        for corpus in corpora:
            for name in PRESETS:
                trainer = prepare("lstm", preset("lstm", name), corpus, team=team).trainer
                for _ in range(WARM_UP):
                    trainer.do_step()
                begin = time.perf_counter()
                while not trainer.stops_if(time.perf_counter() - begin > seconds):
                    trainer.do_step()
                rate = (trainer.step - WARM_UP) / (time.perf_counter() - begin)
                found[f"{name}, {corpus.name}"] = {
                    "steps_a_second": rate,
                    "gradient_mb": 4 * trainer.n_parameters / 1e6,
                    "tokens_a_step": trainer.recipe.batch_size * trainer.recipe.length,
                    "precision": "bfloat16" if trainer.bfloat16 else "float32",
                }
        if team.is_first:
            path.write_text(json.dumps(found), encoding="utf-8")


def main() -> None:
    chosen = arguments(
        __doc__,
        rounds=(int, 3, "how often each way is measured, in turns"),
        seconds=(float, 10.0, "training time of each preset in a round"),
    )
    rates: dict[str, dict[str, list[float]]] = {}
    facts: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(chosen.rounds):
            for way, (n_processes, threads) in WAYS.items():
                path = Path(folder) / "found.json"
                launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(n_processes)]
                member = ["-m", "benchmarks.processes", "member", str(chosen.seconds), str(threads), str(path)]
                variables = {**environment(), "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
                subprocess.run([sys.executable, *launcher, *member], check=True, cwd=ROOT, env=variables)
                for what, fact in json.loads(path.read_text(encoding="utf-8")).items():
                    rates.setdefault(what, {}).setdefault(way, []).append(fact.pop("steps_a_second"))
                    facts[what] = fact
    rows: dict[str, dict[str, Any]] = {}
    for what, ways in rates.items():
        floor = summary(ways[next(iter(WAYS))], 2)["median"]
        for way, values in ways.items():
            found = summary(values, 2)
            times = round(found["median"] / floor, 2)
            rows[f"{what}: {way}"] = {**{key: found[key] for key in ("n", "median", "least", "most")}, "times": times}
    for what, fact in facts.items():
        print(f"{what}: {fact['gradient_mb']:.1f} MB of gradients, {fact['tokens_a_step']} tokens, {fact['precision']}")
    head = ["steps a second of the LSTM", "n", "median", "least", "most", "times one thread"]
    table(head, [[what, *row.values()] for what, row in rows.items()])
    finish("processes", {"steps_a_second": rows, "each_step": facts}, chosen.save)


if __name__ == "__main__":
    if "TORCHELASTIC_RUN_ID" in os.environ and sys.argv[1] == "member":
        measure(float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
