"""A table to export: its name, its rows in batches, and the columns whose totals mean something."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain

import pyarrow as pa

from tillstream.analytics.amount_columns import (
    COMPARED_COLUMNS,
    FIGURE_COLUMN,
    FIGURE_COLUMNS,
    ROW_COLUMNS,
    ComparedColumns,
    RowAmounts,
)
from tillstream.exports.cell_texts import rounded, rounded_by_row, with_changes
from tillstream.model.money import minor_digits

SLICE = 10_000
"""Rows that are converted at once: enough for columns to be fast, and few megabytes."""


@dataclass(frozen=True)
class ExportTable:
    """name: what the table is, such as `sales-by-store`. totals: columns whose sum over the rows has a meaning.
    batches: the rows; iterated once. filters: what the rows are limited to, by the name of the filter.
    created_at: when the rows are read; None if it is not shown. currency: that of converted amounts; empty: none are
    rounded. converted: their columns; None: those of the query of this name."""

    name: str
    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    totals: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    created_at: datetime | None = None
    currency: str = ""
    converted: Collection[str] | None = None

    @property
    def amounts(self) -> str:
        """What of the table is in its currency, in words: all amounts, or some of them; empty if none is."""
        if not self.currency:
            return "Amounts"
        has_own = RowAmounts(self.name, self.schema.names, self.currency).own and self.converted is None
        return ("Converted amounts" if has_own else "Amounts") if self.digits else ""

    @cached_property
    def digits(self) -> Mapping[str, int]:
        """Columns of converted amounts → the decimal digits that people read."""
        if not self.currency:
            return {}
        names = RowAmounts(self.name, self.schema.names, self.currency).converted
        return dict.fromkeys(names if self.converted is None else self.converted, minor_digits(self.currency))

    @property
    def printed(self) -> Iterator[pa.RecordBatch]:
        """The rows for files that people open, iterated once, as `with_printed_changes`."""
        return map(self.with_printed_changes, self.batches)

    def with_printed_changes(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Some rows of this table, with rounded figures where they are compared, and the changes of these."""
        if not self._compared:
            return rows
        by_row = self.digits_by_row(rows)
        for name in {name for one in self._compared for name in (one.now, one.before)}:
            column = (
                rounded_by_row(rows[name], by_row[name]) if name in by_row else rounded(rows[name], self.digits[name])
            )
            rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)
        return with_changes(rows, self._compared)

    @cached_property
    def _compared(self) -> list[ComparedColumns]:
        """The comparisons of figures that are rounded, of the columns that the rows have."""
        names = {field.name for field in self.schema if pa.types.is_decimal(field.type)}
        by_row = (
            FIGURE_COLUMNS
            if self.currency and self.converted is None and FIGURE_COLUMN in self.schema.names
            else frozenset()
        )
        figures = names & (self.digits.keys() | by_row)
        return [one.among(names) for one in COMPARED_COLUMNS if {one.now, one.before} <= figures]

    def digits_by_row(self, rows: pa.RecordBatch | pa.Table) -> dict[str, list[int | None]]:
        """Columns with amounts in the currency of their row → the decimal digits of each cell; None: it is no amount.

        rows: some of this table.
        """
        amounts = RowAmounts(self.name, self.schema.names, self.currency)
        names = [
            name for name in amounts.by_row if self.converted is None and _has_fractions(self.schema.field(name).type)
        ]
        if not names:
            return {}
        cells = rows.select([name for name in self.schema.names if name in ROW_COLUMNS.union(names)]).to_pylist()
        return {name: [amounts.digits(name, row) for row in cells] for name in names}


def table_of(
    name: str,
    batches: Iterable[pa.RecordBatch],
    totals: Sequence[str] = (),
    filters: Mapping[str, Sequence[str]] | None = None,
    created_at: datetime | None = None,
    currency: str = "",
    converted: Collection[str] | None = None,
) -> ExportTable:
    """A table of batches, at least one. Raises what reading the first batch raises."""
    rest: Iterator[pa.RecordBatch] = iter(batches)
    first = next(rest)
    rows = chain([first], rest)
    return ExportTable(name, first.schema, rows, totals, filters or {}, created_at, currency, converted)


def _has_fractions(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind) or pa.types.is_floating(kind))


def slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at most `SLICE` rows, at least one batch for each of them."""
    for batch in batches:
        for first in range(0, max(batch.num_rows, 1), SLICE):
            yield batch.slice(first, SLICE)
