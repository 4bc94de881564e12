"""At most two megabytes of a file, its head and, where one can jump, its middle and end."""

import zlib
from dataclasses import dataclass
from typing import BinaryIO

MOST = 2_000_000
"""Bytes that are read of any file, however large."""
HEAD, PART = 800_000, 300_000
_UNPACKED = 16_000_000
"""So much of packed bytes is unpacked at most, and only the first and the last of it kept."""
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Sample:
    """Bytes of a file; the first piece begins where the file does, the others inside of it."""

    pieces: tuple[bytes, ...]
    whole: bool
    """Whether the first piece is the file, to its last byte."""
    read: int
    """Bytes taken from the stream."""
    ended: bool = False
    """Whether the last piece ends where the file does."""


def take(stream: BinaryIO) -> Sample:
    """The stream stands at the file's beginning; it is left anywhere."""
    head = _filled(stream, HEAD)
    if head.startswith(GZIP):
        return _unpacked(head, stream)
    if len(head) < HEAD:
        return Sample((head,), True, len(head))
    if not stream.seekable():
        more = _filled(stream, MOST - HEAD)
        return Sample((head + more,), len(more) < MOST - HEAD, HEAD + len(more))
    size = stream.seek(0, 2)
    if size <= MOST:
        stream.seek(HEAD)
        more = _filled(stream, MOST - HEAD)
        return Sample((head + more,), True, HEAD + len(more))
    pieces = [head]
    for start in ((size + HEAD - PART) // 2, size - PART):
        stream.seek(start - start % 4)  # where a letter of UTF-16 begins
        pieces.append(_filled(stream, PART))
    return Sample(tuple(pieces), False, sum(map(len, pieces)), True)


def _filled(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (data := stream.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def _unpacked(head: bytes, stream: BinaryIO) -> Sample:
    """The beginning and the last that can be reached of what a gzip file holds; damage is left to the reader."""
    first, last, given = b"", b"", 0
    inflate, data, read, whole = zlib.decompressobj(31), head, len(head), False
    try:
        while given < _UNPACKED:
            text = inflate.decompress(data, PART)
            given += len(text)
            more = HEAD - len(first)
            first, last = first + text[:more], (last + text[max(more, 0) :])[-PART:]
            if inflate.eof and inflate.unused_data.startswith(GZIP):
                data, inflate = inflate.unused_data, zlib.decompressobj(31)
                continue
            if inflate.eof:
                whole = True
                break
            data = inflate.unconsumed_tail
            if not data and read < MOST:
                data = stream.read(min(HEAD, MOST - read))
                read += len(data)
            if not data:
                break
    except zlib.error:
        pass
    if given <= HEAD + PART:
        return Sample((first + last,), whole, read)
    return Sample((first, last), False, read, whole)
