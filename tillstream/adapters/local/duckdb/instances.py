"""Instances of DuckDB: one with a single database, and one to which several databases are attached."""

import threading
import warnings
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from weakref import finalize

import duckdb

from tillstream.ledger.tables import DISABLED_OPTIMIZERS

FATAL = (duckdb.InternalException, duckdb.FatalException)
"""After one of these the instance rejects every further statement."""
COPY_WARNING = "Arrow output on a DB-API result"
"""DuckDB warns that a result is copied once more, which is fine for small ones; large ones are streamed."""


def configuration(
    *, memory_limit: str = "400MB", reused_memory: str = "1GB", threads: int = 0, spill: Path | None = None
) -> dict[str, Any]:
    """The settings of an instance.

    reused_memory: freed blocks that stay in the process for later steps. Clearing new ones takes a twentieth of the
    time of a load; a process that runs on keeps them forever.
    """
    return {
        "memory_limit": memory_limit,
        "block_allocator_memory": reused_memory,
        # staged files are read once or twice, and the system keeps them in its own cache
        "enable_external_file_cache": False,
        "preserve_insertion_order": False,
        **({"threads": threads} if threads else {}),
        **({"temp_directory": str(spill)} if spill else {}),
    }


def start(path: Path | str, config: dict[str, Any], *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """An instance with this database. Raises `duckdb.Error`."""
    config = config | {"disabled_optimizers": DISABLED_OPTIMIZERS}
    instance = duckdb.connect(str(path), read_only=read_only, config=config)
    warnings.filterwarnings("ignore", COPY_WARNING, UserWarning)
    instance.execute("SET GLOBAL TimeZone = 'UTC'")
    # Commits are durable without it, and a large log is checkpointed anyway; no command should wait for it at exit.
    instance.execute("PRAGMA disable_checkpoint_on_shutdown")
    return instance


class Attached:
    """A database of a shared instance, under a name of its own.

    `detach` releases the file; so does the end of this object.
    """

    def __init__(self, instance: duckdb.DuckDBPyConnection, name: str) -> None:
        self._instance, self._name = instance, name
        self.detach = finalize(self, _detach, instance, name)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A new cursor, whose statements use this database."""
        cursor = self._instance.cursor()
        cursor.execute(f"USE {self._name}")
        return cursor


def _detach(instance: duckdb.DuckDBPyConnection, name: str) -> None:
    with suppress(duckdb.Error), instance.cursor() as cursor:  # a failed instance has no databases
        cursor.execute(f"DETACH {name}")


class SharedInstance:
    """One instance for several databases, which share its memory: to start one takes longer than to open a small file.

    If one database fails in a way that the instance does not survive, each is opened again at its next statement.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self._config, self._numbers, self._lock = config, count(1), threading.Lock()
        self._instance = start(":memory:", config)

    def attach(self, path: Path | str, *, read_only: bool = False) -> Attached:
        """Open a file, or `:memory:`. Raises `duckdb.Error`."""
        with self._lock:
            try:
                return self._attach(path, read_only=read_only)
            except FATAL:
                self._instance = start(":memory:", self._config)
                return self._attach(path, read_only=read_only)

    def _attach(self, path: Path | str, *, read_only: bool) -> Attached:
        name, quoted = f"attached_{next(self._numbers)}", str(path).replace("'", "''")
        with self._instance.cursor() as cursor:
            cursor.execute(f"ATTACH '{quoted}' AS {name}{' (READ_ONLY)' if read_only else ''}")
        return Attached(self._instance, name)
