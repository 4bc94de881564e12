"""Upload an object to Cloud Storage through a resumable session, in pieces.

The object becomes visible with its last piece. After a broken connection the service reports how many bytes it has, and
the upload resumes there; bytes are buffered until then.
"""

from base64 import b64encode
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import requests
from google.api_core.exceptions import from_http_response
from google_crc32c import Checksum

from tillstream.adapters.google.retries import RETRY, TRY, translate_errors
from tillstream.domain.errors import Unavailable
from tillstream.ports.object_store import StoredObject

PIECE = 8 << 20
"""Bytes per request; a multiple of 256 KiB, as the service requires."""


class ObjectUpload:
    """The writer of one object. address: of the session; it grants access without any other permission."""

    stored: StoredObject | None = None

    def __init__(self, http: requests.Session, address: str, bucket: str, name: str) -> None:
        self._http, self._address, self._bucket, self._name = http, address, bucket, name
        self._buffer = bytearray()
        self._committed = 0
        self._checksum = Checksum()
        self._resource: dict[str, Any] = {}

    def write(self, data: bytes, /) -> int:
        view = memoryview(data).cast("B")
        self._checksum.update(bytes(view))
        self._buffer += view
        while len(self._buffer) > PIECE:  # the last piece is never empty, unless the object is
            self._send(PIECE)
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
            self._http.delete(self._address, timeout=TRY, headers={"Content-Length": "0"})

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
        response = self._http.put(self._address, data=piece, headers=headers, timeout=TRY, allow_redirects=False)
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
