"""`python -m bench.exports`: time, memory and temporary files of exports of a million sale lines; the section "Exports"
of docs/benchmarks.md.
"""

import argparse
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import ingest, report
from bench.__main__ import PAGE
from bench.process import Run, timed

ROWS = 1_000_000
FORMATS = ("csv", "jsonl", "parquet", "xlsx")
MOST_MEMORY = 700.0
"""Megabytes."""
LOOK_EVERY = 0.2
"""Seconds between looks at the size of temporary files."""


@dataclass(frozen=True)
class Written:
    """One export. temporary: the largest size of temporary files; size: of the file; both in megabytes."""

    run: Run
    size: float
    temporary: float


def measure(home: Path, work: Path) -> dict[str, Written]:
    """Export all sale lines of a home once in each format."""
    results = {}
    for suffix in FORMATS:
        out, temporary = work / f"lines.{suffix}", work / f"temporary-{suffix}"
        temporary.mkdir()
        command = [ingest.TILLSTREAM, "export", "sale-lines", "--out", str(out)]
        with _largest(temporary) as largest:
            run = timed(command, ingest.environment(home) | {"TMPDIR": str(temporary)})
        results[suffix] = Written(run, out.stat().st_size / 1e6, max(largest) / 1e6)
        out.unlink()
    return results


@contextmanager
def _largest(folder: Path) -> Iterator[list[int]]:
    """The sizes of the files of a folder, looked at until the block ends."""
    sizes, is_over = [0], threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_EVERY):
            sizes.append(sum(_size(one) for one in folder.rglob("*")))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield sizes
    finally:
        is_over.set()
        thread.join()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def section(results: dict[str, Written], rows: int) -> str:
    """The section of docs/benchmarks.md."""
    table = [
        [
            f"`.{suffix}`: {one.size:.0f} MB",
            f"{one.run.wall:.1f}",
            f"{one.run.cpu:.1f}",
            f"{one.run.memory:.0f}",
            f"{one.temporary:.0f}",
            "met" if one.run.memory <= MOST_MEMORY else "**missed**",
        ]
        for suffix, one in results.items()
    ]
    header = ["file", "s", "processor s", "peak MB, at most 700", "temporary files MB", ""]
    return (
        f"## Exports\n\nWritten by `python -m bench.exports`: `tillstream export sale-lines` of {rows:,} lines, from "
        "process start to the complete file. Workbooks have temporary files, which are removed.\n\n"
        + report.table(header, table)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.exports", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="lines of the new home")
    parser.add_argument("--print", action="store_true", help="print the section instead of writing it to the page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        work = Path(folder)
        home = work / "home"
        ingest.ingest(ingest.file_of(work, options.rows), home)
        text = section(measure(home, work), options.rows)
    if options.print:
        print(text)
    else:
        report.replace_section(PAGE, text)


if __name__ == "__main__":
    main()
