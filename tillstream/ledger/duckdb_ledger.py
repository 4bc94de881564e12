"""A ledger in DuckDB: its tables, the statements that settle batches, and a ledger in memory.

The statements are those of `sql/ledger/settle.duckdb.sql`, with the column list filled in. A ledger in memory is filled
from one that is stored elsewhere.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from tillstream.model.columns import CONTENT, ColumnKind, Field
from tillstream.model.tables.warehouse_tables import TABLES

UNIT = "chr(31)"
PRODUCT = "COALESCE(s.product_id, s.product_name, s.category, '-')"
ORDER_GROUP_KEY = (
    "CASE WHEN s.status NOT IN ('cancelled', 'returned') "
    "THEN hash(s.store_id, s.salesperson_id, s.channel, s.status, s.sale_date, s.country) END"
)
"""Columns that the lines of an order have in common in most sales; never stored, so any hash function will do."""
LEADS = "CASE WHEN l.row_number IS NOT NULL THEN 1 WHEN o.sale IN (SELECT sale FROM mixed_sales) THEN 2 ELSE 0 END"
LOW = "9223372036854775807"
"""Mask of the 63 bits of a hash."""
KEY = "CAST(s.key_high AS UHUGEINT) * 18446744073709551616 + CAST(s.key_low AS UHUGEINT)"
LINE, PRODUCT_NUMBER = "'line'", "product || '#' || n"
BOTH = f"({LOW}::UHUGEINT * 18446744073709551616 + {LOW}::UHUGEINT)"

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


def _md5(*parts: str) -> str:
    return f"md5_number(concat({f', {UNIT}, '.join(parts)}))"


RENUMBERED_KEY = f"xor({_md5('region', 'sale_id')}, {_md5(LINE, PRODUCT_NUMBER)}) & {BOTH}"


def _hash(*parts: str) -> str:
    """SQL for a hash, as `pipeline.staging.split_rows` computes it for strings."""
    return f"CAST({_md5(*parts)} & {LOW}::UHUGEINT AS BIGINT)"


def _difference(name: str) -> str:
    return (
        f"IF(s.{name} <> v.{name}, {{'column': '{name}', 'here': CAST(s.{name} AS VARCHAR), "
        f"'there': CAST(v.{name} AS VARCHAR)}}, NULL)"
    )


@lru_cache(maxsize=1)
def statements() -> Mapping[str, str]:
    """The named statements of the settle script, with the expressions derived from the column list filled in."""
    ledger = resources.files("sql").joinpath("ledger")
    files = ("settle.duckdb.sql", "write_scope.duckdb.sql", "leads.duckdb.sql")
    script = "\n".join(ledger.joinpath(file).read_text(encoding="utf-8") for file in files)
    names = [column.name for column in CONTENT]
    filled = script.format(
        product=PRODUCT,
        own_product=PRODUCT.replace("s.", "o."),
        order_group_key=ORDER_GROUP_KEY,
        leads=LEADS,
        sale_hash=_hash("s.region", "s.sale_id"),
        store_day_hash=_hash("s.region", "COALESCE(s.store_id, chr(0))", "CAST(s.sale_date AS VARCHAR)"),
        key=KEY,
        renumbered_key=RENUMBERED_KEY,
        content_order=", ".join(f"s.{name} NULLS FIRST" for name in names),
        content_columns=", ".join(f"s.{name}" for name in names),
        own_columns=", ".join(f"o.{name}" for name in names),
        differences=", ".join(_difference(name) for name in names if name != "extra"),
    )
    parts = re.split(r"^-- name: (\w+)\n", filled, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


class ScriptRunner:
    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor

    def run(self, step: str, **params: Any) -> None:
        self.cursor.execute(statements()[step], params or None)

    def exists(self, source: str) -> bool:
        """Whether `SELECT … FROM source` has a row."""
        return self.cursor.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchone() is not None

    def rows(self, step: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.cursor.execute(statements()[step]).fetchall()
        return rows

    def number(self, sql: str) -> int:
        row = self.cursor.execute(sql).fetchone()
        return int(row[0]) if row else 0


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
