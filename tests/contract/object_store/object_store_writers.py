"""What the suite of the ObjectStore writes and reads, also from other processes."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from processes import log_line

from tillstream.model.errors import Conflict, NotFound
from tillstream.ports.objects import ObjectStore, StoredObject

Opener = Callable[[], ObjectStore]

ODD_NAMES = [
    "a",
    "a/b",
    "IN/Sales.csv",
    "in/sales.csv",
    "in/SALES.csv",
    "a//b",
    "/a",
    "a/",
    ".hidden",
    "..a/b..",
    "a/../b",
    "a/./b",
    "dot.",
    " blank ",
    "con.csv",
    "aux/nul",
    "Umsätze März/हिन्दी 🧾.csv",
    "é",
    "e\u0301",
    "star*[a-z]?.parquet",
    "day=2024-01-01/part=1.parquet",
    "100%25 & 'more' \"quotes\" \\ : | <>",
    "!i!n",
    "%49",
    "a+b@",
    "a@/b+/c",
    "long/" + "ü" * 500,
    "x" * 1024,
]


class BreaksHalfWay(list[bytes]):
    def __iter__(self) -> Iterator[bytes]:
        yield self[0]
        raise ZeroDivisionError


def write(
    store: ObjectStore,
    name: str,
    data: bytes | Iterable[bytes],
    if_generation: int | None = None,
    bucket: str = "inbox",
) -> StoredObject:
    with store.writer(bucket, name, if_generation=if_generation) as writer:
        for piece in [data] if isinstance(data, bytes) else data:
            writer.write(piece)
    assert writer.stored is not None
    return writer.stored


def read(store: ObjectStore, name: str, generation: int | None = None, bucket: str = "inbox") -> bytes:
    with store.open(bucket, name, generation) as stream:
        return stream.read()


def count_up(opener: Opener, times: int) -> None:
    """Add 1 to a shared number `times` times by precondition."""
    store = opener()
    for _ in range(times):
        while True:
            try:
                info = store.stat("inbox", "counter")
                number, generation = int(read(store, "counter", info.generation)), info.generation
            except NotFound:
                number, generation = 0, 0
            try:
                write(store, "counter", b"%d" % (number + 1), generation)
                break
            except Conflict:
                continue


def write_many(opener: Opener, name: str, times: int, log: Path) -> None:
    store = opener()
    log_line(log, json.dumps([write(store, f"{name}/{n}", b"x").generation for n in range(times)]))


def write_until_killed(log: Path, opener: Opener) -> None:
    store = opener()
    for number in itertools.count():
        data = b"%d " % number * 50_000
        stored = write(store, "kept", data)
        log_line(log, f"{stored.generation} {hashlib.sha256(data).hexdigest()}")
