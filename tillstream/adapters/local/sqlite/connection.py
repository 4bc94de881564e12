"""SQLite files: one connection per thread, all closed together."""

import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tillstream.domain.errors import Unavailable

BUSY_SECONDS = 30.0
PAGE, LOG = 8 << 10, 32 << 20
"""Bytes of a page, and of the log before a checkpoint: tens of thousands of events are half a kilobyte each, and with
the default would be copied every four megabytes."""


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Translate SQLite's transient errors (locked, disk full, not readable) into `Unavailable`."""
    try:
        yield
    except sqlite3.OperationalError as exc:
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

    def __init__(self, path: Path) -> None:
        self.sqlite = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self.sqlite.execute(f"PRAGMA page_size={PAGE}")
            _use_write_ahead_log(self.sqlite)
            self.sqlite.execute(f"PRAGMA wal_autocheckpoint={LOG // PAGE}")
            # NORMAL may lose the last commits in a power cut; acknowledged data must survive.
            self.sqlite.execute("PRAGMA synchronous=FULL")
        except BaseException:
            self.sqlite.close()
            raise

    def __del__(self) -> None:
        if hasattr(self, "sqlite"):
            self.sqlite.close()


class SQLiteFile:
    """A database file in WAL mode. Safe in threads and in spawned (never forked) processes."""

    def __init__(self, path: Path, schema: Sequence[str]) -> None:
        """Open or create the file; `schema` is run in one transaction and must be idempotent."""
        self.path = path
        self._local = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._closed = False
        path.parent.mkdir(parents=True, exist_ok=True)
        with self.transaction() as sqlite:
            for statement in schema:
                sqlite.execute(statement)

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Run a query and return all rows; inside `transaction` it sees uncommitted writes."""
        with translate_errors(self.path):
            return self._connection().execute(sql, params).fetchall()

    def write(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """As `rows`, for a statement that writes."""
        with self.transaction() as sqlite:
            return sqlite.execute(sql, params).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Holds the write lock from the start, so that reads inside remain valid until the commit."""
        # Threads queue here: SQLite's own wait sleeps up to 100 ms and is not fair.
        with self._write_lock, translate_errors(self.path):
            sqlite = self._connection()
            sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield sqlite
                sqlite.execute("COMMIT")
            except BaseException:
                if sqlite.in_transaction:
                    sqlite.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every connection; stop the threads that use them first. Idempotent."""
        with self._lock:
            self._closed = True
            for connection in list(self._open):
                connection.sqlite.close()

    def _connection(self) -> sqlite3.Connection:
        if self._closed:
            raise Unavailable(f"{self.path.name} is closed.")
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _Connection(self.path)
            with self._lock:
                self._open.add(connection)
        return connection.sqlite
