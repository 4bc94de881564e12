"""Pages of rows as CSV files: cells as text, digests, and keys of items."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast
from uuid import UUID

from tillstream.connectors.source import Cursor, SourceItem
from tillstream.model.errors import Rejected

_IN_MEMORY_BYTES = 8 << 20
MODULUS = 1 << 128
"""Digests of sets of rows are sums of the digests of rows, modulo this: the order of the rows does not matter."""


def cell_text(value: object) -> str:
    """A value as text: ISO 8601 dates, plain decimals, compact JSON; empty for None. Raises `TypeError` for others."""
    match value:
        case None:
            text = ""
        case str():
            text = value
        case bool():
            text = "true" if value else "false"
        case float():
            text = format(Decimal(repr(value)), "f")
        case Decimal():
            text = format(value, "f")
        case datetime() | date() | time():
            text = value.isoformat()
        case int() | UUID() | IPv4Address() | IPv6Address() | IPv4Interface() | IPv6Interface():
            text = str(value)
        case dict() | list():
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=cell_text)
        case _:
            raise TypeError(type(value).__name__)
    return text


def row_digest(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=16).digest(), "big")


def chained_key(previous: str, content: int) -> str:
    """The key of content that follows an item. The same content at a later place is a new item, so that a row that
    changes and changes again to its first values is delivered three times."""
    return f"{row_digest(f'{previous} {content:x}'.encode()):032x}"


@dataclass(frozen=True)
class RowMark:
    """A place in a page to which it can be cut."""

    offset: int
    rows: int
    digest: int


class RowPage:
    """Rows of one file, in memory up to 8 MB and then on the disk. Close it when its item is stored."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._file = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY_BYTES)
        self._line = 0
        self._writer = csv.writer(self, lineterminator="\n")
        self._writer.writerow(columns)
        self.rows = 0
        self.digest = self._line

    def write(self, line: str) -> None:
        """Receives each line of the CSV writer."""
        data = line.encode("utf-8", "replace")
        self._file.write(data)
        self._line = row_digest(data)

    def add(self, values: Iterable[Any]) -> int:
        """Write a row, and return its digest. Raises `Rejected` for a value that has no text, such as bytes."""
        values = tuple(values)
        try:
            self._writer.writerow(map(cell_text, values))
        except TypeError:
            raise Rejected(self._without_text(values)) from None
        self.rows += 1
        self.digest = (self.digest + self._line) % MODULUS
        return self._line

    def _without_text(self, values: Sequence[Any]) -> str:
        for name, value in zip(self._columns, values, strict=True):
            try:
                cell_text(value)
            except TypeError as error:
                return f"The column “{name}” has the type {error}. Leave it out of the query, or convert it to text."
        raise AssertionError

    def mark(self) -> RowMark:
        return RowMark(self._file.tell(), self.rows, self.digest)

    def cut(self, mark: RowMark) -> None:
        """Remove the rows after a mark."""
        self._file.seek(mark.offset)
        self._file.truncate()
        self.rows, self.digest = mark.rows, mark.digest

    def item(self, previous: str, file: str, cursor: Callable[[str], Cursor | None]) -> SourceItem:
        """previous: key of the item before. cursor: the cursor after the item, from its key."""
        key = chained_key(previous, self.digest)
        return SourceItem(key, file, self._open, cursor(key))

    def _open(self) -> BinaryIO:
        self._file.seek(0)
        return cast("BinaryIO", self._file)

    def close(self) -> None:
        self._file.close()
