"""Streaming gzip decompression with size limits."""

import zlib
from typing import Protocol

from tillstream.domain.limits import LIMITS, Limits
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.limits import check_unpacked_size
from tillstream.pipeline.reading.signatures import GZIP_MAGIC

_GZIP = 31  # zlib's window bits for a gzip member with its checksum verified
_COMPRESSED = 1 << 18


class Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_exactly(source: Bytes, size: int) -> bytes:
    """Read `size` bytes, fewer only at the end of the stream; sockets and pipes may return partial reads."""
    data = source.read(size)
    if not data or len(data) >= size:
        return data
    parts, remaining = [data], size - len(data)
    while remaining > 0 and (data := source.read(remaining)):
        parts.append(data)
        remaining -= len(data)
    return b"".join(parts)


class Gunzip:
    """All members of a gzip file as one stream, with checksums verified.

    Raises `UnreadableFile` for truncated or damaged data and for a file that expands beyond the limits.
    """

    def __init__(self, stream: Bytes, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._stream = stream
        self._inflate = zlib.decompressobj(_GZIP)
        self._buffered = b""
        self._packed = 0
        self._unpacked = 0

    def read(self, size: int) -> bytes:
        while True:
            if self._inflate.eof and not self._next_member():
                return b""
            data = self._inflate.unconsumed_tail or self._next_chunk()
            try:
                text = self._inflate.decompress(data, size)
            except zlib.error as error:
                raise self._damaged("is damaged") from error
            if text:
                self._unpacked += len(text)
                check_unpacked_size(self._unpacked, self._packed, self._limits)
                return text
            if not data and not self._inflate.eof:
                raise self._damaged("ends too early", " The file was cut off during transfer; upload it again.")

    def _next_member(self) -> bool:
        rest = self._inflate.unused_data.lstrip(b"\0")  # some programs pad a file with zeros
        while not rest and (chunk := self._next_chunk()):
            rest = chunk.lstrip(b"\0")
        if not rest:
            return False
        if len(rest) < len(GZIP_MAGIC):
            rest += self._next_chunk()
        if not rest.startswith(GZIP_MAGIC):
            raise self._damaged("is followed by other data")
        self._inflate, self._buffered = zlib.decompressobj(_GZIP), rest
        return True

    def _next_chunk(self) -> bytes:
        if self._buffered:
            data, self._buffered = self._buffered, b""
            return data
        data = self._stream.read(_COMPRESSED)
        self._packed += len(data)
        return data

    def _damaged(self, what: str, advice: str = "") -> UnreadableFile:
        return UnreadableFile(
            "unreadable-file",
            f"The gzip data {what} near byte {self._packed:,} of the file, "
            f"after {self._unpacked:,} bytes of text.{advice}",
        )
