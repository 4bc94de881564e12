"""The slice of a ledger that one settlement can read or change, loaded into an empty ledger in memory.

The slice is closed: a settlement on it adds the same rows as on the whole ledger. Every rule reads one of these:

- all contents, sightings and statements of a sale, and the statements of the store-days of its lines. The sales are
  those of the rows that arrive, of the batches that are undone, moved to another place in time, or corrected as a
  complete statement, and of the store-days that those batches, and files without identity, contain completely;
- the batches that these rows refer to, batches with the same bytes, and the batches named in the settlement with their
  corrections;
- the rows of complete statements that validation rejected, and whether a correction replaced them.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from tillstream.domain.batch.record import received_date
from tillstream.domain.ids import index_hash
from tillstream.domain.tables import TABLES
from tillstream.ledger.memory import MemoryLedger
from tillstream.ledger.settle_script import KEY
from tillstream.ports.sale_index import SaleIndex
from tillstream.ports.warehouse import Settlement, StagedBatch

NARROW = (
    "key", "content", "is_current", "sale", "region", "sale_id", "line_key", "store_id", "salesperson_id", "channel",
    "status", "sale_date", "country", "leads", "settlement_no",
)  # fmt: skip
"""Columns of sale_versions that every settlement reads; the others are compared only between a file and a till."""
CHANGED = "batch_no, place_seq, undone_no, removed"
"""The columns of batches that settlements change, and the number of the batch."""
STATED_DAYS = index_hash("statements", "store-day")
"""Hash in the sale index, whose days are those with complete statements of store-days."""
_LATEST_FLAGS = f"""
UPDATE sale_versions SET is_current = f.is_current, leads = f.leads
FROM (
  SELECT
    {KEY} AS key, s.content,
    arg_max(s.is_current, s.settlement_no) AS is_current, arg_max(s.leads, s.settlement_no) AS leads
  FROM slice_rows AS s GROUP BY ALL
) AS f
WHERE sale_versions.key = f.key AND sale_versions.content = f.content
"""
_COMPARED_SALES = """
SELECT DISTINCT g.sale
FROM sightings AS g
JOIN batches AS b USING (batch_no)
JOIN arrivals AS a USING (sale)
WHERE (b.source IN ('till', 'form')) <> a.is_till
"""


class LedgerSlice:
    """Loads the slice for one settlement; the staged files of the settlement must be local.

    memory: an empty ledger.
    """

    def __init__(self, memory: MemoryLedger, index: SaleIndex) -> None:
        self._memory, self._index = memory, index
        self._pairs: set[tuple[int, date]] = set()

    def load(self, settlement: Settlement) -> None:
        self._read_arrivals(settlement.staged)
        self._load_batches(settlement)
        affected = self._affected_batches(settlement)
        if affected:
            self._add_sales_of_batches(affected)
        self._add_sales_of_store_days()
        sale_days = self._days_of(self._sales())
        self._load_sales(sale_days)
        self._load_referenced_batches()
        self._load_refusals()
        self._load_contents(sale_days)
        for table, columns in (("sale_versions", "key, content, is_current, leads"), ("batches", CHANGED)):
            self._memory.cursor.execute(f"CREATE TEMP TABLE loaded_{table} AS SELECT {columns} FROM {table}")

    def missing_pairs(self) -> list[tuple[int, date]]:
        """Pairs that the index lacks for the rows that arrive."""
        return sorted(self._pairs)

    # ---- what arrives -----------------------------------------------------------------------------------------------

    def _read_arrivals(self, staged: Sequence[StagedBatch]) -> None:
        self._memory.cursor.execute("CREATE TEMP TABLE arrivals (sale BIGINT, sale_date DATE, is_till BOOLEAN)")
        self._memory.cursor.execute("CREATE TEMP TABLE store_days (region VARCHAR, store_id VARCHAR, sale_date DATE)")
        for is_till in (True, False):
            files = [path for b in staged if (b.source in ("till", "form")) is is_till for path in b.accepted]
            self._from_files("arrivals", "sale, sale_date", files, is_till=is_till)
        whole = [path for b in staged if b.replaces == "store-day" or b.nameless for path in b.accepted]
        self._from_files("store_days", "region, store_id, sale_date", whole)
        self._memory.cursor.execute("CREATE TEMP TABLE slice_sales AS SELECT DISTINCT sale FROM arrivals")
        noted = {(index_hash("batch", b.batch_id), received_date(b.received_seq)) for b in staged}
        noted |= {(index_hash("bytes", b.sha256), received_date(b.received_seq)) for b in staged if b.sha256}
        self._pairs = noted | set(self._memory.fetch("SELECT DISTINCT sale, sale_date FROM arrivals"))
        stated = [path for b in staged if b.replaces == "store-day" for path in b.accepted]
        if stated:
            days = self._memory.column("SELECT DISTINCT sale_date FROM read_parquet(?)", stated)
            self._pairs |= {(STATED_DAYS, day) for day in days}

    def _from_files(self, table: str, columns: str, files: Sequence[str], **constants: bool) -> None:
        if files:
            extra = "".join(f", {value}" for value in constants.values())
            self._memory.cursor.execute(
                f"INSERT INTO {table} SELECT DISTINCT {columns}{extra} FROM read_parquet(?)", [list(files)]
            )

    # ---- batches ----------------------------------------------------------------------------------------------------

    def _load_batches(self, settlement: Settlement) -> None:
        """Load the batches named in the settlement, their corrections, and batches of the same bytes."""
        staged = settlement.staged
        ids = {*(b.batch_id for b in staged), *(b.parent for b in staged), *settlement.undo} - {""}
        bytes_received = {b.sha256 for b in staged} - {""}
        hashes = {index_hash("batch", batch) for batch in ids} | {index_hash("bytes", sha) for sha in bytes_received}
        days = self._days_of(hashes)
        self._memory.load("batches", days, {"batch_id": ids, "sha256": bytes_received})
        roots = self._memory.column("SELECT DISTINCT root_no FROM batches")
        self._memory.load("batches", days, {"root_no": roots, "batch_no": roots})

    def _affected_batches(self, settlement: Settlement) -> set[int]:
        """Batches whose sightings may count otherwise afterwards."""
        named = "SELECT batch_no FROM batches WHERE list_contains(?, batch_id)"
        undone = self._memory.column(named, list(settlement.undo))
        parents = [b.parent for b in settlement.staged if b.is_correction]
        corrected = self._memory.column(f"{named} AND replaces <> ''", parents)
        moved: set[int] = set()
        for batch in settlement.staged:
            if batch.sha256 and batch.is_file and not batch.as_new:
                moved |= self._memory.column(
                    "SELECT batch_no FROM batches WHERE NOT as_new AND sha256 = ? AND contract = ? AND place_seq > ?",
                    batch.sha256, batch.contract, batch.received_seq,
                )  # fmt: skip
        return undone | corrected | moved

    def _add_sales_of_batches(self, batches: Collection[int]) -> None:
        days = self._batch_days(batches)
        sightings = self._memory.reader.read("sightings", ("sale", "batch_no"), days, {"batch_no": batches})
        self._insert_sales("SELECT sale FROM slice_rows WHERE list_contains(?, batch_no)", sightings, list(batches))
        columns = ("region", "store_id", "sale_date", "whole", "batch_no")
        statements = self._memory.reader.read("statements", columns, days, {"batch_no": batches})
        self._memory.with_rows(
            statements,
            "INSERT INTO store_days SELECT DISTINCT region, store_id, sale_date FROM slice_rows "
            "WHERE whole = 'store-day' AND list_contains(?, batch_no)",
            list(batches),
        )

    def _batch_days(self, batches: Collection[int]) -> set[date]:
        named = "WHERE list_contains(?, batch_no)"
        received = self._memory.column(f"SELECT DISTINCT received_date FROM batches {named}", list(batches))
        rows = self._memory.reader.read("batch_days", ("batch_no", "sale_date"), received, {"batch_no": batches})
        return self._memory.with_rows(rows, f"SELECT DISTINCT sale_date FROM slice_rows {named}", list(batches))

    # ---- sales ------------------------------------------------------------------------------------------------------

    def _add_sales_of_store_days(self) -> None:
        days = self._memory.column("SELECT DISTINCT sale_date FROM store_days")
        if not days:
            return
        stores = self._memory.column("SELECT DISTINCT store_id FROM store_days")
        columns = ("sale", "region", "store_id", "sale_date")
        rows = self._memory.reader.read("sale_versions", columns, days, {} if None in stores else {"store_id": stores})
        same_day = "r.region = d.region AND r.store_id IS NOT DISTINCT FROM d.store_id AND r.sale_date = d.sale_date"
        self._insert_sales(f"SELECT r.sale FROM slice_rows AS r JOIN store_days AS d ON {same_day}", rows)

    def _load_sales(self, days: Collection[date]) -> None:
        sales = self._sales()
        of_slice = "sale IN (SELECT sale FROM slice_sales)"
        self._memory.load("sale_versions", days, {"sale": sales}, of_slice, columns=NARROW)
        flags = self._memory.reader.read_flags(days, sales) if days else None
        if flags:
            self._memory.with_rows(flags, _LATEST_FLAGS)
        self._memory.load("sightings", days, {"sale": sales}, of_slice)
        stated = "scope IN (SELECT sale FROM slice_sales) OR whole = 'store-day'"
        arriving = self._memory.column("SELECT DISTINCT sale_date FROM arrivals") & self._days_of({STATED_DAYS})
        self._memory.load("statements", {*days, *arriving}, {"scope": sales, "whole": ["store-day"]}, stated)

    def _load_contents(self, days: Collection[date]) -> None:
        """Load the other columns of sales that may be compared between a file and a till."""
        compared = self._memory.column(_COMPARED_SALES)
        if not compared:
            return
        others = [field.name for field in TABLES["sale_versions"] if field.name not in NARROW]
        rows = self._memory.reader.read("sale_versions", ("key", "content", *others), days, {"sale": compared})
        values = ", ".join(f"{name} = s.{name}" for name in others)
        self._memory.with_rows(
            rows,
            f"UPDATE sale_versions SET {values} FROM slice_rows AS s "
            f"WHERE sale_versions.key = {KEY} AND sale_versions.content = s.content",
        )

    def _load_referenced_batches(self) -> None:
        tables = " UNION ".join(f"SELECT batch_no, received_date FROM {table}" for table in ("sightings", "statements"))
        missing = f"FROM ({tables}) ANTI JOIN batches USING (batch_no)"
        days = self._memory.column(f"SELECT DISTINCT received_date {missing}")
        self._memory.load("batches", days, {"batch_no": self._memory.column(f"SELECT batch_no {missing}")})

    def _load_refusals(self) -> None:
        """Load the rejected rows of complete statements, and the corrected rows that may replace them."""
        stating = self._memory.column("SELECT DISTINCT batch_no FROM statements")
        days = self._memory.column("SELECT DISTINCT received_date FROM statements")
        self._memory.load("refusals", days, {"batch_no": stating}, "batch_no IN (SELECT batch_no FROM statements)")
        if not self._memory.column("SELECT 1 FROM refusals LIMIT 1"):
            return
        self._memory.load("batches", days, {"root_no": stating})
        corrected = self._memory.column(
            "SELECT DISTINCT root_no FROM batches WHERE fix_number > 0 AND root_no IN (SELECT batch_no FROM refusals)"
        )
        if corrected:
            only = f"fix_number > 0 AND batch_no IN ({', '.join(map(str, corrected))})"
            self._memory.load("sightings", self._batch_days(corrected), {"batch_no": corrected}, only)

    def _sales(self) -> set[int]:
        return self._memory.column("SELECT sale FROM slice_sales")

    def _insert_sales(self, select: str, rows: pa.RecordBatchReader, *params: Any) -> None:
        new = f"SELECT DISTINCT sale FROM ({select}) ANTI JOIN slice_sales USING (sale)"
        self._memory.with_rows(rows, f"INSERT INTO slice_sales {new}", *params)

    def _days_of(self, hashes: Collection[int]) -> set[date]:
        days_by_hash = self._index.days(hashes)
        self._pairs -= {(hash64, day) for hash64, days in days_by_hash.items() for day in days}
        return {day for days in days_by_hash.values() for day in days}
