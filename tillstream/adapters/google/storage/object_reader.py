"""One generation of an object as a seekable file that buffers one range at a time."""

import io
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from google_crc32c import Checksum

from tillstream.adapters.google.retries import RETRY, TRY, translate_errors
from tillstream.domain.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FIRST, MOST = 256 << 10, 8 << 20
"""Bytes per request: few after a seek, then doubled for each sequential read."""


class ObjectReader(io.RawIOBase):
    """A raw file pinned to one generation. Raises domain errors.

    A read from start to end is verified by checksum: a mismatch raises before the last bytes are returned.
    """

    def __init__(self, blob: Any, what: str) -> None:
        super().__init__()
        self._blob, self._what, self._size = blob, what, int(blob.size or 0)
        self._position = 0
        self._piece, self._piece_start = b"", 0
        self._read_size = FIRST
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
        self._read_size = min(2 * self._read_size, MOST) if sequential else FIRST
        self._piece, self._piece_start = b"", self._position
        end = min(self._position + self._read_size, self._size)
        with translate_errors(self._what):
            # raw: without it the service would decompress gzip objects, and offsets would not match
            self._piece = self._blob.download_as_bytes(
                start=self._position, end=end - 1, raw_download=True, checksum=None, timeout=TRY, retry=RETRY
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
