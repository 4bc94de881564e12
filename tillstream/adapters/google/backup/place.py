"""The folder of a bucket that holds a project's backup."""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Bucket, Client

from tillstream.adapters.google.backup.manifest import ObjectInfo, Original
from tillstream.adapters.google.retries import RETRY, TRY, translate_errors
from tillstream.adapters.google.storage.object_store import CloudStorageObjectStore
from tillstream.domain.errors import Rejected

ADDRESS = re.compile(r"gs://(?P<bucket>[^/]+)/(?P<folder>[^*?'\"`\\\s]+?)/*")
LIST_FIELDS = "items(name,generation,size,crc32c),nextPageToken"
BACKUP = "backup"
WORKERS = 16
CHUNK = 4 << 20


class BackupFolder:
    """A backup folder. address: gs://BUCKET/FOLDER.

    Raises `Unavailable`, `NotFound`; `Rejected` for an invalid address.
    """

    def __init__(self, project: str, address: str) -> None:
        match = ADDRESS.fullmatch(address)
        if not match:
            raise Rejected(f"{address} is not a bucket folder. Use gs://BUCKET/FOLDER.")
        self.address = f"gs://{match['bucket']}/{match['folder']}"
        self._client, self._bucket, self._folder = Client(project), match["bucket"], match["folder"]
        self._objects = CloudStorageObjectStore(self._client, {BACKUP: match["bucket"]})

    def held(self) -> dict[str, ObjectInfo]:
        """Name below the folder → the object; the placeholder of the folder itself is skipped."""
        first = len(self._folder) + 1
        blobs = self._list(self._bucket, prefix=f"{self._folder}/")
        return {blob.name[first:]: ObjectInfo(int(blob.size or 0), blob.crc32c) for blob in blobs if blob.name[first:]}

    def versions(self, bucket: str) -> Iterator[Original]:
        """Every version of every object in a bucket."""
        for blob in self._list(bucket, versions=True):
            yield Original(blob.name, int(blob.generation), int(blob.size or 0), blob.crc32c)

    def open(self, name: str) -> BinaryIO:
        return self._objects.open(BACKUP, self._name(name))

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write an object. Raises `Conflict` if the name exists."""
        with self._objects.writer(BACKUP, self._name(name), if_generation=0) as writer:
            for piece in _rechunk(pieces):
                writer.write(piece)

    def keep(self, bucket: str, originals: Iterable[Original], progress: Callable[[int], None]) -> list[Original]:
        """Copy these versions from a bucket, server-side; versions that were deleted meanwhile are skipped."""
        source, target = self._client.bucket(bucket), self._client.bucket(self._bucket)

        def copy(original: Original) -> Original | None:
            name = self._name(original.place)
            if _copy(source, original.name, original.generation, target, name) is None:
                return None
            progress(original.size)
            return original

        with ThreadPoolExecutor(WORKERS) as pool:
            return [copied for copied in pool.map(copy, originals) if copied]

    def give_back(
        self, bucket: str, originals: Iterable[tuple[Original, str]], progress: Callable[[int], None]
    ) -> dict[Original, int]:
        """Copy each original to a live name in a bucket unless the name exists; return their new generations."""
        source, target = self._client.bucket(self._bucket), self._client.bucket(bucket)

        def copy(pair: tuple[Original, str]) -> tuple[Original, int]:
            original, name = pair
            generation = _copy(source, self._name(original.place), None, target, name)
            if generation is None:
                raise Rejected(
                    f"{original.place} was removed from the backup during the restore. Restore again from another "
                    "backup."
                )
            progress(original.size)
            return original, generation

        with ThreadPoolExecutor(WORKERS) as pool:
            return dict(pool.map(copy, originals))

    def _name(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _list(self, bucket: str, **which: Any) -> Iterator[Any]:
        with translate_errors(f"The bucket {bucket}"):
            yield from self._client.list_blobs(bucket, fields=LIST_FIELDS, timeout=TRY, retry=RETRY, **which)


def _copy(source: Bucket, name: str, generation: int | None, target: Bucket, to: str) -> int | None:
    """The generation of the copy, or of the live object if there is one; None if the source does not exist."""
    blob, copy = source.blob(name, generation=generation), target.blob(to)
    with translate_errors(f"{target.name}/{to}"):
        if not blob.exists(timeout=TRY, retry=RETRY):
            return None
        try:
            token, more = None, True
            while more:
                token, _, _ = copy.rewrite(blob, token=token, if_generation_match=0, timeout=TRY, retry=RETRY)
                more = token is not None
        except PreconditionFailed:  # an earlier run, or an attempt whose response was lost
            copy.reload(timeout=TRY, retry=RETRY)
    return int(copy.generation)


def _rechunk(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger chunks."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        if len(buffer) >= CHUNK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)
