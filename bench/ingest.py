"""Ingest of one million rows × 15 columns, from process start to receipt, compared with the peers."""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.process import Figures, Prepare, Run, in_turn, timed
from tillstream.samples import wide_file

TILLSTREAM = str(Path(sys.executable).parent / "tillstream")
PEER_PYTHON = str(Path(__file__).resolve().parents[1] / ".venv-bench" / "bin" / "python")
"""The peers have an environment of their own, as their libraries would affect those of the product."""
ROWS = 1_000_000
AS_INSTALLED = os.pathsep.join(map(str, (Path(__file__).parent / "users", Path(__file__).resolve().parents[1])))
"""Precedes the installed packages on the path: hides test dependencies, and measures the code beside this folder."""
PEERS = ("raw_duckdb", "dlt_load", "pandas_pandera")


def file_of(work: Path, rows: int, first_row: int = 0) -> Path:
    path = work / f"{rows}-{first_row}.csv"
    if not path.exists():
        wide_file.write_wide_file(path, rows, first_row=first_row)
    return path


def home(folder: Path) -> Path:
    """Create a home that has only the benchmark's contract."""
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    (folder / "contracts" / "bench.yaml").write_text(json.dumps(wide_file.BENCH_CONTRACT), encoding="utf-8")
    return folder


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "TILLSTREAM_HOME": str(home(folder)),
        "TILLSTREAM_SAMPLES": "false",
        "PYTHONPATH": AS_INSTALLED,
    }


def ingest(file: Path, folder: Path) -> Run:
    return timed(*_ingest(file, folder))


def _ingest(file: Path, folder: Path) -> tuple[Sequence[str], Mapping[str, str]]:
    command = [TILLSTREAM, "ingest", str(file), "--region", "bench", "--json"]
    return command, {"TILLSTREAM_HOME": str(home(folder)), "PYTHONPATH": AS_INSTALLED}


def compare_peers(work: Path, runs: int) -> dict[str, Figures]:
    """Run tillstream and each peer on the same file, interleaved."""
    file = file_of(work, ROWS)

    def peer(name: str) -> Prepare:
        return lambda folder: ([PEER_PYTHON, "-m", f"bench.peers.{name}", str(file), str(folder)], {})

    peers: dict[str, Prepare] = {"tillstream": lambda folder: _ingest(file, folder)}
    return in_turn(peers | {name: peer(name) for name in PEERS}, work / "runs", runs)


def load_twice(work: Path, runs: int) -> tuple[Figures, Figures]:
    """Load one million rows twice; return (first load, repeated load)."""
    file = file_of(work, ROWS)
    first, second = [], []
    for number in range(runs):
        folder = work / f"again-{number}"
        first.append(ingest(file, folder))
        second.append(ingest(file, folder))
        shutil.rmtree(folder)
    return Figures(tuple(first)), Figures(tuple(second))
