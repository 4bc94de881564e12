"""The file of the warehouse: a cursor per thread, its schema number, and its replacement by a new one."""

import shutil
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from tillstream.ledger.duckdb_ledger import DISABLED_OPTIMIZERS
from tillstream.model.errors import DamagedFile, Rejected, TooLarge, Unavailable
from tillstream.model.tables.daily_totals import ROLLUPS, SPLIT_ORDERS
from tillstream.model.tables.warehouse_tables import SCHEMA

FATAL_ERRORS = (duckdb.InternalException, duckdb.FatalException)
"""After one of these the engine rejects every further statement."""
DAMAGED_TEXTS = ("Could not read enough bytes", "Corrupt database file")
"""Texts of the errors of a file that is cut off, or whose blocks do not have their checksums."""
COPY_WARNING = "Arrow output on a DB-API result"
"""DuckDB warns that a result is copied once more, which is fine for small ones; large ones are streamed."""

SCHEMA_TABLE = "warehouse_schema"
"""The table that holds the schema number; files from before schema numbers lack it."""


_UPGRADES: Mapping[int, tuple[str, ...]] = {
    9: (
        "ALTER TABLE dim_product RENAME TO catalogue_products",
        "ALTER TABLE dim_store RENAME TO catalogue_stores",
        "ALTER TABLE dim_salesperson RENAME TO catalogue_salespeople",
        *(f"ALTER TABLE {table} ADD COLUMN discount DECIMAL(38, 9)" for table in ROLLUPS),
        *(f"DELETE FROM {table}" for table in (*ROLLUPS, "summed")),
    ),
    10: (),
    11: (),
    12: (
        "ALTER TABLE catalogue_products ADD COLUMN IF NOT EXISTS minimum_order DECIMAL(38, 9)",
        "ALTER TABLE catalogue_products ADD COLUMN IF NOT EXISTS shelf_life_days DECIMAL(38, 9)",
        "ALTER TABLE catalogue_products ADD COLUMN IF NOT EXISTS minimum_stock DECIMAL(38, 9)",
    ),
    13: tuple(
        f"ALTER TABLE IF EXISTS restock_lines ADD COLUMN IF NOT EXISTS {name} DECIMAL(38, 9)"
        for name in ("service", "fill_rate")
    ),
    14: (),
    15: (
        *(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {SPLIT_ORDERS} BIGINT" for table in ROLLUPS),
        *(f"DELETE FROM {table}" for table in (*ROLLUPS, "summed")),
    ),
    16: (
        "ALTER TABLE summed ADD COLUMN IF NOT EXISTS split_settlement_no BIGINT",
        "UPDATE summed SET split_settlement_no = settlement_no",
    ),
    17: (
        "ALTER TABLE IF EXISTS stock_levels ADD COLUMN IF NOT EXISTS early_sold DECIMAL(38, 9)",
        "ALTER TABLE IF EXISTS stock_levels ADD COLUMN IF NOT EXISTS recent_from DATE",
    ),
}
"""Schema number → statements that make it the next one. New tables are created afterwards, whatever the number."""


def unreadable_error(path: Path | str, error: duckdb.Error) -> Unavailable:
    """The error of a file that cannot be opened, with advice if it is damaged."""
    reason = str(error).partition("\n")[0].rstrip(".!")
    if is_lock_error(error):
        return Unavailable(f"The warehouse {path} cannot be opened: {reason}.")
    return DamagedFile(
        f"The warehouse {path} cannot be read: {reason}.",
        "Stop the server, if one runs, and run `tillstream rebuild --from-originals`, which makes it again from the "
        "kept originals and keeps the damaged file under another name.",
    )


def is_lock_error(error: duckdb.Error) -> bool:
    """Whether a file could not be opened because another process uses it."""
    return isinstance(error, duckdb.IOException) and "lock on file" in str(error)


def _is_damage_error(error: duckdb.Error) -> bool:
    return any(words in str(error) for words in DAMAGED_TEXTS)


class DuckDBFile:
    """A DuckDB database. path: a file, or `:memory:`, which cannot be reopened. Raises `Unavailable`."""

    def __init__(self, path: Path | str, config: dict[str, Any], *, read_only: bool = False) -> None:
        self._path, self._config = path, config | {"disabled_optimizers": DISABLED_OPTIMIZERS}
        self._read_only = read_only
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        try:
            self.root = duckdb.connect(str(self._path), read_only=self._read_only, config=self._config)
        except duckdb.Error as error:
            raise unreadable_error(self._path, error) from error
        warnings.filterwarnings("ignore", COPY_WARNING, UserWarning)
        self.root.execute("SET GLOBAL TimeZone = 'UTC'")
        # Commits are durable without it, and a large log is checkpointed anyway; no command should wait for it at exit.
        self.root.execute("PRAGMA disable_checkpoint_on_shutdown")
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._local = threading.local()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """The cursor of this thread."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._new_cursor()
        return cursor

    @contextmanager
    def extra_cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A second cursor, for use while the thread's own is busy."""
        cursor = self._new_cursor()
        try:
            yield cursor
        finally:
            self._cursors.discard(cursor)
            cursor.close()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction on the thread's cursor; commits at the end or rolls back."""
        cursor = self.cursor()
        cursor.execute("BEGIN TRANSACTION")
        try:
            yield cursor
        except BaseException:
            with suppress(duckdb.Error):  # a failed engine has rolled back
                cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Translate DuckDB's transient errors into domain errors; others are raised unchanged."""
        opened = self.root
        try:
            yield
        except FATAL_ERRORS as error:
            self._reopen(opened)
            if _is_damage_error(error):
                raise unreadable_error(self._path, error) from error
            first = str(error).partition("\n")[0]
            raise Unavailable(f"The warehouse failed during this operation and was reopened: {first}") from error
        except (duckdb.IOException, duckdb.SerializationException) as error:
            if _is_damage_error(error):
                raise unreadable_error(self._path, error) from error
            raise Unavailable(f"The warehouse is not available: {error}") from error
        except (duckdb.OutOfMemoryException, duckdb.TransactionException) as error:
            raise Unavailable(f"The warehouse is not available: {error}") from error
        except duckdb.Error as error:  # a block with another checksum has no class of its own
            if _is_damage_error(error):
                raise unreadable_error(self._path, error) from error
            raise

    @contextmanager
    def translate_settling_errors(self) -> Iterator[None]:
        """As `translate_errors`; a settlement that needs more memory than there is raises `TooLarge`."""
        try:
            with self.translate_errors():
                yield
        except Unavailable as error:
            if isinstance(error.__cause__, duckdb.OutOfMemoryException):
                raise TooLarge(f"The settlement does not fit into the memory: {error.__cause__}") from error
            raise

    @contextmanager
    def translate_query_errors(self) -> Iterator[None]:
        """As `translate_errors`, for queries: any other error is an error of the query."""
        try:
            with self.translate_errors():
                yield
        except duckdb.Error as error:
            raise Rejected(f"The query failed: {error}") from error

    def _reopen(self, failed: duckdb.DuckDBPyConnection) -> None:
        """Reopen the file, which has everything that was committed; concurrent callers get `Unavailable`."""
        with self._lock:
            if self.root is failed and str(self._path) != ":memory:":
                self.close()
                self._open()

    def _new_cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self.root.cursor()
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close the cursors, then the file, so that the next owner can open it."""
        for cursor in self._cursors:
            cursor.close()
        self.root.close()


def check_schema(connection: duckdb.DuckDBPyConnection, path: Path | str, *, read_only: bool = False) -> None:
    """Set the schema number of an empty file, and upgrade a file that needs no rebuild.

    Raises `Rejected`, with advice for the user, if the file has another schema.
    """
    number = _schema_number(connection)
    if number == SCHEMA:
        return
    if number is not None and number in _UPGRADES:
        if read_only:
            raise Rejected(
                f"{path} was written by an older Tillstream: it has {_schema_label(number)}, but this version "
                "needs schema "
                f"{SCHEMA}. Run `tillstream status` once with permission to write, which upgrades it."
            )
        _upgrade(connection, number)
        return
    if number is not None and number > SCHEMA:
        raise Rejected(
            f"{path} was written by a newer Tillstream: it has schema {number}, but this version supports {SCHEMA}. "
            "Start that version, or set TILLSTREAM_HOME to another folder."
        )
    if number is not None or _has_tables(connection):
        raise Rejected(
            f"{path} was written by an older Tillstream: it has {_schema_label(number)}, but this version needs schema "
            f"{SCHEMA}. Run `tillstream rebuild --from-originals`, which rebuilds the warehouse from the kept "
            "originals and keeps the old file under another name. To start with an empty warehouse, set "
            "TILLSTREAM_HOME to another folder."
        )
    connection.execute(f"CREATE TABLE {SCHEMA_TABLE} (number BIGINT)")
    connection.execute(f"INSERT INTO {SCHEMA_TABLE} VALUES (?)", [SCHEMA])


def _upgrade(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for step in range(number, SCHEMA):
            for statement in _UPGRADES[step]:
                cursor.execute(statement)
        cursor.execute(f"UPDATE {SCHEMA_TABLE} SET number = ?", [SCHEMA])
        cursor.execute("COMMIT")


def is_older_file(path: Path) -> bool:
    """Whether an older Tillstream wrote the file. The caller owns the folder. Raises `Unavailable`."""
    if not path.exists():
        return False
    try:
        with duckdb.connect(str(path)) as connection:
            number = _schema_number(connection)
            return number < SCHEMA and number not in _UPGRADES if number is not None else _has_tables(connection)
    except duckdb.Error as error:
        raise unreadable_error(path, error) from error


def is_damaged_file(path: Path) -> bool:
    """Whether the file, or the log beside it, cannot be read to its end. The caller owns the folder.

    Raises `Unavailable` if another process uses the file.
    """
    if not path.exists():
        return False
    try:
        # read-only: to close a file writes a checkpoint, which would hide the damage
        with duckdb.connect(str(path), True, {"disabled_optimizers": DISABLED_OPTIMIZERS}) as connection:
            read_all_tables(connection)
    except duckdb.Error as error:
        if is_lock_error(error):
            raise unreadable_error(path, error) from error
        return True
    return False


def read_all_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Read every row of every table. Raises `duckdb.Error` if one cannot be read."""
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
    for (table,) in tables:
        connection.execute(f'SELECT BIT_XOR(HASH(t)) FROM "{table}" AS t').fetchall()


def set_file_aside(live: Path, new: Path, aside: Path) -> None:
    """Move a damaged file and its log to `aside`, and `new` to `live`. Both must be closed."""
    with duckdb.connect(str(new)) as connection:
        connection.execute("CHECKPOINT")
    for suffix in (".wal", ""):
        if live.with_name(live.name + suffix).exists():
            live.with_name(live.name + suffix).rename(aside.with_name(aside.name + suffix))
    new.replace(live)


def swap_files(live: Path, new: Path, aside: Path) -> None:
    """Move `new` to `live` and keep the old file as `aside`.

    Both must be closed; a kill leaves a complete file at `live`.
    """
    for path in (live, new):
        with duckdb.connect(str(path)) as connection:
            connection.execute("CHECKPOINT")
    try:
        aside.hardlink_to(live)
    except OSError:  # a file system without hard links
        shutil.copyfile(live, aside)
    new.replace(live)


def _schema_number(connection: duckdb.DuckDBPyConnection) -> int | None:
    try:
        # All rows: a result that is not read to its end is a transaction that lasts as long as the connection, and then
        # DuckDB never writes its log to the file.
        rows = connection.execute(f"SELECT number FROM {SCHEMA_TABLE}").fetchall()
    except duckdb.CatalogException:
        return None
    return int(rows[0][0]) if rows else None


def _has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("SELECT 1 FROM duckdb_tables() WHERE NOT internal LIMIT 1").fetchall())


def _schema_label(number: int | None) -> str:
    return "a schema without a number" if number is None else f"schema {number}"
