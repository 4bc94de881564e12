"""Objects in Cloud Storage: read by ranges, uploaded in pieces, downloaded into local files.

The object becomes visible with its last piece. After a broken connection the service reports how many bytes it has, and
the upload resumes there; bytes are buffered until then.

The inbox must have versioning enabled, so that a generation stays readable after it is replaced. docs/cloud/uploads.md
lists the requirements of the buckets.
"""

import io
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import requests
from google.api_core.exceptions import Forbidden, from_http_response
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.storage import Blob, Client
from google_crc32c import Checksum

from tillstream.adapters.google.api_retries import NO_CREDENTIALS, RETRY, TIMEOUT, translate_errors
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.model.object_names import check_bucket_name, check_object_name
from tillstream.ports.objects import StoredObject

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DOWNLOADS_AT_ONCE = 8
FIRST_READ_BYTES, MAX_READ_BYTES = 256 << 10, 8 << 20
"""Bytes per request: few after a seek, then doubled for each sequential read."""
UPLOAD_PIECE_BYTES = 8 << 20
"""Bytes per request; a multiple of 256 KiB, as the service requires."""

NO_BUCKET = re.compile(r"\bbucket\b.*does not exist", re.IGNORECASE)
LIST_FIELDS = "items(name,generation,size),nextPageToken"
BUFFER = 128 << 10
OTHER = "gs://"
"""Start of the names of other buckets than those of the installation; the real name follows."""


class Downloads:
    """Downloads with the default credentials, or from an emulator if the environment names one."""

    def __init__(self, project: str) -> None:
        self._project = project

    @cached_property
    def _client(self) -> Client:
        return Client(self._project)

    def fetch(self, paths: Mapping[str, str]) -> None:
        """Download every object to its path. paths: address → path. Raises `NotFound`, `Unavailable`."""
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            for _ in pool.map(self._fetch, paths, paths.values()):
                pass

    def _fetch(self, address: str, path: str) -> None:
        with translate_errors(address):
            Blob.from_uri(address, self._client).download_to_filename(path, retry=RETRY, timeout=TIMEOUT)

    def close(self) -> None:
        if "_client" in vars(self):
            self._client.close()


class ObjectReader(io.RawIOBase):
    """A raw file pinned to one generation. Raises domain errors.

    A read from start to end is verified by checksum: a mismatch raises before the last bytes are returned.
    """

    def __init__(self, blob: Any, what: str) -> None:
        super().__init__()
        self._blob, self._what, self._size = blob, what, int(blob.size or 0)
        self._position = 0
        self._piece, self._piece_start = b"", 0
        self._read_size = FIRST_READ_BYTES
        self._checksum, self._checked = Checksum(), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise ValueError(f"There is no byte {at}.")
        self._position = at
        return at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self._position >= self._size or not len(view):
            return 0
        if not self._piece_start <= self._position < self._piece_start + len(self._piece):
            self._fetch()
        start = self._position - self._piece_start
        part = memoryview(self._piece)[start : start + len(view)]
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

    def _fetch(self) -> None:
        sequential = self._position == self._piece_start + len(self._piece)
        self._read_size = min(2 * self._read_size, MAX_READ_BYTES) if sequential else FIRST_READ_BYTES
        self._piece, self._piece_start = b"", self._position
        end = min(self._position + self._read_size, self._size)
        with translate_errors(self._what):
            # raw: without it the service would decompress gzip objects, and offsets would not match
            self._piece = self._blob.download_as_bytes(
                start=self._position,
                end=end - 1,
                raw_download=True,
                checksum=None,
                timeout=TIMEOUT,
                retry=RETRY,
            )
        if len(self._piece) != end - self._position:
            raise Unavailable(
                f"{self._what} was cut off at byte {self._position + len(self._piece):,} of {self._size:,}."
            )
        self._verify(end)

    def _verify(self, end: int) -> None:
        if not self._piece_start <= self._checked < end:
            return
        self._checksum.update(self._piece[self._checked - self._piece_start :])
        self._checked = end
        expected = self._blob.crc32c
        if end == self._size and expected and expected != b64encode(self._checksum.digest()).decode():
            self._piece = b""
            raise Unavailable(f"{self._what} does not match its stored checksum (crc32c).")


class ObjectUpload:
    """The writer of one object. address: of the session; it grants access without any other permission."""

    stored: StoredObject | None = None

    def __init__(self, http: requests.Session, address: str, bucket: str, name: str) -> None:
        self._http, self._address, self._bucket, self._name = http, address, bucket, name
        self._buffer = bytearray()
        self._committed = 0
        self._checksum = Checksum()
        self._resource: JsonObject = {}

    def write(self, data: bytes, /) -> int:
        view = memoryview(data).cast("B")
        self._checksum.update(bytes(view))
        self._buffer += view
        while len(self._buffer) > UPLOAD_PIECE_BYTES:  # the last piece is never empty, unless the object is
            self._send(UPLOAD_PIECE_BYTES)
        return view.nbytes

    def finish(self) -> StoredObject:
        """Complete the upload and verify the object. Raises `Conflict` if its precondition no longer holds."""
        size = self._committed + len(self._buffer)
        self._send(len(self._buffer), size)
        resource, expected = self._resource, self._digest()
        stored = StoredObject(self._bucket, self._name, int(resource["generation"]), int(resource.get("size", 0)))
        if resource.get("crc32c", expected) != expected or stored.size != size:
            raise Unavailable(f"{self._bucket}/{self._name} was stored differently from what was sent.")
        return stored

    def abandon(self) -> None:
        """Delete the session; if the service cannot be reached, it expires after a week."""
        with suppress(requests.RequestException):
            self._http.delete(self._address, timeout=TIMEOUT, headers={"Content-Length": "0"})

    def _send(self, length: int, size: int | None = None) -> None:
        """Send the next bytes. size: of the whole object, with its last bytes."""
        end, total = self._committed + length, "*" if size is None else str(size)
        interrupted = False

        def resume() -> None:
            nonlocal interrupted
            if interrupted:
                self._put(b"", f"bytes */{total}")
            interrupted = True
            while not self._resource and (self._committed < end or size == self._committed):
                piece = bytes(memoryview(self._buffer)[: end - self._committed])
                byte_range = f"{self._committed}-{end - 1}" if piece else "*"
                self._put(piece, f"bytes {byte_range}/{total}")

        with translate_errors(f"{self._bucket}/{self._name}"):
            RETRY(resume)()

    def _put(self, piece: bytes, byte_range: str) -> None:
        headers = {"Content-Range": byte_range, "Content-Type": "application/octet-stream"}
        if not byte_range.endswith("/*"):
            headers["X-Goog-Hash"] = f"crc32c={self._digest()}"
        response = self._http.put(self._address, data=piece, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        if response.status_code == HTTPStatus.PERMANENT_REDIRECT:
            self._drop_committed(response.headers.get("Range", ""))
        elif response.ok:
            self._resource = response.json()
        elif response.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise Unavailable(f"The upload of {self._bucket}/{self._name} was interrupted and starts again.")
        else:
            raise from_http_response(response)

    def _drop_committed(self, range_header: str) -> None:
        """Drop the bytes that the service has. range_header: such as `bytes=0-524287`; empty: it has none yet."""
        committed = int(range_header.rpartition("-")[2]) + 1 if range_header else 0
        if not self._committed <= committed <= self._committed + len(self._buffer):
            raise Unavailable(f"The upload of {self._bucket}/{self._name} lost bytes and starts again.")
        del self._buffer[: committed - self._committed]
        self._committed = committed

    def _digest(self) -> str:
        return b64encode(self._checksum.digest()).decode()


class CloudStorageObjectStore:
    """Objects in Cloud Storage. buckets: logical bucket → real bucket. Others are read by gs:// and their name."""

    keeps_checksums = True

    def __init__(self, client: Client, buckets: Mapping[str, str]) -> None:
        self._client, self._buckets = client, dict(buckets)
        self._http = requests.Session()
        self.upload_origin: str = client.api_endpoint.rstrip("/")

    def has_bucket(self, bucket: str) -> bool:
        return bucket in self._buckets

    @contextmanager
    def writer(self, bucket: str, name: str, *, if_generation: int | None = None) -> Iterator[ObjectUpload]:
        with self._existing(bucket, name, if_generation):
            address = self._start_session(bucket, name, if_generation=if_generation)
            upload = ObjectUpload(self._http, address, bucket, name)
            try:
                yield upload
                upload.stored = upload.finish()
            except BaseException:
                upload.abandon()
                raise

    def open(self, bucket: str, name: str, generation: int | None = None) -> BinaryIO:
        reader = ObjectReader(self._get_blob(bucket, name, generation), f"{bucket}/{name}")
        return cast("BinaryIO", io.BufferedReader(reader, BUFFER))

    def stat(self, bucket: str, name: str) -> StoredObject:
        return _stored(bucket, self._get_blob(bucket, name))

    def list(self, bucket: str, prefix: str = "", *, start: str = "", end: str = "") -> Iterator[StoredObject]:
        names = {"prefix": prefix, "start_offset": start or None, "end_offset": end or None}
        real = self._real_name(bucket)
        with self._errors(bucket):
            for blob in self._client.list_blobs(real, **names, fields=LIST_FIELDS, timeout=TIMEOUT, retry=RETRY):
                yield _stored(bucket, blob)

    def delete(self, bucket: str, name: str, *, if_generation: int | None = None) -> None:
        """Deletes the generation that is live now, so that a retry never deletes a later one."""
        try:
            blob = self._get_blob(bucket, name)
        except NotFound:
            blob = None
        live = int(blob.generation) if blob else 0
        if if_generation is not None and live != if_generation:
            raise Conflict(f"{name} is at generation {live or 'none'}, not {if_generation or 'none'}.")
        if not live:
            return
        try:
            with self._errors(bucket, name):
                self._blob(bucket, name).delete(if_generation_match=live, timeout=TIMEOUT, retry=RETRY)
        except NotFound:
            return  # an earlier attempt, whose response was lost
        except Conflict:
            if if_generation is not None:
                raise  # otherwise it was replaced, so this generation is gone

    def uri(self, bucket: str, name: str, generation: int | None = None) -> str:
        """BigQuery reads live objects only, and treats a star in an address as a wildcard."""
        live = int(self._get_blob(bucket, name).generation)
        if generation not in {None, live}:
            raise NotFound(
                f"{bucket}/{name} is at generation {live}; the warehouse cannot read generation {generation}."
            )
        if "*" in name:
            raise Rejected(f"{name} has an asterisk in its name, which BigQuery treats as a wildcard.")
        return f"gs://{self._real_name(bucket)}/{name}"

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
        """Server-side, in parts if the object is large."""
        source, target = self._get_blob(bucket, name, generation), self._blob(to_bucket, to_name)
        more, token = True, None
        while more:
            with self._existing(to_bucket, to_name, if_generation), self._errors(to_bucket, to_name):
                token, _, _ = target.rewrite(
                    source, token=token, if_generation_match=if_generation, timeout=TIMEOUT, retry=RETRY
                )
            more = token is not None
        return _stored(to_bucket, target)

    def start_upload_session(self, bucket: str, name: str, *, size: int, origin: str) -> str:
        return self._start_session(bucket, name, if_generation=0, size=size, origin=origin)

    def cancel_upload_session(self, address: str) -> None:
        ObjectUpload(self._http, address, "", "").abandon()

    @contextmanager
    def _existing(self, bucket: str, name: str, if_generation: int | None) -> Iterator[None]:
        """Raise `Conflict` for an object that exists also where the account may not delete, and so not replace it: the
        service may compare its rights before the precondition."""
        try:
            yield
        except Unavailable as error:
            if if_generation != 0 or not isinstance(error.__cause__, Forbidden):
                raise
            with suppress(NotFound):
                self.stat(bucket, name)
                raise Conflict(f"{bucket}/{name} exists already.") from error
            raise

    def _start_session(self, bucket: str, name: str, *, if_generation: int | None, **more: Any) -> str:
        blob = self._blob(bucket, name)
        with self._errors(bucket, name):
            address: str = blob.create_resumable_upload_session(
                if_generation_match=if_generation, checksum=None, timeout=TIMEOUT, retry=RETRY, **more
            )
        return address

    def _get_blob(self, bucket: str, name: str, generation: int | None = None) -> Any:
        """The object with its metadata."""
        blob = self._blob(bucket, name, generation)
        with self._errors(bucket, name):
            blob.reload(timeout=TIMEOUT, retry=RETRY)
        return blob

    def _blob(self, bucket: str, name: str, generation: int | None = None) -> Any:
        check_object_name(name)
        return self._client.bucket(self._real_name(bucket)).blob(name, generation=generation)

    def _real_name(self, bucket: str) -> str:
        if bucket.startswith(OTHER):
            return bucket.removeprefix(OTHER)
        check_bucket_name(bucket)
        if bucket not in self._buckets:
            raise Rejected(f"There is no bucket {bucket!r}. Existing buckets: {', '.join(self._buckets)}.")
        return self._buckets[bucket]

    @contextmanager
    def _errors(self, bucket: str, name: str = "") -> Iterator[None]:
        try:
            with translate_errors(f"{bucket}/{name}"):
                yield
        except NotFound as error:
            if NO_BUCKET.search(str(error.__cause__)):
                if bucket.startswith(OTHER):
                    raise Rejected(f"The bucket {bucket} does not exist. Check its name.") from error
                # a valid request: it is retried until the bucket exists
                raise Unavailable(f"The bucket {self._real_name(bucket)} does not exist.") from error
            raise


def connect_buckets(project: str | None, buckets: Mapping[str, str]) -> CloudStorageObjectStore:
    """The store with the default credentials, or on an emulator if the environment sets one.

    project: None: only other buckets are read. Raises `Rejected` without credentials.
    """
    try:
        return CloudStorageObjectStore(Client(project), buckets)
    except DefaultCredentialsError as error:
        raise Rejected(NO_CREDENTIALS) from error


def _stored(bucket: str, blob: Any) -> StoredObject:
    return StoredObject(bucket, blob.name, int(blob.generation), int(blob.size or 0))
