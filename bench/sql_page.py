"""`python -m bench.sql_page`: statements of the page SQL on extracts, in processes of their own, and the same ones on
the warehouse in this process; the section "SQL of people" of docs/benchmarks.md.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import ingest, report
from bench.__main__ import PAGE
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.googlesql.dialect import to_duckdb_freely
from tillstream.app import build
from tillstream.app.mart_destinations import export_marts_to
from tillstream.explore import scoped_tables
from tillstream.explore.engines import StatementRun
from tillstream.explore.extracts import EXTRACTS_FOLDER
from tillstream.explore.scoped_statement import scope_statement
from tillstream.explore.suggested_statements import EXAMPLE_STATEMENTS, FIRST_EXAMPLE
from tillstream.model.people import UNRESTRICTED
from tillstream.settings import Settings

ROWS = 1_000_000
ROUNDS = 7
MOST, MOST_SPACE = 2.0, 1.5
"""Times of a statement on the warehouse, and space of the marts."""


@dataclass(frozen=True)
class Measured:
    """Seconds of a statement: on the warehouse, on the extract; ratio of the medians."""

    title: str
    warehouse: float
    extract: float

    @property
    def ratio(self) -> float:
        return self.extract / self.warehouse


@dataclass(frozen=True)
class Results:
    """preparing: seconds of the first statement, which makes the extract. after: seconds of the first statement after
    sales of one day. space: of the extracts, as a multiple of the marts as files."""

    preparing: float
    statements: tuple[Measured, ...]
    after: float
    space: float


def measure(home: Path, work: Path, more: Path) -> Results:
    """Measure the examples of the page. more: a file with further sales."""
    app = build(Settings(home=home))
    engine = app.sql()
    warehouse = app.ports.warehouse
    assert isinstance(warehouse, DuckDBWarehouse)
    first = StatementRun(FIRST_EXAMPLE, UNRESTRICTED)
    preparing = _seconds(partial(engine.run, first))
    statements = []
    for title, text in EXAMPLE_STATEMENTS.items():
        run = StatementRun(text, UNRESTRICTED)
        direct = partial(
            _direct, warehouse, to_duckdb_freely(scope_statement(text, scoped_tables.offered_tables(UNRESTRICTED)).sql)
        )
        rounds = [(_seconds(direct), _seconds(partial(engine.run, run))) for _ in range(ROUNDS)]
        statements.append(Measured(title, *(statistics.median(times) for times in zip(*rounds, strict=True))))
    marts = work / "marts"
    export_marts_to(app, str(marts))
    space = _size(home / EXTRACTS_FOLDER) / _size(marts)
    app.close()
    ingest.ingest(more, home)
    app = build(Settings(home=home))
    after = _seconds(lambda: app.sql().run(first))
    app.close()
    return Results(preparing, tuple(statements), after, space)


def _direct(warehouse: DuckDBWarehouse, sql: str) -> None:
    with warehouse.snapshot() as snapshot:
        snapshot._cursor.sql(sql).to_arrow_table()  # type: ignore[attr-defined]  # noqa: SLF001 - as it ran before


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def section(results: Results, rows: int) -> str:
    """The section of docs/benchmarks.md."""
    floors = [
        report.floor(f"“{one.title}”: {one.warehouse:.2f} s and {one.extract:.2f} s", one.ratio, most=MOST)
        for one in results.statements
    ]
    floors.append(report.floor("space of the extracts, marts as files", results.space, most=MOST_SPACE))
    header = ["on the warehouse and on the extract; at most 2 ×, space 1.5 ×", "measured", ""]
    return (
        f"## SQL of people\n\nWritten by `python -m bench.sql_page`: the examples of the page SQL on {rows:,} lines, "
        f"median of {ROUNDS} pairs: directly on the warehouse, and in a process of their own on the extract of their "
        f"scope. The first statement also makes the extract and took {results.preparing:.1f} s; the first one after "
        f"1,000 more lines of all months, in a new server, took {results.after:.1f} s.\n\n"
        + report.table(header, floors)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sql_page", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="lines of the new home")
    parser.add_argument("--print", action="store_true", help="print the section instead of writing it to the page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        work = Path(folder)
        home = work / "home"
        ingest.ingest(ingest.file_of(work, options.rows), home)
        more = ingest.file_of(work, 1_000, first_row=options.rows)
        text = section(measure(home, work, more), options.rows)
    if options.print:
        print(text)
    else:
        report.replace_section(PAGE, text)


if __name__ == "__main__":
    main()
