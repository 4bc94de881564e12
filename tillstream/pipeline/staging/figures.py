"""Figures of a file: of its staged rows, or of rows that are read without storing them, and its own total."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tillstream.detection.words.row_words import balance_words, not_goods_kind
from tillstream.detection.words.status_words import status_of
from tillstream.model.batch import StagingReport
from tillstream.model.columns import CONTENT
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import NumberStyle
from tillstream.model.errors import Rejected
from tillstream.model.events import STAGING
from tillstream.model.limits import LIMITS, Limits
from tillstream.model.uploads import CurrencyFigures, FileFigures, OwnTotals, TotalLine
from tillstream.pipeline.normalising.number_columns import read_numbers
from tillstream.pipeline.reading.open_reader import read_blocks, read_options
from tillstream.pipeline.reading.skipped_rows import is_ignored, non_sale_rows, rows_where
from tillstream.pipeline.rows.row_batch import Block
from tillstream.pipeline.rows.text_columns import decode_texts, exact_sum
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.pipeline.staging.split_rows import Hasher, SplitRows, split_row_batch
from tillstream.ports import ObjectStore

CONTENT_ORDER = tuple(column.name for column in CONTENT)
"""Columns by which settlement numbers the rows of a product that have no line number."""
REPEAT_COLUMNS = ("key_low", "content", "source_version", "line_key")
"""Columns of accepted rows that decide."""
RowValues = npt.NDArray[np.int64]

OpenOriginal = Callable[[], BinaryIO]
MAX_TOTAL_LINES = 3
"""The last total lines of a file are kept: a grand total follows the subtotals."""
_MAX_TEXT = 80

FIGURE_COLUMNS = ("sale_date", "currency", "status", "net_amount", "quantity", "store_id", "sale", *REPEAT_COLUMNS)
_ZERO = Decimal(0)


class RowFate(IntEnum):
    """The outcome of an accepted row: it counts, repeats a line that counts, or contradicts a row of its version."""

    COUNTS, REPEATS, CONFLICTS = range(3)


def may_repeat(contract: Contract) -> bool:
    """Whether two rows of a file can name the same line; else each row is a line of its own."""
    return contract.has_line_numbers or "source_version" in contract.columns


class LineRows:
    """The lines that the accepted rows of a file name."""

    def __init__(self) -> None:
        self._parts: list[tuple[RowValues, RowValues, RowValues, npt.NDArray[np.bool_]]] = []

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows with `COLUMNS`, in the order of the file."""
        key, content, version = (pc.fill_null(rows.column(name), 0).to_numpy() for name in REPEAT_COLUMNS[:3])
        is_numbered = pc.is_null(rows.column("line_key")).to_numpy()
        self._parts.append((key, content, version, is_numbered))

    def fates(self, in_order: Callable[[], Iterable[pa.Table]]) -> npt.NDArray[np.int8] | None:
        """int8 (n,): the `RowFate` of each row; None if all count. in_order: the same rows again, with
        `CONTENT_ORDER`."""
        if not self._parts:
            return None
        key, content, version, is_numbered = map(np.concatenate, zip(*self._parts, strict=True))
        place = _places(key, content, version, is_numbered, in_order)
        nth = _numbered(key, place, version, is_numbered)
        order = np.lexsort((content, -version, nth, key))
        starts_line = _changes(key[order], nth[order])
        if starts_line.all():
            return None
        starts = np.flatnonzero(starts_line | _changes(version[order]))
        length, values = np.diff(np.r_[starts, len(order)]), content[order]
        conflicts = np.repeat(np.minimum.reduceat(values, starts) != np.maximum.reduceat(values, starts), length)
        line = np.cumsum(starts_line) - 1
        _, first = np.unique(line[~conflicts], return_index=True)
        fates = np.full(len(order), RowFate.REPEATS, np.int8)
        fates[conflicts] = RowFate.CONFLICTS
        fates[np.flatnonzero(~conflicts)[first]] = RowFate.COUNTS
        result = np.empty_like(fates)
        result[order] = fates
        return result


def _places(
    key: RowValues,
    content: RowValues,
    version: RowValues,
    is_numbered: npt.NDArray[np.bool_],
    in_order: Callable[[], Iterable[pa.Table]],
) -> RowValues:
    """int64 (n,): places of rows without a line number among those of their key and version, as settlement orders them.

    They matter only where other versions have the key, and the contents differ.
    """
    rows = np.flatnonzero(is_numbered)
    rows = rows[np.argsort(key[rows], kind="stable")]
    if not len(rows):
        return content
    starts = np.flatnonzero(_changes(key[rows]))
    same = [
        np.minimum.reduceat(one[rows], starts) == np.maximum.reduceat(one[rows], starts) for one in (content, version)
    ]
    matters = np.zeros(len(key), np.bool_)
    matters[rows] = np.repeat(~(same[0] | same[1]), np.diff(np.r_[starts, len(rows)]))
    if not matters.any():
        return content
    parts, start = [], 0
    for table in in_order():
        chosen = table.filter(pa.array(matters[start : start + table.num_rows]))
        columns: dict[str, pa.Array] = {}
        for name in CONTENT_ORDER:
            value = decode_texts(chosen.column(name))
            columns |= {f"has {name}": pc.is_valid(value), name: value}  # no value comes first
        parts.append(pa.table(columns))
        start += table.num_rows
    table = pa.concat_tables(parts)
    order = pc.sort_indices(table, [(name, "ascending") for name in table.column_names])
    place = content.copy()
    place[np.flatnonzero(matters)[order.to_numpy()]] = np.arange(len(order))
    return place


def _numbered(key: RowValues, place: RowValues, version: RowValues, is_numbered: npt.NDArray[np.bool_]) -> RowValues:
    """int64 (n,): which of the rows of its key and version a row without a line number is, by its place; else 0."""
    nth = np.zeros(len(key), np.int64)
    rows = np.flatnonzero(is_numbered)
    if len(rows):
        order = rows[np.lexsort((place[rows], version[rows], key[rows]))]
        starts = np.flatnonzero(_changes(key[order], version[order]))
        nth[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return nth


def _changes(*sorted_values: RowValues) -> npt.NDArray[np.bool_]:
    """bool (n,): rows with another value than the row before in one of the columns."""
    changed: npt.NDArray[np.bool_] = np.any([np.diff(values) != 0 for values in sorted_values], axis=0)
    return np.concatenate(([True], changed))


def read_file_totals(open_original: OpenOriginal, contract: Contract, limits: Limits, file: str) -> OwnTotals:
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
            lines = lines[-MAX_TOTAL_LINES:]
            if len(others) <= MAX_TOTAL_LINES:
                rows = rows_where(block.cells, totals).nonzero()[0].tolist()
                others += _total_lines(replace(block, unreadable=[]), rows, header, contract)
            is_total |= rows_where(block.cells, ignored)
            if header:
                total += _column_sum(block.cells.filter(pa.array(~is_total)), header, contract.numbers)
    except (Rejected, KeyError):
        return OwnTotals()
    if len(others) <= MAX_TOTAL_LINES:  # more of them are totals of orders or parts of other amounts
        lines = sorted({line.line_number: line for line in (*lines, *others)}.values(), key=lambda one: one.line_number)
    return OwnTotals(header, total if header else None, tuple(lines[-MAX_TOTAL_LINES:]))


def _may_be_total(cell: str) -> bool:
    """Whether an ignored row with this cell may be a total, and is no balance, tip, gift card or step of an order."""
    return not (cell.casefold() in balance_words() or not_goods_kind(cell) or status_of(cell))


def _column_sum(cells: pa.Table, header: str, style: NumberStyle) -> Decimal:
    return exact_sum(_column_numbers(decode_texts(cells.column(header)), style)) or Decimal(0)


def _column_numbers(texts: pa.Array, style: NumberStyle) -> pa.Array:
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
        TotalLine(line, _line_text(cells), _line_amount(cells, position, contract.numbers))
        for line, cells in sorted(totals)
        if [cell.strip() for cell in cells] != names
    ]


def _line_text(cells: Sequence[str]) -> str:
    return " · ".join(cell.strip() for cell in cells if cell.strip())[:_MAX_TEXT]


def _line_amount(cells: Sequence[str], position: int | None, style: NumberStyle) -> Decimal | None:
    """The number in the total column, else the last number of the line."""
    numbers = _column_numbers(pa.array(cells, pa.string()), style).to_pylist()
    own = numbers[position] if position is not None and position < len(numbers) else None
    return own if own is not None else next((number for number in reversed(numbers) if number is not None), None)


@dataclass
class _Counter:
    """Adds up tables of accepted rows, which have `COLUMNS`."""

    rows: int = 0
    days: set[date] = field(default_factory=set)
    """The first and the last days of the tables."""
    sales: set[int] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    units: Decimal = _ZERO
    sums: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """(currency, status) → net amount."""

    def add(self, table: pa.Table) -> None:
        if not table.num_rows:
            return
        self.rows += table.num_rows
        self.days |= {day for day in pc.min_max(table.column("sale_date")).as_py().values() if day}
        self.stores.update(filter(None, pc.unique(decode_texts(table.column("store_id"))).to_pylist()))
        status, currency = decode_texts(table.column("status")), decode_texts(table.column("currency"))
        counted = pc.not_equal(status, "cancelled")
        self.units += exact_sum(decode_texts(table.column("quantity")).filter(counted)) or _ZERO
        ordered = pc.and_(counted, pc.not_equal(status, "returned"))
        self.sales.update(pc.unique(table.column("sale").filter(ordered)).to_pylist())
        self._add_amounts(currency, status, decode_texts(table.column("net_amount")))

    def add_rejected(self, rows: SplitRows) -> None:
        """Add the amounts of rejected rows, as far as they can be read, and the number of those to fix."""
        self.rows += rows.quarantined
        if rows.is_rejected.any():
            table = rows.row_batch.table.filter(pa.array(rows.is_rejected))
            has_amount = pc.and_(pc.is_valid(table.column("currency")), pc.is_valid(table.column("net_amount")))
            currency, status, net = (
                decode_texts(table.column(name).filter(has_amount)) for name in FIGURE_COLUMNS[1:4]
            )
            self._add_amounts(currency, pc.fill_null(status, "completed"), net)

    def _add_amounts(self, currency: pa.Array, status: pa.Array, net: pa.Array) -> None:
        for code in pc.unique(currency).to_pylist():
            in_currency = pc.equal(currency, code)
            for word in pc.unique(status.filter(in_currency)).to_pylist():
                amount = exact_sum(net.filter(pc.and_(in_currency, pc.equal(status, word)))) or _ZERO
                self.sums[code, word] = self.sums.get((code, word), _ZERO) + amount

    def __add__(self, other: "_Counter") -> "_Counter":
        """The rows and amounts of both."""
        sums = {key: self.sums.get(key, _ZERO) + other.sums.get(key, _ZERO) for key in self.sums | other.sums}
        return _Counter(self.rows + other.rows, sums=sums)

    def amounts(self) -> tuple[CurrencyFigures, ...]:
        currencies = sorted({currency for currency, _ in self.sums})
        return tuple(
            CurrencyFigures(
                currency,
                sum((self._sum(currency, word) for word in ("completed", "pending", "returned")), _ZERO),
                *(self._sum(currency, word) for word in ("pending", "cancelled", "returned")),
            )
            for currency in currencies
        )

    def _sum(self, currency: str, status: str) -> Decimal:
        return self.sums.get((currency, status), _ZERO)


def staged_figures(
    objects: ObjectStore, report: StagingReport, open_original: OpenOriginal, contract: Contract, *, file: str
) -> FileFigures:
    """Figures of a staged file. file: its name. Raises `NotFound` if its staged rows have expired."""

    def tables(columns: Sequence[str]) -> Iterator[pa.Table]:
        for name in report.accepted:
            with objects.open(STAGING, name) as stream:
                for batch in pq.ParquetFile(stream).iter_batches(columns=list(columns)):
                    yield pa.Table.from_batches([batch])

    parts = _parts(tables, contract)
    own = read_file_totals(open_original, contract, LIMITS, file)
    ignored = report.rows_blank + report.rows_ignored + report.rows_discarded
    return _figures(parts, _Counter(report.rows_refused), (report.rows_read, ignored), own, contract)


def read_figures(
    open_original: OpenOriginal, contract: Contract, received: date, limits: Limits = LIMITS, *, file: str
) -> FileFigures:
    """Figures of a whole file as a contract reads it; nothing is stored. file: its name.

    Raises `Rejected` if it cannot be read.
    """
    rejected, read, ignored = _Counter(), 0, 0

    def tables(columns: Sequence[str]) -> Iterator[pa.Table]:
        nonlocal rejected, read, ignored
        hasher, rejected, read, ignored = Hasher(), _Counter(), 0, 0
        for row_batch in RegionalFileSource(open_original, contract, received, limits, file).row_batches():
            rows = split_row_batch(row_batch, hasher)
            read += row_batch.rows_read
            ignored += row_batch.blank + row_batch.ignored + rows.ignored
            rejected.add_rejected(rows)
            if rows.accepted is not None:
                yield rows.accepted.select(columns)

    parts = _parts(tables, contract)
    own = read_file_totals(open_original, contract, limits, file)
    return _figures(parts, rejected, (read, ignored), own, contract)


def _parts(tables: Callable[[Sequence[str]], Iterator[pa.Table]], contract: Contract) -> list[_Counter]:
    """A counter for each `RowFate` of the rows, which are read again if several of them name one line."""
    lines, parts = LineRows(), [_Counter() for _ in RowFate]
    for table in tables(FIGURE_COLUMNS):
        parts[RowFate.COUNTS].add(table)
        if may_repeat(contract):
            lines.add(table)
    fates = lines.fates(lambda: tables(CONTENT_ORDER))
    if fates is None:
        return parts
    parts, start = [_Counter() for _ in RowFate], 0
    for table in tables(FIGURE_COLUMNS):
        own = fates[start : start + table.num_rows]
        start += table.num_rows
        for fate in RowFate:
            parts[fate].add(table.filter(pa.array(own == fate)))
    return parts


def _figures(
    parts: list[_Counter], rejected: _Counter, counts: tuple[int, int], own: OwnTotals, contract: Contract
) -> FileFigures:
    read, ignored = counts
    counter, repeated, conflicting = parts
    days: Iterable[date | None] = counter.days or [None]
    return FileFigures(
        rows_read=read,
        accepted=counter.rows + repeated.rows,
        quarantined=rejected.rows + conflicting.rows,
        ignored=ignored,
        repeated=repeated.rows,
        repeated_amounts=repeated.amounts(),
        quarantined_amounts=(rejected + conflicting).amounts(),
        first_date=min(days, key=str),
        last_date=max(days, key=str),
        orders=len(counter.sales),
        units=counter.units,
        amounts=counter.amounts(),
        stores=tuple(sorted(counter.stores)),
        own=own,
        has_amounts=not contract.amounts.units_only,
        has_units="quantity" in contract.columns,
    )
