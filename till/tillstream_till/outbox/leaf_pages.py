"""Reads rows from the pages of a damaged SQLite file, without its index of pages, which may be lost.

See https://www.sqlite.org/fileformat2.html: a leaf page of a table lists its cells; a cell has the length of its
record, the row ID and the record, whose end may be on a chain of overflow pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_LEAF = 0x0D
_FILE_HEADER = 100
_PAGE_HEADER = 8
_SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_BLOB = 12
_MOST_BYTES = 1 << 20
"""No record of an outbox is larger."""
Value = int | str | bytes | None


@dataclass(frozen=True)
class StoredRow:
    """A row of any table: its row ID and its values."""

    row_id: int
    values: tuple[Value, ...]


def rows(content: bytes) -> Iterator[StoredRow]:
    """Yield every row of the file that is readable. Never raises."""
    page_size = int.from_bytes(content[16:18])
    page_size = 65536 if page_size == 1 else page_size
    if page_size < 512 or page_size & (page_size - 1):
        page_size = 4096
    usable = page_size - (content[20] if len(content) > 20 else 0)
    for start in range(0, len(content), page_size):
        offset = start + (_FILE_HEADER if start == 0 else 0)
        if content[offset : offset + 1] == bytes([_LEAF]):
            yield from _rows_of_page(content, start, offset, page_size, usable)


def _rows_of_page(content: bytes, start: int, offset: int, page_size: int, usable: int) -> Iterator[StoredRow]:
    count = int.from_bytes(content[offset + 3 : offset + 5])
    for index in range(min(count, page_size // 4)):
        at = offset + _PAGE_HEADER + 2 * index
        cell = start + int.from_bytes(content[at : at + 2])
        try:
            length, cell = _varint(content, cell)
            row_id, cell = _varint(content, cell)
            yield StoredRow(row_id, _values(_record(content, cell, length, page_size, usable)))
        except (IndexError, ValueError):
            continue  # this cell is damaged, others of the page may not be


def _record(content: bytes, cell: int, length: int, page_size: int, usable: int) -> bytes:
    if length > _MOST_BYTES:
        raise ValueError("longer than any record of an outbox")
    local = length
    if length > usable - 35:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        local = least if local > usable - 35 else local
    parts, remaining = [content[cell : cell + local]], length - local
    next_page = int.from_bytes(content[cell + local : cell + local + 4]) if remaining else 0
    while remaining > 0:
        page = (next_page - 1) * page_size
        if next_page < 1 or page >= len(content):
            raise ValueError("an overflow page is missing")
        next_page = int.from_bytes(content[page : page + 4])
        part = content[page + 4 : page + 4 + min(remaining, usable - 4)]
        parts.append(part)
        remaining -= len(part) or remaining
    record = b"".join(parts)
    if len(record) != length:
        raise ValueError("the record is truncated")
    return record


def _values(record: bytes) -> tuple[Value, ...]:
    end, at = _varint(record, 0)
    position, values = end, []
    while at < end:
        kind, at = _varint(record, at)
        size = _SIZES[kind] if kind in _SIZES else max((kind - _BLOB) // 2, 0)
        values.append(_value(kind, record[position : position + size]))
        position += size
    return tuple(values)


def _value(kind: int, part: bytes) -> Value:
    if kind == 0:
        return None
    if kind in _SIZES:
        return int.from_bytes(part, signed=True)
    if kind in {8, 9}:
        return kind - 8
    if kind < _BLOB:
        raise ValueError("no record of an outbox has this type")
    return part if kind % 2 == 0 else part.decode()


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        byte = content[at + index]
        if index == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + index + 1
    raise ValueError("not a number")
