"""SQLite files: one connection per thread, all closed together."""

import shutil
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tillstream.domain.errors import Unavailable

BUSY_SECONDS = 30.0
PAGE, LOG = 8 << 10, 32 << 20
"""Bytes of a page, and of the log before a checkpoint: tens of thousands of events are half a kilobyte each, and with
the default would be copied every four megabytes."""


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Translate SQLite's errors of the file (locked, disk full, not readable, damaged) into `Unavailable`."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        raise Unavailable(f"{path.name} cannot be used: {exc}.") from exc
    except sqlite3.DatabaseError as exc:
        if type(exc) is not sqlite3.DatabaseError:
            raise
        raise _damaged(path, str(exc)) from exc


def _damaged(path: Path, reason: str) -> Unavailable:
    return Unavailable(
        f"{path} is damaged ({reason}). Restore a backup with `tillstream restore`. Without a backup, move the file to "
        "another folder and run `tillstream sweep`, which creates it again; docs/local-mode.md says what is lost then."
    )


def _check_size(path: Path) -> None:
    """Raise `Unavailable` if the file ends within a page: SQLite would read the rest of the page as zeros.

    A crash during a checkpoint leaves such a file as well, but then its log still has the page.
    """
    if not path.is_file() or _size(path.with_name(f"{path.name}-wal")):
        return
    with path.open("rb") as stream:
        page = int.from_bytes(stream.read(18)[16:], "big")
    if page > 1 and path.stat().st_size % page:
        raise _damaged(path, "it is cut off")


def _size(path: Path) -> int:
    """Bytes of a file; 0 without one, such as a log that another process deletes meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


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


class _Reader(_Connection):
    """A connection to a file that nobody writes, in a folder that may not be written."""

    def __init__(self, path: Path) -> None:
        self.sqlite = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
        )


class SQLiteFile:
    """A database file in WAL mode. Safe in threads and in spawned (never forked) processes."""

    def __init__(self, path: Path, schema: Sequence[str], *, read_only: bool = False) -> None:
        """Open or create the file; `schema` is run in one transaction and must be idempotent.

        read_only: the folder cannot be written. Raises `Unavailable` if the file does not exist.
        """
        self.path = path
        self._copy: TemporaryDirectory[str] | None = None
        self._connect = _Reader if read_only else _Connection
        self._local = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._closed = False
        if read_only:
            self._use_copy()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_size(path)
        with self.transaction() as sqlite:
            for statement in schema:
                sqlite.execute(statement)

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
        if self._copy:
            self._copy.cleanup()

    def _connection(self) -> sqlite3.Connection:
        if self._closed:
            raise Unavailable(f"{self.path.name} is closed.")
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect(self.path)
            with self._lock:
                self._open.add(connection)
        return connection.sqlite
