"""The warehouse on DuckDB: one file, one owner; readers on their own cursors never wait for a settlement."""

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import sql as catalogue
from tillstream.adapters.local.settling import Settling
from tillstream.adapters.local.translated import to_duckdb
from tillstream.adapters.local.warehouse_file import claim
from tillstream.domain.columns import Kind
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.domain.tables import TABLES, Field
from tillstream.ports.warehouse import Question, Settled, Settlement

STREAMED_ROWS = 100_000
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
"""Hashes have no pattern: looking for one costs time and gains nothing."""


def _ddl(table: str, fields: Sequence[Field]) -> str:
    columns = ", ".join(f"{f.name} {TYPES[f.kind]}{' NOT NULL' if f.required else ''}" for f in fields)
    return f"CREATE TABLE IF NOT EXISTS {table} ({columns})"


@contextmanager
def _translated() -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise Unavailable(f"The query could not be answered now: {error}") from error
    except duckdb.Error as error:
        raise Rejected(f"The query cannot be answered: {error}") from error


class DuckDBWarehouse:
    """`path` is the database file, or `:memory:`. The caller owns the folder (see `folder`).

    `as_found`: a file of whatever schema, only to be read. Raises `Unavailable`, `Rejected` (a file of another schema).
    """

    def __init__(
        self,
        path: Path | str,
        *,
        memory_limit: str = "400MB",
        threads: int = 0,
        spill: Path | None = None,
        as_found: bool = False,
    ) -> None:
        config: dict[str, Any] = {
            "memory_limit": memory_limit,
            # what was taken once is used again: having it cleared anew each time takes a twentieth of a load
            "block_allocator_memory": memory_limit,
            "preserve_insertion_order": False,
        }
        if threads:
            config["threads"] = threads
        if spill:
            config["temp_directory"] = str(spill)
        try:
            self._root = duckdb.connect(str(path), config=config)
        except duckdb.IOException as error:
            raise Unavailable(f"The warehouse {path} cannot be opened: {error}") from error
        self._root.execute("SET GLOBAL TimeZone = 'UTC'")
        # Commits are durable without it, and a grown log is folded in anyway: no command waits for that at its end.
        self._root.execute("PRAGMA disable_checkpoint_on_shutdown")
        self._settling = threading.Lock()
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._local = threading.local()
        if as_found:
            return
        try:
            claim(self._root, path)
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        """Tables and views; views are translated and made only where their texts changed since the last start."""
        for table, fields in TABLES.items():
            self._root.execute(_ddl(table, fields))
        self._root.execute("CREATE TABLE IF NOT EXISTS made_views (digest VARCHAR)")
        views = catalogue.views()
        digest = hashlib.sha256("\n".join(text for _, text in views).encode()).hexdigest()
        if self._root.execute("SELECT 1 FROM made_views WHERE digest = ?", [digest]).fetchone():
            return
        for _, text in views:
            self._root.execute(to_duckdb(text))
        self._root.execute("DELETE FROM made_views")
        self._root.execute("INSERT INTO made_views VALUES (?)", [digest])

    def settle(self, settlement: Settlement) -> Settled:
        return self._transact(settlement, (), keep=True)

    def preview(self, settlement: Settlement, questions: Sequence[Question] = ()) -> Settled:
        return self._transact(settlement, questions, keep=False)

    def _transact(self, settlement: Settlement, questions: Sequence[Question], *, keep: bool) -> Settled:
        with self._settling:
            cursor = self._cursor()
            cursor.execute("BEGIN TRANSACTION")
            try:
                settled = Settling(cursor).run(settlement)
                answers = tuple(self.query(question.sql, question.params) for question in questions)
            except BaseException as error:
                cursor.execute("ROLLBACK")
                if isinstance(error, duckdb.TransactionException | duckdb.OutOfMemoryException | duckdb.IOException):
                    raise Unavailable(f"The settlement could not be made now: {error}") from error
                raise
            cursor.execute("COMMIT" if keep and settled.settlement_no else "ROLLBACK")
            return replace(settled, answers=answers)

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        with _translated():
            return self._cursor().sql(to_duckdb(sql), params=dict(params or {})).to_arrow_table()

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> Iterator[pa.RecordBatch]:
        cursor = self._new_cursor()
        with _translated():
            yield from cursor.sql(to_duckdb(sql), params=dict(params or {})).to_arrow_reader(STREAMED_ROWS)
        self._cursors.discard(cursor)
        cursor.close()

    def load(self, table: str, rows: pa.Table) -> None:
        self._write(table, rows, f"DELETE FROM {table}")

    def upsert(self, table: str, rows: pa.Table, keys: Sequence[str]) -> None:
        matching = " AND ".join(f"{table}.{key} = incoming_rows.{key}" for key in keys)
        self._write(table, rows, f"DELETE FROM {table} USING incoming_rows WHERE {matching}")

    def _write(self, table: str, rows: pa.Table, clear: str) -> None:
        if table not in TABLES:
            raise Rejected(f"There is no table {table}.")
        with self._settling:
            cursor = self._cursor()
            cursor.register("incoming_rows", rows)
            cursor.execute("BEGIN TRANSACTION")
            try:
                cursor.execute(clear)
                cursor.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming_rows")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            finally:
                cursor.unregister("incoming_rows")
            cursor.execute("COMMIT")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._new_cursor()
        return cursor

    def _new_cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._root.cursor()
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Every cursor first, then the file: so the next owner finds nothing open."""
        for cursor in self._cursors:
            cursor.close()
        self._root.close()
