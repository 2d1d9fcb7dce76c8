"""A model that is asked again and again stays as large as it is."""

import gc
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons import reading
from lessons.checkpoint import read_checkpoint, write_checkpoint
from lessons.heap import give_back_memory
from tests import tiny

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


@given(st.integers(0, 10_000))
def test_blocks_add_up_and_come_in_a_dozen_lengths(n_tokens):
    lengths = reading._block_lengths(n_tokens)
    assert sum(lengths) == n_tokens
    assert set(lengths) <= {2**power for power in range(12)}


@pytest.mark.parametrize("length", [1, 2, 3, 24, 31, 100])
def test_the_lstm_reads_the_same_in_blocks_as_at_once(length):
    network = tiny.network("lstm")
    ids = torch.randint(0, 20, (length,))
    with torch.inference_mode():
        in_blocks = torch.cat(list(reading.hidden_states(network, ids)))
        torch.testing.assert_close(in_blocks, network(ids[None])[0][0])


def test_giving_back_memory_does_nothing_else(monkeypatch):
    assert give_back_memory() is None
    monkeypatch.setattr("lessons.heap.sys.platform", "darwin")
    assert give_back_memory() is None


@LINUX
def test_a_tensor_that_is_let_go_leaves_the_memory(tmp_path):
    """The other tensors of the file do not hold it."""
    pages = 2_000_000
    write_checkpoint(tmp_path / "card.json", {"kept": torch.ones(3), "large": torch.ones(pages)}, {})
    tensors, card = read_checkpoint(tmp_path / "card.json")

    def kilobytes():
        maps = Path("/proc/self/smaps").read_text(encoding="utf-8")
        return sum(map(int, re.findall(rf"{card['weights']['file']}\n(?:\S+:.*\n)*?Rss:\s+(\d+) kB", maps)))

    assert tensors["large"].sum() == pages
    assert kilobytes() > 7000
    del tensors["large"]
    gc.collect()
    assert kilobytes() < 3000
    assert tensors["kept"].tolist() == [1, 1, 1]


GROWTH = """
import random, re
from pathlib import Path
import torch
torch.set_num_threads(1)
from lessons.heap import give_back_memory
from lessons.reading import hidden_states
from tests import tiny

def own_megabytes():
    give_back_memory()
    rollup = Path("/proc/self/smaps_rollup").read_text(encoding="utf-8")
    return int(re.search(r"Private_Dirty: +(\\d+)", rollup)[1]) / 1024

network = tiny.network("lstm", d_model=256)
with torch.inference_mode():
    read = lambda length: list(hidden_states(network, torch.zeros(length, dtype=torch.int64)))
    for length in (1, 2, 4, 8, 16, 32, 64, 128, 250):
        read(length)
    before = own_megabytes()
    for length in range(1, 250, 2):
        read(length)
    print(own_megabytes() - before)
"""


@LINUX
def test_texts_of_many_lengths_leave_nothing_behind():
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True, encoding="utf-8")
    assert float(done.stdout) < 5  # it is 25 where each length is read at once
