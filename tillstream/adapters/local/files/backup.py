"""A consistent archive of everything local, written while the owner keeps working.

The archive is a tar of plain files: `backup.json` describes it, and `manifest.jsonl`, the last file, has the size and
SHA-256 of each. The parts are copied in an order in which a later one repairs an earlier one: the queue (its events may
be handled again), the documents (a sweep updates them from the warehouse), the warehouse (one snapshot), the objects
(they are immutable).
"""

import io
import json
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, BinaryIO

from tillstream.adapters.local.durable import sync_file, sync_folder
from tillstream.adapters.local.files.archive import FORMAT, HEAD, MANIFEST, Digest, check, manifest_line
from tillstream.adapters.local.files.object_files import FILE, object_folders
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.domain.events import INBOX
from tillstream.domain.object_names import PACKS_FOLDER
from tillstream.domain.tables import SCHEMA

DATABASES = ("queue.sqlite", "documents.sqlite")
WAREHOUSE, OBJECTS, CONTRACTS = "warehouse.duckdb", "objects", "contracts"
SCRATCH = "backup.tmp"
Progress = Callable[[int], None]
_LOCK = threading.Lock()


class _Archive:
    """A tar that is being written, and its manifest; neither grows in memory."""

    def __init__(self, out: BinaryIO, manifest: IO[str], progress: Progress) -> None:
        self._tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by `end`
        self._manifest = manifest
        self._progress = progress
        self.files = self.bytes = 0

    def add(self, name: str, path: Path) -> None:
        with path.open("rb") as stream:
            digest = Digest(stream)
            self._put(name, path.stat().st_size, digest)
        self._manifest.write(manifest_line(name, digest))
        self.files += 1
        self.bytes += digest.size
        self._progress(digest.size)

    def put(self, name: str, content: bytes) -> None:
        self._put(name, len(content), io.BytesIO(content))

    def end(self, manifest: Path) -> None:
        self._manifest.flush()
        with manifest.open("rb") as stream:
            self._put(MANIFEST, manifest.stat().st_size, stream)
        self._tar.close()

    def _put(self, name: str, size: int, stream: Any) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, stream)
        self._tar.members = []  # type: ignore[attr-defined]  # otherwise every member stays in memory


def write(
    home: Path, out: Path, copy_warehouse: Callable[[Path], None], created_at: str, progress: Progress = lambda _: None
) -> dict[str, Any]:
    """Write the archive `out`. A kill leaves `out` unchanged, and at most a file that ends with `.partial`.

    Raises `Rejected` if the file exists or another backup is running, `Unavailable` on disk errors.
    """
    if out.exists():
        raise Rejected(f"{out} already exists. Choose another file name, or remove the file first.")
    if not _LOCK.acquire(blocking=False):
        raise Rejected("Another backup is in progress. Wait until it is finished.")
    partial, scratch = out.with_name(f"{out.name}.partial"), home / SCRATCH
    try:
        shutil.rmtree(scratch, ignore_errors=True)  # of a killed run
        scratch.mkdir(parents=True)
        with partial.open("wb") as stream:
            partial.chmod(0o600)
            summary = _write_archive(home, scratch, stream, copy_warehouse, created_at, progress)
        sync_file(partial)
        with partial.open("rb") as stream:
            check(stream)
        partial.replace(out)
        sync_folder(out.parent)
    except (OSError, tarfile.TarError, sqlite3.Error) as exc:
        raise Unavailable(f"The backup could not be written: {exc}. Nothing was changed.") from exc
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)
        _LOCK.release()
    return {"archive": str(out)} | summary


def _write_archive(
    home: Path,
    scratch: Path,
    out: BinaryIO,
    copy_warehouse: Callable[[Path], None],
    created_at: str,
    progress: Progress,
) -> dict[str, Any]:
    manifest = scratch / MANIFEST
    with manifest.open("w", encoding="utf-8", newline="\n") as lines:
        archive = _Archive(out, lines, progress)
        head = {"format": FORMAT, "schema": SCHEMA, "tillstream": version("tillstream"), "made_at": created_at}
        archive.put(HEAD, json.dumps(head).encode())
        for name in DATABASES:
            _copy_database(home / name, scratch / name)
            archive.add(name, scratch / name)
            (scratch / name).unlink()
        copy_warehouse(scratch / WAREHOUSE)
        archive.add(WAREHOUSE, scratch / WAREHOUSE)
        (scratch / WAREHOUSE).unlink()
        for path in (*_objects(home / OBJECTS), *_contracts(home / CONTRACTS)):
            with suppress(FileNotFoundError):  # an old generation that was deleted meanwhile
                archive.add(path.relative_to(home).as_posix(), path)
        archive.end(manifest)
    return {"files": archive.files, "bytes": archive.bytes, "made_at": created_at}


def _copy_database(path: Path, copy: Path) -> None:
    """Copy the database as of one point in time, despite concurrent writers."""
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as copied:
        live.backup(copied, pages=-1)
        copied.execute("PRAGMA journal_mode=DELETE")


def _objects(root: Path) -> Iterator[Path]:
    """Every generation of every object; unfinished files are skipped.

    Packs come last: an original is deleted after the pack that contains it is stored, so the backup has one of them.
    """
    packs = root / INBOX / PACKS_FOLDER
    for bucket in sorted(root.glob("[!.]*")) if root.exists() else ():
        for folder in object_folders(bucket):
            if packs not in folder.parents:
                yield from _generations(folder)
    for folder in object_folders(packs):
        yield from _generations(folder)


def _generations(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError):  # deleted meanwhile
        return sorted(path for path in folder.iterdir() if FILE.fullmatch(path.name))
    return []


def _contracts(root: Path) -> Iterator[Path]:
    yield from sorted(path for path in root.glob("*") if path.is_file())
