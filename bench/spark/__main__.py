"""`python -m bench.spark`: a backfill of 10 M rows in 40 files by both engines, and the section "Backfill on Spark" of
docs/benchmarks.md. Needs `make spark` and Java."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import ingest, report
from bench.__main__ import PAGE
from bench.process import Run
from tillstream.samples import wide_file

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv-spark" / "bin"
"""Both engines run in one environment."""
FILES, ROWS = 40, 250_000
"""Number of files, and of the rows of each."""
FIRST_ROWS = 10_000
CLOCK_TICK = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.2
QUESTIONS = (("receipts", "--limit", "100"), ("query", "kpis"))
"""Commands whose answers are compared."""


@dataclass(frozen=True)
class Backfilled:
    """A backfill: its run, with all processes together, and what it resulted in, equal for equal data."""

    run: Run
    result: Any


def measure(folder: Path, rows: int) -> dict[str, Backfilled]:
    """engine → its backfill."""
    history = folder / "history"
    history.mkdir(parents=True)
    for number in range(FILES):
        wide_file.write_wide_file(history / f"{number:03}.csv", rows, first_row=number * rows)
    first = ingest.file_of(folder, FIRST_ROWS, first_row=FILES * rows)
    return {engine: _backfill(folder / engine, first, history, engine) for engine in ("local", "spark")}


def _backfill(home: Path, first: Path, history: Path, engine: str) -> Backfilled:
    """first: a file that confirms the figures of the contract; the backfill is compared with it."""
    environment = ingest.environment(home) | {"PYTHONPATH": str(ROOT)}
    program, contract = str(BIN / "tillstream"), ("--region", "bench", "--json")
    subprocess.run([program, "ingest", str(first), *contract], env=environment, capture_output=True, check=True)
    run = _timed([program, "backfill", str(history), *contract, "--engine", engine], environment)
    return Backfilled(run, [_answer(environment, *question) for question in QUESTIONS])


def _timed(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run a command and measure it with all processes that it starts. Raises `RuntimeError` if it fails."""
    started, most, processor = time.perf_counter(), 0, dict[int, float]()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=dict(environment))
        while process.poll() is None:
            sampled = _tree(process.pid)
            most = max(most, sum(memory for _, memory in sampled.values()))
            processor |= {number: seconds for number, (seconds, _) in sampled.items()}
            time.sleep(SAMPLE_SECONDS)
        wall = time.perf_counter() - started
        output.seek(0)
        text = output.read().decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {text[-2000:]}")
    return Run(wall, sum(processor.values()), most / 1e6)


def _tree(root: int) -> dict[int, tuple[float, int]]:
    """Process → its processor seconds and resident bytes, for a process and its descendants."""
    stats = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stats[int(entry.name)] = (entry / "stat").read_text().rpartition(") ")[2].split()
            except OSError:  # it has ended
                continue
    seen, checked = {root}, [root]
    while checked:
        parent = checked.pop()
        children = {number for number, stat in stats.items() if int(stat[1]) == parent}
        checked += children - seen
        seen |= children
    return {
        number: ((int(stat[11]) + int(stat[12])) / CLOCK_TICK, int(stat[21]) * PAGE_BYTES)
        for number, stat in stats.items()
        if number in seen
    }


def _answer(environment: Mapping[str, str], *arguments: str) -> Any:
    """What a command prints, without ids and times."""
    command = [str(BIN / "tillstream"), *arguments, "--json"]
    answer = json.loads(subprocess.run(command, env=dict(environment), capture_output=True, check=True).stdout)
    if isinstance(answer, list):
        return {receipt["file"]: {key: receipt[key] for key in ("status", "rows", "amounts")} for receipt in answer}
    return [{key: value for key, value in row.items() if key != "as_of"} for row in answer["rows"]]


def section(backfills: Mapping[str, Backfilled], rows: int) -> str:
    """The section of docs/benchmarks.md."""
    local, spark = backfills["local"], backfills["spark"]
    figures = [
        [f"`--engine {name}`", f"{each.run.wall:.0f}", f"{each.run.cpu:.0f}", f"{each.run.memory:,.0f}"]
        for name, each in backfills.items()
    ]
    verdict = ["yes", "met"] if local.result == spark.result else ["no", "**missed**"]
    floors = [["receipts and totals of both are equal", *verdict]]
    return (
        "## Backfill on Spark\n\n"
        f"{FILES * rows:,} rows × 15 columns in {FILES} files, from process start to the last receipt; one run of each "
        "engine on this machine. Figures are of all its processes together; memory that two share counts twice. "
        "Measured by `python -m bench.spark`.\n\n"
        + report.table(["what", "wall s", "processor s", "peak MB"], figures)
        + "\n"
        + report.table(report.FLOOR, floors)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="for temporary files")
    parser.add_argument("--rows", type=int, default=ROWS, help="of each file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        backfills = measure(Path(folder), options.rows)
    for engine, each in backfills.items():
        print(engine, each.run, file=sys.stderr)
    report.replace_section(PAGE, section(backfills, options.rows))


if __name__ == "__main__":
    main()
