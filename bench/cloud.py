"""Benchmarks of the cloud functions: cold starts, and streaming a file of gigabytes through `stage`.

`python -m bench.cloud HOME BATCH` stages one batch, as a process to measure.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import ingest
from bench.process import Figures, Prepare, Run, in_turn, timed
from tillstream.app import build
from tillstream.intake import inbox
from tillstream.model.batch import BatchState
from tillstream.settings import Settings

SOURCE = Path(__file__).resolve().parents[1] / "functions" / "main.py"
GOOGLE = "tillstream.adapters.google"
WAREHOUSE = (f"{GOOGLE}.bigquery.dataset", f"{GOOGLE}.bigquery.warehouse")
STEPS = {
    "stage": (
        "tillstream.pipeline.staging.stage",
        "tillstream.intake.inbox",
        "tillstream.pipeline.staging.file_source",
        *WAREHOUSE,
    ),
    "sales": (
        "tillstream.pipeline.staging.stage",
        "tillstream.pipeline.staging.store_sales_source",
    ),
    "settle": ("tillstream.pipeline.settling.settle", *WAREHOUSE),
    "announce": ("tillstream.pipeline.publishing.sale_events", *WAREHOUSE),
    "project": WAREHOUSE,
    "receive": ("tillstream.intake.store_sales",),
    "compact": WAREHOUSE,
    "index": WAREHOUSE,
    "forward": ("tillstream.delivery.webhook_events",),
    "decide": ("tillstream.operations.delegated_decisions", *WAREHOUSE),
    "attach": ("tillstream.delivery.webhook_attachment",),
    "homes": ("tillstream.sync.http.signed_calls", *WAREHOUSE),
    "sweep": ("tillstream.operations.reconcile", "tillstream.analytics.reference", *WAREHOUSE),
}
"""Modules that each function imports for its first event, in addition to its entry point and the common ports."""
PROGRAM = """
import importlib, sys
import functions_framework
functions_framework.create_app(sys.argv[1], sys.argv[2])
for name in sys.argv[3:]:
    importlib.import_module(name)
"""
STREAMED = (2_000_000, 4_000_000, 8_000_000)
"""Numbers of rows; the last file has about a gigabyte."""
GIGABYTE = 1e9


@dataclass(frozen=True)
class Streamed:
    """Size of a file in bytes, and the run that staged it."""

    size: int
    run: Run


def import_command(function: str) -> list[str]:
    """Return a command that imports the modules of a function and exits."""
    return [sys.executable, "-c", PROGRAM, function, str(SOURCE), "tillstream.app.google.build", *STEPS[function]]


def cold_starts(work: Path, runs: int = 5) -> dict[str, Figures]:
    def start(name: str) -> Prepare:
        return lambda _: (import_command(name), {})

    return in_turn({name: start(name) for name in STEPS}, work / "cold", runs)


def streamed(work: Path) -> list[Streamed]:
    """Stage files of growing size, each uploaded to the local object store first, in a separate process."""
    results = []
    for rows in STREAMED:
        file, home = ingest.file_of(work, rows), ingest.home(work / f"streamed-{rows}")
        app = build(Settings(home=home))
        with file.open("rb") as stream:
            upload = inbox.receive_file(app.ports, app.contracts.pin("bench"), file.name, stream, "bench")
        app.close()
        run = timed([sys.executable, "-m", "bench.cloud", str(home), upload.batch_id])
        results.append(Streamed(file.stat().st_size, run))
        file.unlink()
    return results


def fit_line(sizes: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Return (intercept, slope) of the least-squares line."""
    mean_size, mean_value = sum(sizes) / len(sizes), sum(values) / len(values)
    spread = sum((size - mean_size) ** 2 for size in sizes)
    slope = sum((size - mean_size) * (value - mean_value) for size, value in zip(sizes, values, strict=True)) / spread
    return mean_value - slope * mean_size, slope


def _stage(home: str, batch: str) -> None:
    from tillstream.pipeline.staging import stage

    app = build(Settings(home=Path(home)))
    if stage.stage(app.ports, batch, contracts=app.contracts).state is not BatchState.STAGED:
        raise RuntimeError("The file was not staged.")
    app.close()


if __name__ == "__main__":
    _stage(*sys.argv[1:])
