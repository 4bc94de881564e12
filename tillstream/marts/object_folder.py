"""An export in a bucket: data files have names that change with their content, and the manifest is replaced last."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import BinaryIO, cast

from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports.files import ExportDraft
from tillstream.ports.objects import BucketObjects, StoredObject

DATA = re.compile(r"[a-z_]+/(month=[0-9]{4}-[0-9]{2}/)?[0-9]+-[0-9a-f]{12}\.parquet")
"""Names of data files; no others are removed."""
STATEMENTS = "statements/"
UNPUBLISHED = timedelta(days=1)
"""After this time, a data file that no manifest lists is of an interrupted export."""
CHUNK = 1 << 20


@dataclass
class _OpenDraft:
    path: Path
    file: BinaryIO

    def finished(self) -> ExportDraft:
        self.file.close()
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return ExportDraft(self.path.name, self.path.stat().st_size, digest)


class ObjectExportFolder:
    """The `ExportFolder` of objects whose names begin with a prefix. Drafts are on the disk of this machine.

    There is no lock: an export is rejected at its end if another one has replaced the manifest meanwhile.
    """

    def __init__(
        self, objects: BucketObjects, bucket: str, prefix: str, manifest: str, now: Callable[[], datetime]
    ) -> None:
        self._objects, self._bucket, self._manifest, self._now = objects, bucket, manifest, now
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._drafts = Path()
        self._generation = 0

    @property
    def path(self) -> str:
        return f"{self._bucket}/{self._prefix}".rstrip("/")

    @contextmanager
    def locked(self) -> Iterator[None]:
        stored = self._stat(self._manifest)
        self._generation = stored.generation if stored else 0
        if not stored:
            for name, _ in self._listed():
                if not DATA.fullmatch(name) and not name.startswith(STATEMENTS):
                    raise Rejected(f"{self.path} has other objects and no {self._manifest}. Choose an empty folder.")
        with TemporaryDirectory(prefix="tillstream-export-") as drafts:
            self._drafts = Path(drafts)
            yield

    def read(self, name: str) -> bytes | None:
        try:
            with self._objects.open(self._bucket, self._prefix + name) as file:
                return file.read()
        except NotFound:
            return None

    def size(self, name: str) -> int | None:
        stored = self._stat(name)
        return stored.size if stored else None

    @contextmanager
    def draft(self) -> Iterator[_OpenDraft]:
        with NamedTemporaryFile(dir=self._drafts, delete=False) as file:
            yield _OpenDraft(Path(file.name), cast("BinaryIO", file))

    def discard(self, draft: ExportDraft) -> None:
        (self._drafts / draft.name).unlink(missing_ok=True)

    def publish(
        self,
        drafts: Mapping[str, ExportDraft],
        texts: Mapping[str, bytes],
        manifest: bytes,
        commit: Callable[[], None] = lambda: None,
    ) -> int:
        before = self.read(self._manifest) or b""
        for name, draft in drafts.items():
            with (self._drafts / draft.name).open("rb") as file:
                self._write(name, iter(partial(file.read, CHUNK), b""))
        commit()
        for name, content in texts.items():
            self._write(name, [content])
        try:
            self._write(self._manifest, [manifest], self._generation)
        except Conflict as error:
            raise Rejected(f"Another export has written {self.path} meanwhile. Repeat this one.") from error
        return self._remove_unlisted(before.decode(), manifest.decode())

    def _remove_unlisted(self, before: str, manifest: str) -> int:
        """Files of another export that runs now are in neither manifest, and stay."""
        oldest = int((self._now() - UNPUBLISHED).timestamp() * 1_000_000)
        removed = 0
        for name, stored in list(self._listed()):
            is_old = f'"{name}"' in before or stored.generation < oldest
            if DATA.fullmatch(name) and f'"{name}"' not in manifest and is_old:
                self._objects.delete(self._bucket, stored.name)
                removed += 1
        return removed

    def _listed(self) -> Iterator[tuple[str, StoredObject]]:
        for stored in self._objects.list(self._bucket, self._prefix):
            yield stored.name.removeprefix(self._prefix), stored

    def _stat(self, name: str) -> StoredObject | None:
        try:
            return self._objects.stat(self._bucket, self._prefix + name)
        except NotFound:
            return None

    def _write(self, name: str, pieces: Iterable[bytes], if_generation: int | None = None) -> None:
        with self._objects.writer(self._bucket, self._prefix + name, if_generation=if_generation) as writer:
            for piece in pieces:
                writer.write(piece)
