"""A line of a kept original as its source wrote it, with the lines around it: where a sale line came from."""

import json
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

import numpy as np

from tillstream.contracts.registry import contract_version
from tillstream.domain.batch import Upload
from tillstream.domain.errors import NotFound, Rejected
from tillstream.pipeline.reading.correction_file import CORRECTED, LINE, OURS, ROW, line_of, unguard
from tillstream.pipeline.reading.delimited.reader import read
from tillstream.pipeline.reading.open_reader import Manner, blocks, by_contract
from tillstream.pipeline.rows.block import Block
from tillstream.ports import Ports

Open = Callable[[], BinaryIO]
AROUND = 3


@dataclass(frozen=True)
class FileRow:
    line: int
    """Physical line (of a sheet: row; of messages: which message) where the row starts."""
    row: int
    """Counted after the header from 1."""
    raw: str
    cells: dict[str, str] = field(default_factory=dict)
    """Header → cell; empty for rows that could not be read as cells."""


@dataclass(frozen=True)
class Found:
    """`row` is the one asked for; `before` and `after` stand around it."""

    row: FileRow
    before: list[FileRow]
    after: list[FileRow]


def around(ports: Ports, upload: Upload, line: int) -> Found:
    """The row that stands on a physical line of the upload, and its neighbours; read only as far as that.

    A row may run over several lines: it is the one that starts there or above. Raises `NotFound` where no row stands
    there, `Rejected` where nobody knows how the file is read.
    """
    until: list[FileRow] = []
    after: list[FileRow] = []
    with closing(_rows(ports, upload, line)) as rows:
        for row in rows:
            if row.line <= line:
                until = [*until[-AROUND:], row]
            else:
                after.append(row)
            if len(after) == AROUND:
                break
    if not until or line > until[-1].line + until[-1].raw.count("\n"):
        raise NotFound(f"{upload.file} has no row on line {line}.")
    return Found(until[-1], until[:-1], after)


def _rows(ports: Ports, upload: Upload, line: int) -> Generator[FileRow, None, None]:
    """Rows in the order of the file, those refused as cells too; far from the line some may be left out."""
    open_original = partial(ports.objects.open, upload.bucket, upload.object, upload.generation)
    if upload.kind == "messages":
        return _of_messages(open_original)
    if upload.kind == "correction":
        return _of_correction(open_original)
    if not upload.contract:
        raise Rejected(f"Nobody has said yet how {upload.file} is written, so it has no rows.")
    how = by_contract(contract_version(ports.documents, upload.contract, upload.contract_version), ports.limits)
    return _of_file(open_original, how, line)


def _of_file(open_original: Open, how: Manner, line: int) -> Generator[FileRow, None, None]:
    with closing(blocks(open_original, how)) as found:
        for block in found:
            at = int(np.searchsorted(block.line_number, line, side="right"))
            near = range(max(0, at - AROUND - 1), min(at + AROUND, len(block.line_number)))
            rows = [*(_row(block, index) for index in near), *_refused(block, line)]
            yield from sorted(rows, key=lambda row: row.line)


def _row(block: Block, index: int) -> FileRow:
    cells = {name: block.cells.column(name)[index].as_py() for name in block.cells.column_names}
    return FileRow(int(block.line_number[index]), int(block.row_number[index]), block.raw(index), cells)


def _refused(block: Block, line: int) -> list[FileRow]:
    """The nearest of those that are no cells."""
    rows = sorted(block.refused, key=lambda one: one.line_number)
    above = [one for one in rows if one.line_number <= line][-AROUND - 1 :]
    below = [one for one in rows if one.line_number > line][:AROUND]
    return [FileRow(one.line_number, one.row_number, one.raw) for one in (*above, *below)]


def _of_correction(open_corrected: Open) -> Generator[FileRow, None, None]:
    """Corrected rows name the line of their original themselves; a person may have sorted them."""
    rows = []
    with open_corrected() as stream:
        for block in read(stream, CORRECTED):
            for cells in block.cells.to_pylist():
                own = {name: unguard(cell) for name, cell in cells.items() if name not in OURS}
                rows.append(FileRow(int(cells[LINE]), int(cells[ROW]), line_of(list(own.values())), own))
    yield from sorted(rows, key=lambda row: (row.line, row.row))


def _of_messages(open_kept: Open) -> Generator[FileRow, None, None]:
    with open_kept() as stream:
        for number, text in enumerate(stream.read().decode().split("\n")[:-1], 1):
            yield FileRow(number, number, json.loads(text)["message"])
