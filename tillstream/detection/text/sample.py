"""Sample at most two megabytes of a file: its start, its middle and its end; recognise text by its first bytes."""

import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol

MAX_SAMPLE_BYTES = 2_000_000
"""Maximum number of bytes kept of a file of any size, and read from it unless it is packed."""
HEAD_BYTES, PART_BYTES = 800_000, 300_000
_MAX_UNPACKED = 64_000_000
"""Maximum number of bytes that are unpacked; the start, the middle and the end of them are kept."""
_MAX_PARTS = 16
"""Number of parts that are kept until the middle is known."""
GZIP = b"\x1f\x8b"

ARCHIVE = b"PK"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_NO_TEXT = (b"PAR1", _OLD_WORKBOOK, b"{", b"[", BOM_UTF8 + b"{", BOM_UTF8 + b"[")


@dataclass(frozen=True)
class ByteSample:
    """Pieces of a file; the first one starts at the beginning."""

    pieces: tuple[bytes, ...]
    whole: bool
    """Whether the first piece is the complete file."""
    read: int
    """Bytes taken from the stream."""
    includes_end: bool = False
    """Whether the last piece includes the end of the file."""


class ByteStream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def take_sample(stream: BinaryIO) -> ByteSample:
    """Sample a stream positioned at the start of the file; its final position is undefined."""
    head = _read_exactly(stream, HEAD_BYTES)
    if head.startswith(GZIP):
        return _sample_gzip(head, stream)
    if len(head) < HEAD_BYTES:
        return ByteSample((head,), True, len(head))
    if not stream.seekable():
        more = _read_exactly(stream, MAX_SAMPLE_BYTES - HEAD_BYTES)
        return ByteSample((head + more,), len(more) < MAX_SAMPLE_BYTES - HEAD_BYTES, HEAD_BYTES + len(more))
    size = stream.seek(0, 2)
    if size <= MAX_SAMPLE_BYTES:
        stream.seek(HEAD_BYTES)
        more = _read_exactly(stream, MAX_SAMPLE_BYTES - HEAD_BYTES)
        return ByteSample((head + more,), True, HEAD_BYTES + len(more))
    pieces = [head]
    for start in ((size + HEAD_BYTES - PART_BYTES) // 2, size - PART_BYTES):
        stream.seek(start - start % 4)  # aligned to UTF-16 code units
        pieces.append(_read_exactly(stream, PART_BYTES))
    return ByteSample(tuple(pieces), False, sum(map(len, pieces)), True)


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (data := stream.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def take_unpacked_sample(stream: ByteStream) -> ByteSample:
    """Sample a stream of unpacked text, positioned at its start."""
    return _sample_chunks(iter(lambda: stream.read(PART_BYTES), b""))


def _sample_gzip(head: bytes, stream: BinaryIO) -> ByteSample:
    """Sample gzip data; ignores damage, which the reader reports."""
    packed = _Packed(head, stream)
    return replace(_sample_chunks(packed.chunks(), lambda: packed.ended), read=packed.read)


class _Packed:
    """Gzip data of one or more members, unpacked in chunks."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream
        self.read, self.ended = len(head), False

    def chunks(self) -> Iterator[bytes]:
        inflate, data = zlib.decompressobj(31), self._head
        with suppress(zlib.error):
            while True:
                if text := inflate.decompress(data, PART_BYTES):
                    yield text
                if inflate.eof and inflate.unused_data.startswith(GZIP):
                    data, inflate = inflate.unused_data, zlib.decompressobj(31)
                    continue
                if inflate.eof:
                    self.ended = True
                    return
                data = inflate.unconsumed_tail
                if not data and not text:
                    data = self._stream.read(PART_BYTES)
                    self.read += len(data)
                    if not data:
                        return


def _sample_chunks(chunks: Iterator[bytes], is_whole: Callable[[], bool] = lambda: True) -> ByteSample:
    """Sample chunks of text, of unknown total size, without keeping all of them.

    is_whole: whether the chunks were all of the file, once there are no more.
    """
    first, block, before, kept = b"", b"", b"", dict[int, bytes]()
    count, stride, ended = 0, 1, False
    while HEAD_BYTES + PART_BYTES * count < _MAX_UNPACKED:
        chunk = next(chunks, b"")
        if not chunk:
            ended = is_whole()
            break
        remaining = HEAD_BYTES - len(first)
        first, block = first + chunk[:remaining], block + chunk[remaining:]
        while len(block) >= PART_BYTES:
            before, block = block[:PART_BYTES], block[PART_BYTES:]
            if count % stride == 0:
                kept[count] = before
            count += 1
            if len(kept) > _MAX_PARTS:
                stride *= 2
                kept = {number: part for number, part in kept.items() if number % stride == 0}
    if count == 0:
        return ByteSample((first + block,), ended, len(first + block))
    # multiples of four bytes are aligned to UTF-16 code units
    last = (before + block)[-PART_BYTES - len(block) % 4 :]
    middle = [number for number in kept if number < count - 2]
    pieces = [kept[min(middle, key=lambda number: abs(2 * number + 1 - count))]] if middle else []
    return ByteSample((first, *pieces, last), False, HEAD_BYTES + PART_BYTES * count + len(block), ended)


def is_text(head: bytes) -> bool:
    """False for archives, workbooks, Parquet and possible JSON, gzipped or not."""
    if head.startswith(GZIP):
        with suppress(zlib.error):
            return not zlib.decompressobj(31).decompress(head, 8).startswith(_NO_TEXT)
    return not head.startswith((ARCHIVE, *_NO_TEXT))
