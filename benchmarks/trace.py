"""What a trace costs beside a plain forward pass of the same network and head: milliseconds and megabytes.

Run it from the project's folder: python -m benchmarks.trace [--save]      (Linux: it reads /proc)
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import ONE_THREAD, WORDS, arguments, finish, summary, table

LENGTHS = (32, 128)  # tokens that the model sees, the `<eos>` before the text counted
TRACES: dict[str, dict[str, Any]] = {
    "trace, steps alone": {"top_k": 0},
    "trace, next words": {"lens": False},
    "trace, next words and lens": {},
    "trace, next words, lens and logits": {"logits": True},
}
PLAIN = "plain forward pass"


def peak(run: Callable[[], object]) -> float:
    """Run something and return by how many MB the process grew at its largest."""
    process = Path("/proc/self")
    (process / "clear_refs").write_text("5", encoding="utf-8")  # the peak starts from here
    sizes = []
    for name in ("VmRSS", "VmHWM"):
        if sizes:
            run()
        found = re.search(rf"^{name}:\s+(\d+) kB", (process / "status").read_text(encoding="utf-8"), re.MULTILINE)
        assert found is not None
        sizes.append(int(found[1]) * 1024 / 1e6)
    return sizes[1] - sizes[0]


def main() -> None:
    chosen = arguments(__doc__, rounds=(int, 15, "repeats of each, in turns; two more before them warm up"))
    os.environ.update(ONE_THREAD)
    import torch

    from lessons import load_model
    from lessons.heap import give_back_memory
    from lessons.reading import hidden_states

    torch.set_num_threads(1)
    rows: dict[str, dict[str, Any]] = {}
    for name in ("lstm", "transformer"):
        model = load_model(name)
        network = model.network
        for length in LENGTHS:
            text = model.tokenize(" ".join(random.Random(1).choices(WORDS, k=length - 1)))
            stream = torch.tensor([model.vocabulary.stoi["<eos>"], *text.token_ids])

            @torch.inference_mode()
            def plain(network: Any = network, stream: Any = stream) -> None:
                hidden = torch.cat(list(hidden_states(network, stream)))
                network.head.log_probabilities(hidden, network.embedding.weight)

            runs: dict[str, Callable[[], Any]] = {PLAIN: plain}
            runs |= {what: lambda m=model, t=text, o=options: m.trace(t, **o) for what, options in TRACES.items()}
            times: dict[str, list[float]] = {what: [] for what in runs}
            for turn in range(chosen.rounds + 2):
                for what, run in runs.items():
                    begin = time.perf_counter()
                    run()
                    if turn >= 2:
                        times[what].append(1000 * (time.perf_counter() - begin))
            floor = summary(times[PLAIN])["median"]
            for what, run in runs.items():
                give_back_memory()
                found = summary(times[what])
                record = 0.0 if what == PLAIN else run().nbytes / 1e6
                give_back_memory()
                size = {"record_mb": round(record, 2), "peak_mb": round(peak(run), 1)}
                rows[f"{model.display_name}, T = {length}: {what}"] = {
                    **{key: found[key] for key in ("n", "median", "p95")},
                    "times_plain": round(found["median"] / floor, 2),
                    **size,
                }
    head = ["milliseconds", "n", "median", "p95", "times the plain pass", "MB of the record", "MB more at the peak"]
    table(head, [[what, *row.values()] for what, row in rows.items()])
    finish("trace", {"milliseconds_and_megabytes": rows}, chosen.save)


if __name__ == "__main__":
    main()
