"""The pipeline room: sheets of Excel workbooks (.xlsx). The values are read in Rust; what that reader passes over in
silence, errors and formulas without a value, is looked for in the XML, where there is any."""

import re
import zipfile
from collections.abc import Iterator
from posixpath import join, normpath
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError, fromstring, iterparse

import python_calamine as calamine

from tillstream.domain.limits import Limits
from tillstream.pipeline.archive import Member, refused
from tillstream.pipeline.gunzip import bounded
from tillstream.pipeline.sheet_cells import Cell
from tillstream.pipeline.sheet_rows import Row, chosen, damaged

_CHUNK = 1 << 20
_FAULTY = (b"<f", b":f>", b":f ", b":f/", b'"e"', b"'e'")
"""Where there is a formula or an error, one of these is in the XML; found a hundred times faster than by parsing."""
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]+)")
_TOGETHER = ("xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml")
Faults = dict[int, dict[int, str | None]]
"""Row and place, each from 0 → the error as text, or None for a formula without a value."""


class XlsxRows:
    """A sheet; see `Rows`."""

    def __init__(self, archive: zipfile.ZipFile, stream: BinaryIO, wanted: str, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        self._bounded(*(name for name in _TOGETHER if name in archive.namelist()))
        stream.seek(0)
        try:
            self._book = calamine.load_workbook(stream)
            sheets = [sheet for sheet in self._book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
            visible = [sheet for sheet in sheets if sheet.visible == calamine.SheetVisibleEnum.Visible]
        except calamine.CalamineError as error:
            raise damaged(error) from error
        self.sheets = [sheet.name for sheet in (*visible, *(sheet for sheet in sheets if sheet not in visible))]
        self.sheet = chosen(self.sheets, wanted)
        self._part = self._part_of(self.sheet)
        self._bounded(self._part, *(name for name in _TOGETHER if name in archive.namelist()))

    def _bounded(self, *names: str) -> None:
        """What is held in memory at once."""
        infos = [self._archive.getinfo(name) for name in names]
        unpacked = sum(info.file_size for info in infos)
        if unpacked > self._limits.sheet_bytes:
            raise refused(
                f"The workbook has {unpacked >> 20:,} megabytes when unpacked; at most "
                f"{self._limits.sheet_bytes >> 20:,} are read. Save the sheet as CSV UTF-8, which may be of any size, "
                "or ask whoever runs Tillstream to raise the limit (sheet_limit_mb)."
            )
        bounded(unpacked, sum(info.compress_size for info in infos), self._limits)

    def __iter__(self) -> Iterator[Row]:
        faults = self._faults() if self._may_be_faulty() else {}
        try:
            sheet = self._book.get_sheet_by_name(self.sheet)
            number = 0
            for number, cells in enumerate(sheet.iter_rows(), 1):
                found = faults.pop(number - 1, None) if faults else None
                yield _with_faults(number, cells, found) if found else Row(number, cells, [])
            for last in sorted(faults):
                yield from (Row(between, [], []) for between in range(number + 1, last + 1))
                number = last + 1
                yield _with_faults(number, [], faults[last])
        except calamine.CalamineError as error:
            raise damaged(error) from error

    def _part_of(self, sheet: str) -> str:
        """Where in the archive the sheet is."""
        try:
            book = fromstring(self._archive.read("xl/workbook.xml"))
            relations = fromstring(self._archive.read("xl/_rels/workbook.xml.rels"))
            targets = {each.get("Id"): each.get("Target", "") for each in relations}
            for element in book.iter():
                if _name(element) == "sheet" and element.get("name") == sheet:
                    identity = next(value for key, value in element.items() if key.endswith("}id"))
                    target = targets[identity]
                    return target[1:] if target.startswith("/") else normpath(join("xl", target))
        except (ParseError, KeyError, StopIteration) as error:
            raise damaged(error) from error
        raise damaged(f"“{sheet}” is not in it")

    def _may_be_faulty(self) -> bool:
        """Most sheets hold values alone. The whole part is read, so that its checksum is verified too."""
        stream = Member(self._archive, self._archive.getinfo(self._part), self._limits)
        found, tail = False, b""
        while chunk := stream.read(_CHUNK):
            found = found or any(sign in chunk or sign in tail + chunk[:4] for sign in _FAULTY)
            tail = chunk[-4:]
        return found

    def _faults(self) -> Faults:
        faults: Faults = {}
        stream = Member(self._archive, self._archive.getinfo(self._part), self._limits)
        row = -1
        try:
            data = Element("none")
            for event, element in iterparse(stream, ("start", "end")):
                if event == "start":
                    data = element if _name(element) == "sheetData" else data
                elif _name(element) == "row":
                    row = int(element.get("r") or row + 2) - 1
                    if found := dict(_faults_of(element)):
                        faults[row] = found
                    data.clear()  # else every row stays in memory
        except ParseError as error:
            raise damaged(error) from error
        return faults


def _with_faults(number: int, cells: list[Cell], faults: dict[int, str | None]) -> Row:
    for place, error in faults.items():
        cells += [""] * (place + 1 - len(cells))
        cells[place] = error or ""
    return Row(number, cells, [place for place, error in faults.items() if error is None])


def _faults_of(row: Element) -> Iterator[tuple[int, str | None]]:
    place = -1
    for cell in row:
        if _name(cell) != "c":
            continue
        reference = _REFERENCE.fullmatch(cell.get("r", ""))
        place = _place(reference[1]) if reference else place + 1
        parts = {_name(part): part.text or "" for part in cell}
        if cell.get("t") == "e":
            yield place, parts.get("v") or "#ERROR"
        elif "f" in parts and not parts.get("v") and (cell.get("t") != "str" or "v" not in parts):
            yield place, None


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
