"""Collect the evidence in a file that another table, such as one of expenses, follows below the sales."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from operator import attrgetter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.pipeline.reading.delimited.header import looks_like_data
from tillstream.pipeline.reading.typed_block import cells_of
from tillstream.pipeline.rows.block import Block
from tillstream.pipeline.rows.text_column import combined, to_bool_array

_ABOVE = 4
"""Rows above a header, blank ones included, among which its title is."""
_TOP = 40
"""First rows of a file, above the header, that may be its titles."""
_MAX_HEADERS, _MAX_TITLE = 100, 80
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class _Row:
    line: int
    texts: tuple[str, ...]
    """Cells that are not empty."""


class TableDoubts:
    """Evidence of one file, collected block by block."""

    def __init__(self, contract: Contract) -> None:
        self._date, self._delimiter = contract.columns.get("date", ""), contract.file.delimiter
        self._last: dict[int, _Row] = {}
        self._headers = 0
        self._titles: list[_Row] = []
        self._other: _Row | None = None
        self._first_sale, self._last_sale = 0, 0
        self._headings: dict[int, _Row] = {}

    def add(self, block: Block) -> None:
        """Add a block: the titles above its repeated headers, and the first header with other names."""
        width = block.cells.num_columns
        for header in block.headers[: max(0, _MAX_HEADERS - self._headers)].tolist():
            self._headers += 1
            above = self._last | self._rows(block, header - _ABOVE, header)
            title = _title(above, header, width)
            if title and str(self._headers + 1) not in _DIGITS.findall(" ".join(title.texts)):  # not the page number
                self._titles.append(title)
        if self._other is None and self._date in block.cells.column_names:
            self._other = _header_row(block, self._date)
        if block.cells.num_rows or block.unreadable:
            end = max([*block.row_number[-1:].tolist(), *(row.row_number for row in block.unreadable[-1:])]) + 1
            self._last = self._rows(block, end - _ABOVE, end)

    def add_dates(self, block: Block, dates: pa.ChunkedArray) -> None:
        """Add the titles among the rows, below a blank row. dates: those of the rows, null if they have none."""
        is_dated = to_bool_array(pc.is_valid(combined(dates)))
        sales = block.row_number[is_dated]
        if len(sales):
            self._first_sale = self._first_sale or int(sales[0])
            self._last_sale = int(sales[-1])
        undated = block.row_number[~is_dated][:_MAX_HEADERS].tolist()
        for number in (*undated, *(row.row_number for row in block.unreadable[:_MAX_HEADERS])):
            rows = self._rows(block, number - 1, number + 1)
            if number - 1 not in rows and _is_title(rows[number], block.cells.num_columns):
                self._headings[number] = rows[number]

    def _heading(self) -> str:
        """The only title among the rows, if rows are above and below it; titles of sections are above all rows."""
        if len(self._headings) != 1:
            return ""
        ((number, row),) = self._headings.items()
        if not self._first_sale < number < self._last_sale:
            return ""
        return f"line {row.line:,}, “{_shown(row)}”, is a title among the rows"

    def doubt(self, start: Iterator[Block]) -> str:
        """The evidence of another table; empty if there is none. start: the file from its first line on.

        A title that is also above the first header, or that is above several, is that of the report on each page.
        """
        if self._titles:
            block = next(start)
            rows, width = self._rows(block, 0, _TOP), block.cells.num_columns
            top = takewhile(lambda row: _is_title(row, width), (rows[number] for number in sorted(rows)))
            pages = set(map(_key, top))
            keys = [_key(title) for title in self._titles]
            for title, key in zip(self._titles, keys, strict=True):
                if key not in pages and keys.count(key) == 1:
                    return f"line {title.line:,}, “{_shown(title)}”, is a title above another header"
        if self._other:
            return f"line {self._other.line:,} is another header: {_shown(self._other)}"
        return "" if self._titles else self._heading()

    def _rows(self, block: Block, start: int, end: int) -> dict[int, _Row]:
        """Row number → row, of the rows with these numbers."""
        first, last = np.searchsorted(block.row_number, (start, end)).tolist()
        cells = block.cells.slice(first, last - first).to_pylist()
        rows = {
            int(block.row_number[first + index]): _Row(int(block.line_number[first + index]), _filled(row.values()))
            for index, row in enumerate(cells)
        }
        number_of = attrgetter("row_number")
        from_row, to_row = (bisect_left(block.unreadable, number, key=number_of) for number in (start, end))
        return rows | {
            row.row_number: _Row(row.line_number, _filled(cells_of(row.raw, self._delimiter)))
            for row in block.unreadable[from_row:to_row]
        }


def _title(above: Mapping[int, _Row], header: int, width: int) -> _Row | None:
    """The nearest row above the header, if it is a title."""
    row = next((above[number] for number in range(header - 1, header - 1 - _ABOVE, -1) if number in above), None)
    return row if row and _is_title(row, width) else None


def _is_title(row: _Row, width: int) -> bool:
    return 0 < len(row.texts) <= max(1, width // 3) and not looks_like_data(row.texts)


def _header_row(block: Block, date: str) -> _Row | None:
    """The first row whose date is the name of the column of dates."""
    column = combined(block.cells.column(date))
    is_name = to_bool_array(pc.equal(pc.utf8_trim_whitespace(column.dictionary), date))
    if not is_name.any():
        return None
    rows = np.flatnonzero(is_name[column.indices.to_numpy()])
    if not len(rows):
        return None
    index = int(rows[0])
    row = block.cells.slice(index, 1).to_pylist()[0]
    return _Row(int(block.line_number[index]), _filled(row.values()))


def _filled(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in cells if cell.strip())


def _key(row: _Row) -> str:
    """The text without its numbers, as titles of pages differ in them."""
    return _DIGITS.sub("0", " ".join(row.texts)).casefold()


def _shown(row: _Row) -> str:
    text = ", ".join(row.texts)
    return text if len(text) <= _MAX_TITLE else f"{text[:_MAX_TITLE]}…"
