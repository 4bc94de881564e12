"""SQLite files: one connection per thread, all closed together; their errors as those of the model."""

import shutil
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from tillstream.adapters.local.sqlite import damage
from tillstream.model.errors import DamagedFile, Unavailable

BUSY_SECONDS = 30.0
LOG = 32 << 20
"""Bytes of the log before a checkpoint: with the default, events would be copied every four megabytes."""
SMALL = 1 << 20
"""Bytes of a file whose pages are read when it is opened; those of a larger one are read by `check`."""
NORMAL, FULL = 1, 2
"""How much is synced: NORMAL may lose the last commits in a power cut."""


class DamagedDatabase(DamagedFile):
    """A file, or its log, that cannot be read whole. reason: the text of SQLite's error."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is damaged ({reason}).",
            "Stop the server, if one runs. Restore a backup with `tillstream restore`, or run `tillstream rebuild "
            "--from-originals`, which takes what is readable into a new file and keeps the damaged one; "
            "docs/local-mode.md says what can be lost then.",
        )
        self.path, self.reason = path, reason


@contextmanager
def translate_sqlite_errors(path: Path) -> Iterator[None]:
    """Translate SQLite's errors of the file: `DamagedDatabase` if it is, `Unavailable` if it is locked or the disk is
    full."""
    try:
        yield
    except damage.DAMAGE as exc:
        if damage.is_damage(exc):
            raise DamagedDatabase(path, str(exc)) from exc
        if not isinstance(exc, sqlite3.OperationalError):
            raise
        raise Unavailable(f"{path.name} cannot be used: {exc}.") from exc


def _use_write_ahead_log(sqlite: sqlite3.Connection) -> None:
    """Switch a file to WAL mode. Raises `sqlite3.OperationalError` if it stays locked.

    SQLite fails at once, without its usual wait, where another process switches the same new file.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            sqlite.execute("PRAGMA journal_mode=WAL").fetchall()
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        else:
            return
        time.sleep(0.005)


class _Connection:
    """Closes with its thread: a server with a thread per request must not accumulate open files."""

    _level = 0

    def __init__(self, path: Path) -> None:
        self.sqlite = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self.sqlite.execute(f"PRAGMA page_size={damage.PAGE}")
            _use_write_ahead_log(self.sqlite)
            self.sqlite.execute(f"PRAGMA wal_autocheckpoint={LOG // damage.PAGE}")
            self.sync(FULL)
        except BaseException:
            self.sqlite.close()
            raise

    def sync(self, level: int) -> None:
        """Set how much the commits of this connection sync, unless they do already."""
        if self._level != level:
            self.sqlite.execute(f"PRAGMA synchronous={level}")
            self._level = level

    def __del__(self) -> None:
        if hasattr(self, "sqlite"):
            self.sqlite.close()


class _Reader(_Connection):
    """A connection to a file that nobody writes, in a folder that may not be written."""

    def __init__(self, path: Path) -> None:
        self.sqlite = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
        )


class SQLiteFile:
    """A database file in WAL mode. Safe in threads and in spawned (never forked) processes."""

    def __init__(
        self,
        path: Path,
        schema: Sequence[str],
        *,
        read_only: bool = False,
        columns: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        """Open or create the file; `schema` is run in one transaction and must be idempotent.

        columns: by table, columns that are added to files of earlier versions, with their types.
        read_only: the folder cannot be written. Raises `Unavailable` if the file does not exist, `DamagedDatabase`.
        """
        self.path = path
        self.lost_commits = False
        """Whether the log of the file had commits after a damaged place when it was opened."""
        self._schema = schema
        self._copy: TemporaryDirectory[str] | None = None
        self._connect = _Reader if read_only else _Connection
        self._local = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._unused = threading.Condition(self._lock)
        self._users = 0
        """Threads in a statement or a transaction."""
        self._write_lock = threading.Lock()
        self._closed = False
        if read_only:
            self._use_copy()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with translate_sqlite_errors(path):
            is_small = path.exists() and path.stat().st_size <= SMALL
            reason, self.lost_commits = damage.inspect(path, "quick_check" if is_small else "")
        if reason:
            raise DamagedDatabase(path, reason)
        with self.transaction() as sqlite:
            for statement in schema:
                sqlite.execute(statement)
            for table, types in columns.items():
                for name in types.keys() - self._names(sqlite, table):
                    sqlite.execute(f"ALTER TABLE {table} ADD COLUMN {name} {types[name]}")

    def has(self, table: str, column: str) -> bool:
        """Whether the file has a column."""
        with self._use() as connection, translate_sqlite_errors(self.path):
            return column in self._names(connection.sqlite, table)

    def _names(self, sqlite: sqlite3.Connection, table: str) -> set[str]:
        return {row[1] for row in sqlite.execute(f"PRAGMA table_info({table})")}

    def _use_copy(self) -> None:
        """Use a copy if the log has commits, which SQLite cannot read without writing beside the file."""
        log = self.path.with_name(f"{self.path.name}-wal")
        if not self.path.exists():
            raise Unavailable(f"There is no Tillstream data in {self.path.parent}: {self.path.name} is missing.")
        if log.exists() and log.stat().st_size:
            self._copy, self._connect = TemporaryDirectory(prefix="tillstream-"), _Connection
            for file in (self.path, log):
                shutil.copyfile(file, Path(self._copy.name) / file.name)
            self.path = Path(self._copy.name) / self.path.name

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Run a query and return all rows; inside `transaction` it sees uncommitted writes."""
        with self._use() as connection, translate_sqlite_errors(self.path):
            return connection.sqlite.execute(sql, params).fetchall()

    def stream(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """Yield the columns of every row, read from the file and not from pages that other connections have read."""
        last = -(1 << 63)
        sql = f"SELECT rowid, {columns} FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT 1000"
        with translate_sqlite_errors(self.path), closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as sqlite:
            while rows := sqlite.execute(sql, (last,)).fetchall():
                yield from (row[1:] for row in rows)
                last = rows[-1][0]

    def write(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """As `rows`, for a statement that writes."""
        with self.transaction() as sqlite:
            return sqlite.execute(sql, params).fetchall()

    @contextmanager
    def transaction(self, sync: int = FULL) -> Iterator[sqlite3.Connection]:
        """Holds the write lock from the start, so that reads inside remain valid until the commit.

        sync: how much the commit syncs; `NORMAL` for what is durable elsewhere.
        """
        # Threads queue here: SQLite's own wait sleeps up to 100 ms and is not fair.
        with self._write_lock, self._use() as connection, translate_sqlite_errors(self.path):
            connection.sync(sync)
            sqlite = connection.sqlite
            sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield sqlite
                sqlite.execute("COMMIT")
            except BaseException:
                if sqlite.in_transaction:
                    sqlite.execute("ROLLBACK")
                raise

    def check(self) -> None:
        """Read every page of the file and of its log. Raises `DamagedDatabase`, `Unavailable`."""
        with translate_sqlite_errors(self.path):
            reason, _ = damage.inspect(self.path)
        if reason:
            raise DamagedDatabase(self.path, reason)

    def salvage(self, aside: Path) -> damage.Salvaged:
        """Replace the damaged file while it is open, as `salvage` does; other threads wait meanwhile."""
        with self._write_lock, self._unused:
            while self._users:
                self._unused.wait()
            for connection in list(self._open):
                connection.sqlite.close()
            self._open.clear()
            self._local = threading.local()
            return salvage_file(self.path, self._schema, aside)

    def close(self) -> None:
        """Close every connection; stop the threads that use them first. Idempotent."""
        with self._lock:
            self._closed = True
            for connection in list(self._open):
                connection.sqlite.close()
        if self._copy:
            self._copy.cleanup()

    @contextmanager
    def _use(self) -> Iterator[_Connection]:
        """The connection of this thread. The file is not replaced in the block."""
        with self._lock:
            self._users += 1
        try:
            yield self._own()
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._unused.notify_all()

    def _connection(self) -> sqlite3.Connection:
        return self._own().sqlite

    def _own(self) -> _Connection:
        if self._closed:
            raise Unavailable(f"{self.path.name} is closed.")
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect(self.path)
            with self._lock:
                self._open.add(connection)
        return connection


def salvage_file(path: Path, schema: Sequence[str], aside: Path) -> damage.Salvaged:
    """Take what is readable of a damaged file that nothing has open into a new one; keep it as `aside`."""
    try:
        return damage.salvage(path, schema, aside)
    except (OSError, sqlite3.Error) as exc:
        raise Unavailable(f"{path.name} is damaged and cannot be replaced: {exc}.") from exc
