"""Read a sheet of any workbook format into blocks: find the header, and reject rows that cannot be read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile, unreadable
from tillstream.pipeline.reading.skipped_rows import is_ignored
from tillstream.pipeline.reading.typed_cells import (
    TypedCell,
    cell_text,
    check_column_count,
    column_texts,
    join_cells,
    split_line,
    typed_block,
    unique_names,
)
from tillstream.pipeline.rows.row_batch import Block, UnreadableRow
from tillstream.pipeline.rows.text_columns import Ints

_CHUNK_ROWS = 20_000
_HEADER_SEARCH_ROWS = 1_000
"""Number of rows searched for the header."""
_TOP_ROWS = 40


class SheetRow(NamedTuple):
    number: int
    """1-based row number in the sheet."""
    cells: list[TypedCell]
    """Empty cells are empty strings; rows may differ in length."""
    uncached_formulas: list[int]
    """Column indices of formulas without a cached value."""


class SheetRows(Protocol):
    """One sheet of a workbook, up to the last row with a value."""

    sheets: list[str]
    """All sheet names of the workbook, visible ones first."""
    hidden: frozenset[str]
    """Sheets that the workbook does not show."""
    sheet: str

    def __iter__(self) -> Iterator[SheetRow]:
        """Raises `UnreadableFile`."""


def select_sheet(sheets: list[str], requested: str) -> str:
    """The requested sheet, or the first one. Raises `UnreadableFile` if it does not exist, listing the sheets."""
    if not sheets:
        raise unreadable("The workbook has no sheets. Export it again.")
    if requested and requested not in sheets:
        raise unreadable(
            f"The workbook has no sheet “{requested}”. Its sheets are {quote_sheet_names(sheets)}. Change "
            "file.sheet in the "
            "data source, or rename the sheet."
        )
    return requested or sheets[0]


def quote_sheet_names(sheets: list[str]) -> str:
    return ", ".join(f"“{sheet}”" for sheet in sheets[:20])


def damaged_workbook(error: object) -> UnreadableFile:
    return unreadable(f"The workbook cannot be read ({error}). Open it and save it again, or save it as CSV UTF-8.")


@dataclass(frozen=True)
class _Header:
    names: list[str]
    source_names: list[str]
    """Names as in the sheet, to recognise repeated headers."""
    positions: list[int]
    """Sheet position of each column; empty columns without a name are skipped."""


class SheetReader:
    def __init__(self, sheet: SheetRows, options: ReadOptions) -> None:
        self._sheet, self._options = sheet, options
        self.sheets, self.is_hidden = sheet.sheets, sheet.sheet in sheet.hidden
        self.top: list[list[str]] = []
        """The first rows of the sheet as text, once the header has been read."""

    def header(self) -> list[str]:
        return self._open()[0].names

    def cells(self, raw: str, names: list[str]) -> list[str]:  # noqa: ARG002 - cells are in header order
        return split_line(raw, self._options.style.delimiter)

    def blocks(self) -> Iterator[Block]:
        """Yield blocks. Row numbers start after the header; line numbers are the sheet's row numbers."""
        header, above, rows = self._open()
        yielded = False
        while chunk := list(islice(rows, _CHUNK_ROWS)):
            yield self._block(chunk, header, above)
            yielded = True
        if not yielded:
            yield self._block([], header, above)

    def _open(self) -> tuple[_Header, int, Iterator[SheetRow]]:
        """The header, its row number, and an iterator over the rows after it."""
        rows, style = iter(self._sheet), self._options.style
        if style.header:
            return _header([], [], style, set()), 0, rows
        top = list(islice(rows, _HEADER_SEARCH_ROWS))
        self.top = [self._row_texts(row) for row in top[:_TOP_ROWS]]
        index = self._header_index(top)
        head = list(islice(chain(top[index + 1 :], rows), _CHUNK_ROWS))
        header = _header(self._row_texts(top[index]), head, style, set(self._options.required_headers))
        return header, top[index].number, chain(head, rows)

    def _header_index(self, top: list[SheetRow]) -> int:
        """Index of the first row with all required names, else of a likely header or the first non-empty row."""
        required = set(self._options.required_headers)
        texts = [self._row_texts(row) for row in top]
        for row_index, names in enumerate(texts):
            if required and required <= set(names):
                return row_index
        index = next((row_index for row_index, names in enumerate(texts) if any(names)), None)
        if index is not None and not required:
            index = _likely_header(top, texts, index)
        if index is None:
            raise UnreadableFile("empty-file", f"The sheet “{self._sheet.sheet}” is empty. Export it again.")
        others = [name for name in self._sheet.sheets if name != self._sheet.sheet]
        if required and not required & set(texts[index]) and others and not self._options.style.sheet:
            raise UnreadableFile(
                "missing-columns",
                f"The first sheet, “{self._sheet.sheet}”, has none of the columns of the data source. The workbook "
                f"also has {quote_sheet_names(others)}. Set the right sheet in the data source (file.sheet), or "
                "save it "
                "by itself.",
            )
        return index

    def _row_texts(self, row: SheetRow) -> list[str]:
        return [cell_text(cell, self._options.decimal).strip() for cell in row.cells]

    def _block(self, rows: list[SheetRow], header: _Header, above: int) -> Block:
        width = max([len(row.cells) for row in rows] + [max(header.positions) + 1])
        cells = [
            row.cells if len(row.cells) == width else [*row.cells, *[""] * (width - len(row.cells))] for row in rows
        ]
        columns = list(zip(*cells, strict=True)) or [()] * width
        texts = [column_texts(columns[position], self._options.decimal) for position in header.positions]
        numbers = np.array([row.number for row in rows], np.int64)
        reasons = self._cells_beyond_header(columns, header) | _uncached_formulas(rows, header)
        refused: list[UnreadableRow] = []

        def raw(index: int) -> str:
            return join_cells([text[index].as_py() for text in texts], self._options.style.delimiter)

        words = self._options.style.ignore
        ignored = {index for index in reasons if is_ignored(self._row_texts(rows[index]), words, len(header.names))}
        for index in sorted(set(reasons) - ignored):
            full_line = join_cells(
                [cell_text(cell, self._options.decimal) for cell in cells[index]], self._options.style.delimiter
            )
            number = rows[index].number
            source_line = (
                raw(index)
                if reasons[index][0] == "formula-without-value"
                else full_line.rstrip(self._options.style.delimiter)
            )
            refused.append(UnreadableRow(number - above, number, source_line, *reasons[index]))
        if not reasons:
            return self._typed_block(header, texts, numbers, above, refused, raw)
        accepted = np.setdiff1d(np.arange(len(rows)), list(reasons))
        accepted_texts = [text.take(accepted) for text in texts]
        block = self._typed_block(
            header, accepted_texts, numbers[accepted], above, refused, lambda index: raw(int(accepted[index]))
        )
        return replace(block, ignored=block.ignored + len(ignored))

    def _typed_block(
        self,
        header: _Header,
        texts: list[pa.DictionaryArray],
        numbers: Ints,
        above: int,
        refused: list[UnreadableRow],
        raw: Callable[[int], str],
    ) -> Block:
        ignore = self._options.style.ignore
        return typed_block(header.names, texts, numbers - above, numbers, refused, raw, header.source_names, ignore)

    def _cells_beyond_header(
        self, columns: Sequence[tuple[object, ...]], header: _Header
    ) -> dict[int, tuple[str, str, str]]:
        """Rows with text in a column without a header, where cells may have shifted."""
        with_header = set(header.positions)
        reasons: dict[int, tuple[str, str, str]] = {}
        for position, column in enumerate(columns):
            if position in with_header or set(column) <= {""}:
                continue
            # cell count up to the last non-empty cell, as for a ragged text row
            cells = {index for index, cell in enumerate(column) if cell != "" and str(cell).strip()}
            reasons |= dict.fromkeys(cells, ("ragged-row", str(position + 1), str(len(header.names))))
        return reasons


def _uncached_formulas(rows: list[SheetRow], header: _Header) -> dict[int, tuple[str, str, str]]:
    reasons: dict[int, tuple[str, str, str]] = {}
    for index, row in enumerate(rows):
        if row.uncached_formulas:
            names = [
                header.names[header.positions.index(position)]
                for position in row.uncached_formulas
                if position in header.positions
            ]
            if names:
                reasons[index] = ("formula-without-value", "", ", ".join(names))
    return reasons


def _likely_header(top: list[SheetRow], texts: list[list[str]], first: int) -> int:
    """Without required names: the first row at least 3/4 as wide as the widest, if all its cells are texts."""
    filled_counts = [sum(map(bool, names)) for names in texts]
    for index, row in enumerate(top):
        if filled_counts[index] * 4 >= max(filled_counts) * 3:
            return index if all(isinstance(cell, str) for cell in row.cells) else first
    return first


def _header(names: list[str], head: list[SheetRow], style: FileStyle, required: set[str]) -> _Header:
    """Build the header; unnamed columns are kept if they contain values, and are called by position."""
    if style.header:
        return _Header(list(style.header), [], list(range(len(style.header))))
    last = max(position for position, name in enumerate(names) if name)
    positions = [
        position
        for position, name in enumerate(names[: last + 1])
        if name or any(position < len(row.cells) and row.cells[position] != "" for row in head)
    ]
    source_names = [names[position] for position in positions]
    called = [name or f"column {position + 1}" for name, position in zip(source_names, positions, strict=True)]
    unique = unique_names(called, required, style)
    check_column_count(len(unique), style.max_columns)
    return _Header(unique, source_names, positions)
