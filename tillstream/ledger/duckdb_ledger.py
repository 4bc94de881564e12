"""A ledger in DuckDB: its tables, and one in memory that is filled from one that is stored elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from tillstream.ledger.settle_script import KEY
from tillstream.model.columns import ColumnKind, Field
from tillstream.model.tables.warehouse_tables import TABLES

DUCKDB_TYPES: Mapping[str, str] = {
    ColumnKind.STRING: "VARCHAR",
    ColumnKind.DATE: "DATE",
    ColumnKind.TIMESTAMP: "TIMESTAMPTZ",
    ColumnKind.NUMERIC: "DECIMAL(38, 9)",
    ColumnKind.INT64: "BIGINT",
    ColumnKind.BOOL: "BOOLEAN",
    ColumnKind.JSON: "VARCHAR",
    "hash128": "UHUGEINT USING COMPRESSION uncompressed",
    "hash64": "BIGINT USING COMPRESSION uncompressed",
}
"""Hashes do not compress: attempting it costs time and saves nothing."""
DISABLED_OPTIMIZERS = "build_side_probe_side"
"""Swaps the sides of LEFT JOINs, and such a join over a join crashes the engine (docs/adr/022). Our joins are ordered
by hand."""

KeyValues = Collection[int] | Collection[str] | Collection[Decimal]

IDENTITY_COLUMNS: Mapping[str, str] = {
    "batches": "batch_no",
    "sightings": "batch_no, row_number, fix_number",
    "refusals": "batch_no, row_number, fix_number",
    "statements": "batch_no, scope, source_version",
    "sale_versions": "key, content",
}
"""Tables that are filled, and the columns that identify a row."""
TABLES_IN_MEMORY = (*IDENTITY_COLUMNS, "listed_changes", "batch_days", "settlement_days", "settlements")


def create_tables(cursor: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that are missing."""
    for statement in table_definitions():
        cursor.execute(statement)


@cache
def table_definitions() -> tuple[str, ...]:
    """The statements that create the tables."""
    return tuple(_ddl(table, fields) for table, fields in TABLES.items())


def _ddl(table: str, fields: Sequence[Field]) -> str:
    columns = ", ".join(f"{f.name} {DUCKDB_TYPES[f.kind]}{' NOT NULL' if f.required else ''}" for f in fields)
    return f"CREATE TABLE IF NOT EXISTS {table} ({columns})"


def ledger_in_memory(tables: Sequence[str], memory_limit: str) -> duckdb.DuckDBPyConnection:
    """An empty ledger in memory, with these tables; columns that are not loaded may be NULL.

    It does not spill to disk: the disk of a cloud process is its memory, and beyond the limit DuckDB has to fail before
    the process is killed.
    """
    connection = duckdb.connect(
        config={
            "disabled_optimizers": DISABLED_OPTIMIZERS,
            "memory_limit": memory_limit,
            "temp_directory": "",
            "enable_external_file_cache": False,
            "preserve_insertion_order": False,
        }
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    for table in tables:
        columns = ", ".join(
            f"{field.name} {DUCKDB_TYPES[field.kind].partition(' USING')[0]}" for field in TABLES[table]
        )
        connection.execute(f"CREATE TABLE {table} ({columns})")
    return connection


class LedgerReader(Protocol):
    """Reads rows of the ledger's tables by their day: sale_date or, for tables of batches, received_date."""

    def read(
        self, table: str, columns: Sequence[str], days: Collection[date], matching: Mapping[str, KeyValues]
    ) -> pa.RecordBatchReader:
        """Read the rows of these days that have one of the values in any of the columns `matching`.

        May return more rows of these days. A key is returned as key_high and key_low.
        """

    def read_flags(self, days: Collection[date], sales: Collection[int]) -> pa.RecordBatchReader | None:
        """Read the later flags of contents of these days and sales: key_high, key_low, content, is_current, leads,
        settlement_no. None if sale_versions itself has them."""


class MemoryLedger:
    """cursor: a connection from `ledger_in_memory(TABLES_IN_MEMORY)`."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, reader: LedgerReader) -> None:
        self.cursor, self.reader = cursor, reader

    def load(
        self,
        table: str,
        days: Collection[date],
        matching: Mapping[str, KeyValues],
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
            f"ANTI JOIN {table} USING ({IDENTITY_COLUMNS[table]}) WHERE {only}",
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
