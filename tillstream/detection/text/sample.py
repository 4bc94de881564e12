"""Sample at most two megabytes of a file: its start and, if seekable, its middle and end."""

import zlib
from dataclasses import dataclass
from typing import BinaryIO

MAX_SAMPLE_BYTES = 2_000_000
"""Maximum number of bytes read from a file of any size."""
HEAD, PART = 800_000, 300_000
_MAX_UNPACKED = 16_000_000
"""Maximum unpacked size of gzip data; only the start and the end are kept."""
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Sample:
    """Pieces of a file; the first one starts at the beginning."""

    pieces: tuple[bytes, ...]
    whole: bool
    """Whether the first piece is the complete file."""
    read: int
    """Bytes taken from the stream."""
    includes_end: bool = False
    """Whether the last piece includes the end of the file."""


def take(stream: BinaryIO) -> Sample:
    """Sample a stream positioned at the start of the file; its final position is undefined."""
    head = _read_exactly(stream, HEAD)
    if head.startswith(GZIP):
        return _sample_gzip(head, stream)
    if len(head) < HEAD:
        return Sample((head,), True, len(head))
    if not stream.seekable():
        more = _read_exactly(stream, MAX_SAMPLE_BYTES - HEAD)
        return Sample((head + more,), len(more) < MAX_SAMPLE_BYTES - HEAD, HEAD + len(more))
    size = stream.seek(0, 2)
    if size <= MAX_SAMPLE_BYTES:
        stream.seek(HEAD)
        more = _read_exactly(stream, MAX_SAMPLE_BYTES - HEAD)
        return Sample((head + more,), True, HEAD + len(more))
    pieces = [head]
    for start in ((size + HEAD - PART) // 2, size - PART):
        stream.seek(start - start % 4)  # aligned to UTF-16 code units
        pieces.append(_read_exactly(stream, PART))
    return Sample(tuple(pieces), False, sum(map(len, pieces)), True)


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (data := stream.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def _sample_gzip(head: bytes, stream: BinaryIO) -> Sample:
    """Sample the start and the last reachable part of gzip data; ignores damage, which the reader reports."""
    first, last, unpacked_bytes = b"", b"", 0
    inflate, data, read, whole = zlib.decompressobj(31), head, len(head), False
    try:
        while unpacked_bytes < _MAX_UNPACKED:
            text = inflate.decompress(data, PART)
            unpacked_bytes += len(text)
            remaining = HEAD - len(first)
            first, last = first + text[:remaining], (last + text[max(remaining, 0) :])[-PART:]
            if inflate.eof and inflate.unused_data.startswith(GZIP):
                data, inflate = inflate.unused_data, zlib.decompressobj(31)
                continue
            if inflate.eof:
                whole = True
                break
            data = inflate.unconsumed_tail
            if not data and read < MAX_SAMPLE_BYTES:
                data = stream.read(min(HEAD, MAX_SAMPLE_BYTES - read))
                read += len(data)
            if not data:
                break
    except zlib.error:
        pass
    if unpacked_bytes <= HEAD + PART:
        return Sample((first + last,), whole, read)
    return Sample((first, last), False, read, whole)
