"""Finds damage of a SQLite file and of its log, and salvages what is readable."""

import os
import shutil
import sqlite3
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tillstream.adapters.local.durable_files import sync_file, sync_folder

LOG, INDEX = "-wal", "-shm"
PAGE = 8 << 10
"""Bytes of a page: tens of thousands of events are half a kilobyte each."""
_LOG_HEAD, _FRAME_HEAD = 32, 24
_U32 = 0xFFFFFFFF
PATIENCE = 30.0
"""Seconds that other processes may hold the file, or write its log to it."""
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What the driver raises for a damaged file; also for reasons that are none, such as a lock."""


@dataclass(frozen=True)
class Salvaged:
    """What was taken from a damaged file, kept as `aside`. rows: by table; lost: tables with unreadable rows."""

    aside: Path
    rows: dict[str, int]
    lost: tuple[str, ...]


def is_damage(error: BaseException) -> bool:
    """Whether an error of the driver can only come from a damaged file."""
    if isinstance(error, UnicodeDecodeError):
        return True
    if type(error) is sqlite3.OperationalError:
        code = getattr(error, "sqlite_errorcode", None)
        is_cut = code in {sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_CORRUPT}
        return is_cut or str(error).startswith(("Could not decode", "malformed"))
    return type(error) is sqlite3.DatabaseError


def inspect(path: Path, check: str = "integrity_check") -> tuple[str, bool]:
    """Why the file is damaged, or an empty text; and whether its log has commits after a damaged place.

    SQLite reads a log up to there and reports nothing. Without a process that has the file open, what the log holds is
    then written to the file. check: `integrity_check` reads every page and compares tables with their indexes,
    `quick_check` reads every page in a tenth of the time, an empty text reads none. Raises `sqlite3.Error`, as for a
    file that is locked.
    """
    if not _size(path):
        return "", False
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as sqlite:
            problems = sqlite.execute(f"PRAGMA {check}(1)").fetchall() if check else [("ok",)]
            if problems != [("ok",)]:
                return str(problems[0][0]).partition("\n")[2] or str(problems[0][0]), False
            until = time.monotonic() + PATIENCE
            while (result := _compare_sizes(path, sqlite)) is None:
                if time.monotonic() > until:
                    raise sqlite3.OperationalError("another process has been writing its log to it for too long")
                time.sleep(0.005)
            return result
    except DAMAGE as error:
        if not is_damage(error):
            raise
        return str(error), False


def _compare_sizes(path: Path, sqlite: sqlite3.Connection) -> tuple[str, bool] | None:
    """As `inspect`, by the sizes of the file and its log; None if another process changes both meanwhile."""
    log = path.with_name(path.name + LOG)
    # the log stays from here on: only the last connection to the file removes it
    (pages,), (size,) = (sqlite.execute(f"PRAGMA page_{name}").fetchone() for name in ("count", "size"))
    head = _head(log)
    commits = _commits(log, head)
    is_busy, read, _ = sqlite.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if is_busy or _head(log) != head:  # another process writes the log to the file, or restarted the log
        return None
    if _size(log) < (_LOG_HEAD + read * (_FRAME_HEAD + size) if read > 0 else 0):
        return "its log is cut off", False
    if read <= 0 and _size(path) < pages * size:
        return "it is cut off", False
    return "", any(commits[max(read, 0) :])


def _commits(log: Path, head: bytes) -> list[bool]:
    """For each frame of the log, in order, whether it ends a transaction of the log as it is now."""
    if len(head) < _LOG_HEAD:
        return []
    page = int.from_bytes(head[8:12], "big")
    salts = head[16:24]
    if not _is_whole(head):  # SQLite ignores all of it
        page, salts = PAGE, b""
    commits = []
    with log.open("rb", buffering=0) as file:
        file.seek(_LOG_HEAD)
        while len(frame := file.read(_FRAME_HEAD)) == _FRAME_HEAD:
            salts = salts or frame[8:16]
            commits.append(frame[8:16] == salts and any(frame[4:8]))
            file.seek(page, os.SEEK_CUR)
    return commits


def _head(log: Path) -> bytes:
    """Salts in it change when the log is restarted. Empty without a log."""
    try:
        with log.open("rb", buffering=0) as file:
            return file.read(_LOG_HEAD)
    except FileNotFoundError:
        return b""


def _is_whole(head: bytes) -> bool:
    """Whether the head of a log has the checksum that it states."""
    order = ">" if head[3] & 1 else "<"
    first = second = 0
    values = struct.unpack(f"{order}6I", head[:24])
    for even, odd in zip(values[::2], values[1::2], strict=True):
        first = (first + even + second) & _U32
        second = (second + odd + first) & _U32
    return struct.unpack(">2I", head[24:]) == (first, second)


def set_aside(path: Path, aside: Path) -> None:
    """Copy the file and its log to another name, durably."""
    for suffix in ("", LOG):
        if _size(path.with_name(path.name + suffix)):
            shutil.copyfile(path.with_name(path.name + suffix), aside.with_name(aside.name + suffix))
            sync_file(aside.with_name(aside.name + suffix))
    sync_folder(aside.parent)


def salvage(path: Path, schema: Sequence[str], aside: Path) -> Salvaged:
    """Replace a damaged file by one with the rows that are readable; the damaged one is kept as `aside`.

    No connection may be open. A kill leaves the damaged file or the new one. Raises `OSError`, `sqlite3.Error`.
    """
    set_aside(path, aside)
    new = path.with_name(f"new.{path.name}")
    for suffix in ("", LOG, INDEX):
        new.with_name(new.name + suffix).unlink(missing_ok=True)
    rows: dict[str, int] = {}
    lost = []
    with closing(sqlite3.connect(new, isolation_level=None)) as target:
        target.execute(f"PRAGMA page_size={PAGE}")
        target.execute("BEGIN")
        for statement in schema:
            target.execute(statement)
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (table,) in target.execute(listed).fetchall():
            rows[table], is_whole = _copy(path, target, table)
            if not is_whole:
                lost.append(table)
        target.execute("COMMIT")
    sync_file(new)
    for suffix in (LOG, INDEX):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    new.replace(path)
    sync_folder(path.parent)
    return Salvaged(aside, rows, tuple(lost))


def _copy(path: Path, target: sqlite3.Connection, table: str) -> tuple[int, bool]:
    """Copy the readable rows of a table; return their number, and whether these are all."""
    names = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    insert = f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    count, is_whole = 0, True
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as source:
            source.execute("PRAGMA cell_size_check=ON")
            existing = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
            chosen = ", ".join(name if name in existing else "NULL" for name in names)
            if not existing:
                return 0, False
            for row in _rows(source, f"SELECT rowid, {chosen} FROM {table} NOT INDEXED WHERE rowid >= ?"):
                if row is None:
                    is_whole = False
                    continue
                with suppress(sqlite3.IntegrityError, sqlite3.InterfaceError):
                    target.execute(insert, row[1:])
                    count += 1
    except DAMAGE as error:
        if not is_damage(error):
            raise
        return count, False
    return count, is_whole


def _rows(source: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...] | None]:
    """Yield the readable rows in the order of their IDs, and None for each place that is not."""
    first, most = -(1 << 63), (1 << 63) - 1
    while first <= most:
        try:
            for row in source.execute(f"{query} ORDER BY rowid", (first,)):
                yield row
                first = row[0] + 1
        except DAMAGE as error:
            if not is_damage(error):
                raise
        else:
            return
        yield None
        step = 1
        while first + step <= most and not _is_readable(source, query, first + step):
            step *= 2
        first, below = first + step, first + step // 2
        while below + 1 < first <= most:  # the first readable one is between them
            middle = (below + first) // 2
            below, first = (below, middle) if _is_readable(source, query, middle) else (middle, first)


def _is_readable(source: sqlite3.Connection, query: str, first: int) -> bool:
    try:
        source.execute(f"{query} ORDER BY rowid LIMIT 1", (first,)).fetchall()
    except DAMAGE as error:
        if not is_damage(error):
            raise
        return False
    return True


def _size(path: Path) -> int:
    """Bytes of a file; 0 without one, such as a log that another process deletes meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
