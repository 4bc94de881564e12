"""Evidence against dates as read: the order of the rows, and columns that contain the month or the quarter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from tillstream.domain.dates.period_names import Period, period_of_header, period_value
from tillstream.domain.dates.swapped_dates import Example, Moves, agrees_only, ascends_only, order_words, period_words
from tillstream.pipeline.normalising.dates.half_converted import swap_days
from tillstream.pipeline.rows.text_column import encoded
from tillstream.pipeline.rows.types import Ints
from tillstream.pipeline.validating.swapped_dates import sale_numbers

_EPOCH = date(1970, 1, 1)
_KINDS = ("month", "quarter")
_LINES, _EXAMPLES = 3, 20


@dataclass(frozen=True)
class DatedRows:
    """Rows with a date, in the order of the file."""

    days: Ints
    """Days since 1970, as read."""
    lines: Ints
    column: pa.DictionaryArray
    """The cells of the date column, of all rows of the block; None if the date is derived."""
    index: Ints
    """Positions of the rows in the block."""

    def slice(self, rows: int) -> "DatedRows":
        return DatedRows(self.days[:rows], self.lines[:rows], self.column, self.index[:rows])

    def take(self, rows: Ints) -> "DatedRows":
        return DatedRows(self.days[rows], self.lines[rows], self.column, self.index[rows])

    def example(self, row: int) -> Example:
        day = int(self.days[row])
        read, other = (_EPOCH + timedelta(days=int(number)) for number in (day, swap_days(np.array([day]))[0]))
        cell = read.isoformat() if self.column is None else str(self.column[int(self.index[row])].as_py()).strip()
        return Example(cell, int(self.lines[row]), read, other)


@dataclass(frozen=True)
class Sample:
    """Rows with their sale numbers, and the columns that contain a period."""

    rows: DatedRows
    sales: pa.Table
    periods: dict[str, pa.DictionaryArray]

    @classmethod
    def of(cls, rows: DatedRows, table: pa.Table, cells: pa.Table, periods: Sequence[str]) -> "Sample":
        taken = pa.array(rows.index)
        sales = table.select(["sale_id", "store_id"]).take(taken)
        return cls(rows, sales, {name: encoded(cells.column(name)).take(taken) for name in periods})


def sequence_doubt(name: str, changes: Sequence[DatedRows], sample: Sequence[Sample]) -> str:
    """Describe dates that go against the order of the rows or of the sale numbers, and follow it when swapped."""
    if not changes:
        return ""
    days = np.concatenate([rows.days for rows in changes])
    read = _moves(np.diff(days))
    if ascends_only(_moves(np.diff(swap_days(days))), read):
        return order_words(name, "the rows", read, *_jumps(changes, read))
    if read.jumps <= 0.01:
        return ""
    for part in sample:
        steps, swapped_steps, order = _steps_by_number(part)
        if ascends_only(_moves(swapped_steps), read := _moves(steps)):
            rows = part.rows.take(order)
            return order_words(name, "the sale numbers", read, *_jumps([rows], read))
    return ""


def period_doubt(name: str, sample: Sequence[Sample]) -> str:
    """Describe a column of months or quarters that contradicts the dates as read and agrees when they are swapped."""
    for header in dict.fromkeys(header for part in sample for header in part.periods):
        kind = period_of_header(header)
        if kind not in _KINDS:
            continue
        agreeing = agreeing_swapped = total = 0
        lines: list[int] = []
        example: tuple[Example, str] | None = None
        for part in sample:
            if header not in part.periods:
                continue
            column = part.periods[header]
            values = np.array([period_value(kind, word or "") or 0 for word in column.dictionary.to_pylist()], np.int64)
            value = values[column.indices.to_numpy()] if len(values) else np.zeros(len(column), np.int64)
            other = swap_days(part.rows.days)
            counts = (other != part.rows.days) & (value > 0)
            is_read, is_other = (_periods(days, kind) == value for days in (part.rows.days, other))
            total += int(counts.sum())
            agreeing += int((counts & is_read).sum())
            agreeing_swapped += int((counts & is_other).sum())
            contradicting = np.flatnonzero(counts & is_other & ~is_read)
            lines += part.rows.lines[contradicting[:_LINES]].tolist()
            if example is None and len(contradicting):
                row = int(contradicting[0])
                example = part.rows.example(row), str(column[row].as_py()).strip()
        if example and agrees_only(agreeing_swapped, agreeing, total):
            return period_words(
                name, header, example[1], total - agreeing, agreeing_swapped, total, lines[:_LINES], example[0]
            )
    return ""


def _periods(days: Ints, kind: Period) -> Ints:
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    return months if kind == "month" else (months + 2) // 3


def _moves(steps: Ints) -> Moves:
    return Moves(int((steps > 0).sum()), int((steps < 0).sum()))


def _jumps(changes: Sequence[DatedRows], moves: Moves) -> tuple[list[int], Example]:
    """The first lines that go against the prevailing direction, and a date near them that can be swapped."""
    direction = 1 if moves.ups >= moves.downs else -1
    lines: list[int] = []
    examples: list[Example] = []
    for rows in changes:
        against = np.flatnonzero(np.diff(rows.days) * direction < 0)[:_EXAMPLES] + 1
        lines += rows.lines[against].tolist()
        examples += [rows.example(row) for end in against.tolist() for row in (end, end - 1)]
    examples += [changes[0].example(0)]
    return lines[:_LINES], next((one for one in examples if one.read != one.swapped), examples[0])


def _steps_by_number(part: Sample) -> tuple[Ints, Ints, Ints]:
    """Steps between the days of rows in the order of their sale numbers, as read and swapped, and that order."""
    number, series, numbered = sale_numbers(part.sales)
    rows = np.flatnonzero(numbered)
    order = rows[np.lexsort((number[rows], series[rows]))]
    is_same_series = np.diff(series[order]) == 0
    days = part.rows.days
    return np.diff(days[order])[is_same_series], np.diff(swap_days(days)[order])[is_same_series], order
