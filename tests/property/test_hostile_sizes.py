"""Damaged and hostile files, each read by the handlers in a process whose memory and time are measured."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
from hostile_bombs import BOMBS
from hostile_files import File, mutants
from turns import TURN

MUTANTS, AT_A_TIME, TOGETHER, BATCH = 276, 92, 23, 8
"""Mutants of which each commit tries some, those of a test, and files that a process reads."""
MEGABYTES, SECONDS = 700, 20.0
"""What a file may take, in megabytes and in seconds of the processor: twice what it takes on a machine at rest."""
ADDRESSES = 12 << 30
PATIENCE = 1_200
HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks of memory are measured by Linux only"),
]


def read_in_processes(folder: Path, files: Iterable[File]) -> Iterator[dict[str, Any]]:
    """What `hostile_reading` measures for each file, in batches of one process each."""
    paths = []
    for name, data in files:
        path = folder / name
        path.write_bytes(data)
        paths.append(str(path))
    searched = [HERE.parents[1], HERE.parents[1] / "till", HERE.parent, HERE]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, searched))}

    def run(start: int) -> list[dict[str, Any]]:
        command = [sys.executable, str(HERE / "hostile_reading.py"), str(folder / f"home-{start}"), str(ADDRESSES)]
        ended = subprocess.run(
            [*command, *paths[start : start + BATCH]],
            env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        lines = [line for line in ended.stdout.splitlines() if line.startswith('{"file"')]
        assert ended.returncode == 0, (ended.returncode, lines[-1:], ended.stderr[-2_000:])
        assert len(lines) == len(paths[start : start + BATCH])
        return [json.loads(line) for line in lines]

    yield from chain.from_iterable(map(run, range(0, len(paths), BATCH)))


def are_within_their_budget(folder: Path, files: Iterable[File]) -> None:
    wrong = []
    for one in read_in_processes(folder, files):
        for step in (one["detect"], one["ingest"]):
            is_final = step.get("status") in {"read", "rejected", "held", "settled"}
            is_within = step["megabytes"] <= MEGABYTES and step["seconds"] <= SECONDS
            if not is_final or not is_within or (step["status"] in {"rejected", "held"} and not step["error"]):
                wrong.append(one)
    assert not wrong, json.dumps(wrong, indent=1)


@pytest.mark.parametrize("bombs", BOMBS, ids=lambda bombs: bombs.__name__)
def test_bombs_end_in_words_within_their_budget(tmp_path: Path, bombs: Callable[[], Iterator[File]]) -> None:
    are_within_their_budget(tmp_path, bombs())


@pytest.mark.parametrize("place", range(0, AT_A_TIME, TOGETHER))
def test_damaged_files_end_in_words_within_their_budget(tmp_path: Path, place: int) -> None:
    first = TURN * AT_A_TIME % MUTANTS + place
    are_within_their_budget(tmp_path, islice(mutants(52, first), TOGETHER))
