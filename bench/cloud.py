"""The functions of the cloud: what a cold start loads, and how a file of gigabytes streams through `stage`.

`python -m bench.cloud HOME BATCH` stages one batch, to be measured from outside.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import ingest
from bench.process import Figures, Prepare, Run, in_turn, timed
from tillstream.app import build
from tillstream.domain.batch import State
from tillstream.settings import Settings
from tillstream.workflows.intake import uploads

SOURCE = Path(__file__).resolve().parents[1] / "functions" / "main.py"
GOOGLE = "tillstream.adapters.google"
WAREHOUSE = (f"{GOOGLE}.bigquery.dataset", f"{GOOGLE}.bigquery.warehouse")
STEPS = {
    "stage": (
        "tillstream.pipeline.staging.stage",
        "tillstream.workflows.intake.inbox_object",
        "tillstream.pipeline.staging.sources.file",
        *WAREHOUSE,
    ),
    "settle": ("tillstream.pipeline.settling.settle", *WAREHOUSE),
    "announce": ("tillstream.pipeline.publishing.sale_events", *WAREHOUSE),
    "project": ("tillstream.pipeline.publishing.daily_totals", *WAREHOUSE),
    "receive": ("tillstream.workflows.intake.store_sales",),
    "sweep": ("tillstream.workflows.operations.reconcile", "tillstream.analytics.reference", *WAREHOUSE),
}
"""What each function loads before it is done with its first event, beside its entry point and the ports of all."""
PROGRAM = """
import importlib, sys
import functions_framework
functions_framework.create_app(sys.argv[1], sys.argv[2])
for name in sys.argv[3:]:
    importlib.import_module(name)
"""
STREAMED = (2_000_000, 4_000_000, 8_000_000)
"""Rows; the last file has a gigabyte."""
GIGABYTE = 1e9


@dataclass(frozen=True)
class Streamed:
    """Bytes of a file and what staging it took."""

    size: int
    run: Run


def loading(function: str) -> list[str]:
    """The command that loads what a function does, and ends."""
    return [sys.executable, "-c", PROGRAM, function, str(SOURCE), "tillstream.app.google.build", *STEPS[function]]


def cold_starts(work: Path, runs: int = 5) -> dict[str, Figures]:
    def start(name: str) -> Prepare:
        return lambda _: (loading(name), {})

    return in_turn({name: start(name) for name in STEPS}, work / "cold", runs)


def streamed(work: Path) -> list[Streamed]:
    """Files of growing size, each kept in the local object store first and staged by a process of its own."""
    found = []
    for rows in STREAMED:
        file, home = ingest.file_of(work, rows), ingest.home(work / f"streamed-{rows}")
        app = build(Settings(home=home))
        with file.open("rb") as stream:
            upload = uploads.receive(app.ports, app.book.used("bench"), file.name, stream, "bench")
        app.close()
        run = timed([sys.executable, "-m", "bench.cloud", str(home), upload.batch_id])
        found.append(Streamed(file.stat().st_size, run))
        file.unlink()
    return found


def slope(sizes: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """(at nothing, for each more) of the line that fits best."""
    middle, mean = sum(sizes) / len(sizes), sum(values) / len(values)
    spread = sum((size - middle) ** 2 for size in sizes)
    each = sum((size - middle) * (value - mean) for size, value in zip(sizes, values, strict=True)) / spread
    return mean - each * middle, each


def _stage(home: str, batch: str) -> None:
    from tillstream.pipeline.staging import stage

    app = build(Settings(home=Path(home)))
    if stage.stage(app.ports, batch, book=app.book).state is not State.STAGED:
        raise RuntimeError("The file was not staged.")
    app.close()


if __name__ == "__main__":
    _stage(*sys.argv[1:])
