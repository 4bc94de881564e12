"""Gzip opened as a stream, and how far anything compressed may grow."""

import zlib
from typing import Protocol

from tillstream.domain.limits import LIMITS, Limits
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.limits import bounded

GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31  # zlib's window bits for a gzip member with its checksum verified
_COMPRESSED = 1 << 18


class Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


def filled(source: Bytes, size: int) -> bytes:
    """`size` bytes, fewer only at the end: sockets and pipes give what they have."""
    data = source.read(size)
    if not data or len(data) >= size:
        return data
    parts, missing = [data], size - len(data)
    while missing > 0 and (data := source.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


class Gunzip:
    """All members of a gzip file, checksums verified; a cut or damaged file raises and never just ends.

    Raises `UnreadableFile`, also for a file that grows beyond the limits.
    """

    def __init__(self, stream: Bytes, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._stream = stream
        self._inflate = zlib.decompressobj(_GZIP)
        self._ahead = b""
        self._taken = 0
        self._given = 0

    def read(self, size: int) -> bytes:
        while True:
            if self._inflate.eof and not self._next_member():
                return b""
            data = self._inflate.unconsumed_tail or self._take()
            try:
                text = self._inflate.decompress(data, size)
            except zlib.error as error:
                raise self._damaged("is damaged") from error
            if text:
                self._given += len(text)
                bounded(self._given, self._taken, self._limits)
                return text
            if not data and not self._inflate.eof:
                raise self._damaged("ends too early", " The file was cut off on its way; upload it again.")

    def _next_member(self) -> bool:
        rest = self._inflate.unused_data.lstrip(b"\0")  # archives on tape are padded with zeros
        while not rest and (more := self._take()):
            rest = more.lstrip(b"\0")
        if not rest:
            return False
        if len(rest) < len(GZIP_MAGIC):
            rest += self._take()
        if not rest.startswith(GZIP_MAGIC):
            raise self._damaged("is followed by something else")
        self._inflate, self._ahead = zlib.decompressobj(_GZIP), rest
        return True

    def _take(self) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        data = self._stream.read(_COMPRESSED)
        self._taken += len(data)
        return data

    def _damaged(self, how: str, advice: str = "") -> UnreadableFile:
        return UnreadableFile(
            "unreadable-file",
            f"The gzip data {how} near byte {self._taken:,} of the file, after {self._given:,} bytes of text.{advice}",
        )
