"""The benchmark of store sales, small: every way to send, a killed server, a backlog and many micro-batches."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stores.report import LOADS

ROOT = Path(__file__).resolve().parents[3]
FLOORS = ("2,000 queued sales settled", "the last micro-batches against the first", "the list of uploads after")


@pytest.mark.system
def test_it_measures_every_way_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bench.stores", "--effort", "tiny", "--home", str(tmp_path / "home")]
    variables = os.environ | {"BENCH_PORT": str(port)}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert "| lost or counted twice: none | 0.00  | met |" in done.stdout
    assert [way for way in LOADS.values() if f"| {way} | " not in done.stdout] == []
    assert [floor for floor in FLOORS if floor not in done.stdout] == []
