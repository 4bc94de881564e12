"""The slice of a ledger that one settlement can read or change, loaded into an empty ledger in memory.

The slice is closed: a settlement on it adds the same rows as on the whole ledger. Every rule reads one of these:

- all contents, sightings and statements of a sale, and the statements of the store-days of its lines. The sales are
  those of the rows that arrive, of the batches that are undone, moved to another place in time, or corrected as a
  complete statement, and of the store-days that those batches, and files without identity, contain completely;
- the batches that these rows refer to, batches with the same bytes, and the batches named in the settlement with their
  corrections;
- the rows of complete statements that validation rejected, and whether a correction replaced them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from tillstream.domain.ids import index_hash
from tillstream.domain.tables import TABLES
from tillstream.ledger.batch_numbers import received_date
from tillstream.ledger.settle_script import KEY
from tillstream.ports.sale_index import SaleIndex
from tillstream.ports.warehouse import Settlement, StagedBatch

NARROW = (
    "key", "content", "is_current", "sale", "region", "sale_id", "line_key", "store_id", "salesperson_id", "channel",
    "status", "sale_date", "country", "leads", "settlement_no",
)  # fmt: skip
"""Columns of sale_versions that every settlement reads; the others are compared only between a file and a till."""
IDENTITY: Mapping[str, str] = {
    "batches": "batch_no",
    "sightings": "batch_no, row_number, fix_number",
    "refusals": "batch_no, row_number, fix_number",
    "statements": "batch_no, scope, source_version",
    "sale_versions": "key, content",
}
"""Tables of a slice, and the columns that identify a row."""
CHANGED = "batch_no, place_seq, undone_no, removed"
"""The columns of batches that settlements change, and the number of the batch."""
Values = Collection[int] | Collection[str]
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
_SETTLED = ("sightings", "sale_versions", "statements", "refusals", "listed_changes", "batch_days", "settlement_days")
SLICED = (*_SETTLED, "batches", "settlements")
"""The tables of a ledger in memory."""


class LedgerReader(Protocol):
    """Reads rows of the ledger's tables by their day: sale_date or, for tables of batches, received_date."""

    def read(
        self, table: str, columns: Sequence[str], days: Collection[date], matching: Mapping[str, Values]
    ) -> pa.RecordBatchReader:
        """Read the rows of these days that have one of the values in any of the columns `matching`.

        May return more rows of these days. A key is returned as key_high and key_low.
        """

    def read_flags(self, days: Collection[date], sales: Collection[int]) -> pa.RecordBatchReader | None:
        """Read the later flags of contents of these days and sales: key_high, key_low, content, is_current, leads,
        settlement_no. None if sale_versions itself has them."""


class LedgerSlice:
    """Loads the slice for one settlement; the staged files of the settlement must be local.

    cursor: a connection from `ledger_in_memory(SLICED)`.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, reader: LedgerReader, index: SaleIndex) -> None:
        self._cursor, self._reader, self._index = cursor, reader, index
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
            self._cursor.execute(f"CREATE TEMP TABLE loaded_{table} AS SELECT {columns} FROM {table}")

    def missing_pairs(self) -> list[tuple[int, date]]:
        """Pairs that the index lacks for the rows that arrive."""
        return sorted(self._pairs)

    # ---- what arrives -----------------------------------------------------------------------------------------------

    def _read_arrivals(self, staged: Sequence[StagedBatch]) -> None:
        self._cursor.execute("CREATE TEMP TABLE arrivals (sale BIGINT, sale_date DATE, is_till BOOLEAN)")
        self._cursor.execute("CREATE TEMP TABLE store_days (region VARCHAR, store_id VARCHAR, sale_date DATE)")
        for is_till in (True, False):
            files = [path for b in staged if (b.source in ("till", "form")) is is_till for path in b.accepted]
            self._from_files("arrivals", "sale, sale_date", files, is_till=is_till)
        whole = [path for b in staged if b.replaces == "store-day" or b.nameless for path in b.accepted]
        self._from_files("store_days", "region, store_id, sale_date", whole)
        self._cursor.execute("CREATE TEMP TABLE slice_sales AS SELECT DISTINCT sale FROM arrivals")
        noted = {(index_hash("batch", b.batch_id), received_date(b.received_seq)) for b in staged}
        noted |= {(index_hash("bytes", b.sha256), received_date(b.received_seq)) for b in staged if b.sha256}
        self._pairs = noted | set(self._fetch("SELECT DISTINCT sale, sale_date FROM arrivals"))

    def _from_files(self, table: str, columns: str, files: Sequence[str], **constants: bool) -> None:
        if files:
            extra = "".join(f", {value}" for value in constants.values())
            self._cursor.execute(
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
        self._load("batches", days, {"batch_id": ids, "sha256": bytes_received})
        roots = self._column("SELECT DISTINCT root_no FROM batches")
        self._load("batches", days, {"root_no": roots, "batch_no": roots})

    def _affected_batches(self, settlement: Settlement) -> set[int]:
        """Batches whose sightings may count otherwise afterwards."""
        named = "SELECT batch_no FROM batches WHERE list_contains(?, batch_id)"
        undone = self._column(named, list(settlement.undo))
        parents = [b.parent for b in settlement.staged if b.is_correction]
        corrected = self._column(f"{named} AND replaces <> ''", parents)
        moved: set[int] = set()
        for batch in settlement.staged:
            if batch.sha256 and batch.is_file and not batch.as_new:
                moved |= self._column(
                    "SELECT batch_no FROM batches WHERE NOT as_new AND sha256 = ? AND contract = ? AND place_seq > ?",
                    batch.sha256, batch.contract, batch.received_seq,
                )  # fmt: skip
        return undone | corrected | moved

    def _add_sales_of_batches(self, batches: Collection[int]) -> None:
        days = self._batch_days(batches)
        sightings = self._reader.read("sightings", ("sale", "batch_no"), days, {"batch_no": batches})
        self._insert_sales("SELECT sale FROM slice_rows WHERE list_contains(?, batch_no)", sightings, list(batches))
        columns = ("region", "store_id", "sale_date", "whole", "batch_no")
        statements = self._reader.read("statements", columns, days, {"batch_no": batches})
        self._with_rows(
            statements,
            "INSERT INTO store_days SELECT DISTINCT region, store_id, sale_date FROM slice_rows "
            "WHERE whole = 'store-day' AND list_contains(?, batch_no)",
            list(batches),
        )

    def _batch_days(self, batches: Collection[int]) -> set[date]:
        named = "WHERE list_contains(?, batch_no)"
        received = self._column(f"SELECT DISTINCT received_date FROM batches {named}", list(batches))
        rows = self._reader.read("batch_days", ("batch_no", "sale_date"), received, {"batch_no": batches})
        return self._with_rows(rows, f"SELECT DISTINCT sale_date FROM slice_rows {named}", list(batches))

    # ---- sales ------------------------------------------------------------------------------------------------------

    def _add_sales_of_store_days(self) -> None:
        days = self._column("SELECT DISTINCT sale_date FROM store_days")
        if not days:
            return
        stores = self._column("SELECT DISTINCT store_id FROM store_days")
        columns = ("sale", "region", "store_id", "sale_date")
        rows = self._reader.read("sale_versions", columns, days, {} if None in stores else {"store_id": stores})
        same_day = "r.region = d.region AND r.store_id IS NOT DISTINCT FROM d.store_id AND r.sale_date = d.sale_date"
        self._insert_sales(f"SELECT r.sale FROM slice_rows AS r JOIN store_days AS d ON {same_day}", rows)

    def _load_sales(self, days: Collection[date]) -> None:
        sales = self._sales()
        known = "sale IN (SELECT sale FROM slice_sales)"
        self._load("sale_versions", days, {"sale": sales}, known, columns=NARROW)
        flags = self._reader.read_flags(days, sales) if days else None
        if flags:
            self._with_rows(flags, _LATEST_FLAGS)
        self._load("sightings", days, {"sale": sales}, known)
        stated = "scope IN (SELECT sale FROM slice_sales) OR whole = 'store-day'"
        arriving = self._column("SELECT DISTINCT sale_date FROM arrivals")
        self._load("statements", {*days, *arriving}, {"scope": sales, "whole": ["store-day"]}, stated)

    def _load_contents(self, days: Collection[date]) -> None:
        """Load the other columns of sales that may be compared between a file and a till."""
        compared = self._column(_COMPARED_SALES)
        if not compared:
            return
        others = [field.name for field in TABLES["sale_versions"] if field.name not in NARROW]
        rows = self._reader.read("sale_versions", ("key", "content", *others), days, {"sale": compared})
        values = ", ".join(f"{name} = s.{name}" for name in others)
        self._with_rows(
            rows,
            f"UPDATE sale_versions SET {values} FROM slice_rows AS s "
            f"WHERE sale_versions.key = {KEY} AND sale_versions.content = s.content",
        )

    def _load_referenced_batches(self) -> None:
        tables = " UNION ".join(f"SELECT batch_no, received_date FROM {table}" for table in ("sightings", "statements"))
        missing = f"FROM ({tables}) ANTI JOIN batches USING (batch_no)"
        days = self._column(f"SELECT DISTINCT received_date {missing}")
        self._load("batches", days, {"batch_no": self._column(f"SELECT batch_no {missing}")})

    def _load_refusals(self) -> None:
        """Load the rejected rows of complete statements, and the corrected rows that may replace them."""
        stating = self._column("SELECT DISTINCT batch_no FROM statements")
        days = self._column("SELECT DISTINCT received_date FROM statements")
        self._load("refusals", days, {"batch_no": stating}, "batch_no IN (SELECT batch_no FROM statements)")
        if not self._column("SELECT 1 FROM refusals LIMIT 1"):
            return
        self._load("batches", days, {"root_no": stating})
        corrected = self._column(
            "SELECT DISTINCT root_no FROM batches WHERE fix_number > 0 AND root_no IN (SELECT batch_no FROM refusals)"
        )
        if corrected:
            only = f"fix_number > 0 AND batch_no IN ({', '.join(map(str, corrected))})"
            self._load("sightings", self._batch_days(corrected), {"batch_no": corrected}, only)

    # ---- helpers ----------------------------------------------------------------------------------------------------

    def _sales(self) -> set[int]:
        return self._column("SELECT sale FROM slice_sales")

    def _insert_sales(self, select: str, rows: pa.RecordBatchReader, *params: Any) -> None:
        new = f"SELECT DISTINCT sale FROM ({select}) ANTI JOIN slice_sales USING (sale)"
        self._with_rows(rows, f"INSERT INTO slice_sales {new}", *params)

    def _days_of(self, hashes: Collection[int]) -> set[date]:
        found = self._index.days(hashes)
        self._pairs -= {(hash64, day) for hash64, days in found.items() for day in days}
        return {day for days in found.values() for day in days}

    def _load(
        self, table: str, days: Collection[date], matching: Mapping[str, Values], only: str = "TRUE",
        columns: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Add the rows that the slice does not have yet. only: an SQL condition of the rows."""
        if not days or not any(matching.values()):
            return
        columns = columns or [field.name for field in TABLES[table]]
        rows = self._reader.read(table, columns, days, {name: values for name, values in matching.items() if values})
        key = f"s.* EXCLUDE (key_high, key_low), {KEY} AS key" if "key" in columns else "s.*"
        self._with_rows(
            rows,
            f"INSERT INTO {table} BY NAME SELECT * FROM (SELECT {key} FROM slice_rows AS s) "
            f"ANTI JOIN {table} USING ({IDENTITY[table]}) WHERE {only}",
        )

    def _with_rows(self, rows: pa.RecordBatchReader, sql: str, *params: Any) -> set[Any]:
        self._cursor.register("slice_rows", rows)
        try:
            return self._column(sql, *params)
        finally:
            self._cursor.unregister("slice_rows")

    def _column(self, sql: str, *params: Any) -> set[Any]:
        return {row[0] for row in self._fetch(sql, *params)}

    def _fetch(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        return self._cursor.execute(sql, list(params)).fetchall()
