"""Collect the evidence in a file that day and month of its dates are swapped, or day and year."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.detection.values.swapped_dates import (
    DateDoubt,
    DateMoves,
    SwappedExample,
    are_years_swapped,
    can_be_swapped,
    half_converted_words,
    is_half_converted,
    is_only_early,
    only_first_agrees,
    only_first_ascends,
    order_words,
    period_words,
    swap_day_and_year,
    year_words,
)
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import DateStyle
from tillstream.model.date_words import Period, period_of_header, period_value
from tillstream.pipeline.rows.text_columns import Ints, Mask, combine_chunks, encode_texts, to_bool_array
from tillstream.pipeline.validating.spreadsheet_swaps import (
    are_date_cells,
    can_be_half_converted,
    days_to_dates,
    sale_numbers,
    swap_days,
)

_EPOCH = date(1970, 1, 1)
_PERIOD_KINDS = ("month", "quarter")
_EXAMPLE_LINES, _EXAMPLES = 3, 20

_SAMPLE_ROWS = 50_000
_MAX_CHANGES = 200_000
_MAX_LINES = 3


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

    def example(self, row: int) -> SwappedExample:
        day = int(self.days[row])
        read, other = (_EPOCH + timedelta(days=int(number)) for number in (day, swap_days(np.array([day]))[0]))
        cell = read.isoformat() if self.column is None else str(self.column[int(self.index[row])].as_py()).strip()
        return SwappedExample(cell, int(self.lines[row]), read, other)


@dataclass(frozen=True)
class DatedSample:
    """Rows with their sale numbers, and the columns that contain a period."""

    rows: DatedRows
    sales: pa.Table
    periods: dict[str, pa.DictionaryArray]

    @classmethod
    def from_rows(cls, rows: DatedRows, table: pa.Table, cells: pa.Table, periods: Sequence[str]) -> "DatedSample":
        taken = pa.array(rows.index)
        sales = table.select(["sale_id", "store_id"]).take(taken)
        return cls(rows, sales, {name: encode_texts(cells.column(name)).take(taken) for name in periods})


def sequence_doubt(name: str, changes: Sequence[DatedRows], sample: Sequence[DatedSample]) -> str:
    """Describe dates that go against the order of the rows or of the sale numbers, and follow it when swapped."""
    if not changes:
        return ""
    days = np.concatenate([rows.days for rows in changes])
    read = _moves(np.diff(days))
    if only_first_ascends(_moves(np.diff(swap_days(days))), read):
        return order_words(name, "the rows", read, *_jumps(changes, read))
    if read.jumps <= 0.01:
        return ""
    for part in sample:
        steps, swapped_steps, order = _steps_by_number(part)
        if only_first_ascends(_moves(swapped_steps), read := _moves(steps)):
            rows = part.rows.take(order)
            return order_words(name, "the sale numbers", read, *_jumps([rows], read))
    return ""


def period_doubt(name: str, sample: Sequence[DatedSample]) -> str:
    """Describe a column of months or quarters that contradicts the dates as read and agrees when they are swapped."""
    for header in dict.fromkeys(header for part in sample for header in part.periods):
        kind = period_of_header(header)
        if kind not in _PERIOD_KINDS:
            continue
        agreeing = agreeing_swapped = total = 0
        lines: list[int] = []
        example: tuple[SwappedExample, str] | None = None
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
            lines += part.rows.lines[contradicting[:_EXAMPLE_LINES]].tolist()
            if example is None and len(contradicting):
                row = int(contradicting[0])
                example = part.rows.example(row), str(column[row].as_py()).strip()
        if example and only_first_agrees(agreeing_swapped, agreeing, total):
            return period_words(
                name, header, example[1], total - agreeing, agreeing_swapped, total, lines[:_EXAMPLE_LINES], example[0]
            )
    return ""


def _periods(days: Ints, kind: Period) -> Ints:
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    return months if kind == "month" else (months + 2) // 3


def _moves(steps: Ints) -> DateMoves:
    return DateMoves(int((steps > 0).sum()), int((steps < 0).sum()))


def _jumps(changes: Sequence[DatedRows], moves: DateMoves) -> tuple[list[int], SwappedExample]:
    """The first lines that go against the prevailing direction, and a date near them that can be swapped."""
    direction = 1 if moves.ups >= moves.downs else -1
    lines: list[int] = []
    examples: list[SwappedExample] = []
    for rows in changes:
        against = np.flatnonzero(np.diff(rows.days) * direction < 0)[:_EXAMPLES] + 1
        lines += rows.lines[against].tolist()
        examples += [rows.example(row) for end in against.tolist() for row in (end, end - 1)]
    examples += [changes[0].example(0)]
    return lines[:_EXAMPLE_LINES], next((one for one in examples if one.read != one.swapped), examples[0])


def _steps_by_number(part: DatedSample) -> tuple[Ints, Ints, Ints]:
    """Steps between the days of rows in the order of their sale numbers, as read and swapped, and that order."""
    number, series, numbered = sale_numbers(part.sales)
    rows = np.flatnonzero(numbered)
    order = rows[np.lexsort((number[rows], series[rows]))]
    is_same_series = np.diff(series[order]) == 0
    days = part.rows.days
    return np.diff(days[order])[is_same_series], np.diff(swap_days(days)[order])[is_same_series], order


class DateDoubts:
    """Evidence of one file, collected block by block; memory is bounded."""

    def __init__(self, contract: Contract, received: date) -> None:
        """received: the day of receipt."""
        self._contract = contract
        self._years = _SwappedYears(received) if _has_short_years(contract) else None
        self._half = _HalfConverted(contract) if can_be_half_converted(contract.dates) else None
        self._sample: list[DatedSample] = []
        self._sampled = 0
        self._changes: list[DatedRows] = []
        self._changed = 0
        self._is_early = True
        self._has_date_cells = False
        """Whether a cell is a date, or ISO text: other formats do not change how these are read."""

    def add(self, table: pa.Table, cells: pa.Table, lines: Ints) -> None:
        """Add a block. table: its `NORMALISED` rows; cells: its cells, from which these were read."""
        dates = combine_chunks(table.column("sale_date"))
        valid = np.flatnonzero(to_bool_array(pc.is_valid(dates)))
        if not len(valid):
            return
        days = pc.fill_null(pc.cast(dates, pa.int32()), 0).to_numpy()[valid].astype(np.int64)
        header = self._contract.columns["date"]
        column = encode_texts(cells.column(header)) if header in cells.column_names else None
        rows = DatedRows(days, lines[valid], column, valid)
        self._is_early = self._is_early and is_only_early(days_to_dates(_changed(rows).days))
        if column is not None and not self._has_date_cells:
            self._has_date_cells = bool(_is_date_cell(rows, self._contract.dates).any())
        if self._half and column is not None:
            self._half.add(rows)
        if self._years and not self._has_date_cells:
            self._years.add(rows)
        if self._changed < _MAX_CHANGES:
            self._changes.append(_changed(rows))
            self._changed += len(self._changes[-1].days)
        if self._sampled < _SAMPLE_ROWS:
            room = _SAMPLE_ROWS - self._sampled
            self._sample.append(DatedSample.from_rows(rows.slice(room), table, cells, self._periods(cells)))
            self._sampled += len(valid)

    def doubt(self) -> DateDoubt | None:
        """The evidence, or None. Only the first kind of evidence is described."""
        if self._half and (words := self._half.words()):
            return DateDoubt(words, "date-cells" if self._contract.dates.half_converted == "hold" else "")
        if self._years and not self._has_date_cells and (words := self._years.words(self._name)):
            return DateDoubt(words, "years")
        words = period_doubt(self._name, self._sample) or sequence_doubt(self._name, self._changes, self._sample)
        can_repair = self._is_early and self._has_one_order and not self._has_date_cells
        return DateDoubt(words, "formats" if can_repair else "") if words else None

    @property
    def _name(self) -> str:
        return self._contract.columns["date"]

    @property
    def _has_one_order(self) -> bool:
        formats = self._contract.dates.formats
        return all("%d" in text and "%m" in text and not text.startswith("%Y") for text in formats)

    def _periods(self, cells: pa.Table) -> list[str]:
        return [name for name in cells.column_names if name != self._name and period_of_header(name)]


class _HalfConverted:
    """The days of cells that are dates and of texts; stops at the first date that rules a half-conversion out."""

    def __init__(self, contract: Contract) -> None:
        self._style, self._name = contract.dates, contract.columns["date"]
        self._days: dict[bool, set[date]] = {True: set(), False: set()}
        self._rows: dict[bool, int] = {True: 0, False: 0}
        self._lines: list[int] = []
        self._example: SwappedExample | None = None
        self._is_open = contract.dates.half_converted != "keep"

    def add(self, rows: DatedRows) -> None:
        if not self._is_open:
            return
        is_date_cell = _is_date_cell(rows, self._style)
        for kind, mask in ((True, is_date_cell), (False, ~is_date_cell)):
            self._days[kind] |= days_to_dates(rows.days[mask])
            self._rows[kind] += int(mask.sum())
        self._is_open = is_only_early(self._days[True]) and not any(map(can_be_swapped, self._days[False]))
        self._remember(rows, is_date_cell)

    def _remember(self, rows: DatedRows, is_date_cell: Mask) -> None:
        missing = _MAX_LINES - len(self._lines)
        self._lines += rows.lines[np.flatnonzero(~is_date_cell)[:missing]].tolist()
        can_differ = np.flatnonzero(is_date_cell & (swap_days(rows.days) != rows.days))
        if self._example is None and len(can_differ):
            self._example = rows.example(int(can_differ[0]))

    def words(self) -> str:
        """The evidence; empty if there is none, or if no date would change."""
        if not self._is_open or self._example is None:
            return ""
        swaps = self._style.half_converted == "swap"
        if swaps and not self._days[False]:
            return (
                f"the data source swaps day and month of half-converted dates back, but all {self._rows[True]:,} dates "
                f"of {self._name} are date cells with a day up to 12, so nothing shows whether they are swapped. "
                f"{self._example}"
            )
        if swaps or not is_half_converted(self._days[True], self._days[False]):
            return ""
        return half_converted_words(self._name, self._rows[True], self._rows[False], self._lines, self._example)


class _SwappedYears:
    """The distinct days as read, and with day and year swapped; stops at the first day that cannot be swapped so."""

    def __init__(self, received: date) -> None:
        self._received = received
        self._days: dict[date, date] = {}
        self._example: SwappedExample | None = None
        self._is_open = True

    def add(self, rows: DatedRows) -> None:
        if not self._is_open:
            return
        for day in days_to_dates(rows.days):
            other = swap_day_and_year(day)
            if other is None:
                self._is_open = False
                return
            self._days[day] = other
        if self._example is None:
            first = rows.example(0)
            self._example = replace(first, swapped=self._days[first.read])

    def words(self, name: str) -> str:
        """The evidence; empty if there is none."""
        read, swapped = self._days.keys(), self._days.values()
        if not self._is_open or self._example is None or not are_years_swapped(read, swapped, self._received):
            return ""
        return year_words(name, read, swapped, self._example)


def _has_short_years(contract: Contract) -> bool:
    """Whether every format has a day and a year with two digits, which can be taken for each other."""
    formats = contract.dates.formats
    return not contract.dates.era and all("%d" in text and "%m" in text and "%y" in text for text in formats)


def _is_date_cell(rows: DatedRows, style: DateStyle) -> Mask:
    """bool (n,): which rows have a date cell, or ISO text."""
    is_date_cell: Mask = are_date_cells(rows.column.dictionary, style)[rows.column.indices.to_numpy()[rows.index]]
    return is_date_cell


def _changed(rows: DatedRows) -> DatedRows:
    """The rows whose day differs from that of the row before."""
    return rows.take(np.flatnonzero(np.diff(rows.days, prepend=-(1 << 40))))
