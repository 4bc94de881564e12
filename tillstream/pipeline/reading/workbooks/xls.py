"""Sheets of old Excel workbooks (.xls, Excel 97 to 2003). Calamine (Rust) reads the values from a copy with only the
cells of one sheet. From the file itself it would read errors and formulas without a cached value as empty cells, and a
few bytes could expand to gigabytes."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.streams.gzip import read_exactly
from tillstream.pipeline.reading.workbooks.biff import BiffWorkbook, too_large
from tillstream.pipeline.reading.workbooks.compound_file import MAX_BUILT, build_compound_file, extract_workbook
from tillstream.pipeline.reading.workbooks.sheet import SheetRow, select_sheet
from tillstream.pipeline.reading.workbooks.xlsx import check_cell_range, load_workbook, sheet_rows

_GLOBALS_BYTES = 16 << 20
"""Bytes of a copy that are reserved for formats; the cells can take the rest."""


class XlsRows:
    """A sheet; implements `SheetRows`."""

    def __init__(self, stream: BinaryIO, requested: str, limits: Limits) -> None:
        size = stream.seek(0, io.SEEK_END)
        if size > limits.sheet_bytes:
            raise too_large("The workbook has", limits.sheet_bytes)
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
            raise too_large("The formats of the workbook take", _GLOBALS_BYTES)
        check_cell_range(self.sheet, copy.width, max(copy.rows, default=-1) + 1, self._limits)
        workbook = load_workbook(io.BytesIO(build_compound_file(stream)))
        yield from sheet_rows(workbook, workbook.sheet_names[0], copy.uncached)
