"""Find the row on a line of an original file, with the rows around it: the origin of a sale line."""

import json
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

import numpy as np

from tillstream.contracts.registry import contract_version
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.safe_text import unguard_formulas
from tillstream.pipeline.reading.correction_file import CONTROL_COLUMNS, CORRECTION_STYLE, LINE, ROW, format_raw_line
from tillstream.pipeline.reading.delimited.delimited_reader import read_delimited
from tillstream.pipeline.reading.open_reader import read_blocks, read_options
from tillstream.pipeline.reading.read_options import ReadOptions
from tillstream.pipeline.rows.row_batch import Block
from tillstream.ports import Ports
from tillstream.records import batch_originals

Open = Callable[[], BinaryIO]
_CONTEXT_ROWS = 3


@dataclass(frozen=True)
class SourceRow:
    line: int
    """Physical line where the row starts (sheets: row; messages: index of the message), from 1."""
    row: int
    """Row number after the header, from 1."""
    raw: str
    cells: dict[str, str] = field(default_factory=dict)
    """Header → cell; empty for rows that could not be parsed into cells."""


@dataclass(frozen=True)
class RowInContext:
    """The requested row with the rows before and after it."""

    row: SourceRow
    before: list[SourceRow]
    after: list[SourceRow]


def find_row(ports: Ports, upload: Batch, line: int) -> RowInContext:
    """The row on a physical line of the original file, with its context; the rest of the file is not read.

    A row that spans several lines is returned for each of them. Raises `NotFound` if the line belongs to no row,
    `Rejected` if the file has no contract yet.
    """
    up_to_line: list[SourceRow] = []
    after: list[SourceRow] = []
    with closing(_rows(ports, upload, line)) as rows:
        for row in rows:
            if row.line <= line:
                up_to_line = [*up_to_line[-_CONTEXT_ROWS:], row]
            else:
                after.append(row)
            if len(after) == _CONTEXT_ROWS:
                break
    if not up_to_line or line > up_to_line[-1].line + up_to_line[-1].raw.count("\n"):
        raise NotFound(f"{upload.file} has no row on line {line}.")
    return RowInContext(up_to_line[-1], up_to_line[:-1], after)


def _rows(ports: Ports, upload: Batch, line: int) -> Generator[SourceRow, None, None]:
    """Rows in file order, including unreadable ones; rows far from the line may be left out."""
    open_original = partial(batch_originals.open_whole_original, ports, upload)
    if upload.kind is BatchKind.STORE_SALES:
        return _message_rows(open_original)
    if upload.kind is BatchKind.CORRECTION:
        return _correction_rows(open_original)
    if not upload.contract:
        raise Rejected(f"{upload.file} has no contract yet and therefore no rows.")
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    options = read_options(contract, ports.limits, upload.file)
    return _file_rows(open_original, options, line)


def _file_rows(open_original: Open, options: ReadOptions, line: int) -> Generator[SourceRow, None, None]:
    with closing(read_blocks(open_original, options)) as row_blocks:
        for block in row_blocks:
            index_after = int(np.searchsorted(block.line_number, line, side="right"))
            near = range(
                max(0, index_after - _CONTEXT_ROWS - 1), min(index_after + _CONTEXT_ROWS, len(block.line_number))
            )
            rows = [*(_row(block, index) for index in near), *_unreadable(block, line)]
            yield from sorted(rows, key=lambda row: row.line)


def _row(block: Block, index: int) -> SourceRow:
    cells = {name: block.cells.column(name)[index].as_py() for name in block.cells.column_names}
    return SourceRow(int(block.line_number[index]), int(block.row_number[index]), block.raw(index), cells)


def _unreadable(block: Block, line: int) -> list[SourceRow]:
    """The unreadable rows of a block nearest to the line."""
    rows = sorted(block.unreadable, key=lambda row: row.line_number)
    above = [row for row in rows if row.line_number <= line][-_CONTEXT_ROWS - 1 :]
    below = [row for row in rows if row.line_number > line][:_CONTEXT_ROWS]
    return [SourceRow(row.line_number, row.row_number, row.raw) for row in (*above, *below)]


def _correction_rows(open_correction: Open) -> Generator[SourceRow, None, None]:
    """Rows of a correction, sorted by the original line number that each contains: users may have reordered them."""
    rows = []
    with open_correction() as stream:
        for block in read_delimited(stream, CORRECTION_STYLE):
            for cells in block.cells.to_pylist():
                source = {
                    unguard_formulas(name): unguard_formulas(cell)
                    for name, cell in cells.items()
                    if name not in CONTROL_COLUMNS
                }
                rows.append(
                    SourceRow(int(cells[LINE]), int(cells[ROW]), format_raw_line(list(source.values())), source)
                )
    yield from sorted(rows, key=lambda row: (row.line, row.row))


def _message_rows(open_messages: Open) -> Generator[SourceRow, None, None]:
    with open_messages() as stream:
        for number, text in enumerate(stream.read().decode().split("\n")[:-1], 1):
            yield SourceRow(number, number, json.loads(text)["message"])
