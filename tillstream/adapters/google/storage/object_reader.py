"""One generation of an object as a file that is read in pieces and holds no more than one."""

import io
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from google_crc32c import Checksum

from tillstream.adapters.google.retries import RETRY, TRY, ours
from tillstream.domain.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FIRST, MOST = 256 << 10, 8 << 20
"""Bytes of a request: few after a jump, then twice as many each time as long as reading goes straight on."""


class ObjectReader(io.RawIOBase):
    """Pinned to its generation. Whoever reads from the beginning to the end is told if the bytes are not those that
    were kept, before the last of them: by their checksum. Raises our errors."""

    def __init__(self, blob: Any, what: str) -> None:
        super().__init__()
        self._blob, self._what, self._size = blob, what, int(blob.size or 0)
        self._at = 0
        self._piece, self._begins = b"", 0
        self._ahead = FIRST
        self._sum, self._summed = Checksum(), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise ValueError(f"There is no byte {at}.")
        self._at = at
        return at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self._at >= self._size or not len(view):
            return 0
        if not self._begins <= self._at < self._begins + len(self._piece):
            self._fetch()
        start = self._at - self._begins
        part = memoryview(self._piece)[start : start + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _fetch(self) -> None:
        straight_on = self._at == self._begins + len(self._piece)
        self._ahead = min(2 * self._ahead, MOST) if straight_on else FIRST
        self._piece, self._begins = b"", self._at
        end = min(self._at + self._ahead, self._size)
        with ours(self._what):
            # raw: what was kept compressed is not unpacked on its way, else no place in it would be where it is
            self._piece = self._blob.download_as_bytes(
                start=self._at, end=end - 1, raw_download=True, checksum=None, timeout=TRY, retry=RETRY
            )
        if len(self._piece) != end - self._at:
            raise Unavailable(f"{self._what} came cut off at byte {self._at + len(self._piece):,} of {self._size:,}.")
        self._compare(end)

    def _compare(self, end: int) -> None:
        if not self._begins <= self._summed < end:
            return
        self._sum.update(self._piece[self._summed - self._begins :])
        self._summed = end
        told = self._blob.crc32c
        if end == self._size and told and told != b64encode(self._sum.digest()).decode():
            self._piece = b""
            raise Unavailable(f"{self._what} came otherwise than it was kept (crc32c).")
