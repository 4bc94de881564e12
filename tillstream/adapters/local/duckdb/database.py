"""One DuckDB file, a cursor for each thread; opened again after an error it does not survive."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from tillstream.domain.errors import Rejected, Unavailable

DEADLY = (duckdb.InternalException, duckdb.FatalException)
"""After one of these the engine answers nobody any more, whatever the question."""
COPIES = "Arrow output on a DB-API result"
"""DuckDB warns that an answer is copied once more, which a small one may be; large ones are streamed."""
FLIPS = "build_side_probe_side"
"""Turns LEFT JOINs round, and such a join over a join kills the engine: docs/adr/022. Ours stand as they should."""


class Database:
    """`path` is a file or `:memory:`, whose content no second opening would find. Raises `Unavailable`."""

    def __init__(self, path: Path | str, config: dict[str, Any]) -> None:
        self._path, self._config = path, config | {"disabled_optimizers": FLIPS}
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        try:
            self.root = duckdb.connect(str(self._path), config=self._config)
        except duckdb.IOException as error:
            raise Unavailable(f"The warehouse {self._path} cannot be opened: {error}") from error
        warnings.filterwarnings("ignore", COPIES, UserWarning)
        self.root.execute("SET GLOBAL TimeZone = 'UTC'")
        # Commits are durable without it, and a grown log is folded in anyway: no command waits for that at its end.
        self.root.execute("PRAGMA disable_checkpoint_on_shutdown")
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._of_thread = threading.local()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's own."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._of_thread, "cursor", None)
        if cursor is None:
            cursor = self._of_thread.cursor = self._new()
        return cursor

    @contextmanager
    def another(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor beside the thread's own, for what goes on while that one is used."""
        cursor = self._new()
        try:
            yield cursor
        finally:
            self._cursors.discard(cursor)
            cursor.close()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The thread's own cursor; committed at the end, or nothing of it."""
        cursor = self.cursor()
        cursor.execute("BEGIN TRANSACTION")
        try:
            yield cursor
        except BaseException:
            with suppress(duckdb.Error):  # an engine that died has rolled back
                cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """DuckDB's errors as ours, those that another try may not meet; others are unknown and stay what they are."""
        opened = self.root
        try:
            yield
        except DEADLY as error:
            self._open_again(opened)
            first = str(error).partition("\n")[0]
            raise Unavailable(f"The warehouse failed at this and was opened again: {first}") from error
        except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.TransactionException) as error:
            raise Unavailable(f"The warehouse cannot do this now: {error}") from error

    @contextmanager
    def asked(self) -> Iterator[None]:
        """As `translated`, for questions: what else is wrong with one is the question's fault."""
        try:
            with self.translated():
                yield
        except duckdb.Error as error:
            raise Rejected(f"The query cannot be answered: {error}") from error

    def _open_again(self, dead: duckdb.DuckDBPyConnection) -> None:
        """What was committed is in the file; everybody who was asking is told to come again."""
        with self._lock:
            if self.root is dead and str(self._path) != ":memory:":
                self.close()
                self._open()

    def _new(self) -> duckdb.DuckDBPyConnection:
        cursor = self.root.cursor()
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Every cursor first, then the file: so the next owner finds nothing open."""
        for cursor in self._cursors:
            cursor.close()
        self.root.close()
