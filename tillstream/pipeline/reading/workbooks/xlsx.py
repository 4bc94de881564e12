"""Sheets of Excel workbooks (.xlsx). The values are read in Rust; what that reader passes over in
silence, errors and formulas without a value, is looked for in the XML, where there is any."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from posixpath import join, normpath
from typing import BinaryIO
from xml.etree.ElementTree import ParseError, fromstring

import python_calamine as calamine

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.errors import refused
from tillstream.pipeline.reading.limits import bounded
from tillstream.pipeline.reading.streams.zip_archive import Member
from tillstream.pipeline.reading.workbooks.cell_text import Cell
from tillstream.pipeline.reading.workbooks.sheet import Row, chosen, damaged
from tillstream.pipeline.reading.workbooks.xlsx_faults import Told, look_through, name_of, parsed

_CELL_BYTES = 32
"""What a cell takes in memory, an empty one too."""
_TOGETHER = ("xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml")


class XlsxRows:
    """A sheet; see `Rows`."""

    def __init__(self, archive: zipfile.ZipFile, stream: BinaryIO, wanted: str, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        self._bounded(*(name for name in _TOGETHER if name in archive.namelist()))
        stream.seek(0)
        with _no_panic():
            self._book = calamine.load_workbook(stream)
            sheets = [sheet for sheet in self._book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
            visible = [sheet for sheet in sheets if sheet.visible == calamine.SheetVisibleEnum.Visible]
        self.sheets = [sheet.name for sheet in (*visible, *(sheet for sheet in sheets if sheet not in visible))]
        self.sheet = chosen(self.sheets, wanted)
        self._part = self._part_of(self.sheet)
        self._bounded(self._part, *(name for name in _TOGETHER if name in archive.namelist()))

    def _bounded(self, *names: str) -> None:
        """What is held in memory at once."""
        try:
            infos = [self._archive.getinfo(name) for name in names]
        except KeyError as error:
            raise damaged(error) from error
        unpacked = sum(info.file_size for info in infos)
        if unpacked > self._limits.sheet_bytes:
            raise refused(
                f"The workbook has {unpacked >> 20:,} megabytes when unpacked; at most "
                f"{self._limits.sheet_bytes >> 20:,} are read. Save the sheet as CSV UTF-8, which may be of any size, "
                "or ask whoever runs Tillstream to raise the limit (sheet_limit_mb)."
            )
        bounded(unpacked, sum(info.compress_size for info in infos), self._limits)

    def __iter__(self) -> Iterator[Row]:
        faults = self._told().faults
        with _no_panic():
            sheet = self._book.get_sheet_by_name(self.sheet)
            number = 0
            for number, cells in enumerate(sheet.iter_rows(), 1):
                found = faults.pop(number - 1, None) if faults else None
                yield _with_faults(number, cells, found) if found else Row(number, cells, [])
            for last in sorted(faults):
                yield from (Row(between, [], []) for between in range(number + 1, last + 1))
                number = last + 1
                yield _with_faults(number, [], faults[last])

    def _part_of(self, sheet: str) -> str:
        """Where in the archive the sheet is."""
        try:
            book = fromstring(self._archive.read("xl/workbook.xml"))
            relations = fromstring(self._archive.read("xl/_rels/workbook.xml.rels"))
            targets = {each.get("Id"): each.get("Target", "") for each in relations}
            for element in book.iter():
                if name_of(element) == "sheet" and element.get("name") == sheet:
                    identity = next(value for key, value in element.items() if key.endswith("}id"))
                    target = targets[identity]
                    return target[1:] if target.startswith("/") else normpath(join("xl", target))
        except (ParseError, LookupError, ValueError, StopIteration) as error:
            raise damaged(error) from error
        raise damaged(f"“{sheet}” is not in it")

    def _told(self) -> Told:
        """Raises `UnreadableFile` for cells so far apart that the sheet between them would fill the memory."""
        told = look_through(self._stream()) or parsed(self._stream())
        if told.width * told.height * _CELL_BYTES > 2 * self._limits.sheet_bytes:
            raise refused(
                f"The cells of “{self.sheet}” lie too far apart: its last row is {told.height:,}, its last column the "
                f"{told.width:,}th. Delete what stands far off, or save the sheet as CSV UTF-8."
            )
        return told

    def _stream(self) -> Member:
        return Member(self._archive, self._archive.getinfo(self._part), self._limits)


@contextmanager
def _no_panic() -> Iterator[None]:
    """What the reader in Rust cannot take is the file's fault."""
    try:
        yield
    except calamine.CalamineError as error:
        raise damaged(error) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise damaged("it is not built as a workbook is") from error
        raise


def _with_faults(number: int, cells: list[Cell], faults: dict[int, str | None]) -> Row:
    for place, error in faults.items():
        cells += [""] * (place + 1 - len(cells))
        cells[place] = error or ""
    return Row(number, cells, [place for place, error in faults.items() if error is None])
