"""The benchmark of store sales, small: every way to send, a killed server, a backlog and many micro-batches."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from examples import long_but

ROOT = Path(__file__).resolve().parents[3]
MODES = {
    "posts": "| posts of one sale | ",
    "batches": "| posts of batches | ",
    "queue": "| published to the queue | ",
    "posts-most": "| posts of one sale, as many as are acknowledged | ",
    "backlog": "| 2,000 queued sales settled",
    "soak": "| the last micro-batches against the first",
}
OFTEN = ("backlog",)
NONE_LOST = "| lost or counted twice: none | 0.00  | met |"


@pytest.mark.system
@pytest.mark.parametrize("mode", long_but(OFTEN, MODES))
def test_it_measures_each_way_and_nothing_is_lost_or_doubled(tmp_path: Path, mode: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bench.stores", mode, "--effort", "tiny", "--home", str(tmp_path / "home")]
    variables = os.environ | {"BENCH_PORT": str(port)}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert MODES[mode] in done.stdout
    assert mode == "soak" or NONE_LOST in done.stdout
