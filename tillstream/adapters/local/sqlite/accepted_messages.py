"""Accepted messages a second time, in a file beside the queue, and the repair of the queue from it.

The queue keeps a message until its receiver has stored it. What its file loses, for example at a torn end of its log,
SQLite does not report. So each message of a kept topic is also a frame of this file, with a checksum of its own, and a
frame notes that it is stored. A frame that is damaged hides no other one: the next is found by its first bytes.

Every method is called in a write transaction of the queue, which lets one process in at a time.
"""

import os
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tillstream.adapters.local.clock import ClockAhead, finding_of_clock_ahead
from tillstream.adapters.local.sqlite import queue_statements as sql
from tillstream.adapters.local.sqlite.connection import DamagedDatabase, SQLiteFile, salvage_file
from tillstream.adapters.local.sqlite.damage import Salvaged
from tillstream.adapters.local.sqlite.queue_rows import Publication, create_subscription, insert_messages
from tillstream.model import json_text
from tillstream.model.errors import Unavailable
from tillstream.ports.bus import Delivery, RetryPolicy
from tillstream.ports.files import FileFinding, LostContent

MAGIC = b"\xd7TSa"
"""First bytes of a frame: not UTF-8, so that no text of a message contains them."""
_HEAD = struct.Struct(">4sBIQI")
ACCEPTED_FRAME, STORED_FRAME = 1, 2
STEP = 256 << 10
"""Bytes by which the file grows: a sync is faster while its size stays."""
COMPACT = 1 << 20
"""Bytes after which stored messages are removed; twice as many as were left, if those are more."""

SEND_AGAIN_REMEDY = (
    "Sales that tills or forms sent shortly before may be missing, as accepted.log is missing or damaged too. Tills of "
    "the till agent send again by themselves what is missing, which is a loss of its own until then. Compare the day "
    "closes of the stores, and send other sales again that are missing: a sale counts once."
)
EVENTS_REMEDY = (
    "No accepted sale is lost. Failed messages, and events for programs that receive sale events, may be missing: let "
    "these programs read the sales of the day again."
)


@dataclass(frozen=True)
class Accepted:
    """A message as it was published. attributes: as JSON, None if it has none."""

    sequence: int
    topic: str
    body: bytes
    attributes: str | None


@dataclass
class AcceptedContents:
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
            self._append(_frame(STORED_FRAME, 0, payload), durable=False)

    def read(self) -> AcceptedContents:
        try:
            return _contents(self.path.read_bytes()) if self.path.exists() else AcceptedContents()
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
    head = json_text.encode_json({"topic": message.topic, "attributes": message.attributes})
    return _frame(ACCEPTED_FRAME, message.sequence, head + b"\n" + message.body)


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


def _contents(data: bytes) -> AcceptedContents:
    contents = AcceptedContents()
    for kind, sequence, payload, skipped in _frames(data):
        contents.unreadable += skipped
        if kind == ACCEPTED_FRAME:
            head, _, body = payload.partition(b"\n")
            about = json_text.decode_json(head)
            contents.messages[sequence] = Accepted(sequence, about["topic"], body, about["attributes"])
        elif kind == STORED_FRAME:
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


@dataclass(frozen=True)
class QueueComparison:
    """Differences that were repaired. put_back: messages that the queue lacked, or had with another content.

    had_file: whether there was a file of accepted messages. unreadable: bytes of it.
    """

    put_back: int = 0
    had_file: bool = False
    unreadable: int = 0


class KeptMessages:
    """Messages of `topic` until `subscription` acknowledges them. Call each method in a write transaction."""

    def __init__(self, path: Path, topic: str, subscription: str) -> None:
        self.topic, self.subscription = topic, subscription
        self._file = AcceptedMessages(path)

    @property
    def path(self) -> Path:
        return self._file.path

    def append(
        self, sqlite: sqlite3.Connection, publications: Sequence[Publication], sequences: Sequence[range]
    ) -> None:
        """Write published messages of the topic durably. Raises `Unavailable`, also if the subscription is missing."""
        if not sqlite.execute(sql.SUBSCRIPTION, (self.subscription,)).fetchone():
            raise Unavailable(f"The queue has no subscription {self.subscription}, so nothing can be accepted.")
        self._file.append(
            Accepted(sequence, self.topic, *publication.cells[2 * place : 2 * place + 2])
            for publication, numbers in zip(publications, sequences, strict=True)
            if publication.topic == self.topic
            for place, sequence in enumerate(numbers)
        )

    def note_stored(self, deliveries: Iterable[Delivery]) -> None:
        """Note that these are acknowledged, which means that they are stored."""
        self._file.note_stored(each.sequence for each in deliveries if each.subscription == self.subscription)

    def compare(self, sqlite: sqlite3.Connection, now: int, aside: Path) -> QueueComparison:
        """Put back what the queue lacks, and write again what the file lacks. A damaged file is kept as `aside`."""
        had_file = self.path.exists()
        contents = self._file.read()
        if not sqlite.execute(sql.SUBSCRIPTION, (self.subscription,)).fetchone():
            create_subscription(sqlite, now, self.topic, self.subscription, RetryPolicy())
        (listener, *_) = sqlite.execute(sql.SUBSCRIPTION, (self.subscription,)).fetchone()
        queued = {
            sequence: Accepted(sequence, self.topic, body, attributes)
            for sequence, body, attributes in sqlite.execute(sql.QUEUED, {"subscription": listener})
        }
        lacking = [one for sequence, one in contents.messages.items() if queued.get(sequence) != one]
        for one in lacking:
            for statement in sql.FORGET_SEQUENCE:
                sqlite.execute(statement, (listener, one.sequence))
            sqlite.execute(insert_messages(1), (listener, now, one.sequence, one.body, one.attributes))
            sqlite.execute(sql.ADVANCE, (one.sequence,))
        if contents.unreadable:
            self._file.close()
            self.path.replace(aside)
            self._file.rewrite(queued | contents.messages)
        else:
            self._file.append(one for sequence, one in queued.items() if sequence not in contents.messages)
        return QueueComparison(len(lacking), had_file, contents.unreadable)

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class _Replaced:
    reason: str
    salvaged: Salvaged


class QueueRepair:
    """now: the time, for names of files that are kept aside. kept: None for a queue without a second file."""

    def __init__(self, path: Path, kept: KeptMessages | None, now: Callable[[], datetime]) -> None:
        self._path, self._kept, self._now = path, kept, now
        self.keeps_accepted = False
        """Whether the file of accepted messages was there and whole at the last comparison."""
        self._aheads: list[ClockAhead] = []

    def note_ahead(self, ahead: ClockAhead | None) -> None:
        """Note sequences that came from a clock ahead, for the next check."""
        self._aheads += [ahead] if ahead else []

    def open(self, *, read_only: bool) -> tuple[SQLiteFile, list[FileFinding]]:
        """Open the queue. Raises `DamagedDatabase` if it has no second file, or cannot be written; `Unavailable`."""
        replaced = None
        try:
            file = SQLiteFile(self._path, sql.SCHEMA, read_only=read_only)
        except DamagedDatabase as damaged:
            if read_only or not self._kept:
                raise
            replaced = _Replaced(damaged.reason, salvage_file(self._path, sql.SCHEMA, self._aside(self._path)))
            file = SQLiteFile(self._path, sql.SCHEMA)
        return file, [] if read_only else self._compare(file, replaced, broken=file.lost_commits)

    def check(self, file: SQLiteFile) -> list[FileFinding]:
        """Check the open queue, and repair it; other threads wait meanwhile. Raises `DamagedDatabase`,
        `Unavailable`."""
        replaced = None
        try:
            file.check()
        except DamagedDatabase as damaged:
            if not self._kept:
                raise
            replaced = _Replaced(damaged.reason, file.salvage(self._aside(self._path)))
        aheads, self._aheads = self._aheads, []
        return [
            *self._compare(file, replaced),
            *(finding_of_clock_ahead(self._path.name, "sales", each) for each in aheads),
        ]

    def _compare(self, file: SQLiteFile, replaced: _Replaced | None, *, broken: bool = False) -> list[FileFinding]:
        if not self._kept:
            return []
        now = round(self._now().timestamp() * 1_000_000)
        aside = self._aside(self._kept.path)
        with file.transaction() as sqlite:
            compared = self._kept.compare(sqlite, now, aside)
        self.keeps_accepted = compared.had_file and not compared.unreadable
        return [*self._of_queue(compared, replaced, broken=broken), *self._of_accepted(compared, aside)]

    def _of_queue(self, compared: QueueComparison, replaced: _Replaced | None, *, broken: bool) -> list[FileFinding]:
        """What is found of the queue. broken: its log has commits that cannot be read."""
        if not replaced and not compared.put_back and not broken:
            return []
        name = self._path.name
        if replaced:
            message = (
                f"{name} was damaged ({replaced.reason}) and is kept as {replaced.salvaged.aside.name}. Messages taken "
                f"from it into a new one: {replaced.salvaged.rows.get('messages', 0):,}."
            )
        else:
            message = f"The end of {name} was lost."
        if compared.put_back:
            message += f" Accepted sales that it lacked, put back from {self._accepted}: {compared.put_back:,}."
        if not self.keeps_accepted:
            return [FileFinding(name, message, SEND_AGAIN_REMEDY, LostContent.SALES)]
        if replaced and replaced.salvaged.lost:
            return [FileFinding(replaced.salvaged.aside.name, message, EVENTS_REMEDY, LostContent.STATE)]
        return [FileFinding(name, f"{message} No accepted sale is lost.")]

    def _of_accepted(self, compared: QueueComparison, aside: Path) -> list[FileFinding]:
        if not compared.unreadable:
            return []
        message = (
            f"{self._accepted} was damaged and is kept as {aside.name}. It is written again from {self._path.name}."
        )
        return [FileFinding(self._accepted, message)]

    @property
    def _accepted(self) -> str:
        return self._kept.path.name if self._kept else ""

    def _aside(self, path: Path) -> Path:
        return path.with_name(f"{path.stem}.until-{self._now():%Y%m%dT%H%M%S%f}{path.suffix}")
