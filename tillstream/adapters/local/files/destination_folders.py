"""Folders of this machine as destinations: of an export with its manifest, and of delivered files.

FOLDER/manifest.json
FOLDER/.drafts/0001                                 being written
FOLDER/fact_sales/month=2026-11/12-0f3a….parquet    published
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from filelock import FileLock, Timeout

from tillstream.adapters.local.durable_files import sync_file, sync_folder
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.ports.files import ExportDraft

DRAFTS, LOCK = ".drafts", ".lock"
DELTA_LOG = "_delta_log"
"""A folder in that of a table, if the export has Delta tables."""
DATA = re.compile(r"[a-z_]+/(month=[0-9]{4}-[0-9]{2}/)?[0-9]+-[0-9a-f]{12}\.parquet")
"""Names of data files; no others are removed."""


@dataclass
class _HashingFile:
    """A file that hashes and counts the bytes written to it."""

    stream: BinaryIO
    sha256: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    closed: bool = False

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        self.size += memoryview(data).nbytes
        return self.stream.write(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self.stream.flush()

    def seekable(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


@dataclass
class _OpenDraft:
    name: str
    hashing: _HashingFile

    @property
    def file(self) -> Any:
        return self.hashing

    def finished(self) -> ExportDraft:
        self.hashing.stream.close()
        return ExportDraft(self.name, self.hashing.size, self.hashing.sha256.hexdigest())


class LocalExportFolder:
    """manifest: the name of the manifest, which has the name of each data file in quotation marks."""

    def __init__(self, folder: Path, manifest: str) -> None:
        self._folder = folder.absolute()
        self._manifest = manifest

    @property
    def path(self) -> str:
        return str(self._folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._translated():
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / LOCK).open("ab").close()  # the lock library retries some errors for ever
        lock = FileLock(self._folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as exc:
            raise Rejected(f"Another export writes {self._folder}. Wait until it is finished.") from exc
        try:
            with self._translated():
                self._prepare()
            yield
        finally:
            shutil.rmtree(self._folder / DRAFTS, ignore_errors=True)
            lock.release()

    def _prepare(self) -> None:
        if not (self._folder / self._manifest).exists():
            others = [path.name for path in self._folder.iterdir() if path.name not in (LOCK, DRAFTS)]
            unpublished = all((self._folder / name).is_dir() and _has_data_only(self._folder / name) for name in others)
            if others and not unpublished:
                raise Rejected(f"{self._folder} has other files and no {self._manifest}. Choose an empty folder.")
        shutil.rmtree(self._folder / DRAFTS, ignore_errors=True)
        (self._folder / DRAFTS).mkdir()

    def read(self, name: str) -> bytes | None:
        with self._translated():
            path = self._folder / name
            return path.read_bytes() if path.exists() else None

    def size(self, name: str) -> int | None:
        with self._translated():
            path = self._folder / name
            return path.stat().st_size if path.is_file() else None

    @contextmanager
    def draft(self) -> Iterator[_OpenDraft]:
        name = f"{DRAFTS}/{uuid4().hex}"
        path = self._folder / name
        with self._translated(), path.open("wb") as stream:
            try:
                yield _OpenDraft(name, _HashingFile(stream))
            except BaseException:
                stream.close()
                path.unlink(missing_ok=True)
                raise

    def discard(self, draft: ExportDraft) -> None:
        with self._translated():
            (self._folder / draft.name).unlink(missing_ok=True)

    def publish(
        self,
        drafts: Mapping[str, ExportDraft],
        texts: Mapping[str, bytes],
        manifest: bytes,
        commit: Callable[[], None] = lambda: None,
    ) -> int:
        with self._translated():
            for draft in drafts.values():
                sync_file(self._folder / draft.name)
            for name, draft in drafts.items():
                (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self._folder / draft.name).replace(self._folder / name)
            for folder in {(self._folder / name).parent for name in drafts}:
                sync_folder(folder)
            commit()
            for name, content in texts.items():
                self._replace(name, content)
            self._replace(self._manifest, manifest)
            return self._remove_unlisted(manifest.decode())

    def _replace(self, name: str, content: bytes) -> None:
        path, draft = self._folder / name, self._folder / DRAFTS / uuid4().hex
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        sync_file(draft)
        draft.replace(path)
        sync_folder(path.parent)

    def _remove_unlisted(self, manifest: str) -> int:
        removed = 0
        for path in sorted(self._folder.rglob("*.parquet")):
            name = path.relative_to(self._folder).as_posix()
            if DATA.fullmatch(name) and f'"{name}"' not in manifest:
                path.unlink()
                removed += 1
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()
        return removed

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (PermissionError, NotADirectoryError, FileExistsError, FileNotFoundError) as error:
            raise Rejected(f"{self._folder} cannot be written: {error.strerror}.") from error
        except OSError as error:
            raise Unavailable(f"The export to {self._folder} failed: {error.strerror or error}.") from error


def _has_data_only(folder: Path) -> bool:
    """Whether everything in a folder is of an export that was interrupted before its first manifest."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return all(
        DATA.fullmatch(path.relative_to(folder.parent).as_posix())
        or folder.name == "statements"
        or path.is_relative_to(folder / DELTA_LOG)
        for path in files
    )


class DeliveryFolder:
    """The `FilePlace` of a folder, which is created if it does not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def path(self) -> str:
        return str(self._folder)

    def put(self, name: str, content: BinaryIO, *, overwrite: bool) -> None:
        with self._translated():
            self._folder.mkdir(parents=True, exist_ok=True)
            target, draft = self._folder / name, self._folder / f".{uuid4().hex}.part"
            if not overwrite and target.exists():
                raise Conflict(f"There is a file {name} in {self._folder}.")
            try:
                with draft.open("xb") as stream:
                    shutil.copyfileobj(content, stream, 1 << 20)
                sync_file(draft)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)
            sync_folder(self._folder)

    def digest(self, name: str) -> str:
        with self._translated():
            path = self._folder / name
            if not path.is_file():
                raise NotFound(f"There is no file {name} in {self._folder}.")
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()

    def close(self) -> None:
        """There is no connection to end."""

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError) as error:
            raise Rejected(f"{self._folder} cannot be written: {error.strerror}.") from error
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be written: {error.strerror or error}.") from error
