"""Accepted messages a second time, until they are stored: a file beside the queue.

The queue keeps a message until its receiver has stored it. What its file loses, for example at a torn end of its log,
SQLite does not report. So each message of a kept topic is also a frame of this file, with a checksum of its own, and a
frame notes that it is stored. A frame that is damaged hides no other one: the next is found by its first bytes.

Every method is called in a write transaction of the queue, which lets one process in at a time.
"""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tillstream.domain.errors import Unavailable
from tillstream.domain.text import json_text

MAGIC = b"\xd7TSa"
"""First bytes of a frame: not UTF-8, so that no text of a message contains them."""
_HEAD = struct.Struct(">4sBIQI")
ACCEPTED, STORED = 1, 2
STEP = 256 << 10
"""Bytes by which the file grows: a sync is faster while its size stays."""
COMPACT = 1 << 20
"""Bytes after which stored messages are removed; twice as many as were left, if those are more."""


@dataclass(frozen=True)
class Accepted:
    """A message as it was published. attributes: as JSON, None if it has none."""

    sequence: int
    topic: str
    body: bytes
    attributes: str | None


@dataclass
class Contents:
    """What the file has: the messages that are not stored, by sequence, and the number of unreadable bytes."""

    messages: dict[int, Accepted] = field(default_factory=dict)
    unreadable: int = 0


class AcceptedMessages:
    """The file is created by the first message. Raises `Unavailable` on disk errors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._end = self._size = 0
        self._limit = COMPACT

    def append(self, messages: Iterable[Accepted]) -> None:
        """Write messages, durable on return."""
        frames = b"".join(map(_accepted, messages))
        if frames:
            self._append(frames, durable=True)

    def note_stored(self, sequences: Iterable[int]) -> None:
        """Note that these messages are stored. Not synced: without the note, they are received once more."""
        payload = b"".join(sequence.to_bytes(8, "big") for sequence in sequences)
        if payload and self.path.exists():
            self._append(_frame(STORED, 0, payload), durable=False)

    def read(self) -> Contents:
        try:
            return _contents(self.path.read_bytes()) if self.path.exists() else Contents()
        except OSError as exc:
            raise _unusable(self.path, exc) from exc

    def rewrite(self, messages: Mapping[int, Accepted]) -> None:
        """Replace the file by one with these messages only; durable, and either the old or the new one."""
        self.close()
        new = self.path.with_name(f"{self.path.name}.new")
        frames = b"".join(map(_accepted, messages.values()))
        try:
            with new.open("wb") as file:
                file.write(frames + bytes(-len(frames) % STEP or STEP))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as exc:
            raise _unusable(self.path, exc) from exc
        self._limit = max(COMPACT, 2 * len(frames))

    def close(self) -> None:
        if self._file:
            self._file.close()
        self._file = None

    def _append(self, frames: bytes, *, durable: bool) -> None:
        try:
            file = self._follow()
            start = self._end
            try:
                if start + len(frames) > self._size:
                    grown = start + len(frames) + STEP
                    _write(file, self._size, bytes(grown - self._size))
                    self._size = grown
                _write(file, start, frames)
                if durable:
                    _sync(file)
            except OSError:
                file.truncate(start)  # what is not kept must not look accepted
                self.close()
                raise
        except OSError as exc:
            raise _unusable(self.path, exc) from exc
        self._end = start + len(frames)
        if self._end > self._limit:
            self._compact()

    def _follow(self) -> BinaryIO:
        """Be at the end of the file that is in the folder: another process may have written it or replaced it."""
        try:
            current = self.path.stat()
        except FileNotFoundError:
            current = None
        file = self._file
        if file is None or current is None or not os.path.samestat(current, os.fstat(file.fileno())):
            self.close()
            file = self._file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", 0)
            current = os.fstat(file.fileno())
            self._end = 0
        self._size = current.st_size
        while head := _head(_read(file, self._end)):
            self._end += _HEAD.size + head[1]
        if self._end > self._size or any(_read(file, self._end)):
            self._end = self._size  # cut off or damaged here: write after it
        return file

    def _compact(self) -> None:
        contents = self.read()
        if contents.unreadable:  # a check repairs it from the queue first
            self._limit *= 2
        else:
            self.rewrite(contents.messages)


def _write(file: BinaryIO, at: int, data: bytes) -> None:
    file.seek(at)
    written = 0
    while written < len(data):
        written += file.write(data[written:])


def _read(file: BinaryIO, at: int) -> bytes:
    file.seek(at)
    return file.read(_HEAD.size)


def _sync(file: BinaryIO) -> None:
    getattr(os, "fdatasync", os.fsync)(file.fileno())


def _unusable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(f"{path.name} cannot be used: {error.strerror or error}.")


def _accepted(message: Accepted) -> bytes:
    head = json_text.encode({"topic": message.topic, "attributes": message.attributes})
    return _frame(ACCEPTED, message.sequence, head + b"\n" + message.body)


def _frame(kind: int, sequence: int, payload: bytes) -> bytes:
    return _HEAD.pack(MAGIC, kind, len(payload), sequence, _checksum(kind, sequence, payload)) + payload


def _checksum(kind: int, sequence: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(b"%d %d %d" % (kind, sequence, len(payload))))


def _head(data: bytes) -> tuple[int, int, int, int] | None:
    """Kind, length of the payload, sequence and checksum of a frame; None where none begins."""
    if len(data) < _HEAD.size or data[:4] != MAGIC:
        return None
    _, *head = _HEAD.unpack(data)
    return (head[0], head[1], head[2], head[3])


def _contents(data: bytes) -> Contents:
    contents = Contents()
    for kind, sequence, payload, skipped in _frames(data):
        contents.unreadable += skipped
        if kind == ACCEPTED:
            head, _, body = payload.partition(b"\n")
            about = json_text.decode(head)
            contents.messages[sequence] = Accepted(sequence, about["topic"], body, about["attributes"])
        elif kind == STORED:
            for start in range(0, len(payload), 8):
                contents.messages.pop(int.from_bytes(payload[start : start + 8], "big"), None)
    return contents


def _frames(data: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Kind, sequence and payload of each undamaged frame, and the unreadable bytes before it; kind 0 at the end."""
    at, skipped = 0, 0
    while at < len(data):
        head = _head(data[at : at + _HEAD.size])
        if head:
            kind, length, sequence, checksum = head
            payload = data[at + _HEAD.size : at + _HEAD.size + length]
            if len(payload) == length and checksum == _checksum(kind, sequence, payload):
                yield kind, sequence, payload, skipped
                at, skipped = at + _HEAD.size + length, 0
                continue
        following = data.find(MAGIC, at + 1)
        if following < 0:
            break
        at, skipped = following, skipped + following - at
    yield 0, 0, b"", skipped + len(data[at:].rstrip(b"\0"))
