"""A consistent archive of everything local, written while the owner keeps working, and its verification.

The archive is a tar of plain files: `backup.json` describes it, and `manifest.jsonl`, the last file, has the size and
SHA-256 of each. The parts are copied in an order in which a later one repairs an earlier one: the queue (its events may
be handled again), the documents (a sweep updates them from the warehouse), the warehouse (one snapshot), the objects
(they are immutable).
"""

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, BinaryIO, TypedDict

from tillstream.adapters.local.durable_files import sync_file, sync_folder
from tillstream.adapters.local.files.object_files import GENERATION_NAME, object_folders
from tillstream.model.document_json import ActionFacts
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.events import INBOX
from tillstream.model.object_names import PACKS_FOLDER
from tillstream.model.tables.warehouse_tables import SCHEMA

ARCHIVE_FORMAT = 1
ARCHIVE_HEAD, ARCHIVE_MANIFEST = "backup.json", "manifest.jsonl"
READ_BYTES = 1 << 20

DATABASES = ("queue.sqlite", "documents.sqlite")
WAREHOUSE, OBJECTS, CONTRACTS = "warehouse.duckdb", "objects", "contracts"
SCRATCH = "backup.tmp"
Progress = Callable[[int], None]
_LOCK = threading.Lock()


class BackupHead(TypedDict):
    """The first file of an archive: versions of its form, of the warehouse and of the program, and when it was made."""

    format: int
    schema: int
    tillstream: str
    made_at: str


@dataclass
class HashingStream:
    """A stream that hashes and counts its bytes as they are read."""

    stream: IO[bytes]
    sha256: Any = field(default_factory=hashlib.sha256)
    size: int = 0

    def read(self, most: int = -1) -> bytes:
        data = self.stream.read(READ_BYTES if most < 0 else most)
        self.sha256.update(data)
        self.size += len(data)
        return data


class DamagedArchive(Rejected):
    """Files of an archive have changed since it was written. names: of these. head: of the archive."""

    def __init__(self, names: Sequence[str], head: BackupHead) -> None:
        listed = "".join(f"\n  {name}" for name in names)
        super().__init__(
            f"{len(names):,} {'file' if len(names) == 1 else 'files'} in the archive changed since it was written. "
            f"Use another backup, or restore the rest with --without-damaged.{listed}"
        )
        self.names, self.head = tuple(names), head


def check_archive(
    stream: BinaryIO, each: Callable[[str, HashingStream], None] | None = None
) -> tuple[BackupHead, int, int]:
    """Read the whole archive and verify it; return its header, number of files and bytes.

    each: receives every file as it is read, before it is verified. Raises `Rejected`, and `DamagedArchive` when all
    was read.
    """
    head: BackupHead | None = None
    files = size = 0
    lines: list[str] = []
    manifest: bytes | None = None
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                tar.members = []  # type: ignore[attr-defined]
                content = tar.extractfile(member)
                if content is None or manifest is not None:
                    raise Rejected(
                        f"The archive contains {member.name}, which is not part of a backup. Nothing was restored."
                    )
                if not head:
                    head = _head(member.name, content)
                    continue
                if member.name == ARCHIVE_MANIFEST:
                    manifest = content.read()
                    continue
                digest = HashingStream(content)
                if each:
                    each(member.name, digest)
                while digest.read(READ_BYTES):
                    pass
                lines.append(manifest_line(member.name, digest))
                files, size = files + 1, size + digest.size
    except (tarfile.TarError, EOFError, UnicodeDecodeError, ValueError) as exc:
        raise Rejected(f"The archive is damaged or cut off ({exc}), or is not a Tillstream backup.") from exc
    if manifest is None or head is None:
        raise Rejected("The archive is cut off: its list of files is missing. Use another backup.")
    if changed := _changed(lines, manifest):
        raise DamagedArchive(changed, head)
    return head, files, size


def _changed(lines: Sequence[str], manifest: bytes) -> list[str]:
    """The names of the files whose lines differ from those of the manifest. Raises `Rejected` if it is damaged too."""
    if manifest == "".join(lines).encode():
        return []
    try:
        recorded = {json.loads(line)["name"]: line for line in manifest.decode().splitlines(keepends=True)}
    except (ValueError, LookupError, TypeError) as exc:
        raise Rejected("The list of files in the archive is damaged. Use another backup.") from exc
    read = {json.loads(line)["name"]: line for line in lines}
    return sorted(name for name in {*recorded, *read} if recorded.get(name) != read.get(name))


def manifest_line(name: str, digest: HashingStream) -> str:
    return json.dumps({"name": name, "size": digest.size, "sha256": digest.sha256.hexdigest()}) + "\n"


def _head(name: str, content: IO[bytes]) -> BackupHead:
    if name != ARCHIVE_HEAD:
        raise Rejected("This is not a Tillstream backup.")
    try:
        head: BackupHead = json.loads(content.read(READ_BYTES))
        newer = head["format"] > ARCHIVE_FORMAT or head["schema"] > SCHEMA
    except (ValueError, LookupError, TypeError) as exc:
        raise Rejected("The archive is damaged and cannot be read. Use another backup.") from exc
    if newer:
        raise Rejected("The backup was made by a newer Tillstream. Restore it with that version.")
    return head


class _Archive:
    """A tar that is being written, and its manifest; neither grows in memory."""

    def __init__(self, out: BinaryIO, manifest: IO[str], progress: Progress) -> None:
        self._tar = tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by `end`
        self._manifest = manifest
        self._progress = progress
        self.files = self.bytes = 0

    def add(self, name: str, path: Path) -> None:
        with path.open("rb") as stream:
            digest = HashingStream(stream)
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
            self._put(ARCHIVE_MANIFEST, manifest.stat().st_size, stream)
        self._tar.close()

    def _put(self, name: str, size: int, stream: Any) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, stream)
        self._tar.members = []  # type: ignore[attr-defined]  # otherwise every member stays in memory


def write_backup(
    home: Path, out: Path, copy_warehouse: Callable[[Path], None], created_at: str, progress: Progress = lambda _: None
) -> ActionFacts:
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
            check_archive(stream)
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
) -> ActionFacts:
    manifest = scratch / ARCHIVE_MANIFEST
    with manifest.open("w", encoding="utf-8", newline="\n") as lines:
        archive = _Archive(out, lines, progress)
        head = {"format": ARCHIVE_FORMAT, "schema": SCHEMA, "tillstream": version("tillstream"), "made_at": created_at}
        archive.put(ARCHIVE_HEAD, json.dumps(head).encode())
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
        return sorted(path for path in folder.iterdir() if GENERATION_NAME.fullmatch(path.name))
    return []


def _contracts(root: Path) -> Iterator[Path]:
    yield from sorted(path for path in root.glob("*") if path.is_file())
