"""Sheets of old Excel workbooks (.xls, Excel 97 to 2003), and the compound files that contain them.

Calamine (Rust) reads a copy with only the cells of one sheet. From the file itself it would read errors and formulas
without a cached value as empty cells, and a few bytes could expand to gigabytes.
"""

import io
import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from tillstream.model.limits import Limits
from tillstream.pipeline.reading.archives import read_exactly
from tillstream.pipeline.reading.file_signatures import not_a_table
from tillstream.pipeline.reading.read_options import UnreadableFile
from tillstream.pipeline.reading.workbooks.biff import BiffWorkbook, workbook_too_large
from tillstream.pipeline.reading.workbooks.sheet_reader import SheetRow, damaged_workbook, select_sheet
from tillstream.pipeline.reading.workbooks.xlsx import check_cell_range, load_workbook, sheet_rows

_COMPOUND_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER_SIZE, _ENTRY_SIZE, _MINI_SIZE = 512, 128, 64
_SECTOR_SHIFTS = (9, 12)
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_FAT_SECTOR, _END_OF_CHAIN, _FREE = 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF
_HEADER_FAT_SECTORS = 109
_BUILT_SECTOR = 4096
_SAVE_AGAIN = "Open it and save it as a workbook (.xlsx)"
_OTHER_DOCUMENTS = {
    "encryptedpackage": f"The workbook is locked with a password. {_SAVE_AGAIN} without one.",
    "book": f"The file is a workbook of Excel 95 or older. {_SAVE_AGAIN}.",
    "worddocument": "The file is a Word document. Export the sales as CSV or as a workbook (.xlsx).",
    "powerpoint document": "The file is a PowerPoint presentation. Export the sales as CSV or as a workbook (.xlsx).",
}
"""Name of a stream → error message."""

MAX_BUILT = (_HEADER_FAT_SECTORS * (_BUILT_SECTOR // 4) - _HEADER_FAT_SECTORS - 1) * _BUILT_SECTOR
"""Largest stream that `build_compound_file` accepts."""
_GLOBALS_BYTES = 16 << 20
"""Bytes of a copy that are reserved for formats; the cells can take the rest."""


def extract_workbook(data: bytes) -> bytes:
    """Return the stream `Workbook` of a compound file. Raises `UnreadableFile`."""
    try:
        return _CompoundFile(data).workbook()
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise damaged_workbook(error) from error


class _CompoundFile:
    def __init__(self, data: bytes) -> None:
        if not data.startswith(_COMPOUND_SIGNATURE):
            raise damaged_workbook("it does not start as a workbook")
        shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if shift not in _SECTOR_SHIFTS or 1 << mini_shift != _MINI_SIZE:
            raise damaged_workbook("its sectors have an unknown size")
        self._data, self._size = data, 1 << shift
        (directory,) = struct.unpack_from("<I", data, 48)
        self._mini_cutoff, self._mini_fat = struct.unpack_from("<II", data, 56)
        self._fat = self._allocation_table()
        self._entries = self._chain(directory)

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        if start >= len(self._data):
            raise damaged_workbook("it is damaged or was cut off")
        return self._data[start : start + self._size]

    def _allocation_table(self) -> Sequence[int]:
        """Return for each sector the number of the next sector of its stream."""
        sectors = list(struct.unpack_from(f"<{_HEADER_FAT_SECTORS}I", self._data, 76))
        (following,) = struct.unpack_from("<I", self._data, 68)
        visited: set[int] = set()
        while following < _FAT_SECTOR:
            if following in visited:
                raise _cyclic()
            visited.add(following)
            *more, following = _sector_numbers(self._sector(following))
            sectors += more
        used = [number for number in sectors if number < _FAT_SECTOR]
        if len(set(used)) != len(used):
            raise _cyclic()
        return _sector_numbers(b"".join(map(self._sector, used)))

    def _chain(self, start: int) -> bytes:
        return b"".join(map(self._sector, _follow_sectors(start, self._fat)))

    def workbook(self) -> bytes:
        streams = dict(self._root_streams())
        if "workbook" not in streams:
            message = next((text for name, text in _OTHER_DOCUMENTS.items() if name in streams), None)
            raise not_a_table(message or f"The file is a document that is no workbook. {_SAVE_AGAIN}, or as CSV UTF-8.")
        entry = streams["workbook"]
        start, size = struct.unpack_from("<II", entry, 116)
        content = self._mini_stream(start) if size < self._mini_cutoff else self._chain(start)
        if len(content) < size:
            raise damaged_workbook("it is damaged or was cut off")
        return content[:size]

    def _mini_stream(self, start: int) -> bytes:
        (container,) = struct.unpack_from("<I", self._entries, 116)
        content, table = self._chain(container), _sector_numbers(self._chain(self._mini_fat))
        sectors = _follow_sectors(start, table)
        return b"".join(content[number * _MINI_SIZE : (number + 1) * _MINI_SIZE] for number in sectors)

    def _root_streams(self) -> list[tuple[str, bytes]]:
        """Name in lower case and directory entry of each stream outside folders; those contain embedded objects."""
        streams: list[tuple[str, bytes]] = []
        (child,) = struct.unpack_from("<I", self._entries, 76)
        pending, visited = [child], {_FREE}
        while pending:
            number = pending.pop()
            if number in visited:
                continue
            visited.add(number)
            entry = self._entries[number * _ENTRY_SIZE : (number + 1) * _ENTRY_SIZE]
            length, kind = struct.unpack_from("<HB", entry, 64)
            if kind == _STREAM:
                streams.append((entry[: max(length - 2, 0)].decode("utf-16-le").lower(), entry))
            pending += struct.unpack_from("<II", entry, 68)
        return streams


def _sector_numbers(data: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) & ~3])


def _follow_sectors(start: int, table: Sequence[int]) -> list[int]:
    numbers: list[int] = []
    while start != _END_OF_CHAIN:
        numbers.append(start)
        if len(numbers) > len(table):
            raise _cyclic()
        start = table[start]
    return numbers


def _cyclic() -> UnreadableFile:
    return damaged_workbook("its sectors do not end")


def build_compound_file(stream: bytes) -> bytes:
    """Build a compound file whose only stream is a workbook. stream: its bytes, at most `MAX_BUILT`."""
    content = stream.ljust(_BUILT_SECTOR, b"\0")  # smaller streams are stored differently
    content_sectors = -(-len(content) // _BUILT_SECTOR)
    per_sector = _BUILT_SECTOR // 4
    fat_sectors = -(-(content_sectors + 2) // (per_sector - 1))
    directory, first_fat = content_sectors, content_sectors + 1
    fat = [*range(1, content_sectors), _END_OF_CHAIN, _END_OF_CHAIN, *[_FAT_SECTOR] * fat_sectors]
    fat += [_FREE] * (fat_sectors * per_sector - len(fat))
    header_fat = [*range(first_fat, first_fat + fat_sectors), *[_FREE] * (_HEADER_FAT_SECTORS - fat_sectors)]
    sizes = (0x3E, 4, 0xFFFE, 12, 6)  # versions, byte order, sizes of sector and mini sector (log2)
    tables = (1, fat_sectors, directory, 0, _BUILT_SECTOR, _END_OF_CHAIN, 0, _END_OF_CHAIN, 0)
    header = struct.pack("<8s16x5H6x9I", _COMPOUND_SIGNATURE, *sizes, *tables)
    header += struct.pack(f"<{_HEADER_FAT_SECTORS}I", *header_fat)
    entries = _directory_entry("Root Entry", _ROOT, 1, 0, 0) + _directory_entry(
        "Workbook", _STREAM, _FREE, 0, len(content)
    )
    parts = (header, content, entries, struct.pack(f"<{len(fat)}I", *fat))
    return b"".join(part.ljust(-(-len(part) // _BUILT_SECTOR) * _BUILT_SECTOR, b"\0") for part in parts)


def _directory_entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    return struct.pack("<64sHBBIII36xIQ", encoded, len(encoded) + 2, kind, 1, _FREE, _FREE, child, start, size)


class XlsRows:
    """A sheet; implements `SheetRows`."""

    def __init__(self, stream: BinaryIO, requested: str, limits: Limits) -> None:
        size = stream.seek(0, io.SEEK_END)
        if size > limits.sheet_bytes:
            raise workbook_too_large("The workbook has", limits.sheet_bytes)
        stream.seek(0)
        self._book, self._limits = BiffWorkbook(extract_workbook(read_exactly(stream, size))), limits
        sheets = sorted(self._book.sheets, key=lambda sheet: not sheet.is_visible)
        self.hidden = frozenset(sheet.name for sheet in sheets if not sheet.is_visible)
        self.sheets = [sheet.name for sheet in sheets]
        self.sheet = select_sheet(self.sheets, requested)

    def __iter__(self) -> Iterator[SheetRow]:
        sheet = next(sheet for sheet in self._book.sheets if sheet.name == self.sheet)
        most = min(self._limits.sheet_bytes, MAX_BUILT - _GLOBALS_BYTES)
        stream, copy = self._book.copy_sheet(sheet, most)
        if len(stream) > MAX_BUILT:
            raise workbook_too_large("The formats of the workbook take", _GLOBALS_BYTES)
        check_cell_range(self.sheet, copy.width, max(copy.rows, default=-1) + 1, self._limits)
        workbook = load_workbook(io.BytesIO(build_compound_file(stream)))
        yield from sheet_rows(workbook, workbook.sheet_names[0], copy.uncached)
