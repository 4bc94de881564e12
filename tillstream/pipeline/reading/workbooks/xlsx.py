"""Sheets of Excel workbooks (.xlsx). Calamine (Rust) reads the values; errors and formulas without a
cached value, which it skips silently, are taken from the XML."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from posixpath import join, normpath
from typing import BinaryIO

import python_calamine as calamine

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.errors import unreadable
from tillstream.pipeline.reading.limits import check_unpacked_size
from tillstream.pipeline.reading.streams.zip_archive import Member
from tillstream.pipeline.reading.workbooks.cell_text import Cell
from tillstream.pipeline.reading.workbooks.repeated_texts import check_texts_in_xml
from tillstream.pipeline.reading.workbooks.sheet import SheetRow, damaged_workbook, select_sheet
from tillstream.pipeline.reading.workbooks.xlsx_faults import Faults, SheetScan, local_name, parse_sheet, scan_sheet
from tillstream.pipeline.reading.workbooks.xml_parts import Element, ParseError, fromstring

_CELL_BYTES = 32
"""Memory per cell, including empty ones."""
_SHARED_TEXTS = "xl/sharedstrings.xml"
_LOADED_PARTS = (_SHARED_TEXTS, "xl/styles.xml", "xl/workbook.xml")
"""In small letters; programs differ in the case."""


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

    def _sheet_stream(self) -> Member:
        return self._stream(self._part_path)

    def _stream(self, part: str) -> Member:
        return Member(self._archive, self._archive.getinfo(part), self._limits)


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


def sheet_rows(workbook: calamine.CalamineWorkbook, name: str, faults: Faults) -> Iterator[SheetRow]:
    """The rows of a sheet, with the faults that calamine drops."""
    with _calamine_errors():
        number, sheet = 0, workbook.get_sheet_by_name(name)
        empty_columns: list[Cell] = [""] * (sheet.start[1] if sheet.start else 0)  # calamine omits them
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


def _with_faults(number: int, cells: list[Cell], faults: dict[int, str | None]) -> SheetRow:
    for column, error in faults.items():
        cells += [""] * (column + 1 - len(cells))
        cells[column] = error or ""
    return SheetRow(number, cells, [column for column, error in faults.items() if error is None])
