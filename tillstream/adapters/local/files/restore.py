"""Restore a backup: unpack and verify it next to the data, then move it into place.

The previous data is set aside, never deleted. A kill before the verification leaves the folder unchanged; after a later
one `finish`, which every start calls first, completes the restore.
"""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath

import duckdb

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.durable_files import sync_file, sync_folder
from tillstream.adapters.local.files.backup import (
    CONTRACTS,
    DATABASES,
    OBJECTS,
    READ_BYTES,
    WAREHOUSE,
    BackupHead,
    DamagedArchive,
    HashingStream,
    check_archive,
)
from tillstream.adapters.local.files.object_files import object_folders, object_generations
from tillstream.adapters.local.files.object_store import GenerationFile
from tillstream.adapters.local.sqlite.event_bus import ACCEPTED, SQLiteEventBus
from tillstream.model.document_json import ActionFacts
from tillstream.model.errors import Rejected, Unavailable

STAGED, READY = "restore.tmp", "READY"
PARTS = (*DATABASES, ACCEPTED, WAREHOUSE, OBJECTS, CONTRACTS)
LOGS = ("-wal", "-shm", ".wal")
LOCKS = frozenset({"owner.lock", "turnstile.lock"})
SAFE = re.compile(r"[^/\x00]+(/[^/\x00]+)*")


Inspect = Callable[[Path], Sequence[str]]
"""A folder with the unpacked files → a sentence about each kept original that is not whole."""


def restore(
    home: Path,
    archive: Path,
    aside: str,
    inspect: Inspect | None = None,
    *,
    replace: bool,
    without_damaged: bool = False,
) -> ActionFacts:
    """Restore a backup into the folder, which the caller owns. aside: the folder in it for the previous data.

    inspect: None: kept originals are not compared with their records. without_damaged: restore the rest if kept
    originals or contracts are damaged. Raises `Rejected` with the list of what is damaged, if the archive is no backup,
    or if the folder is not empty and `replace` is False.
    """
    existing = sorted(path.name for path in home.iterdir() if path.name not in LOCKS | {STAGED})
    if existing and not replace:
        raise Rejected(
            f"{home} is not empty: it contains {', '.join(existing[:5])}{' and more' if len(existing) > 5 else ''}. "
            "Set TILLSTREAM_HOME to an empty folder, or use --replace, which moves the existing data aside."
        )
    staged = home / STAGED
    shutil.rmtree(staged, ignore_errors=True)  # of a run that was killed before the verification
    staged.mkdir()
    try:
        (head, files, size), left_out = _unpack(archive, staged, without_damaged=without_damaged)
        _check_databases(staged)
        _advance_queue(staged)
        _number_objects(staged / OBJECTS)
        damaged = list(inspect(staged)) if inspect else []
        if damaged and not without_damaged:
            raise Rejected(_not_whole(damaged))  # noqa: TRY301 - what was unpacked is removed below
    except OSError as exc:
        shutil.rmtree(staged, ignore_errors=True)
        raise Unavailable(f"The backup could not be read or written: {exc}. Nothing was restored.") from exc
    except Rejected:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    plan = {"aside": aside, "parts": [part for part in PARTS if (staged / part).exists()]}
    (staged / f"{READY}.half").write_text(json.dumps(plan), encoding="utf-8")
    sync_file(staged / f"{READY}.half")
    (staged / f"{READY}.half").rename(staged / READY)
    sync_folder(staged)
    finish(home)
    report: ActionFacts = {"home": str(home), "made_at": head["made_at"], "files": files, "bytes": size}
    set_aside = str(home / aside) if existing and (home / aside).exists() else ""
    return report | {"set_aside": set_aside, "left_out": left_out, "damaged": damaged}


def _not_whole(sentences: Sequence[str]) -> str:
    listed = "".join(f"\n  {sentence}" for sentence in sentences)
    return (
        "Kept originals were damaged or missing when the backup was made. Use an earlier backup, or restore this one "
        f"with --without-damaged. Nothing was restored.{listed}"
    )


def finish(home: Path) -> None:
    """Complete a restore that was killed after the verification. Idempotent; otherwise does nothing."""
    staged = home / STAGED
    if not (staged / READY).exists():
        return
    plan = json.loads((staged / READY).read_text(encoding="utf-8"))
    aside = home / plan["aside"]
    for part in PARTS:
        new = staged / part
        if part in plan["parts"] and not new.exists():
            continue  # already moved
        # the logs first: a database is never in place without its log
        for live in (*(home / f"{part}{log}" for log in LOGS), home / part):
            if live.exists():
                aside.mkdir(exist_ok=True)
                live.rename(aside / live.name)
        if new.exists():
            new.rename(home / part)
    sync_folder(home)
    shutil.rmtree(staged)


def _unpack(archive: Path, into: Path, *, without_damaged: bool) -> tuple[tuple[BackupHead, int, int], tuple[str, ...]]:
    """Return what `check_archive` returns, and the damaged files that were left out. Raises `Rejected`."""

    def store(name: str, content: HashingStream) -> None:
        path = into / _target(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            while data := content.read(READ_BYTES):
                out.write(data)
        sync_file(path)

    try:
        with archive.open("rb") as stream:
            return check_archive(stream, store), ()
    except DamagedArchive as error:
        if not without_damaged or not {*DATABASES, WAREHOUSE}.isdisjoint(error.names):
            raise
        for name in error.names:
            (into / _target(name)).unlink(missing_ok=True)
        head, kept = error.head, [path for path in into.rglob("*") if path.is_file()]
        return (head, len(kept), sum(path.stat().st_size for path in kept)), error.names


def _target(name: str) -> Path:
    """The relative path of a file of the archive; never outside the folder, whatever the archive contains."""
    path = PurePosixPath(name)
    expected = name in {*DATABASES, WAREHOUSE} or path.parts[0] in {OBJECTS, CONTRACTS}
    if not expected or not SAFE.fullmatch(name) or ".." in path.parts or "\\" in name:
        raise Rejected(f"The archive contains {name}, which is not part of a backup. Nothing was restored.")
    return Path(*path.parts)


def _check_databases(staged: Path) -> None:
    """Check that the databases can be opened and are complete. Raises `Rejected`."""
    missing = [name for name in (*DATABASES, WAREHOUSE) if not (staged / name).exists()]
    if missing:
        raise Rejected(f"The backup is incomplete. Missing: {', '.join(missing)}.")
    try:
        for name in DATABASES:
            with closing(sqlite3.connect(staged / name)) as database:
                if database.execute("PRAGMA quick_check").fetchone() != ("ok",):
                    raise Rejected(f"{name} in the archive is damaged. Use another backup.")
        with duckdb.connect(str(staged / WAREHOUSE), read_only=True) as warehouse:
            warehouse.execute("SELECT COUNT(*) FROM settlements").fetchone()
    except (sqlite3.Error, duckdb.Error) as exc:
        raise Rejected(f"A database in the archive cannot be opened: {exc}. Use another backup.") from exc


def _advance_queue(staged: Path) -> None:
    """The queue of a backup is a little older than its documents, which must not look like a loss."""
    clock = SystemClock()
    with closing(SQLiteEventBus(staged / "queue.sqlite", clock)) as bus:
        bus.advance(clock.tick())


def _number_objects(root: Path) -> None:
    """A backup lacks the file of the last generation, which must not look like a loss."""
    if root.exists():
        stored = (each.number for folder in object_folders(root) for each in object_generations(folder))
        GenerationFile(root, SystemClock(), lambda: stored).create()
