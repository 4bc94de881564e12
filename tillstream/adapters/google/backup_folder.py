"""The folder of a bucket that holds a project's backup, and its manifest: a folder without one is not a backup.

The backup also contains `documents.jsonl`, `tables/TABLE/*.parquet`, `originals.jsonl`, and
`originals/GENERATION/NAME`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, NamedTuple

from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Bucket, Client

from tillstream.adapters.google.api_retries import RETRY, TIMEOUT, translate_errors
from tillstream.adapters.google.object_store import CloudStorageObjectStore
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.tables.warehouse_tables import SCHEMA

MANIFEST_FORMAT = 1
MANIFEST, DOCUMENTS, ORIGINALS_LIST, TABLES, ORIGINALS = (
    "manifest.json",
    "documents.jsonl",
    "originals.jsonl",
    "tables",
    "originals",
)

ADDRESS = re.compile(r"gs://(?P<bucket>[^/]+)/(?P<folder>[^*?'\"`\\\s]+?)/*")
LIST_FIELDS = "items(name,generation,size,crc32c),nextPageToken"
BACKUP = "backup"
WORKERS = 16
CHUNK = 4 << 20


class ObjectInfo(NamedTuple):
    """Size and checksum of an object; the checksum is base64, as in Cloud Storage."""

    size: int
    crc32c: str


class TableInfo(NamedTuple):
    rows: int
    columns: list[str]


class OriginalObject(NamedTuple):
    """A version of an object of the inbox."""

    name: str
    generation: int
    size: int
    crc32c: str

    @property
    def place(self) -> str:
        """Its name in the backup."""
        return f"{ORIGINALS}/{self.generation}/{self.name}"


@dataclass(frozen=True)
class BackupManifest:
    """The content of a backup. parts: every object except the originals, which one of the parts lists."""

    made_at: str
    project: str
    dataset: str
    tillstream: str
    documents: int
    tables: Mapping[str, TableInfo]
    originals: int
    size: int
    """Bytes of the whole backup, without this object."""
    parts: Mapping[str, ObjectInfo]
    format: int = MANIFEST_FORMAT
    schema: int = SCHEMA

    def objects_of(self, table: str) -> list[str]:
        return sorted(name for name in self.parts if name.startswith(f"{TABLES}/{table}/"))

    def written(self) -> bytes:
        fields = asdict(self)
        return json.dumps(fields | {"sha256": _manifest_digest(fields)}, indent=1).encode()


def read_manifest(content: bytes) -> BackupManifest:
    """Parse a manifest. Raises `Rejected` if it is damaged or from another version of Tillstream."""
    try:
        fields: JsonObject = json.loads(content)
        if fields["format"] > MANIFEST_FORMAT or fields["schema"] > SCHEMA:
            raise Rejected("The backup was made by a newer Tillstream. Restore it with that version.")
        if fields["schema"] < SCHEMA:
            raise Rejected(
                f"The backup was made by Tillstream {fields['tillstream']}, which has different tables. Restore it "
                "with that version, then deploy this one."
            )
        if fields.pop("sha256") != _manifest_digest(fields):
            raise Rejected(f"{MANIFEST} has changed since it was written. Use another backup.")
        tables = {name: TableInfo(*table) for name, table in fields.pop("tables").items()}
        parts = {name: ObjectInfo(*info) for name, info in fields.pop("parts").items()}
        return BackupManifest(**fields, tables=tables, parts=parts)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Rejected(f"{MANIFEST} is damaged and the backup cannot be read. Use another backup.") from error


def parse_originals(lines: Iterable[bytes]) -> list[OriginalObject]:
    """Parse the list of originals. Raises `Rejected`."""
    try:
        return [OriginalObject(**json.loads(line)) for line in lines]
    except (ValueError, TypeError) as error:
        raise Rejected(f"{ORIGINALS_LIST} is damaged. Use another backup.") from error


def check_backup(manifest: BackupManifest, listed: Iterable[OriginalObject], stored: Mapping[str, ObjectInfo]) -> None:
    """Check that every object of the backup exists unchanged. Raises `Rejected`.

    stored: name in the backup → the object.
    """
    expected = dict(manifest.parts)
    for original in listed:
        expected[original.place] = ObjectInfo(original.size, original.crc32c)
    if len(expected) != len(manifest.parts) + manifest.originals:
        raise Rejected(f"{ORIGINALS_LIST} does not list {manifest.originals} originals. Use another backup.")
    for name, info in expected.items():
        if name not in stored:
            raise Rejected(f"{name} is missing from the backup. Nothing was changed; use another backup.")
        if stored[name] != info:
            raise Rejected(
                f"{name} in the backup has changed since it was written. Nothing was changed; use another backup."
            )


def _manifest_digest(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


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

    def versions(self, bucket: str) -> Iterator[OriginalObject]:
        """Every version of every object in a bucket."""
        for blob in self._list(bucket, versions=True):
            yield OriginalObject(blob.name, int(blob.generation), int(blob.size or 0), blob.crc32c)

    def open(self, name: str) -> BinaryIO:
        return self._objects.open(BACKUP, self._name(name))

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write an object. Raises `Conflict` if the name exists."""
        with self._objects.writer(BACKUP, self._name(name), if_generation=0) as writer:
            for piece in _rechunk(pieces):
                writer.write(piece)

    def keep(
        self, bucket: str, originals: Iterable[OriginalObject], progress: Callable[[int], None]
    ) -> list[OriginalObject]:
        """Copy these versions from a bucket, server-side; versions that were deleted meanwhile are skipped."""
        source, target = self._client.bucket(bucket), self._client.bucket(self._bucket)

        def copy(original: OriginalObject) -> OriginalObject | None:
            name = self._name(original.place)
            if _copy(source, original.name, original.generation, target, name) is None:
                return None
            progress(original.size)
            return original

        with ThreadPoolExecutor(WORKERS) as pool:
            return [copied for copied in pool.map(copy, originals) if copied]

    def give_back(
        self, bucket: str, originals: Iterable[tuple[OriginalObject, str]], progress: Callable[[int], None]
    ) -> dict[OriginalObject, int]:
        """Copy each original to a live name in a bucket unless the name exists; return their new generations."""
        source, target = self._client.bucket(self._bucket), self._client.bucket(bucket)

        def copy(pair: tuple[OriginalObject, str]) -> tuple[OriginalObject, int]:
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
            yield from self._client.list_blobs(bucket, fields=LIST_FIELDS, timeout=TIMEOUT, retry=RETRY, **which)


def _copy(source: Bucket, name: str, generation: int | None, target: Bucket, to: str) -> int | None:
    """The generation of the copy, or of the live object if there is one; None if the source does not exist."""
    blob, copy = source.blob(name, generation=generation), target.blob(to)
    with translate_errors(f"{target.name}/{to}"):
        if not blob.exists(timeout=TIMEOUT, retry=RETRY):
            return None
        try:
            token, more = None, True
            while more:
                token, _, _ = copy.rewrite(blob, token=token, if_generation_match=0, timeout=TIMEOUT, retry=RETRY)
                more = token is not None
        except PreconditionFailed:  # an earlier run, or an attempt whose response was lost
            copy.reload(timeout=TIMEOUT, retry=RETRY)
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
