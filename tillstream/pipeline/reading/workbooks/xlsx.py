"""Sheets of Excel workbooks (.xlsx). Calamine (Rust) reads the values; their XML is checked before.

Errors, and formulas without a cached value, which Calamine skips silently, are taken from the XML. XML as
spreadsheets write it is scanned with regular expressions and not parsed.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import BinaryIO

import numpy as np
import python_calamine as calamine

from tillstream.model.limits import Limits
from tillstream.pipeline.reading.archives import ArchiveMember
from tillstream.pipeline.reading.read_options import check_unpacked_size, unreadable
from tillstream.pipeline.reading.typed_cells import TypedCell
from tillstream.pipeline.reading.workbooks.sheet_reader import SheetRow, damaged_workbook, select_sheet
from tillstream.pipeline.reading.workbooks.workbook_xml import Element, ParseError, fromstring, iterparse
from tillstream.pipeline.rows.text_columns import Ints

_TEXT_CHUNK, _TAGS = 1 << 20, len("<si><t></t></si>")
_OPENS, _ENDS_NAME = (np.isin(np.arange(256), np.frombuffer(signs, np.uint8)) for signs in (b"<:", b" \t\r\n/>"))
"""bool (256,): whether a byte is before the name of a tag, with or without a prefix, and after it."""
_REFERRING = re.compile(rb"""\st\s*=\s*["']s["']""")
_TEXT_REFERENCE = re.compile(rb"""\st\s*=\s*["']s["'][^<]*<(?:[^\s<>/:]+:)?v>\s*([0-9]{1,9})\s*<""")

CellFaults = dict[int, dict[int, str | None]]
"""0-based row → 0-based column → error text, or None for a formula without a cached value."""
_XML_CHUNK = 1 << 20
_FAULT_MARKERS = (b"<f", b":f>", b":f ", b":f/", b"\nf", b'"e"', b"'e'")
"""XML with a formula or an error contains one of these; searching is a hundred times faster than parsing."""
_CELL_TAG = re.compile(rb"<(?:[^\s<>/:]+:)?c[\s/>]")
_REGULAR_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: [a-z]+="[0-9A-Za-z]*")*(/?)>')
_CELL_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

_CELL_BYTES = 32
"""Memory per cell, including empty ones."""
_SHARED_TEXTS = "xl/sharedstrings.xml"
_LOADED_PARTS = (_SHARED_TEXTS, "xl/styles.xml", "xl/workbook.xml")
"""In small letters; programs differ in the case."""


def check_repeated_texts(sheet: str, lengths: Ints, references: Ints, limits: Limits, unclear: int = 0) -> None:
    """Raise `UnreadableFile` if the cells of a sheet are too large for memory once each has its text.

    lengths: bytes of each text, at least one. references: places of the texts of the cells. unclear: cells with any of
    the texts.
    """
    total = int(lengths.take(references, mode="clip").sum()) + unclear * int(lengths.max())
    if total > _max_text_bytes(limits):
        raise unreadable(
            f"The texts of the cells of “{sheet}” take more than {_max_text_bytes(limits) >> 20:,} megabytes, as long "
            "texts are repeated. Remove the columns with them, or save the sheet as CSV UTF-8."
        )


def check_texts_in_xml(
    sheet: str, texts: ArchiveMember, open_sheet: Callable[[], ArchiveMember], cells: int, limits: Limits
) -> None:
    """As `check_repeated_texts`, of the XML of a workbook. cells: at most so many are in the sheet, which is read only
    if that number of the longest text is too large."""
    lengths = _lengths_in_xml(texts)
    if len(lengths) and int(lengths.max()) * cells > _max_text_bytes(limits):
        references, unclear = _references_in_xml(open_sheet())
        check_repeated_texts(sheet, lengths, references, limits, unclear)


def _max_text_bytes(limits: Limits) -> int:
    """Largest text of the cells of a sheet, in bytes."""
    return 2 * limits.sheet_bytes


def _lengths_in_xml(texts: ArchiveMember) -> Ints:
    """Bytes of the XML of each shared text, without its own tags."""
    starts, offset, rest = [np.empty(0, np.int64)], 0, b""
    while chunk := texts.read(_TEXT_CHUNK):
        data = np.frombuffer(rest + chunk, np.uint8)
        before, letters, after = data[:-3], data[1:-2], data[3:]
        tags = np.flatnonzero((letters == ord("s")) & (data[2:-1] == ord("i")))
        tags = tags[_OPENS[before[tags]] & _ENDS_NAME[after[tags]]]
        starts.append(tags + offset)
        rest = bytes(data[-3:])
        offset += len(data) - len(rest)
    ends = np.append(np.concatenate(starts), offset)
    lengths: Ints = np.maximum(np.diff(ends) - _TAGS, 0)
    return lengths


def _references_in_xml(sheet: ArchiveMember) -> tuple[Ints, int]:
    """Places of the shared texts of a sheet's cells, and how many more cells have one."""
    places, cells, rest = [np.empty(0, np.int64)], 0, b""
    while chunk := sheet.read(_TEXT_CHUNK):
        data = rest + chunk
        end = max(data.rfind(b"</"), 0) if len(data) < 2 * _TEXT_CHUNK else len(data)
        cells += len(_REFERRING.findall(data, 0, end))
        places.append(np.array(_TEXT_REFERENCE.findall(data, 0, end + 1), np.int64))
        rest = data[end:]
    cells += len(_REFERRING.findall(rest))
    references = np.concatenate(places)
    return references, max(cells - len(references), 0)


@dataclass
class SheetScan:
    """width, height: size of the smallest range from A1 that contains every non-empty cell."""

    width: int = 0
    height: int = 0
    faults: CellFaults = field(default_factory=dict)


def scan_sheet(stream: ArchiveMember) -> SheetScan | None:
    """Scan a sheet without parsing; None if it must be parsed. Reads the whole part to verify its checksum."""
    scan, needs_parsing, remainder = SheetScan(), False, b""
    while chunk := stream.read(_XML_CHUNK):
        data = remainder + chunk
        end = data.rfind(b">") + 1
        needs_parsing = needs_parsing or any(marker in data for marker in _FAULT_MARKERS) or b"\0" in chunk or not end
        remainder = data[end:] if not needs_parsing else b""
        if needs_parsing:
            continue
        cells = _REGULAR_CELL.findall(data, 0, end)
        needs_parsing = len(cells) != len(_CELL_TAG.findall(data, 0, end))
        filled = [(letters, number) for letters, number, empty in cells if not empty]
        if filled:
            scan.width = max(scan.width, *map(_column_number, {letters.decode() for letters, _ in filled}))
            scan.height = max(scan.height, *map(int, (number for _, number in filled)))
    return None if needs_parsing else scan


def parse_sheet(stream: ArchiveMember) -> SheetScan:
    """Parse a sheet cell by cell, including its faults. Raises `UnreadableFile`."""
    scan, sheet_data, row = SheetScan(), Element("none"), -1
    try:
        for event, element in iterparse(stream, ("start", "end")):
            if event == "start":
                sheet_data = element if local_name(element) == "sheetData" else sheet_data
            elif local_name(element) == "row":
                row = _row_index(element.get("r"), row + 1)
                row_faults: dict[int, str | None] = {}
                for cell_row, column, is_fault, value in _cells(element, row):
                    scan.width, scan.height = max(scan.width, column + 1), max(scan.height, cell_row + 1)
                    if is_fault:
                        row_faults[column] = value
                if row_faults:
                    scan.faults[row] = row_faults
                sheet_data.clear()  # else every row stays in memory
    except (ParseError, LookupError, ValueError) as error:
        raise damaged_workbook(error) from error
    return scan


def _cells(row: Element, default_row: int) -> Iterator[tuple[int, int, bool, str | None]]:
    """(row, column, whether it is a fault, error text) of each non-empty cell."""
    column = -1
    for cell in row:
        if local_name(cell) != "c":
            continue
        reference = _CELL_REFERENCE.fullmatch(cell.get("r", ""))
        if reference is None and cell.get("r") is not None:
            raise ValueError(f"{cell.get('r')} is not a cell reference")
        column = _column_number(reference[1]) - 1 if reference else column + 1
        row_index = int(reference[2]) - 1 if reference else default_row
        children = {local_name(child): child.text or "" for child in cell}
        if cell.get("t") == "e":
            yield row_index, column, True, children.get("v") or "#ERROR"
        elif "f" in children and not children.get("v") and (cell.get("t") != "str" or "v" not in children):
            yield row_index, column, True, None
        elif children:
            yield row_index, column, False, None


def _row_index(reference: str | None, default: int) -> int:
    return default if reference is None else int(reference) - 1


def _column_number(letters: str) -> int:
    """1-based column number: A is 1."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


class XlsxRows:
    """A sheet; implements `SheetRows`."""

    def __init__(self, archive: zipfile.ZipFile, stream: BinaryIO, requested: str, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        loaded = [name for name in archive.namelist() if name.casefold() in _LOADED_PARTS]
        self._texts = [name for name in loaded if name.casefold() == _SHARED_TEXTS]
        check_part_sizes(archive, limits, *loaded)
        stream.seek(0)
        self._book = load_workbook(stream)
        with _calamine_errors():
            sheets = [sheet for sheet in self._book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
            visible = [sheet for sheet in sheets if sheet.visible == calamine.SheetVisibleEnum.Visible]
        self.hidden = frozenset(sheet.name for sheet in sheets if sheet not in visible)
        self.sheets = sorted((sheet.name for sheet in sheets), key=lambda name: name in self.hidden)
        self.sheet = select_sheet(self.sheets, requested)
        self._part_path = self._find_part(self.sheet)
        check_part_sizes(archive, limits, self._part_path, *loaded)

    def __iter__(self) -> Iterator[SheetRow]:
        scan = self._scan()
        for name in self._texts:
            cells = scan.width * scan.height
            check_texts_in_xml(self.sheet, self._stream(name), self._sheet_stream, cells, self._limits)
        yield from sheet_rows(self._book, self.sheet, scan.faults)

    def _find_part(self, sheet: str) -> str:
        """Path of the sheet's part in the archive."""
        try:
            workbook = fromstring(self._archive.read("xl/workbook.xml"))
            relations = fromstring(self._archive.read("xl/_rels/workbook.xml.rels"))
            for element in workbook.iter():
                if local_name(element) == "sheet" and element.get("name") == sheet:
                    relation_id = next(value for key, value in element.items() if key.endswith("}id"))
                    return part_path(relations, relation_id)
        except (ParseError, LookupError, ValueError, StopIteration) as error:
            raise damaged_workbook(error) from error
        raise damaged_workbook(f"it does not contain “{sheet}”")

    def _scan(self) -> SheetScan:
        """Scan the sheet. Raises `UnreadableFile` if its used range is too large for memory."""
        scan = scan_sheet(self._sheet_stream()) or parse_sheet(self._sheet_stream())
        check_cell_range(self.sheet, scan.width, scan.height, self._limits)
        return scan

    def _sheet_stream(self) -> ArchiveMember:
        return self._stream(self._part_path)

    def _stream(self, part: str) -> ArchiveMember:
        return ArchiveMember(self._archive, self._archive.getinfo(part), self._limits)


def check_part_sizes(archive: zipfile.ZipFile, limits: Limits, *names: str) -> None:
    """Check the unpacked size of parts that are loaded into memory together."""
    try:
        infos = [archive.getinfo(name) for name in names]
    except KeyError as error:
        raise damaged_workbook(error) from error
    unpacked = sum(info.file_size for info in infos)
    if unpacked > limits.sheet_bytes:
        raise unreadable(
            f"The workbook has {unpacked >> 20:,} megabytes when unpacked; the limit is "
            f"{limits.sheet_bytes >> 20:,}. Save the sheet as CSV UTF-8, which has no such limit, or ask "
            "your administrator to raise the limit (sheet_limit_mb)."
        )
    check_unpacked_size(unpacked, sum(info.compress_size for info in infos), limits)


def part_path(relations: Element, relation_id: str) -> str:
    """Path of the part that a relation of the workbook refers to. Raises `LookupError`."""
    target = {relation.get("Id"): relation.get("Target", "") for relation in relations}[relation_id]
    return target[1:] if target.startswith("/") else normpath(join("xl", target))


def check_cell_range(sheet: str, width: int, height: int, limits: Limits) -> None:
    """Raise `UnreadableFile` if the range from A1 to the last cell is too large for memory."""
    if width * height * _CELL_BYTES > 2 * limits.sheet_bytes:
        raise unreadable(
            f"The cells of “{sheet}” are too far apart: the last row is {height:,}, the last column "
            f"{width:,}. Delete the distant cells, or save the sheet as CSV UTF-8."
        )


def load_workbook(stream: BinaryIO) -> calamine.CalamineWorkbook:
    with _calamine_errors():
        return calamine.load_workbook(stream)


def sheet_rows(workbook: calamine.CalamineWorkbook, name: str, faults: CellFaults) -> Iterator[SheetRow]:
    """The rows of a sheet, with the faults that calamine drops."""
    with _calamine_errors():
        number, sheet = 0, workbook.get_sheet_by_name(name)
        empty_columns: list[TypedCell] = [""] * (sheet.start[1] if sheet.start else 0)  # calamine omits them
        for number, values in enumerate(sheet.iter_rows(), 1):
            cells = empty_columns + values if empty_columns else values
            row_faults = faults.pop(number - 1, None) if faults else None
            yield _with_faults(number, cells, row_faults) if row_faults else SheetRow(number, cells, [])
        for row_index in sorted(faults):
            yield from (SheetRow(index, [], []) for index in range(number + 1, row_index + 1))
            number = row_index + 1
            yield _with_faults(number, [], faults[row_index])


@contextmanager
def _calamine_errors() -> Iterator[None]:
    """Raise errors and panics of calamine, and dates that do not exist, as `UnreadableFile`."""
    try:
        yield
    except (calamine.CalamineError, OverflowError, ValueError) as error:
        raise damaged_workbook(error) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise damaged_workbook("it does not have the structure of a workbook") from error
        raise


def _with_faults(number: int, cells: list[TypedCell], faults: dict[int, str | None]) -> SheetRow:
    for column, error in faults.items():
        cells += [""] * (column + 1 - len(cells))
        cells[column] = error or ""
    return SheetRow(number, cells, [column for column, error in faults.items() if error is None])
