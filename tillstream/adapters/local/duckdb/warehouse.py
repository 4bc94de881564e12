"""The warehouse on DuckDB: one file with one owner; readers use their own cursors and never wait for a settlement.

The files of sql/ are translated to DuckDB SQL ahead of time, so that no start needs the translator. `sql/duckdb.json`
maps digests of the texts to translations; `make docs` writes it, and a test compares it with the files. Other texts,
such as queries with a scope, are translated on demand by `googlesql.dialect`.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

import sql
import sql as catalogue
from tillstream.adapters.local.duckdb.warehouse_file import DuckDBFile, check_schema, read_all_tables, unreadable_error
from tillstream.ledger.duckdb_ledger import create_tables, table_definitions
from tillstream.ledger.settling import SettlementRunner
from tillstream.model.errors import Rejected
from tillstream.model.tables.daily_totals import (
    DAY,
    LINE_COLUMNS,
    MEASURES,
    ROLLUPS,
    SPLIT_ORDERS,
    day_groups,
    select_rollup,
)
from tillstream.model.tables.warehouse_tables import LIVE, LIVE_EXPIRES, TABLES
from tillstream.ports.files import FileFinding
from tillstream.ports.warehouse import FileSnapshot, Settlement, SettlementResult, WarehouseQuery

TRANSLATIONS = "duckdb.json"
STREAMED_ROWS = 100_000
REFRESH_DAYS = 62
"""Days per query, which bounds memory regardless of the length of the history."""

REGION_COLUMN = "region"
_REGIONS = f"SELECT DISTINCT {REGION_COLUMN} FROM sale_versions WHERE settlement_no > ? ORDER BY {REGION_COLUMN}"
_ONLY_ADDED = "SELECT COALESCE(bool_and(only_adds), FALSE) FROM settlements WHERE settlement_no > ?"

_LINES = "lines_to_sum"
_COLUMNS = dict.fromkeys(
    (*(name for names in ROLLUPS.values() for name in names), *(one.name for one in MEASURES), *LINE_COLUMNS)
)
_LINES_OF_DAYS = (
    f"SELECT {', '.join(name for name in _COLUMNS if name != SPLIT_ORDERS)} FROM line_sums WHERE {DAY} IN UNNEST(@days)"
)
"""Read once for all tables of totals: to join the catalogue costs more than to write the rows."""

VECTOR = 2048
"""Rows that DuckDB handles at once."""
_PART = re.compile(r"""/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]|\bORDER\s+BY\b""", re.DOTALL)


def to_duckdb(text: str) -> str:
    """As `dialect.to_duckdb`, without loading the translator for texts that shipped translated."""
    translated = _shipped_translations().get(_digest(text))
    if translated is not None:
        return translated
    from tillstream.adapters.local.googlesql.dialect import to_duckdb as translate

    return translate(text)


def translate_all(texts: Iterable[str]) -> str:
    """The content of `sql/duckdb.json` for these texts."""
    from tillstream.adapters.local.googlesql.dialect import to_duckdb as translate

    return json.dumps({_digest(text): translate(text) for text in texts}, indent=0, sort_keys=True) + "\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _shipped_translations() -> dict[str, str]:
    file = resources.files("sql").joinpath(TRANSLATIONS)
    shipped: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return shipped


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


def refresh_daily_totals(cursor: DuckDBPyConnection) -> int:
    """Refresh the totals in the transaction of the cursor; return the number of refreshed days.

    If settlements only added lines, only their regions are computed: files of many regions arrive on the same day.
    """
    numbers = cursor.execute(to_duckdb(sql.text("daily_totals/summed"))).fetchall()
    ((last, summed, written, _, catalogue_days),) = numbers
    if last == summed and not catalogue_days:
        return 0
    stale = cursor.execute(to_duckdb(sql.text("daily_totals/stale_days")), {"settlement_no": summed}).fetchall()
    if written != summed:
        stale = sorted({*stale, *cursor.execute(to_duckdb(sql.text("daily_totals/unsplit_days"))).fetchall()})
    regions = None if catalogue_days or written != summed else _added_regions(cursor, summed)
    for days in day_groups([day for (day,) in stale], REFRESH_DAYS):
        params = {"days": days} if regions is None else {"days": days, "regions": regions}
        lines = _LINES_OF_DAYS if regions is None else f"{_LINES_OF_DAYS} AND {REGION_COLUMN} IN UNNEST(@regions)"
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_LINES} AS {to_duckdb(lines)}", params)
        deleted = "" if regions is None else f" AND {REGION_COLUMN} IN (SELECT UNNEST($regions))"
        for table in ROLLUPS:
            cursor.execute(f"DELETE FROM {table} WHERE {DAY} IN (SELECT UNNEST($days)){deleted}", params)
            cursor.execute(f"INSERT INTO {table} BY NAME {to_duckdb(select_rollup(table, 'TRUE', _LINES))}")
        cursor.execute(f"DROP TABLE {_LINES}")
    cursor.execute("DELETE FROM catalogue_days")  # those that this transaction sees
    cursor.execute("DELETE FROM summed")
    cursor.execute("INSERT INTO summed (settlement_no, split_settlement_no) VALUES (?, ?)", [last, last])
    return len(stale)


def _added_regions(cursor: DuckDBPyConnection, summed: int) -> Sequence[str] | None:
    """The regions of the lines that settlements added since the totals; None if a settlement changed a line."""
    only_added = cursor.execute(_ONLY_ADDED, [summed]).fetchone()
    if not (only_added and only_added[0]):
        return None
    return [region for (region,) in cursor.execute(_REGIONS, [summed]).fetchall()]


class _RolledBack(Exception):
    """Rolls back the transaction of a preview."""


class DuckDBWarehouse:
    """The warehouse port on DuckDB. path: the database file, or `:memory:`. The caller owns the folder.

    reused_memory: freed blocks that stay in the process for later steps. Clearing new ones takes a twentieth of the
    time of a load; a process that runs on keeps them forever.
    any_schema: open a file of any schema, for reading only. read_only: open a file that cannot be written. Raises
    `Unavailable`; `Rejected` for a file of another schema.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        memory_limit: str = "400MB",
        reused_memory: str = "1GB",
        threads: int = 0,
        spill: Path | None = None,
        any_schema: bool = False,
        read_only: bool = False,
    ) -> None:
        config: dict[str, Any] = {
            "memory_limit": memory_limit,
            "block_allocator_memory": reused_memory,
            # staged files are read once or twice, and the system keeps them in its own cache
            "enable_external_file_cache": False,
            "preserve_insertion_order": False,
        }
        if threads:
            config["threads"] = threads
        if spill:
            config["temp_directory"] = str(spill)
        self._database = DuckDBFile(path, config, read_only=read_only)
        self._settling, self._renewing = threading.Lock(), threading.Lock()
        if any_schema:
            return
        try:
            check_schema(self._database.root, path, read_only=read_only)
            if not read_only:
                self._prepare()
        except duckdb.Error as error:
            self.close()
            raise unreadable_error(path, error) from error
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        """Create tables and views, unless those of the file are of the same definitions."""
        views = catalogue.views()
        definitions = (*table_definitions(), *(text for _, text in views))
        digest = hashlib.sha256("\n".join(definitions).encode()).hexdigest()
        with self._database.transaction() as cursor:  # one commit for all
            cursor.execute("CREATE TABLE IF NOT EXISTS made_views (digest VARCHAR)")
            if cursor.execute("SELECT 1 FROM made_views WHERE digest = ?", [digest]).fetchone():
                return
            create_tables(cursor)
            for _, text in views:
                cursor.execute(to_duckdb(text))
            cursor.execute("DELETE FROM made_views")
            cursor.execute("INSERT INTO made_views VALUES (?)", [digest])

    def settle(self, settlement: Settlement) -> SettlementResult:
        return self._transact(settlement, (), keep=True)

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery] = ()) -> SettlementResult:
        return self._transact(settlement, questions, keep=False)

    def _transact(self, settlement: Settlement, questions: Sequence[WarehouseQuery], *, keep: bool) -> SettlementResult:
        results: list[SettlementResult] = []
        with (
            self._settling,
            suppress(_RolledBack),
            self._database.translate_settling_errors(),
            self._database.transaction() as cursor,
        ):
            settled = SettlementRunner(cursor).run(settlement)
            results.append(
                replace(settled, results=tuple(self.query(question.sql, question.params) for question in questions))
            )
            if not keep or not settled.settlement_no:
                raise _RolledBack
        return results[0]

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        text, values = to_duckdb(sql), dict(params or {})
        with self._database.translate_query_errors():
            # not `sql()`, which binds the statement twice to get its columns: half the time of a small query
            rows = self._database.cursor().execute(text, values).to_arrow_table()
            if rows.num_rows > VECTOR and _is_ordered(text):
                # DuckDB 2.0.0 converts these vectors in any order, as the order of insertion is not preserved
                rows = self._database.cursor().sql(text, params=values).to_arrow_table()
            return rows

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> Iterator[pa.RecordBatch]:
        with (
            self._database.extra_cursor() as cursor,
            self._database.translate_query_errors(),
        ):  # closed even if the caller stops early
            yield from cursor.sql(to_duckdb(sql), params=dict(params or {})).to_arrow_reader(STREAMED_ROWS)

    @contextmanager
    def snapshot(self) -> Iterator[FileSnapshot]:
        with self._database.extra_cursor() as cursor, self._database.translate_query_errors():
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield CursorSnapshot(cursor)
            finally:
                with suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")

    def replace_table(self, table: str, rows: pa.Table) -> None:
        self._write(table, rows, f"DELETE FROM {table}")

    def upsert(self, table: str, rows: pa.Table, keys: Sequence[str]) -> None:
        matching = " AND ".join(f"{table}.{key} = incoming_rows.{key}" for key in keys)
        self._write(table, rows, f"DELETE FROM {table} USING incoming_rows WHERE {matching}")

    def _write(self, table: str, rows: pa.Table, clear: str) -> None:
        if table not in TABLES:
            raise Rejected(f"There is no table {table}.")
        with self._settling, self._database.translate_errors(), self._database.transaction() as cursor:
            cursor.register("incoming_rows", rows)
            try:
                cursor.execute(clear)
                cursor.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming_rows")
            finally:
                cursor.unregister("incoming_rows")

    def append_live(self, rows: pa.Table) -> None:
        now = datetime.now(UTC)
        with self._settling, self._database.translate_errors(), self._database.transaction() as cursor:
            cursor.register("incoming_rows", rows)
            try:
                cursor.execute(f"DELETE FROM {LIVE} WHERE appended_at < ?", [now - LIVE_EXPIRES])
                cursor.execute(f"INSERT INTO {LIVE} BY NAME SELECT *, ? AS appended_at FROM incoming_rows", [now])
            finally:
                cursor.unregister("incoming_rows")

    def refresh_totals(self) -> int:
        with self._renewing, self._database.translate_errors(), self._database.transaction() as cursor:
            return refresh_daily_totals(cursor)

    def compact(self) -> int:
        """Does nothing: settlements change the rows themselves."""
        return 0

    def note_pending_days(self) -> int:
        """Does nothing: settlements read the whole ledger."""
        return 0

    def copy_to(self, path: Path) -> None:
        """Copy everything as of one point in time into a new file, concurrently with settlements."""
        with self._database.extra_cursor() as cursor, self._database.translate_query_errors():
            (name,) = cursor.execute("SELECT current_database()").fetchall()[0]
            cursor.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS copied")
            try:
                cursor.execute(f'COPY FROM DATABASE "{name}" TO copied')
                cursor.execute("CHECKPOINT copied")  # otherwise a part of it stays in a log file
            finally:
                cursor.execute("DETACH copied")

    def check(self) -> list[FileFinding]:
        """Read every row of every table. Raises `Unavailable` if the file is damaged."""
        with self._database.extra_cursor() as cursor, self._database.translate_errors():
            read_all_tables(cursor)
        return []

    def close(self) -> None:
        self._database.close()


@lru_cache
def _is_ordered(text: str) -> bool:
    """Whether a SELECT orders its rows: an ORDER BY outside parentheses and quotes."""
    depth = 0
    for part in _PART.findall(text):
        if part in "()":
            depth += 1 if part == "(" else -1
        elif depth == 0 and part[0] == "O":
            return True
    return False
