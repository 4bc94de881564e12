"""Objects in Cloud Storage.

The inbox must have versioning enabled, so that a generation stays readable after it is replaced. docs/cloud/uploads.md
lists the requirements of the buckets.
"""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

import requests
from google.api_core.exceptions import Forbidden
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.storage import Client

from tillstream.adapters.google.retries import NO_CREDENTIALS, RETRY, TRY, translate_errors
from tillstream.adapters.google.storage.object_reader import ObjectReader
from tillstream.adapters.google.storage.object_upload import ObjectUpload
from tillstream.domain.errors import Conflict, NotFound, Rejected, Unavailable
from tillstream.domain.object_names import check_bucket, check_object
from tillstream.ports.object_store import StoredObject

NO_BUCKET = re.compile(r"\bbucket\b.*does not exist", re.IGNORECASE)
LIST_FIELDS = "items(name,generation,size),nextPageToken"
BUFFER = 128 << 10
OTHER = "gs://"
"""Start of the names of other buckets than those of the installation; the real name follows."""


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
            for blob in self._client.list_blobs(real, **names, fields=LIST_FIELDS, timeout=TRY, retry=RETRY):
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
                self._blob(bucket, name).delete(if_generation_match=live, timeout=TRY, retry=RETRY)
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
                    source, token=token, if_generation_match=if_generation, timeout=TRY, retry=RETRY
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
                if_generation_match=if_generation, checksum=None, timeout=TRY, retry=RETRY, **more
            )
        return address

    def _get_blob(self, bucket: str, name: str, generation: int | None = None) -> Any:
        """The object with its metadata."""
        blob = self._blob(bucket, name, generation)
        with self._errors(bucket, name):
            blob.reload(timeout=TRY, retry=RETRY)
        return blob

    def _blob(self, bucket: str, name: str, generation: int | None = None) -> Any:
        check_object(name)
        return self._client.bucket(self._real_name(bucket)).blob(name, generation=generation)

    def _real_name(self, bucket: str) -> str:
        if bucket.startswith(OTHER):
            return bucket.removeprefix(OTHER)
        check_bucket(bucket)
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


def connected(project: str | None, buckets: Mapping[str, str]) -> CloudStorageObjectStore:
    """The store with the default credentials, or on an emulator if the environment sets one.

    project: None: only other buckets are read. Raises `Rejected` without credentials.
    """
    try:
        return CloudStorageObjectStore(Client(project), buckets)
    except DefaultCredentialsError as error:
        raise Rejected(NO_CREDENTIALS) from error


def _stored(bucket: str, blob: Any) -> StoredObject:
    return StoredObject(bucket, blob.name, int(blob.generation), int(blob.size or 0))
