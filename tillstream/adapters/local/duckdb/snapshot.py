"""Queries of one state of the warehouse: those of a cursor in a transaction."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from tillstream.adapters.local.googlesql.translation_cache import to_duckdb

STREAMED_ROWS = 100_000


class CursorSnapshot:
    """cursor: with a transaction that has begun; the caller ends it and translates errors."""

    def __init__(self, cursor: DuckDBPyConnection) -> None:
        self._cursor = cursor

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        return self._cursor.sql(to_duckdb(sql), params=dict(params or {})).to_arrow_table()

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> Iterator[pa.RecordBatch]:
        yield from self._cursor.sql(to_duckdb(sql), params=dict(params or {})).to_arrow_reader(STREAMED_ROWS)

    def write_parquet(self, sql: str, params: Mapping[str, Any], path: Path) -> None:
        self._cursor.sql(to_duckdb(sql), params=dict(params)).write_parquet(str(path), compression="zstd")
