"""A ledger in memory that is filled from one that is stored elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from tillstream.domain.tables import TABLES
from tillstream.ledger.reader import LedgerReader, Values
from tillstream.ledger.settle_script import KEY

IDENTITY: Mapping[str, str] = {
    "batches": "batch_no",
    "sightings": "batch_no, row_number, fix_number",
    "refusals": "batch_no, row_number, fix_number",
    "statements": "batch_no, scope, source_version",
    "sale_versions": "key, content",
}
"""Tables that are filled, and the columns that identify a row."""
TABLES_IN_MEMORY = (*IDENTITY, "listed_changes", "batch_days", "settlement_days", "settlements")


class MemoryLedger:
    """cursor: a connection from `ledger_in_memory(TABLES_IN_MEMORY)`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, reader: LedgerReader) -> None:
        self.cursor, self.reader = cursor, reader

    def load(
        self,
        table: str,
        days: Collection[date],
        matching: Mapping[str, Values],
        only: str = "TRUE",
        columns: Sequence[str] = (),
    ) -> None:
        """Add the rows of these days with one of the values, except those that are there.

        only: an SQL condition of the rows. columns: empty for all; the others are NULL.
        """
        if not days or not any(matching.values()):
            return
        columns = columns or [field.name for field in TABLES[table]]
        rows = self.reader.read(table, columns, days, {name: values for name, values in matching.items() if values})
        selected = f"s.* EXCLUDE (key_high, key_low), {KEY} AS key" if "key" in columns else "s.*"
        self.with_rows(
            rows,
            f"INSERT INTO {table} BY NAME SELECT * FROM (SELECT {selected} FROM slice_rows AS s) "
            f"ANTI JOIN {table} USING ({IDENTITY[table]}) WHERE {only}",
        )

    def with_rows(self, rows: pa.RecordBatchReader, sql: str, *params: Any) -> set[Any]:
        """Run a statement on the table `slice_rows`, which has these rows; return its first column."""
        self.cursor.register("slice_rows", rows)
        try:
            return self.column(sql, *params)
        finally:
            self.cursor.unregister("slice_rows")

    def column(self, sql: str, *params: Any) -> set[Any]:
        """The values of the first column."""
        return {row[0] for row in self.fetch(sql, *params)}

    def fetch(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.cursor.execute(sql, list(params)).fetchall()
        return rows
