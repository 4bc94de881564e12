"""The tables of the warehouse in DuckDB."""

from collections.abc import Mapping, Sequence
from functools import cache

import duckdb

from tillstream.domain.columns import Kind
from tillstream.domain.tables import TABLES, Field

TYPES: Mapping[str, str] = {
    Kind.STRING: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMPTZ",
    Kind.NUMERIC: "DECIMAL(38, 9)",
    Kind.INT64: "BIGINT",
    Kind.BOOL: "BOOLEAN",
    Kind.JSON: "VARCHAR",
    "hash128": "UHUGEINT USING COMPRESSION uncompressed",
    "hash64": "BIGINT USING COMPRESSION uncompressed",
}
"""Hashes do not compress: attempting it costs time and saves nothing."""
DISABLED_OPTIMIZERS = "build_side_probe_side"
"""Swaps the sides of LEFT JOINs, and such a join over a join crashes the engine (docs/adr/022). Our joins are ordered
by hand."""


def create_tables(cursor: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that are missing."""
    for statement in table_definitions():
        cursor.execute(statement)


@cache
def table_definitions() -> tuple[str, ...]:
    """The statements that create the tables."""
    return tuple(_ddl(table, fields) for table, fields in TABLES.items())


def _ddl(table: str, fields: Sequence[Field]) -> str:
    columns = ", ".join(f"{f.name} {TYPES[f.kind]}{' NOT NULL' if f.required else ''}" for f in fields)
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
        columns = ", ".join(f"{field.name} {TYPES[field.kind].partition(' USING')[0]}" for field in TABLES[table])
        connection.execute(f"CREATE TABLE {table} ({columns})")
    return connection
