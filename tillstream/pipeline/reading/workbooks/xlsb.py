"""Sheets of binary Excel workbooks (.xlsb, BIFF12). Calamine (Rust) reads a copy with only the cells of one sheet.

The copy contains texts for errors and rich texts, and cached values instead of formulas. From the file itself it would
read errors of formulas and rich texts as empty cells, and days as numbers.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from tillstream.model.limits import Limits
from tillstream.pipeline.reading.archives import ArchiveMember
from tillstream.pipeline.reading.read_options import unreadable
from tillstream.pipeline.reading.workbooks.biff import BIFF_ERRORS
from tillstream.pipeline.reading.workbooks.sheet_reader import SheetRow, damaged_workbook, select_sheet
from tillstream.pipeline.reading.workbooks.workbook_xml import ParseError, fromstring
from tillstream.pipeline.reading.workbooks.xlsx import (
    CellFaults,
    check_cell_range,
    check_part_sizes,
    check_repeated_texts,
    load_workbook,
    part_path,
    sheet_rows,
)

_ROW, _BLANK, _RK, _ERROR, _BOOL, _REAL, _TEXT, _SHARED_TEXT = range(8)
_FORMULA_TEXT, _FORMULA_NUMBER, _FORMULA_BOOL, _FORMULA_ERROR, _RICH_TEXT = 8, 9, 10, 11, 62
_SHORT_CELLS = frozenset(range(12, 19))
"""Cells without a column number; no spreadsheet is known to write them."""
_BOOK_PROPERTIES, _SHEET, _CALCULATION = 153, 156, 157
_SHEET_DATA_END, _TEXT_ITEM = 146, 19
_MAX_ROWS, _MAX_COLUMNS = 1 << 20, 1 << 14
_CELL = 8
"""Bytes before a cell's value: its column and its style."""

_BOOK, _RELATIONS, _COPY = "xl/workbook.bin", "xl/_rels/workbook.bin.rels", "worksheets/sheet1.bin"
_TEXTS = "xl/sharedStrings.bin"
_SHARED_PARTS = (_TEXTS, "xl/styles.bin")


@dataclass(frozen=True)
class BinarySheet:
    name: str
    relation_id: str
    is_visible: bool


@dataclass
class BinaryBook:
    sheets: list[BinarySheet] = field(default_factory=list)
    properties: bytes = b""
    """The record that contains the date system."""
    is_calculated: bool = False
    """Whether the workbook notes the program that calculated it last."""


@dataclass
class CellCopy:
    records: bytearray = field(default_factory=bytearray)
    width: int = 0
    height: int = 0
    uncached: CellFaults = field(default_factory=dict)
    """Formulas without a cached value."""
    has_results: bool = False
    blank: list[tuple[int, int]] = field(default_factory=list)
    """Row and column of formulas whose cached value is empty or zero."""
    shared_texts: list[int] = field(default_factory=list)
    """Places of the shared texts of cells."""


def read_book(part: bytes) -> BinaryBook:
    """Read the main part of a workbook. Raises `UnreadableFile`."""
    book = BinaryBook()
    for kind, data in _records(part):
        if kind == _BOOK_PROPERTIES:
            book.properties = encode_record(kind, data)
        elif kind == _CALCULATION:
            book.is_calculated = any(data[:4])
        elif kind == _SHEET:
            if data[8:12] == b"\xff\xff\xff\xff":
                continue
            relation_id, end = _text(data, 8)
            book.sheets.append(BinarySheet(_text(data, end)[0], relation_id, not any(data[:4])))
    return book


def build_book(properties: bytes, relation_id: str, name: str) -> bytes:
    """The main part of a workbook with one sheet."""
    sheet = encode_record(_SHEET, struct.pack("<II", 0, 1) + _wide(relation_id) + _wide(name))
    return encode_record(131) + properties + encode_record(143) + sheet + encode_record(144) + encode_record(132)


def copy_sheet(part: bytes, *, is_calculated: bool) -> tuple[bytes, CellCopy]:
    """Copy a sheet's part. Returns the part of the copy, and facts about its cells. Raises `UnreadableFile`.

    Formulas whose cached values are all empty or zero, in a workbook that was never calculated, have no cached value.
    """
    copy, row = CellCopy(), -1
    for kind, data in _records(part):
        if kind == _ROW:
            row = _number(data)
            copy.records += encode_record(_ROW, data[:4])
        elif kind == _SHEET_DATA_END:
            break
        elif kind in _SHORT_CELLS:
            raise unreadable("The workbook has cells in a form that is not supported. Save it as a workbook (.xlsx).")
        elif kind in _COPIED:
            _copy_cell(copy, row, kind, data)
    if not is_calculated and not copy.has_results:
        for row, column in copy.blank:
            copy.uncached.setdefault(row, {})[column] = None
    return encode_record(129) + encode_record(148, bytes(16)) + encode_record(145) + bytes(
        copy.records
    ) + encode_record(146) + encode_record(130), copy


def shared_text_lengths(part: bytes) -> list[int]:
    """Bytes of each shared text. Raises `UnreadableFile`."""
    return [len(data) for kind, data in _records(part) if kind == _TEXT_ITEM]


def _copy_cell(copy: CellCopy, row: int, kind: int, data: bytes) -> None:
    column = _number(data)
    if not (0 <= row < _MAX_ROWS and column < _MAX_COLUMNS):
        raise damaged_workbook("a cell is not in a row")
    try:
        new_kind, value = _COPIED[kind](data)
    except (IndexError, struct.error) as error:
        raise damaged_workbook("a cell is cut off") from error
    copy.records += encode_record(new_kind, data[:_CELL] + value)
    if kind == _SHARED_TEXT:
        copy.shared_texts.append(_number(value))
    copy.width, copy.height = max(copy.width, column + 1), max(copy.height, row + 1)
    if _FORMULA_TEXT <= kind <= _FORMULA_ERROR:
        if kind in (_FORMULA_TEXT, _FORMULA_NUMBER) and not any(value):
            copy.blank.append((row, column))
        else:
            copy.has_results = True


def _compact_number(data: bytes) -> tuple[int, bytes]:
    (number,) = struct.unpack_from("<i", data, _CELL)
    value = float(number >> 2) if number & 2 else struct.unpack("<d", struct.pack("<q", (number & ~3) << 32))[0]
    return _REAL, struct.pack("<d", value / 100 if number & 1 else value)


def _error(data: bytes) -> tuple[int, bytes]:
    return _TEXT, _wide(BIFF_ERRORS.get(data[_CELL], "#ERROR"))


def _full_number(data: bytes) -> tuple[int, bytes]:
    return _REAL, struct.pack("<d", *struct.unpack_from("<d", data, _CELL))


def _boolean(data: bytes) -> tuple[int, bytes]:
    return _BOOL, bytes((data[_CELL],))


def _own_text(data: bytes) -> tuple[int, bytes]:
    return _TEXT, data[_CELL : _text(data, _CELL)[1]]


_COPIED: dict[int, Callable[[bytes], tuple[int, bytes]]] = {
    _RK: _compact_number,  # calamine reads a whole number as no date, whatever its format is
    _ERROR: _error,
    _BOOL: _boolean,
    _REAL: _full_number,
    _TEXT: _own_text,
    _SHARED_TEXT: lambda data: (_SHARED_TEXT, struct.pack("<I", _number(data[_CELL:]))),
    _FORMULA_TEXT: _own_text,
    _FORMULA_NUMBER: _full_number,
    _FORMULA_BOOL: _boolean,
    _FORMULA_ERROR: _error,
    _RICH_TEXT: lambda data: (_TEXT, data[_CELL + 1 : _text(data, _CELL + 1)[1]]),
}
"""Type of a cell's record → function that returns the type and value of its copy."""


def encode_record(kind: int, data: bytes = b"") -> bytes:
    """Build a record; type and size have seven bits a byte."""
    head = bytes((kind,)) if kind < 0x80 else bytes((kind & 0x7F | 0x80, kind >> 7))
    size = len(data)
    while size > 0x7F:
        head += bytes((size & 0x7F | 0x80,))
        size >>= 7
    return head + bytes((size,)) + data


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (type, data) of each record."""
    position, end = 0, len(part)
    try:
        while position < end:
            kind, position = part[position], position + 1
            if kind & 0x80:
                kind, position = kind & 0x7F | (part[position] & 0x7F) << 7, position + 1
            size = shift = 0
            byte = 0x80
            while byte & 0x80 and shift < 28:
                byte, position = part[position], position + 1
                size |= (byte & 0x7F) << shift
                shift += 7
            if position + size > end:
                raise damaged_workbook("it is damaged or was cut off")
            yield kind, part[position : position + size]
            position += size
    except IndexError as error:
        raise damaged_workbook("it is damaged or was cut off") from error


def _text(data: bytes, start: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    end = start + 4 + 2 * _number(data[start:])
    if end > len(data):
        raise damaged_workbook("a text is cut off")
    return data[start + 4 : end].decode("utf-16-le", "replace"), end


def _wide(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _number(data: bytes) -> int:
    if len(data) < 4:
        raise damaged_workbook("a record is cut off")
    return int.from_bytes(data[:4], "little")


class XlsbRows:
    """A sheet; implements `SheetRows`."""

    def __init__(self, archive: zipfile.ZipFile, requested: str, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        self._names = {name.casefold(): name for name in archive.namelist()}
        """Names of the parts; programs differ in the case of letters."""
        check_part_sizes(archive, limits, _BOOK, _RELATIONS)
        self._book = read_book(self._part(_BOOK))
        try:
            relations = fromstring(self._part(_RELATIONS))
            paths = {sheet.name: part_path(relations, sheet.relation_id) for sheet in self._book.sheets}
        except (ParseError, LookupError, ValueError) as error:
            raise damaged_workbook(error) from error
        sheets = sorted(self._book.sheets, key=lambda sheet: not sheet.is_visible)
        self.hidden = frozenset(sheet.name for sheet in sheets if not sheet.is_visible)
        self.sheets = [sheet.name for sheet in sheets if "/worksheets/" in paths[sheet.name]]
        self.sheet = select_sheet(self.sheets, requested)
        self._path = paths[self.sheet]
        self._shared = [name for name in _SHARED_PARTS if name.casefold() in self._names]
        loaded = (self._path, *self._shared)
        check_part_sizes(archive, limits, *(self._names.get(name.casefold(), name) for name in loaded))

    def __iter__(self) -> Iterator[SheetRow]:
        copy, uncached = self._copy()
        workbook = load_workbook(copy)
        yield from sheet_rows(workbook, workbook.sheet_names[0], uncached)

    def _part(self, name: str) -> bytes:
        try:
            return ArchiveMember(
                self._archive, self._archive.getinfo(self._names[name.casefold()]), self._limits
            ).read()
        except KeyError as error:
            raise damaged_workbook(error) from error

    def _copy(self) -> tuple[io.BytesIO, CellFaults]:
        """A workbook with only this sheet, and the texts and formats that all sheets share; and its uncached cells."""
        sheet, copy = copy_sheet(self._part(self._path), is_calculated=self._book.is_calculated)
        check_cell_range(self.sheet, copy.width, copy.height, self._limits)
        shared = {name: self._part(name) for name in self._shared}
        if copy.shared_texts and _TEXTS in shared:
            lengths = np.array(shared_text_lengths(shared[_TEXTS]) or [0], np.int64)
            check_repeated_texts(self.sheet, lengths, np.array(copy.shared_texts, np.int64), self._limits)
        relation = f'<Relationship Id="rId1" Target="{_COPY}"/>'
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(_BOOK, build_book(self._book.properties, "rId1", "S"))
            archive.writestr(_RELATIONS, f"<Relationships>{relation}</Relationships>")
            archive.writestr(f"xl/{_COPY}", sheet)
            for name, part in shared.items():
                archive.writestr(name, part)
        out.seek(0)
        return out, copy.uncached
