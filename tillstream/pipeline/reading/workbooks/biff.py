"""Records and texts of old Excel workbooks (BIFF8): copy only the cells of one sheet.

The copy contains texts where the original refers to shared texts, and cached values instead of formulas.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tillstream.pipeline.reading.read_options import UnreadableFile, unreadable
from tillstream.pipeline.reading.workbooks.sheet_reader import damaged_workbook
from tillstream.pipeline.reading.workbooks.xlsx import CellFaults

_WIDE, _EXTENDED, _RICH = 1, 4, 8

_BOF, _EOF, _CONTINUE, _FILEPASS, _BOUNDSHEET, _SST = 0x0809, 0x000A, 0x003C, 0x002F, 0x0085, 0x00FC
_DATEMODE, _FORMAT, _XF, _RECALCID = 0x0022, 0x041E, 0x00E0, 0x01C1
_NUMBER, _RK, _MULRK, _LABEL, _RSTRING, _LABELSST = 0x0203, 0x027E, 0x00BD, 0x0204, 0x00D6, 0x00FD
_BOOLERR, _FORMULA, _STRING = 0x0205, 0x0006, 0x0207
_CELLS = {_NUMBER: 14, _RK: 10, _MULRK: 12, _LABEL: 8, _RSTRING: 8, _LABELSST: 10, _BOOLERR: 8, _FORMULA: 20}
"""Type of a record with cells → its minimum size in bytes."""
_BIFF8 = 0x0600
_MAX_COLUMNS = 256
_NOT_CALCULATED = 3
"""Flags of a formula that the spreadsheet must calculate when it opens the file."""
_NO_NUMBER = b"\xff\xff"
"""Last two bytes of a formula's cached value that is not a number."""
_MAX_RECORD = 0xFFFF
BIFF_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


def read_biff_text(data: bytes, length: int, flags: int) -> str:
    """Read a text that is within one record. Raises `UnreadableFile`."""
    wide = flags & _WIDE
    raw = data[: length << wide]
    if len(raw) < length << wide:
        raise damaged_workbook("a text is cut off")
    return raw.decode("utf-16-le", "replace") if wide else raw.decode("latin-1")


def read_shared_strings(parts: list[bytes]) -> list[str]:
    """The shared texts of a workbook. parts: the record and those that continue it. Raises `UnreadableFile`."""
    if not parts:
        return []
    strings: list[str] = []
    count = 0
    try:
        reader = _ContinuedText(parts)
        _, count = struct.unpack("<II", reader.take(8))
        while reader.has_more():
            strings.append(reader.string())
    except (struct.error, IndexError) as error:
        if len(strings) < count or not count:  # some programs write a wrong count, or padding after the last text
            raise damaged_workbook("its texts are cut off") from error
    return strings


class _ContinuedText:
    """Reads texts from a record and the records that continue it."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = iter(parts)
        self._part, self._position = b"", 0

    def has_more(self) -> bool:
        while self._position >= len(self._part):
            part = next(self._parts, None)
            if part is None:
                return False
            self._part, self._position = part, 0
        return True

    def take(self, size: int) -> bytes:
        taken = bytearray(self._advance(size))
        while len(taken) < size:
            self._next()
            taken += self._advance(size - len(taken))
        return bytes(taken)

    def _advance(self, size: int) -> bytes:
        """Read at most `size` bytes, only from the current record."""
        raw = self._part[self._position : self._position + size]
        self._position += len(raw)
        return raw

    def _next(self) -> None:
        part = next(self._parts, None)
        if part is None:
            raise IndexError
        self._part, self._position = part, 0

    def string(self) -> str:
        length, flags = struct.unpack("<HB", self.take(3))
        runs = struct.unpack("<H", self.take(2))[0] if flags & _RICH else 0
        extension = struct.unpack("<I", self.take(4))[0] if flags & _EXTENDED else 0
        text = self._text(length, flags & _WIDE)
        self.take(4 * runs + extension)
        return text

    def _text(self, length: int, wide: int) -> str:
        encoded = b""
        while True:
            left = len(self._part) - self._position
            raw = self._advance(min(length, left >> wide) << wide)
            length -= len(raw) >> wide
            if not length and not encoded:
                return raw.decode("utf-16-le", "replace") if wide else raw.decode("latin-1")
            encoded += raw if wide else raw.decode("latin-1").encode("utf-16-le")
            if not length:
                return encoded.decode("utf-16-le", "replace")
            self._next()  # the rest of the text starts with its own flags
            wide, self._position = self._part[0] & _WIDE, 1


@dataclass(frozen=True)
class BiffSheet:
    name: str
    position: int
    is_visible: bool


@dataclass
class SheetCopy:
    rows: dict[int, bytearray] = field(default_factory=dict)
    """0-based row → its cell records."""
    width: int = 0
    uncached: CellFaults = field(default_factory=dict)
    """Formulas without a cached value."""
    size: int = 0
    has_results: bool = False
    """Whether a formula has a cached value that a program calculated."""
    blank: list[bytes] = field(default_factory=list)
    """Row and column of formulas whose cached value is empty, or the zero that programs write that do not calculate."""


class BiffWorkbook:
    """A workbook: its sheets, and the records that all sheets share. Raises `UnreadableFile`."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self.sheets: list[BiffSheet] = []
        self._globals = bytearray()
        self._is_calculated = False
        shared: list[bytes] = []
        previous = _BOF
        for kind, data in _records(stream, 0):
            if kind == _BOF and data[:2] != struct.pack("<H", _BIFF8):
                raise unreadable("The file is a workbook of Excel 95 or older. Save it as a workbook (.xlsx).")
            if kind == _FILEPASS:
                raise unreadable("The workbook is locked with a password. Save it without one.")
            if kind == _BOUNDSHEET:
                self._add_sheet(data)
            elif kind == _SST or (kind == _CONTINUE and previous == _SST):
                shared.append(data)
            elif kind == _RECALCID:
                self._is_calculated = True
            elif kind in (_DATEMODE, _FORMAT, _XF):
                self._globals += _record(kind, data)
            previous = previous if kind == _CONTINUE else kind
        self._strings = read_shared_strings(shared)

    def _add_sheet(self, data: bytes) -> None:
        if len(data) < 8:
            raise damaged_workbook("the name of a sheet is cut off")
        position, state, kind, length, flags = struct.unpack_from("<IBBBB", data)
        if kind == 0:
            self.sheets.append(BiffSheet(read_biff_text(data[8:], length, flags), position, state & 3 == 0))

    def copy_sheet(self, sheet: BiffSheet, max_bytes: int) -> tuple[bytes, SheetCopy]:
        """Copy a sheet. Returns a workbook stream with only this sheet, and facts about its cells.

        Raises `UnreadableFile` if its cells take more than `max_bytes`.
        """
        try:
            copy = self._copy_cells(sheet, max_bytes)
        except (struct.error, IndexError) as error:
            raise damaged_workbook(error) from error
        start = _record(_BOF, struct.pack("<HHHHII", _BIFF8, 5, 0, 0, 0, 0)) + self._globals
        bound = struct.pack("<IBBBB", 0, 0, 0, 1, 0) + b"S"
        position = len(start) + len(_record(_BOUNDSHEET, bound)) + len(_record(_EOF, b""))
        start += _record(_BOUNDSHEET, struct.pack("<I", position) + bound[4:]) + _record(_EOF, b"")
        rows = b"".join(copy.rows[row] for row in sorted(copy.rows))
        sheet_start = _record(_BOF, struct.pack("<HHHHII", _BIFF8, 0x10, 0, 0, 0, 0))
        return bytes(start + sheet_start + rows + _record(_EOF, b"")), copy

    def _copy_cells(self, sheet: BiffSheet, max_bytes: int) -> SheetCopy:
        copy, waiting = SheetCopy(), b""  # waiting: a formula whose text is in the next record
        for kind, data in _records(self._stream, sheet.position):
            if kind == _STRING and waiting:
                length, flags = struct.unpack_from("<HB", data)
                _add(copy, waiting, _text_record(waiting, read_biff_text(data[3:], length, flags)))
                waiting, copy.has_results = b"", True
            elif kind in _CELLS:
                _mark_uncached(copy, waiting)
                waiting = b""
                if len(data) < _CELLS[kind]:
                    raise damaged_workbook("a cell is cut off")
                if kind == _FORMULA and data[6] == 0 and data[12:14] == _NO_NUMBER:
                    waiting = data[:6]
                else:
                    _add(copy, data, self._cell_record(copy, kind, data))
            if copy.size > max_bytes:
                raise workbook_too_large(f"The cells of “{sheet.name}” take", max_bytes)
        _mark_uncached(copy, waiting)
        if not self._is_calculated and not copy.has_results:
            for cell in copy.blank:
                _mark_uncached(copy, cell)
        return copy

    def _cell_record(self, copy: SheetCopy, kind: int, data: bytes) -> bytes:
        """The cell as a number, a boolean or a text; nothing if it has no value."""
        if kind == _LABELSST:
            return _text_record(data, self._strings[struct.unpack_from("<I", data, 6)[0]])
        if kind in (_LABEL, _RSTRING):
            length, flags = struct.unpack_from("<HB", data, 6) if len(data) > 8 else (0, 0)
            return _text_record(data, read_biff_text(data[9:], length, flags))
        if kind == _BOOLERR:
            return _text_record(data, BIFF_ERRORS.get(data[6], "#ERROR")) if data[7] else _record(_BOOLERR, data[:8])
        return _cached_value(copy, data) if kind == _FORMULA else _record(kind, data)


def _cached_value(copy: SheetCopy, data: bytes) -> bytes:
    if data[12:14] != _NO_NUMBER:
        is_zero = struct.unpack_from("<d", data, 6)[0] == 0
        if is_zero and struct.unpack_from("<H", data, 14)[0] & _NOT_CALCULATED == _NOT_CALCULATED:
            copy.blank.append(data[:4])
        else:
            copy.has_results = True
        return _record(_NUMBER, data[:14])
    if data[6] not in (1, 2):
        copy.blank.append(data[:4])
        return b""
    copy.has_results = True
    if data[6] == 1:
        return _record(_BOOLERR, data[:6] + bytes((data[8], 0)))
    return _text_record(data, BIFF_ERRORS.get(data[8], "#ERROR"))


def _mark_uncached(copy: SheetCopy, cell: bytes) -> None:
    """Record a formula without a cached value. cell: bytes that start with row and column; empty for no formula."""
    if cell:
        row, column = struct.unpack_from("<HH", cell)
        _check_column(column)
        copy.uncached.setdefault(row, {})[column] = None


def _add(copy: SheetCopy, data: bytes, record: bytes) -> None:
    row, column = struct.unpack_from("<HH", data)
    if record[:2] == struct.pack("<H", _MULRK):
        last = column + (len(data) - 6) // 6 - 1
        if len(data) % 6 or struct.unpack_from("<H", data, len(data) - 2)[0] != last:
            raise damaged_workbook("a row of numbers is cut off")
        column = last
    _check_column(column)
    if record:
        copy.rows.setdefault(row, bytearray()).extend(record)
        copy.width, copy.size = max(copy.width, column + 1), copy.size + len(record)


def _check_column(column: int) -> None:
    if column >= _MAX_COLUMNS:
        raise damaged_workbook(f"a row has more than {_MAX_COLUMNS} cells")


def _text_record(cell: bytes, text: str) -> bytes:
    """Build the record of a text cell. cell: bytes that start with row, column and format."""
    encoded = text.encode("utf-16-le", "replace")
    if len(encoded) > _MAX_RECORD - 9:
        raise unreadable("A cell has a text too long to be read. Save the sheet as CSV UTF-8.")
    return _record(_LABEL, cell[:6] + struct.pack("<HB", len(encoded) // 2, 1) + encoded)


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """Yield (type, data) of each record of a substream, without the nested substreams of charts and the like."""
    depth = 0
    while True:
        if position + 4 > len(stream):
            raise damaged_workbook("it is damaged or was cut off")
        kind, size = struct.unpack_from("<HH", stream, position)
        data = stream[position + 4 : position + 4 + size]
        if len(data) < size:
            raise damaged_workbook("it is damaged or was cut off")
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            if kind == _EOF and depth == 0:
                return
            raise damaged_workbook("a sheet does not start where it should")
        if depth == 1:
            yield kind, data
        position += 4 + size


def workbook_too_large(subject: str, limit: int) -> UnreadableFile:
    return unreadable(
        f"{subject} more than {limit >> 20:,} megabytes. Save the sheet as CSV UTF-8, which has no such limit, or ask "
        "your administrator to raise the limit (sheet_limit_mb)."
    )
