"""Objects as folders of immutable files, one file per generation.

    ROOT/inbox/!i!n/sales.csv@/1759301234567890-sales.csv     object IN/sales.csv of bucket inbox
    ROOT/inbox/!i!n/sales.csv@/1759301299999999.gone          ... which was deleted later

The greatest generation of a folder is the live one. All renames hold one lock of the store.
"""

import io
import os
import re
import secrets
import shutil
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from filelock import FileLock

from tillstream.adapters.local.clock import (
    EPOCH,
    LEAP,
    MICROSECOND,
    SequenceNumbers,
    finding_of_clock_ahead,
    findings_of_clock_behind,
    numbers_from_stored,
    tick_of,
)
from tillstream.adapters.local.durable_files import sync_file, sync_folder
from tillstream.adapters.local.files.object_files import (
    Generation,
    bucket_path,
    folder_path,
    live_generation,
    make_folder,
    object_folders,
    object_generations,
    object_name,
    object_path,
    prune_folders,
    sweep_abandoned,
    translate_file_errors,
)
from tillstream.model.errors import Conflict, NotFound, Unavailable
from tillstream.ports.files import FileFinding
from tillstream.ports.machine import Clock
from tillstream.ports.objects import StoredObject

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

GENERATION_FILE = ".generation"
_FORM = re.compile(rb"([0-9]{20}) ([0-9]{20}) ([0-9]{20}) ([0-9a-f]{8})\n")
_EARLIER = re.compile(rb"[0-9]{20}")

LOCK_SECONDS = 30.0
ATTEMPTS = 8
COPY_BYTES = 1 << 20
"""Bytes per chunk."""
SYNC_BYTES = 16 << 20
"""Bytes after which a file that is being written is synced for the first time, and again."""


class GenerationFile:
    """stored: returns every generation in the store. Call each method with the lock of the store."""

    def __init__(self, root: Path, clock: Clock, stored: Callable[[], Iterable[int]]) -> None:
        self._path, self._clock, self._stored = root / GENERATION_FILE, clock, stored
        self._findings: list[FileFinding] = []

    def next(self) -> int:
        """A generation greater than all before, unless these came from a clock that was ahead."""
        now = tick_of(self._clock)
        before = self._read(now)
        numbers, ahead = before.following(now)
        if ahead:
            self._findings.append(finding_of_clock_ahead(GENERATION_FILE, "files", ahead))
        self._write(numbers)
        return numbers.last

    def create(self) -> None:
        """Write the file of a store whose objects were copied without it."""
        self._write(numbers_from_stored(list(self._stored()), self._now()))

    def check(self) -> list[FileFinding]:
        """Read the file, and compare it with the clock; return what was found since the last call."""
        now = self._now()
        numbers = self._read(now)
        if numbers.is_ahead(now):
            numbers, ahead = numbers.following(now)
            self._write(numbers)
            self._findings += [finding_of_clock_ahead(GENERATION_FILE, "files", ahead)] if ahead else []
        noticed, self._findings = self._findings, []
        return noticed + findings_of_clock_behind(numbers.last, now)

    def _now(self) -> int:
        return (self._clock.now() - EPOCH) // MICROSECOND

    def _read(self, now: int) -> SequenceNumbers:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            content = b""
        if (match := _FORM.fullmatch(content)) and int(match[4], 16) == zlib.crc32(content[:62]):
            return SequenceNumbers(*(int(match[group]) for group in (1, 2, 3)))
        if _EARLIER.fullmatch(content) and int(content) <= now + LEAP:
            return SequenceNumbers(int(content))
        stored = list(self._stored())
        numbers = numbers_from_stored(stored, now)
        is_right = _EARLIER.fullmatch(content) and int(content) == numbers.last
        if (stored or content) and not is_right:
            self._findings.append(
                FileFinding(
                    GENERATION_FILE,
                    f"objects/{GENERATION_FILE} was missing or damaged and is written again from the stored files.",
                )
            )
        self._write(numbers)
        return numbers

    def _write(self, numbers: SequenceNumbers) -> None:
        # Overwritten at a fixed width: a killed process leaves either the old number or the new.
        text = b"%020d %020d %020d" % (numbers.last, numbers.before, numbers.after)
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", 0) as file:
            file.write(b"%b %08x\n" % (text, zlib.crc32(text)))
            file.truncate()


class FileWriter(io.BufferedWriter):
    """A binary file that translates disk errors; usable as the sink of a Parquet writer.

    A large file is also synced while it is written, in a thread, so that the sync at its end has little left to wait
    for. An error of such a sync is raised by `close`: the system reports it only once.
    """

    stored: StoredObject | None = None
    _unsynced = 0
    _sync: threading.Thread | None = None
    _sync_error: OSError | None = None

    def write(self, data: "ReadableBuffer", /) -> int:
        with translate_file_errors():
            written = super().write(data)
        self._unsynced += written
        if self._unsynced >= SYNC_BYTES and not (self._sync and self._sync.is_alive()):
            self._unsynced = 0
            self._sync = threading.Thread(target=self._sync_early)
            self._sync.start()
        return written

    def _sync_early(self) -> None:
        try:
            os.fsync(self.fileno())
        except OSError as error:
            self._sync_error = self._sync_error or error

    def close(self) -> None:
        if self._sync:
            self._sync.join()  # it uses the open file
        with translate_file_errors():
            super().close()
            if self._sync_error:
                raise self._sync_error


class FolderObjectStore:
    """Objects in a folder. on_finalized: called after each write, once the object is visible and unlocked.

    read_only: the folder cannot be written.
    """

    keeps_checksums = False
    upload_origin = ""

    def __init__(
        self,
        root: Path,
        clock: Clock,
        on_finalized: Callable[[StoredObject], None] | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        self._root = root.absolute()
        self._clock = clock
        self._on_finalized = on_finalized
        self._temporary = self._root / ".tmp"
        self._lock = FileLock(self._root / ".lock", timeout=LOCK_SECONDS, poll_interval=0.002, thread_local=False)
        self._thread_lock = threading.Lock()
        self._numbers = GenerationFile(self._root, clock, self._stored)
        if read_only:
            return
        with translate_file_errors():
            self._temporary.mkdir(parents=True, exist_ok=True)
            sweep_abandoned(self._temporary)

    def check(self) -> list[FileFinding]:
        """Check the file of the last generation, and repair it. Raises `Unavailable`."""
        with translate_file_errors(), self._thread_lock, self._lock:
            return self._numbers.check()

    def has_bucket(self, bucket: str) -> bool:  # noqa: ARG002 - a bucket is a folder, which its first object creates
        return True

    @contextmanager
    def writer(self, bucket: str, name: str, *, if_generation: int | None = None) -> Iterator[FileWriter]:
        folder = self._folder(bucket, name)
        temporary = self._temporary / secrets.token_hex(16)
        with translate_file_errors():
            _check_generation(live_generation(folder), if_generation, name)
            stream = FileWriter(temporary.open("xb", buffering=0))
        try:
            with stream:
                yield stream
            with translate_file_errors():
                sync_file(temporary)
                size = temporary.stat().st_size
                with self._change(folder) as number:
                    _check_generation(live_generation(folder), if_generation, name)
                    make_folder(folder)
                    temporary.replace(folder / f"{number}-{folder.name[-41:-1]}")
                    sync_folder(folder)
        finally:
            temporary.unlink(missing_ok=True)
        stream.stored = StoredObject(bucket, name, number, size)
        if self._on_finalized:
            self._on_finalized(stream.stored)

    def open(self, bucket: str, name: str, generation: int | None = None) -> BinaryIO:
        for _ in range(ATTEMPTS):
            path = self._generation(bucket, name, generation).path
            try:
                return path.open("rb")
            except FileNotFoundError:
                continue  # deleted meanwhile: another generation may have replaced it
            except OSError as exc:
                raise Unavailable(f"{bucket}/{name} cannot be read: {exc}.") from exc
        raise Unavailable(f"{bucket}/{name} is replaced too often to be read.")

    def stat(self, bucket: str, name: str) -> StoredObject:
        with self.open(bucket, name) as stream, translate_file_errors():
            number = int(Path(stream.name).name.partition("-")[0])
            return StoredObject(bucket, name, number, os.fstat(stream.fileno()).st_size)

    def list(self, bucket: str, prefix: str = "", *, start: str = "", end: str = "") -> Iterator[StoredObject]:
        base = self._root / bucket_path(bucket)
        shared = os.path.commonprefix([start, end])  # noqa: RUF071 - of names, which are no paths
        with translate_file_errors():
            folders = list(object_folders(base / folder_path(max(prefix, shared, key=len))))
        for name in sorted(object_name(PurePosixPath(folder.relative_to(base).as_posix())) for folder in folders):
            if name.startswith(prefix) and start <= name and (not end or name < end):
                with suppress(NotFound):
                    yield self.stat(bucket, name)

    def delete(self, bucket: str, name: str, *, if_generation: int | None = None) -> None:
        """Deletes the content of the live generation; older ones stay readable by number."""
        folder = self._folder(bucket, name)
        with translate_file_errors(), self._change(folder) as number:
            live = live_generation(folder)
            _check_generation(live, if_generation, name)
            if live is None:
                return
            if len(object_generations(folder)) > 1:
                (folder / f"{number}.gone").touch()
                sync_folder(folder)
            live.path.unlink()
            sync_folder(folder)
            prune_folders(folder, self._root)

    def uri(self, bucket: str, name: str, generation: int | None = None) -> str:
        """An absolute path, which DuckDB reads as is, whatever the object's name."""
        return str(self._generation(bucket, name, generation).path)

    def copy(
        self,
        bucket: str,
        name: str,
        to_bucket: str,
        to_name: str,
        *,
        generation: int | None = None,
        if_generation: int | None = None,
    ) -> StoredObject:
        with (
            self.open(bucket, name, generation) as stream,
            self.writer(to_bucket, to_name, if_generation=if_generation) as writer,
        ):
            shutil.copyfileobj(stream, writer, COPY_BYTES)
        return cast("StoredObject", writer.stored)

    def start_upload_session(self, bucket: str, name: str, *, size: int, origin: str) -> str:  # noqa: ARG002 - bytes pass through us
        return ""

    def cancel_upload_session(self, address: str) -> None:
        """Does nothing: there are no sessions."""

    def _folder(self, bucket: str, name: str) -> Path:
        return self._root / bucket_path(bucket) / object_path(name)

    def _generation(self, bucket: str, name: str, number: int | None) -> Generation:
        with translate_file_errors():
            stored = object_generations(self._folder(bucket, name))
        wanted = stored[-1:] if number is None else [generation for generation in stored if generation.number == number]
        if not wanted or wanted[0].is_deleted:
            raise NotFound(f"There is no {bucket}/{name}" + (f" of generation {number}." if number else "."))
        return wanted[0]

    @contextmanager
    def _change(self, folder: Path) -> Iterator[int]:
        """Hold the lock for renames; yields a generation greater than all of the folder, across processes."""
        with self._thread_lock, self._lock:
            number = self._numbers.next()
            yield max(number, *(each.number + 1 for each in object_generations(folder)[-1:]), 0)

    def _stored(self) -> Iterator[int]:
        for folder in object_folders(self._root):
            yield from (each.number for each in object_generations(folder))


def _check_generation(live: Generation | None, if_generation: int | None, name: str) -> None:
    number = live.number if live else 0
    if if_generation is not None and number != if_generation:
        raise Conflict(f"{name} is at generation {number or 'none'}, not {if_generation or 'none'}.")
