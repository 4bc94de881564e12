"""Opens the file of an outbox: durable transactions, and errors in terms of the till.

The journal is a rollback journal, not a WAL: after a commit the file itself has every message, so that a truncated file
can be recognised by its length.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tillstream_till.errors import Busy, CannotStore, DamagedOutbox
from tillstream_till.folder import sync_folder

PATIENCE = 30.0
"""Seconds for which a write waits for another process."""
_HEADER = b"SQLite format 3\0"
_HEADER_BYTES = 100
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CANNOT_STORE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}

MESSAGE_COLUMNS = (
    *("position", "kind", "number", "version", "payload", "digest", "key", "signature", "epoch", "sequence"),
    *("recorded_at", "state", "settled_at", "code", "detail"),
)
TABLES = """
CREATE TABLE messages(
  position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, number TEXT NOT NULL, version INTEGER NOT NULL,
  payload BLOB NOT NULL, digest TEXT NOT NULL, key TEXT NOT NULL, signature TEXT NOT NULL, epoch TEXT NOT NULL,
  sequence INTEGER NOT NULL, recorded_at TEXT NOT NULL, state TEXT NOT NULL, settled_at TEXT NOT NULL,
  code TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX messages_of_number ON messages(number, kind, version);
CREATE INDEX unsent_messages ON messages(sequence) WHERE state = 'unsent';
CREATE INDEX refused_messages ON messages(position) WHERE state = 'refused';
CREATE TABLE sales(
  number TEXT PRIMARY KEY, version INTEGER NOT NULL, day TEXT NOT NULL, cancelled INTEGER NOT NULL,
  currency TEXT NOT NULL, net TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX sales_of_day ON sales(day);
CREATE TABLE outcomes(
  number TEXT PRIMARY KEY, version INTEGER NOT NULL, outcome TEXT NOT NULL, problems TEXT NOT NULL,
  settlement_no INTEGER, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE notices(id INTEGER PRIMARY KEY, at TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def create(path: Path) -> None:
    """Create the file with its tables, durably and in one step. Raises `CannotStore`."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with translated():
        connection = connect(new)
        try:
            connection.executescript(f"BEGIN;{TABLES}COMMIT;")
        finally:
            connection.close()
        new.replace(path)
        sync_folder(path.parent)


def open_checked(path: Path) -> sqlite3.Connection:
    """Open an outbox. Raises `DamagedOutbox` if its header or length is wrong, `CannotStore`, `Busy`."""
    with translated():
        connection = connect(path)
        try:
            check_length(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection whose commits are on the disk before they return."""
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        for pragma in ("journal_mode=PERSIST", "synchronous=FULL", "secure_delete=ON", "fullfsync=ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one transaction. Raises `CannotStore`, `DamagedOutbox`, `Busy`; then nothing is changed."""
    with translated():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def translated() -> Iterator[None]:
    """Raise errors of SQLite and of the disk as errors of the till."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
        if code in _DAMAGED or (code == sqlite3.SQLITE_ERROR and "no such table" in str(error)):
            raise DamagedOutbox(f"The outbox is damaged: {error}.") from error
        if code in _CANNOT_STORE:
            raise CannotStore(f"Nothing is recorded, because the disk is full or fails: {error}.") from error
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise Busy("Another process writes to the outbox. Try again.") from error
        raise
    except OSError as error:
        raise CannotStore(f"Nothing is recorded, because the disk is full or fails: {error}.") from error


def check_length(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `DamagedOutbox` if the file is shorter than its header states. No other process writes to it meanwhile."""
    with translated():
        connection.execute("BEGIN")
        try:
            # reading takes the shared lock, and first rolls back a transaction that was interrupted
            connection.execute("SELECT count(*) FROM meta").fetchone()
            _check_header(path)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _check_header(path: Path) -> None:
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_HEADER):
        raise DamagedOutbox("The outbox is damaged: it has no header.")
    page_size = int.from_bytes(header[16:18]) or 1
    expected = int.from_bytes(header[28:32]) * (65536 if page_size == 1 else page_size)
    if path.stat().st_size < expected:
        raise DamagedOutbox(f"The outbox is truncated: {expected - path.stat().st_size} bytes are missing.")
