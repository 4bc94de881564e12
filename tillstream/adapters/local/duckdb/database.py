"""One DuckDB file with a cursor per thread; reopened after an error that the engine does not survive."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from tillstream.domain.errors import DamagedFile, Rejected, TooLarge, Unavailable
from tillstream.ledger.tables import DISABLED_OPTIMIZERS

FATAL = (duckdb.InternalException, duckdb.FatalException)
"""After one of these the engine rejects every further statement."""
DAMAGED = ("Could not read enough bytes", "Corrupt database file")
"""Texts of the errors of a file that is cut off, or whose blocks do not have their checksums."""
COPY_WARNING = "Arrow output on a DB-API result"
"""DuckDB warns that a result is copied once more, which is fine for small ones; large ones are streamed."""


def unreadable(path: Path | str, error: duckdb.Error) -> Unavailable:
    """The error of a file that cannot be opened, with advice if it is damaged."""
    reason = str(error).partition("\n")[0].rstrip(".!")
    if is_locked(error):
        return Unavailable(f"The warehouse {path} cannot be opened: {reason}.")
    return DamagedFile(
        f"The warehouse {path} cannot be read: {reason}.",
        "Stop the server, if one runs, and run `tillstream rebuild --from-originals`, which makes it again from the "
        "kept originals and keeps the damaged file under another name.",
    )


def is_locked(error: duckdb.Error) -> bool:
    """Whether a file could not be opened because another process uses it."""
    return isinstance(error, duckdb.IOException) and "lock on file" in str(error)


def _is_damaged(error: duckdb.Error) -> bool:
    return any(words in str(error) for words in DAMAGED)


class Database:
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
            raise unreadable(self._path, error) from error
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
        except FATAL as error:
            self._reopen(opened)
            if _is_damaged(error):
                raise unreadable(self._path, error) from error
            first = str(error).partition("\n")[0]
            raise Unavailable(f"The warehouse failed during this operation and was reopened: {first}") from error
        except (duckdb.IOException, duckdb.SerializationException) as error:
            if _is_damaged(error):
                raise unreadable(self._path, error) from error
            raise Unavailable(f"The warehouse is not available: {error}") from error
        except (duckdb.OutOfMemoryException, duckdb.TransactionException) as error:
            raise Unavailable(f"The warehouse is not available: {error}") from error
        except duckdb.Error as error:  # a block with another checksum has no class of its own
            if _is_damaged(error):
                raise unreadable(self._path, error) from error
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
