"""The folder of a bucket in which a backup of a project lies."""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Bucket, Client

from tillstream.adapters.google.backup.manifest import Kept, Original
from tillstream.adapters.google.retries import RETRY, TRY, ours
from tillstream.adapters.google.storage.object_store import CloudStorageObjectStore
from tillstream.domain.errors import Rejected

ADDRESS = re.compile(r"gs://(?P<bucket>[^/]+)/(?P<folder>[^*?'\"`\\\s]+?)/*")
LISTED = "items(name,generation,size,crc32c),nextPageToken"
BACKUP = "backup"
AT_ONCE = 16
CHUNK = 4 << 20


class Place:
    """address: gs://BUCKET/FOLDER. Its calls raise `Unavailable`, `NotFound`; `Rejected`: that is no such address."""

    def __init__(self, project: str, address: str) -> None:
        told = ADDRESS.fullmatch(address)
        if not told:
            raise Rejected(f"{address} is no folder of a bucket: say gs://BUCKET/FOLDER.")
        self.address = f"gs://{told['bucket']}/{told['folder']}"
        self._client, self._bucket, self._folder = Client(project), told["bucket"], told["folder"]
        self._objects = CloudStorageObjectStore(self._client, {BACKUP: told["bucket"]})

    def held(self) -> dict[str, Kept]:
        """Name below the folder → what Cloud Storage tells of the object; the folder's own placeholder is none."""
        first = len(self._folder) + 1
        found = self._listed(self._bucket, prefix=f"{self._folder}/")
        return {blob.name[first:]: Kept(int(blob.size or 0), blob.crc32c) for blob in found if blob.name[first:]}

    def versions(self, bucket: str) -> Iterator[Original]:
        """Every version of every object that a bucket keeps."""
        for blob in self._listed(bucket, versions=True):
            yield Original(blob.name, int(blob.generation), int(blob.size or 0), blob.crc32c)

    def open(self, name: str) -> BinaryIO:
        return self._objects.open(BACKUP, self._name(name))

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Raises `Conflict` where there is one of that name."""
        with self._objects.writer(BACKUP, self._name(name), if_generation=0) as writer:
            for piece in _gathered(pieces):
                writer.write(piece)

    def keep(self, bucket: str, originals: Iterable[Original], tell: Callable[[int], None]) -> list[Original]:
        """Copy these versions out of a bucket, within the service; those that are gone meanwhile are left out."""
        source, target = self._client.bucket(bucket), self._client.bucket(self._bucket)

        def copy(original: Original) -> Original | None:
            place = self._name(original.place)
            if _copied(source, original.name, original.generation, target, place) is None:
                return None
            tell(original.size)
            return original

        with ThreadPoolExecutor(AT_ONCE) as several:
            return [kept for kept in several.map(copy, originals) if kept]

    def give_back(
        self, bucket: str, originals: Iterable[tuple[Original, str]], tell: Callable[[int], None]
    ) -> dict[Original, int]:
        """Copy each into a bucket under its name there, unless one of that name lives; their generations now."""
        source, target = self._client.bucket(self._bucket), self._client.bucket(bucket)

        def copy(told: tuple[Original, str]) -> tuple[Original, int]:
            original, name = told
            generation = _copied(source, self._name(original.place), None, target, name)
            if generation is None:
                raise Rejected(f"{original.place} has left the backup meanwhile. Restore again from another one.")
            tell(original.size)
            return original, generation

        with ThreadPoolExecutor(AT_ONCE) as several:
            return dict(several.map(copy, originals))

    def _name(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _listed(self, bucket: str, **which: Any) -> Iterator[Any]:
        with ours(f"The bucket {bucket}"):
            yield from self._client.list_blobs(bucket, fields=LISTED, timeout=TRY, retry=RETRY, **which)


def _copied(source: Bucket, name: str, generation: int | None, target: Bucket, to: str) -> int | None:
    """The copy's generation, or that of what lives there already; None where the source is not there."""
    blob, copy = source.blob(name, generation=generation), target.blob(to)
    with ours(f"{target.name}/{to}"):
        if not blob.exists(timeout=TRY, retry=RETRY):
            return None
        try:
            token, more = None, True
            while more:
                token, _, _ = copy.rewrite(blob, token=token, if_generation_match=0, timeout=TRY, retry=RETRY)
                more = token is not None
        except PreconditionFailed:  # a run before this one, or a try whose answer was lost
            copy.reload(timeout=TRY, retry=RETRY)
    return int(copy.generation)


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in long pieces."""
    some = bytearray()
    for piece in pieces:
        some += piece
        if len(some) >= CHUNK:
            yield bytes(some)
            some.clear()
    if some:
        yield bytes(some)
