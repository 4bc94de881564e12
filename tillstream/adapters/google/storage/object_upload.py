"""An object on its way into Cloud Storage by a resumable session, piece by piece.

Nothing is visible before the last piece is there. Where the line breaks, the service says how much it keeps, and the
upload goes on from there; bytes are held here until it does.
"""

from base64 import b64encode
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import requests
from google.api_core.exceptions import from_http_response
from google_crc32c import Checksum

from tillstream.adapters.google.retries import RETRY, TRY, ours
from tillstream.domain.errors import Unavailable
from tillstream.ports.object_store import StoredObject

PIECE = 8 << 20
"""Bytes of one request; a multiple of 256 KiB, as the service asks for."""


class ObjectUpload:
    """The writer of one object. `address` is its session's; whoever knows that needs no other right."""

    stored: StoredObject | None = None

    def __init__(self, http: requests.Session, address: str, bucket: str, name: str) -> None:
        self._http, self._address, self._bucket, self._name = http, address, bucket, name
        self._waiting = bytearray()
        self._kept = 0
        self._sum = Checksum()
        self._resource: dict[str, Any] = {}

    def write(self, data: bytes, /) -> int:
        given = memoryview(data).cast("B")
        self._sum.update(bytes(given))
        self._waiting += given
        while len(self._waiting) > PIECE:  # the last piece is never empty, unless the object is
            self._send(PIECE)
        return given.nbytes

    def finish(self) -> StoredObject:
        """The object, whole and compared. Raises `Conflict` where its precondition does not hold any more."""
        size = self._kept + len(self._waiting)
        self._send(len(self._waiting), size)
        told, expected = self._resource, self._digest()
        stored = StoredObject(self._bucket, self._name, int(told["generation"]), int(told.get("size", 0)))
        if told.get("crc32c", expected) != expected or stored.size != size:
            raise Unavailable(f"{self._bucket}/{self._name} was kept otherwise than it was sent.")
        return stored

    def abandon(self) -> None:
        """The service forgets what it has; where it cannot be told so, it does by itself after a week."""
        with suppress(requests.RequestException):
            self._http.delete(self._address, timeout=TRY, headers={"Content-Length": "0"})

    def _send(self, length: int, size: int | None = None) -> None:
        """The next bytes, all of them. `size`: of the whole object, with its last bytes."""
        upto, total = self._kept + length, "*" if size is None else str(size)
        broken = False

        def go_on() -> None:
            nonlocal broken
            if broken:
                self._put(b"", f"bytes */{total}")
            broken = True
            while not self._resource and (self._kept < upto or size == self._kept):
                piece = bytes(memoryview(self._waiting)[: upto - self._kept])
                place = f"{self._kept}-{upto - 1}" if piece else "*"
                self._put(piece, f"bytes {place}/{total}")

        with ours(f"{self._bucket}/{self._name}"):
            RETRY(go_on)()

    def _put(self, piece: bytes, place: str) -> None:
        headers = {"Content-Range": place, "Content-Type": "application/octet-stream"}
        if not place.endswith("/*"):
            headers["X-Goog-Hash"] = f"crc32c={self._digest()}"
        answer = self._http.put(self._address, data=piece, headers=headers, timeout=TRY, allow_redirects=False)
        if answer.status_code == HTTPStatus.PERMANENT_REDIRECT:
            self._learn(answer.headers.get("Range", ""))
        elif answer.ok:
            self._resource = answer.json()
        elif answer.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise Unavailable(f"The upload of {self._bucket}/{self._name} was broken off; it begins again.")
        else:
            raise from_http_response(answer)

    def _learn(self, told: str) -> None:
        """`bytes=0-524287`: what the service keeps need not be kept here; without it that is nothing yet."""
        kept = int(told.rpartition("-")[2]) + 1 if told else 0
        if not self._kept <= kept <= self._kept + len(self._waiting):
            raise Unavailable(f"The upload of {self._bucket}/{self._name} lost bytes; it begins again.")
        del self._waiting[: kept - self._kept]
        self._kept = kept

    def _digest(self) -> str:
        return b64encode(self._sum.digest()).decode()
