"""Measure a settlement on a slice of the ledger: `python -m bench.slice FOLDER ROWS MEMORY_LIMIT`.

Seconds and peak memory of a process that settles a new file, the same rows received again, and its undo, up to the
rows of the commit. The ledger is a folder of Parquet files. The memory of a cloud process also contains its staged
files, which are shown apart.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from tillstream.adapters.google.bigquery.settling import incoming_rows
from tillstream.adapters.google.bigquery.tables import FIELDS, SALE_VERSIONS, STORED
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.ledger.duckdb_ledger import DUCKDB_TYPES, KeyValues
from tillstream.ledger.settlement_record import LedgerNumbers
from tillstream.ledger.slice_settlement import settle_slice
from tillstream.model.batch import received_date
from tillstream.model.ids import index_hash
from tillstream.model.tables.warehouse_tables import STAGED_LINES
from tillstream.ports.warehouse import Settlement, StagedBatch

KINDS = ("new", "again", "undo")
LINES_OF_A_SALE = 2.5
DAYS = 365
RECEIVED = 1_740_000_000_000_000
_VALUES = {
    "row_number": "i + 1",
    "line_number": "i + 2",
    "fix_number": "0",
    "accepted": "FALSE",
    "source": "'file'",
    "region": "'india'",
    "sale_id": "'S' || s",
    "line_key": "'P' || (i % 5000) || '#' || i",
    "sale_date": f"DATE '2024-01-01' + CAST(s % {DAYS} AS INTEGER)",
    "sold_at": f"TIMESTAMPTZ '2024-01-01 10:00:00+00' + INTERVAL (s % {DAYS}) DAY",
    "store_id": "'S' || (s % 40)",
    "salesperson_id": "'E' || (s % 200)",
    "customer_id": "'C' || (s % 400000)",
    "customer_name": "'Customer ' || (s % 400000)",
    "product_id": "'P' || (i % 5000)",
    "product_name": "'Product of the shop ' || (i % 5000)",
    "category": "'Category ' || (i % 40)",
    "country": "'India'",
    "channel": "'store'",
    "status": "'completed'",
    "currency": "'INR'",
    "quantity": "1 + i % 9",
    "unit_price": "10 + i % 977 / 100",
    "net_amount": "(1 + i % 9) * (10 + i % 977 / 100)",
    "extra": "'{\"note\": \"' || (i % 1000) || '\"}'",
    "key_high": "hash('k', i) >> 1",
    "key_low": "hash('l', i) >> 1",
    "sale": f"(hash('s', s) >> 12) * {DAYS} + s % {DAYS}",
    "content": "hash('c', i) >> 1",
}


def staged_file(path: Path, rows: int) -> None:
    """Write staged lines with 2.5 lines a sale, over a year."""
    columns = ", ".join(
        f"CAST({_VALUES.get(column.name, 'NULL')} AS {DUCKDB_TYPES[column.kind].partition(' USING')[0]}) AS "
        f"{column.name}"
        for column in STAGED_LINES
    )
    duckdb.sql(
        f"COPY (SELECT {columns} FROM (SELECT i, CAST(floor(i / {LINES_OF_A_SALE}) AS BIGINT) AS s "
        f"FROM range({rows}) AS t(i))) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )


class ParquetLedger:
    """Reads the slice from Parquet files, as the adapter of BigQuery reads it: one batch of rows at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(
        self,
        table: str,
        columns: Sequence[str],
        days: Collection[date],  # noqa: ARG002 - all rows are needed
        matching: Mapping[str, KeyValues],  # noqa: ARG002
    ) -> pa.RecordBatchReader:
        names = [part for name in columns for part in (("key_high", "key_low") if name == "key" else (name,))]
        return ds.dataset(self._folder / f"{table}.parquet").scanner(names, batch_readahead=1).to_reader()

    def read_flags(self, days: Collection[date], sales: Collection[int]) -> None:
        """The files have the latest flags."""


class SampleIndex(MemorySaleIndex):
    """Days of the sales of the file once it is in the ledger; every sale has one day."""

    def __init__(self, *, noted: bool) -> None:
        super().__init__()
        self._noted = noted

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        first = date(2024, 1, 1).toordinal()
        received = index_hash("batch", "first"), index_hash("bytes", "first")
        days = [frozenset({date.fromordinal(first + n)}) for n in range(DAYS)]
        if not self._noted:
            return {}
        return {
            number: frozenset({received_date(RECEIVED)}) if number in received else days[number % DAYS]
            for number in hashes
        }


def settlement_of(kind: str, folder: Path, rows: int) -> Settlement:
    if kind == "undo":
        return Settlement(undo=["first"])
    name, at = ("first", RECEIVED) if kind == "new" else ("second", RECEIVED + 86_400_000_000)
    return Settlement(
        [
            StagedBatch(
                name, "upload", "file", "india", "c", 1, "sales.csv", name, at, (str(folder / "staged.parquet"),), (),
                rows, 0, 0,
            )
        ]
    )  # fmt: skip


def measure(kind: str, folder: Path, rows: int, memory: str) -> None:
    """Settle in this process and print what it took."""
    ledger = folder / "ledger"
    last = LedgerNumbers(0, 0) if kind == "new" else LedgerNumbers(1, 1)
    started = time.perf_counter()
    index = SampleIndex(noted=kind != "new")
    settled = settle_slice(settlement_of(kind, folder, rows), ParquetLedger(ledger), index, last, memory)
    in_memory, peak = time.perf_counter() - started, _peak()
    if not settled.additions:
        raise SystemExit("Nothing was settled.")
    names = {table: STORED if table == SALE_VERSIONS else table for table in settled.additions.rows}
    parts = [
        incoming_rows(added, {"target": names[table], "token": "t" * 32}, FIELDS[names[table]])
        for table, added in settled.additions.rows.items()
    ]
    appended = sum(part.nbytes for part in parts)
    seconds = time.perf_counter() - started
    print(
        f"{kind:6}{rows:>12,}{in_memory:8.1f} s to settle {seconds:8.1f} s in all {peak:8,.0f} MB settled "
        f"{_peak():8,.0f} MB in all {appended / 1e6:8,.0f} MB appended  {dict(settled.result.changes)}",
        flush=True,
    )
    if kind == "new":
        ledger.mkdir(exist_ok=True)
        for table, added in settled.additions.rows.items():
            pq.write_table(added, ledger / f"{table}.parquet")


def _peak() -> float:
    """Megabytes of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.slice", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("memory")
    parser.add_argument("--kind", choices=KINDS)
    options = parser.parse_args()
    if options.kind:
        measure(options.kind, options.folder, options.rows, options.memory)
        return
    staged = options.folder / "staged.parquet"
    options.folder.mkdir(parents=True, exist_ok=True)
    if not staged.exists():
        staged_file(staged, options.rows)
    print(f"staged {staged.stat().st_size / 1e6:,.0f} MB")
    for kind in KINDS:
        subprocess.run([sys.executable, "-m", "bench.slice", *sys.argv[1:], "--kind", kind], check=False)


if __name__ == "__main__":
    main()
