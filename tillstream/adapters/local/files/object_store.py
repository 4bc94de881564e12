"""Objects as folders of immutable files, one file per generation.

    ROOT/inbox/!i!n/sales.csv@/1759301234567890-sales.csv     object IN/sales.csv of bucket inbox
    ROOT/inbox/!i!n/sales.csv@/1759301299999999.gone          ... which was deleted later

The greatest generation of a folder is the live one. All renames hold one lock of the store.
"""

import io
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from filelock import FileLock

from tillstream.adapters.local.durable import sync_file, sync_folder
from tillstream.adapters.local.files.generation_file import GenerationFile
from tillstream.adapters.local.files.object_files import (
    Generation,
    generations,
    live_generation,
    make_folder,
    object_folders,
    prune,
    sweep,
    translate_errors,
)
from tillstream.adapters.local.files.object_names import bucket_path, folder_path, object_name, object_path
from tillstream.domain.errors import Conflict, NotFound, Unavailable
from tillstream.ports.clock import Clock
from tillstream.ports.finding import Finding
from tillstream.ports.object_store import StoredObject

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LOCK_SECONDS = 30.0
ATTEMPTS = 8
COPY_BYTES = 1 << 20
"""Bytes per chunk."""
SYNC_BYTES = 16 << 20
"""Bytes after which a file that is being written is synced for the first time, and again."""


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
        with translate_errors():
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
        with translate_errors():
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
        with translate_errors():
            self._temporary.mkdir(parents=True, exist_ok=True)
            sweep(self._temporary)

    def check(self) -> list[Finding]:
        """Check the file of the last generation, and repair it. Raises `Unavailable`."""
        with translate_errors(), self._thread_lock, self._lock:
            return self._numbers.check()

    def has_bucket(self, bucket: str) -> bool:  # noqa: ARG002 - a bucket is a folder, which its first object creates
        return True

    @contextmanager
    def writer(self, bucket: str, name: str, *, if_generation: int | None = None) -> Iterator[FileWriter]:
        folder = self._folder(bucket, name)
        temporary = self._temporary / secrets.token_hex(16)
        with translate_errors():
            _check_generation(live_generation(folder), if_generation, name)
            stream = FileWriter(temporary.open("xb", buffering=0))
        try:
            with stream:
                yield stream
            with translate_errors():
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
        with self.open(bucket, name) as stream, translate_errors():
            number = int(Path(stream.name).name.partition("-")[0])
            return StoredObject(bucket, name, number, os.fstat(stream.fileno()).st_size)

    def list(self, bucket: str, prefix: str = "", *, start: str = "", end: str = "") -> Iterator[StoredObject]:
        base = self._root / bucket_path(bucket)
        shared = os.path.commonprefix([start, end])  # noqa: RUF071 - of names, which are no paths
        with translate_errors():
            folders = list(object_folders(base / folder_path(max(prefix, shared, key=len))))
        for name in sorted(object_name(PurePosixPath(folder.relative_to(base).as_posix())) for folder in folders):
            if name.startswith(prefix) and start <= name and (not end or name < end):
                with suppress(NotFound):
                    yield self.stat(bucket, name)

    def delete(self, bucket: str, name: str, *, if_generation: int | None = None) -> None:
        """Deletes the content of the live generation; older ones stay readable by number."""
        folder = self._folder(bucket, name)
        with translate_errors(), self._change(folder) as number:
            live = live_generation(folder)
            _check_generation(live, if_generation, name)
            if live is None:
                return
            if len(generations(folder)) > 1:
                (folder / f"{number}.gone").touch()
                sync_folder(folder)
            live.path.unlink()
            sync_folder(folder)
            prune(folder, self._root)

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
        with translate_errors():
            stored = generations(self._folder(bucket, name))
        wanted = stored[-1:] if number is None else [generation for generation in stored if generation.number == number]
        if not wanted or wanted[0].is_deleted:
            raise NotFound(f"There is no {bucket}/{name}" + (f" of generation {number}." if number else "."))
        return wanted[0]

    @contextmanager
    def _change(self, folder: Path) -> Iterator[int]:
        """Hold the lock for renames; yields a generation greater than all of the folder, across processes."""
        with self._thread_lock, self._lock:
            number = self._numbers.next()
            yield max(number, *(each.number + 1 for each in generations(folder)[-1:]), 0)

    def _stored(self) -> Iterator[int]:
        for folder in object_folders(self._root):
            yield from (each.number for each in generations(folder))


def _check_generation(live: Generation | None, if_generation: int | None, name: str) -> None:
    number = live.number if live else 0
    if if_generation is not None and number != if_generation:
        raise Conflict(f"{name} is at generation {number or 'none'}, not {if_generation or 'none'}.")
