"""Collect the evidence in a file that day and month of its dates are swapped, or day and year."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.sections import DateStyle
from tillstream.domain.dates.period_names import period_of_header
from tillstream.domain.dates.swapped_dates import (
    DateDoubt,
    Example,
    are_years_swapped,
    can_be_swapped,
    half_converted_words,
    is_half_converted,
    is_only_early,
    swapped_year,
    year_words,
)
from tillstream.pipeline.normalising.dates.half_converted import (
    are_date_cells,
    can_be_half_converted,
    swap_days,
    to_dates,
)
from tillstream.pipeline.rows.text_column import combined, encoded, to_bool_array
from tillstream.pipeline.rows.types import Ints, Mask
from tillstream.pipeline.validating.date_contradictions import DatedRows, Sample, period_doubt, sequence_doubt

_SAMPLE_ROWS = 50_000
_MAX_CHANGES = 200_000
_LINES = 3


class DateDoubts:
    """Evidence of one file, collected block by block; memory is bounded."""

    def __init__(self, contract: Contract, received: date) -> None:
        """received: the day of receipt."""
        self._contract = contract
        self._years = _SwappedYears(received) if _has_short_years(contract) else None
        self._half = _HalfConverted(contract) if can_be_half_converted(contract.dates) else None
        self._sample: list[Sample] = []
        self._sampled = 0
        self._changes: list[DatedRows] = []
        self._changed = 0
        self._is_early = True
        self._has_date_cells = False
        """Whether a cell is a date, or ISO text: other formats do not change how these are read."""

    def add(self, table: pa.Table, cells: pa.Table, lines: Ints) -> None:
        """Add a block. table: its `NORMALISED` rows; cells: its cells, from which these were read."""
        dates = combined(table.column("sale_date"))
        valid = np.flatnonzero(to_bool_array(pc.is_valid(dates)))
        if not len(valid):
            return
        days = pc.fill_null(pc.cast(dates, pa.int32()), 0).to_numpy()[valid].astype(np.int64)
        header = self._contract.columns["date"]
        column = encoded(cells.column(header)) if header in cells.column_names else None
        rows = DatedRows(days, lines[valid], column, valid)
        self._is_early = self._is_early and is_only_early(to_dates(_changed(rows).days))
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
            self._sample.append(Sample.of(rows.slice(room), table, cells, self._periods(cells)))
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
        self._example: Example | None = None
        self._is_open = contract.dates.half_converted != "keep"

    def add(self, rows: DatedRows) -> None:
        if not self._is_open:
            return
        is_date_cell = _is_date_cell(rows, self._style)
        for kind, mask in ((True, is_date_cell), (False, ~is_date_cell)):
            self._days[kind] |= to_dates(rows.days[mask])
            self._rows[kind] += int(mask.sum())
        self._is_open = is_only_early(self._days[True]) and not any(map(can_be_swapped, self._days[False]))
        self._remember(rows, is_date_cell)

    def _remember(self, rows: DatedRows, is_date_cell: Mask) -> None:
        missing = _LINES - len(self._lines)
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
        self._example: Example | None = None
        self._is_open = True

    def add(self, rows: DatedRows) -> None:
        if not self._is_open:
            return
        for day in to_dates(rows.days):
            other = swapped_year(day)
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
