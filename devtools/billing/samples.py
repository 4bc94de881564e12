"""Settlements of small samples through the adapter of BigQuery, with Google's clients replaced by doubles."""

import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from devtools.billing.google_doubles import Calls, QueryClient, ReadClient, WriteClient
from devtools.billing.traffic import NOW
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.settling import BigQuerySettling
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.ledger.duckdb_ledger import TABLES_IN_MEMORY, ledger_in_memory
from tillstream.ledger.settling import SettlementRunner
from tillstream.model.columns import STAGED, ColumnKind
from tillstream.pipeline.staging.split_rows import Hasher
from tillstream.pipeline.staging.write_rows import parquet_writer
from tillstream.ports.warehouse import PendingDay, Settlement, SettlementResult, StagedBatch

TODAY = NOW.date()
_ARROW = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.TIMESTAMP: pa.timestamp("us", "UTC"),
    ColumnKind.NUMERIC: pa.decimal128(38, 9),
    ColumnKind.INT64: pa.int64(),
    ColumnKind.BOOL: pa.bool_(),
    ColumnKind.JSON: pa.string(),
}
_EPOCH = """
CREATE VIEW epoch AS SELECT
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS number,
  (SELECT COALESCE(MAX(settlement_no), 0) FROM settlements) AS settlement_no,
  (SELECT COALESCE(MAX(batch_no), 0) FROM batches) AS batch_no
"""


@dataclass(frozen=True)
class Sale:
    """One line of a sample."""

    sale_id: str
    day: date = TODAY
    amount: str = "9.99"


@dataclass
class SettlementCalls(Calls):
    """What one settlement sent to Google."""

    index_reads: int = 0
    index_writes: int = 0
    result: SettlementResult = field(default_factory=lambda: SettlementResult(0))

    @property
    def script(self) -> str:
        """The script of the commit; empty if there was nothing to commit."""
        return next((text for text in self.queries if "TRANSACTION" in text), "")


class SampleWarehouse:
    """A ledger that settles as BigQuery's adapter, and records each settlement. folder: for its staged files.

    most_pairs: as of the sale index.
    """

    def __init__(self, folder: Path, most_pairs: int = sys.maxsize) -> None:
        self._folder = folder
        self._ledger = ledger_in_memory(TABLES_IN_MEMORY, "600MB")
        self._ledger.execute(_EPOCH)
        self._index = CountingIndex(most_pairs)

    def settle(self, settlement: Settlement) -> SettlementCalls:
        calls = SettlementCalls()
        dataset = Dataset("project", "tillstream", "EU")
        vars(dataset).update(
            client=QueryClient(self._ledger, calls),
            reader=ReadClient(self._ledger, calls),
            writer=WriteClient(calls),
        )
        files: Any = LocalFiles()
        reads, writes = self._index.reads, self._index.writes
        calls.result = BigQuerySettling(dataset, files, self._index).settle(settlement)
        calls.index_reads, calls.index_writes = self._index.reads - reads, self._index.writes - writes
        SettlementRunner(self._ledger).run(settlement)
        return calls

    def from_till(self, batch_id: str, sales: Sequence[Sale], **changes: Any) -> StagedBatch:
        return self._staged(batch_id, sales, {"kind": "messages", "source": "till", "replaces": "sale"} | changes)

    def from_file(self, batch_id: str, sales: Sequence[Sale], **changes: Any) -> StagedBatch:
        return self._staged(batch_id, sales, {"kind": "upload", "source": "file"} | changes)

    def _staged(self, batch_id: str, sales: Sequence[Sale], values: Mapping[str, Any]) -> StagedBatch:
        table = Hasher().with_hashes(_rows(sales, values["source"]))
        path = self._folder / f"{batch_id}.parquet"
        with path.open("wb") as sink, parquet_writer(sink, table.schema) as parquet:
            parquet.write_table(table)
        received = values.get("received", NOW)
        named = {
            "batch_id": batch_id, "region": "EU", "contract": "contract", "contract_version": 1,
            "file": f"{batch_id}.csv", "sha256": f"sha of {batch_id}", "accepted": (str(path),), "refused": (),
            "received_seq": (received - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
            "rows_read": len(sales), "rows_blank": 0, "rows_ignored": 0,
        }  # fmt: skip
        return StagedBatch(**named | {name: value for name, value in values.items() if name != "received"})


class CountingIndex(MemorySaleIndex):
    """Counts documents as Firestore bills them."""

    def __init__(self, most_pairs: int) -> None:
        super().__init__(most_pairs)
        self.reads = self.writes = 0

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        self.reads += len(set(hashes))
        return super().days(hashes)

    def note(
        self, pairs: Collection[tuple[int, date]], settlement_no: int, pending: Collection[PendingDay] = ()
    ) -> None:
        self.writes += len({number for number, _ in pairs})
        super().note(pairs, settlement_no, pending)


class LocalFiles:
    """Fetches staged files that are local; as `Downloads`."""

    def fetch(self, paths: Mapping[str, str]) -> None:
        for source, target in paths.items():
            shutil.copyfile(source, target)


def sales(count: int, days: Iterable[date] = (TODAY,), prefix: str = "S", amount: str = "9.99") -> list[Sale]:
    """So many sales on each of the days."""
    return [Sale(f"{prefix}/{day}/{number}", day, amount) for day in days for number in range(count)]


def _rows(rows: Sequence[Sale], source: str) -> pa.Table:
    count = len(rows)
    values: dict[str, Sequence[Any]] = {
        "row_number": range(1, count + 1),
        "line_number": range(2, count + 2),
        "fix_number": [0] * count,
        "accepted": [False] * count,
        "source": [source] * count,
        "region": ["EU"] * count,
        "sale_id": [sale.sale_id for sale in rows],
        "line_key": ["1"] * count,
        "store_id": ["S1"] * count,
        "product_id": ["P"] * count,
        "status": ["completed"] * count,
        "sale_date": [sale.day for sale in rows],
        "net_amount": [Decimal(sale.amount) for sale in rows],
        "currency": ["EUR"] * count,
    }
    columns = {c.name: pa.array(values.get(c.name, [None] * count), _ARROW[c.kind]) for c in STAGED}
    return pa.table(columns)
