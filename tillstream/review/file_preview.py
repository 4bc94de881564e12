"""Preview the first rows of a file under a contract: each raw cell with its parsed value."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, BinaryIO

import pyarrow as pa

from tillstream.model.contract import Contract
from tillstream.model.limits import LIMITS, Limits
from tillstream.pipeline.reading.open_reader import read_blocks, read_options
from tillstream.pipeline.rows.row_batch import Block, RowBatch
from tillstream.pipeline.staging.file_source import DateScan, check_header, to_row_batch
from tillstream.receipts import receipt as receipts

PREVIEW_ROWS, PREVIEW_REJECTED_ROWS = 3, 2
SAMPLE_ROWS = 1_000
DATE_COLUMNS = {"date": ("sold_at", "sale_date"), "time": ("sold_at",)}
PLACEHOLDERS = frozenset({None, "?", "XXX"})
CONTRACT_COLUMNS = ("region", "store_id", "currency", "country", "channel", "net_amount", "status")
"""Values shown even if they come from the contract instead of a column."""


@dataclass(frozen=True)
class PreviewCell:
    raw: str
    value: Any = None
    """Parsed value; None if there is none."""
    wrong: tuple[str, ...] = ()
    """Messages of the cell's problems."""


@dataclass(frozen=True)
class PreviewColumn:
    header: str
    """Header in the file; empty for values from the contract or other columns."""
    becomes: str
    """Column of a sale line; empty for columns that are not mapped."""
    role: str
    """Role to which the contract maps the header: `date` becomes sold_at or sale_date."""
    cells: tuple[PreviewCell, ...]


@dataclass(frozen=True)
class FilePreview:
    columns: tuple[PreviewColumn, ...]
    """Columns in file order, followed by values that come from no column."""
    lines: tuple[int, ...]
    """File line of each row."""


def preview_file(
    open_original: Callable[[], BinaryIO],
    contract: Contract,
    received: date,
    limits: Limits = LIMITS,
    *,
    file: str,
    rows: int = PREVIEW_ROWS,
) -> FilePreview:
    """Read the first rows of a file with a contract. file: its name.

    Raises `Rejected` if the contract cannot read the file.
    """
    batches = read_blocks(open_original, read_options(contract, limits, file))
    try:
        block = next(batches)
    finally:
        batches.close()
    check_header(block, contract)
    dates = DateScan(lambda: iter([block]), contract)
    sample = _head_of_block(block, SAMPLE_ROWS)
    row_batch = to_row_batch(sample, contract, received, dates.facts(block))
    picked = _pick_rows(row_batch.issues.rejected_mask(row_batch.table.num_rows).tolist(), rows)
    lines = tuple(int(row_batch.line_number[at]) for at in picked)
    return FilePreview(tuple(_columns(sample.cells, row_batch, contract, picked)), lines)


def _pick_rows(refused: list[bool], rows: int) -> list[int]:
    """Return the first rows, plus the first rejected ones after them."""
    first = list(range(min(rows, len(refused))))
    wrong = [at for at, bad in enumerate(refused) if bad and at >= rows]
    return first + wrong[:PREVIEW_REJECTED_ROWS]


def _head_of_block(block: Block, rows: int) -> Block:
    return replace(
        block,
        cells=block.cells.slice(0, rows),
        row_number=block.row_number[:rows],
        line_number=block.line_number[:rows],
        unreadable=[],
        warnings={},
    )


def _columns(read: pa.Table, row_batch: RowBatch, contract: Contract, picked: list[int]) -> list[PreviewColumn]:
    messages = _messages_by_cell(row_batch, contract)
    values = {name: row_batch.table.column(name).take(picked).to_pylist() for name in row_batch.table.column_names}
    columns, shown = [], set[str]()
    for header in read.column_names:
        raw = read.column(header).take(picked).to_pylist()
        roles = [name for name, mapped in contract.columns.items() if mapped == header] or [""]
        for role in roles:
            becomes = _target_column(role, values)
            shown.add(becomes)
            cells = tuple(
                PreviewCell(raw[n], values[becomes][n] if becomes else None, messages.get((at, header), ()))
                for n, at in enumerate(picked)
            )
            columns.append(PreviewColumn(header, becomes, role, cells))
    others = [
        name
        for name in CONTRACT_COLUMNS
        if name not in shown and any(value not in PLACEHOLDERS for value in values[name])
    ]
    return columns + [
        PreviewColumn("", name, "", tuple(PreviewCell("", value) for value in values[name])) for name in others
    ]


def _target_column(role: str, values: dict[str, list[Any]]) -> str:
    """Return the column of a sale line to which a role is mapped, preferring one with values."""
    choices = [name for name in DATE_COLUMNS.get(role, (role,)) if name in values]
    filled = [name for name in choices if any(value is not None for value in values[name])]
    return next(iter(filled or choices), "")


def _messages_by_cell(row_batch: RowBatch, contract: Contract) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return (row, header) → messages of its problems."""
    named, messages = receipts.contract_headers(contract), dict[tuple[int, str], tuple[str, ...]]()
    for row in row_batch.issues.table().to_pylist():
        header = named.get(row["column"] or "", "")
        place = (row["index"], header)
        messages[place] = (*messages.get(place, ()), str(receipts.with_message(row, named)["message"]))
    return messages
