"""DuckDB behind the dialect layer, with the tables and views of the product and rows given by a test."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

import sql
from tillstream.adapters.local.googlesql.dialect import to_duckdb
from tillstream.model.tables.warehouse_tables import TABLES

TYPES = {
    "STRING": "VARCHAR",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMPTZ",
    "NUMERIC": "DECIMAL(38, 9)",
    "INT64": "BIGINT",
    "BOOL": "BOOLEAN",
    "JSON": "VARCHAR",
    "hash128": "HUGEINT",
    "hash64": "BIGINT",
}


PLAIN = {
    pa.int64(): "INT64",
    pa.int32(): "INT64",
    pa.uint64(): "INT64",
    pa.string(): "STRING",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
}


class Duck:
    def __init__(self) -> None:
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("SET TimeZone = 'UTC'")
        for table, fields in TABLES.items():
            self._connection.execute(f"CREATE TABLE {table} ({', '.join(f'{f.name} {TYPES[f.kind]}' for f in fields)})")
        for _, text in sql.views():
            self._connection.execute(to_duckdb(text))
        self._filled: set[str] = set()

    def fill(self, content: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        for table in self._filled:
            self._connection.execute(f"DELETE FROM {table}")
        self._filled = {table for table, rows in content.items() if rows}
        for table, rows in content.items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                self._connection.executemany(f"INSERT INTO {table} VALUES ({marks})", [list(row) for row in rows])

    def query(self, text: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        return self._connection.sql(to_duckdb(text), params=dict(params) if params else None).to_arrow_table()

    def answer(
        self, text: str, params: Mapping[str, Any] | None = None
    ) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """Columns with their GoogleSQL types, and rows."""
        table = self.query(text, params)
        columns = [(field.name, _kind(field.type)) for field in table.schema]
        return columns, [tuple(row.values()) for row in table.to_pylist()]


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return {9: "NUMERIC", 18: "BIGNUMERIC"}.get(kind.scale, str(kind))
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz else str(kind)
    return PLAIN.get(kind, str(kind))


def exact(value: Any) -> Any:
    """Decimals without trailing zeros, so that 1.0 of one engine is 1 of the other."""
    return value.normalize() if isinstance(value, Decimal) else value
