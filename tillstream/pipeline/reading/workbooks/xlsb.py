"""Sheets of binary Excel workbooks (.xlsb). Calamine (Rust) reads the values from a copy with only the cells of one
sheet. From the file itself it would read errors of formulas and rich texts as empty cells, and days as numbers."""

import io
import zipfile
from collections.abc import Iterator

import numpy as np

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.streams.zip_archive import Member
from tillstream.pipeline.reading.workbooks.biff12 import build_book, copy_sheet, read_book, shared_text_lengths
from tillstream.pipeline.reading.workbooks.repeated_texts import check_repeated_texts
from tillstream.pipeline.reading.workbooks.sheet import SheetRow, damaged_workbook, select_sheet
from tillstream.pipeline.reading.workbooks.xlsx import (
    check_cell_range,
    check_part_sizes,
    load_workbook,
    part_path,
    sheet_rows,
)
from tillstream.pipeline.reading.workbooks.xlsx_faults import Faults
from tillstream.pipeline.reading.workbooks.xml_parts import ParseError, fromstring

_BOOK, _RELATIONS, _COPY = "xl/workbook.bin", "xl/_rels/workbook.bin.rels", "worksheets/sheet1.bin"
_TEXTS = "xl/sharedStrings.bin"
_SHARED_PARTS = (_TEXTS, "xl/styles.bin")


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
            return Member(self._archive, self._archive.getinfo(self._names[name.casefold()]), self._limits).read()
        except KeyError as error:
            raise damaged_workbook(error) from error

    def _copy(self) -> tuple[io.BytesIO, Faults]:
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
