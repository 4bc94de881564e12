"""Read the file's own total: its total lines, and the plain sum of its total column."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.detection.words.footers import balance_words
from tillstream.detection.words.not_goods import kind_of
from tillstream.detection.words.status_words import status_of
from tillstream.domain.batch.file_figures import OwnTotals, TotalLine
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.number_style import NumberStyle
from tillstream.domain.errors import Rejected
from tillstream.domain.limits import Limits
from tillstream.pipeline.normalising.numbers.parse import read_numbers
from tillstream.pipeline.reading.open_reader import read_blocks, read_options
from tillstream.pipeline.reading.skipped_rows import is_ignored, non_sale_rows, rows_where
from tillstream.pipeline.rows.block import Block
from tillstream.pipeline.rows.exact_sum import exact_sum
from tillstream.pipeline.rows.text_column import decoded

Open = Callable[[], BinaryIO]
MAX_LINES = 3
"""The last total lines of a file are kept: a grand total follows the subtotals."""
_MAX_TEXT = 80


def own_totals(open_original: Open, contract: Contract, limits: Limits, file: str) -> OwnTotals:
    """Read the total column and the total lines. Empty for a file that cannot be read to its end."""
    header = next((contract.columns[name] for name in ("net_amount", "gross_amount") if name in contract.columns), "")
    if header in contract.made:
        header = ""
    words, ignored = contract.file.ignore, contract.file.ignore_where
    totals = {name: [cell for cell in cells if _may_be_total(cell)] for name, cells in ignored.items()}
    style = contract.file.model_copy(update={"ignore": (), "ignore_where": {}})
    unskipped = contract.model_copy(update={"file": style})
    total, lines, others = Decimal(0), list[TotalLine](), list[TotalLine]()
    try:
        for block in read_blocks(open_original, read_options(unskipped, limits, file)):
            is_total = non_sale_rows(block.cells, block.cells.column_names, words)
            lines += _total_lines(block, is_total.nonzero()[0].tolist(), header, contract)
            lines = lines[-MAX_LINES:]
            if len(others) <= MAX_LINES:
                rows = rows_where(block.cells, totals).nonzero()[0].tolist()
                others += _total_lines(replace(block, unreadable=[]), rows, header, contract)
            is_total |= rows_where(block.cells, ignored)
            if header:
                total += _sum(block.cells.filter(pa.array(~is_total)), header, contract.numbers)
    except (Rejected, KeyError):
        return OwnTotals()
    if len(others) <= MAX_LINES:  # more of them are totals of orders or parts of other amounts
        lines = sorted({line.line_number: line for line in (*lines, *others)}.values(), key=lambda one: one.line_number)
    return OwnTotals(header, total if header else None, tuple(lines[-MAX_LINES:]))


def _may_be_total(cell: str) -> bool:
    """Whether an ignored row with this cell may be a total, and is no balance, tip, gift card or step of an order."""
    return not (cell.casefold() in balance_words() or kind_of(cell) or status_of(cell))


def _sum(cells: pa.Table, header: str, style: NumberStyle) -> Decimal:
    return exact_sum(_numbers(decoded(cells.column(header)), style)) or Decimal(0)


def _numbers(texts: pa.Array, style: NumberStyle) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(texts)
    words = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    return pc.coalesce(*(read_numbers(words, one).values for one in style.styles))


def _total_lines(block: Block, rows: Sequence[int], header: str, contract: Contract) -> list[TotalLine]:
    """The total lines of a block, also those with too few cells."""
    names, words = block.cells.column_names, contract.file.ignore
    totals = []
    for index in rows:
        cells = [column[index].as_py() for column in block.cells.columns]
        totals.append((int(block.line_number[index]), cells))
    for row in block.unreadable if words else ():
        cells = next(csv.reader([row.raw], delimiter=contract.file.delimiter), [])
        if is_ignored(cells, words, len(names)):
            totals.append((row.line_number, cells))
    position = names.index(header) if header in names else None
    return [
        TotalLine(line, _text(cells), _amount(cells, position, contract.numbers))
        for line, cells in sorted(totals)
        if [cell.strip() for cell in cells] != names
    ]


def _text(cells: Sequence[str]) -> str:
    return " · ".join(cell.strip() for cell in cells if cell.strip())[:_MAX_TEXT]


def _amount(cells: Sequence[str], position: int | None, style: NumberStyle) -> Decimal | None:
    """The number in the total column, else the last number of the line."""
    numbers = _numbers(pa.array(cells, pa.string()), style).to_pylist()
    own = numbers[position] if position is not None and position < len(numbers) else None
    return own if own is not None else next((number for number in reversed(numbers) if number is not None), None)
