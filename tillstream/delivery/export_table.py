"""A table to export: its rows, its filters in words, its cells as text, and as CSV, JSON lines and Parquet."""

import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.amount_columns import (
    COMPARED_COLUMNS,
    FIGURE_COLUMN,
    FIGURE_COLUMNS,
    ROW_COLUMNS,
    ComparedColumns,
    RowAmounts,
)
from tillstream.model import safe_text
from tillstream.model.json_text import to_json
from tillstream.model.money import minor_digits
from tillstream.model.text import upper_first
from tillstream.pipeline.reading.correction_file import BOM
from tillstream.pipeline.rows.text_columns import guard_column

FROM, TO, CURRENCY = "from", "to", ("in", "currency")

DAY_FORMAT, TIME_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
WHOLE_FORMAT, FRACTION_FORMAT, SHARE_FORMAT = "#,##0", "#,##0.00", "0.0%"
PLAIN_FORMAT = ""
"""Texts, and numbers that are names, such as those of settlements."""
SHARE_ENDINGS = ("_share", "_growth", "_rate")
"""Endings of columns that are fractions of 1."""
NAME_ENDINGS = ("_no", "_seq", "_number", "_version")

_WIDE, _DIVIDED = pa.decimal256(70, 9), pa.decimal256(37, 9)
"""Decimals of figures and of their differences, which can have one digit more; the widest that can be divided."""
SLICE_ROWS = 10_000
"""Rows that are converted at once: enough for columns to be fast, and few megabytes."""


def filters_in_words(filters: Mapping[str, Sequence[str]], amounts: str = "Amounts") -> list[str]:
    """Phrases such as `1 Jun 2026 to 30 Jun 2026`, `Region: IN, UK` and `Amounts in USD`, in this order.

    amounts: what is in the currency; empty if nothing is.
    """
    return [*_period(filters), *_chosen(filters), *(_currency(filters, amounts) if amounts else ())]


def column_label(name: str) -> str:
    """net_amount or sales-by-store as a person writes it: Net amount, Sales by store."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return upper_first(words)


def _period(filters: Mapping[str, Sequence[str]]) -> Iterator[str]:
    first, last = (_day("".join(filters.get(name, ()))) for name in (FROM, TO))
    if first and last:
        yield first if first == last else f"{first} to {last}"
    elif first or last:
        yield f"From {first}" if first else f"Up to {last}"


def _chosen(filters: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, values in filters.items():
        if name not in (FROM, TO, *CURRENCY) and any(values):
            yield f"{column_label(name)}: {', '.join(values)}"


def _currency(filters: Mapping[str, Sequence[str]], amounts: str) -> Iterator[str]:
    if code := next((one for name in CURRENCY for one in filters.get(name, ()) if one), ""):
        yield f"{amounts} in {code}"


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {day:%b} {day.year}"


def number_format(field: pa.Field, digits: int | None = None) -> str:
    """One of the formats above, by the type and the name of a column. digits: of amounts, else None."""
    if pa.types.is_date(field.type):
        return DAY_FORMAT
    if pa.types.is_timestamp(field.type):
        return TIME_FORMAT
    if pa.types.is_integer(field.type):
        return PLAIN_FORMAT if field.name.endswith(NAME_ENDINGS) else WHOLE_FORMAT
    if pa.types.is_decimal(field.type) or pa.types.is_floating(field.type):
        if digits is not None:
            return f"{WHOLE_FORMAT}.{'0' * digits}".rstrip(".")
        return SHARE_FORMAT if field.name.endswith(SHARE_ENDINGS) else FRACTION_FORMAT
    return PLAIN_FORMAT


def column_text(column: Any) -> Any:
    """A column as text for a CSV file: decimals without trailing zeros, times in UTC; null is an empty cell."""
    if pa.types.is_decimal(column.type):
        # Arrow writes zero as 0E-9, and other numbers with all nine decimals
        texts = pc.replace_substring_regex(pc.cast(column, pa.string()), r"(\.\d*?)0+$", r"\1")
        texts = pc.if_else(pc.equal(column, 0), "0", pc.replace_substring_regex(texts, r"\.$", ""))
        small = pc.fill_null(pc.match_substring(texts, "E"), False)
        if pc.any(small).as_py():
            exact = pa.array([None if value is None else to_json(value) for value in column.to_pylist()], pa.string())
            texts = pc.if_else(small, exact, texts)
        return texts
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
    return pc.cast(column, pa.string())


def rounded_column(column: Any, digits: int) -> Any:
    """A column of decimals, rounded half away from zero; others as they are."""
    is_number = pa.types.is_decimal(column.type) or pa.types.is_floating(column.type)
    return pc.round(column, digits, round_mode="half_towards_infinity") if is_number else column


def with_rounded_changes(batch: pa.RecordBatch, compared: Iterable[ComparedColumns]) -> pa.RecordBatch:
    """The batch, in which changes and their fractions are those of its figures, which are rounded.

    A total change is the sum of these changes if the batch has all groups that it is of.
    """
    for one in compared:
        now, before = (pc.cast(batch[name], _WIDE) for name in (one.now, one.before))
        change = pc.subtract(now, before)
        own = {one.change: change}
        if one.growth:
            base = pc.if_else(pc.greater(before, 0), before, None)
            growth = pc.divide(pc.cast(change, _DIVIDED), pc.cast(base, _DIVIDED))
            own[one.growth] = rounded_column(growth, batch[one.growth].type.scale)
        if (
            one.change
            and one.total
            and batch.num_rows
            and pc.sum(batch[one.change]).as_py() == batch[one.total][0].as_py()
        ):
            own[one.total] = pa.repeat(pc.sum(change), batch.num_rows)
        for name in filter(None, own):
            field, exact = batch.schema.field(name), batch[name]
            column = pc.if_else(pc.is_valid(exact), pc.cast(own[name], exact.type), None)
            batch = batch.set_column(batch.schema.get_field_index(name), field, column)
    return batch


def rounded_by_row(column: Any, digits: Sequence[int | None]) -> Any:
    """A short column, each number rounded to its own digits; None: as it is."""
    cells = [(column.slice(place, 1), each) for place, each in enumerate(digits)]
    return pa.concat_arrays(
        [column[:0], *(cell if each is None else rounded_column(cell, each) for cell, each in cells)]
    )


def rounded_columns(batch: Any, digits: Mapping[str, int]) -> list[Any]:
    """The columns of a batch, rounded where they have digits."""
    pairs = zip(batch.schema.names, batch.columns, strict=True)
    return [rounded_column(column, digits[name]) if name in digits else column for name, column in pairs]


def plain_values(column: Any) -> Any:
    """A column of types that JSON has: exact decimals and ISO 8601 times are texts."""
    kind = column.type
    if pa.types.is_decimal(kind):
        return column_text(column)
    if pa.types.is_date(kind):
        return pc.cast(column, pa.string())
    if kind == pa.timestamp("us", "UTC"):
        times = pc.replace_substring(pc.strftime(column, "%Y-%m-%dT%H:%M:%S"), ".000000", "")
        return pc.binary_join_element_wise(times, "+00:00", "")
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(column), column, None)  # JSON has no NaN and no infinity
    if pa.types.is_string(kind) or (pa.types.is_primitive(kind) and not pa.types.is_temporal(kind)):
        return column
    return pa.array([to_json(value) for value in column.to_pylist()])


def guarded_column(column: Any) -> Any:
    """As `column_text`, with texts that a spreadsheet shows and does not run."""
    texts = column_text(column)
    if pa.types.is_primitive(column.type) or pa.types.is_decimal(column.type):
        return texts
    return guard_column(readable_column(texts))


def readable_column(texts: Any) -> Any:
    """Texts with visible marks in place of control characters that reverse the direction of writing."""
    return pc.replace_substring_regex(texts, safe_text.BIDI_PATTERN, safe_text.BIDI_REPLACEMENT)


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
                rounded_by_row(rows[name], by_row[name])
                if name in by_row
                else rounded_column(rows[name], self.digits[name])
            )
            rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)
        return with_rounded_changes(rows, self._compared)

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


def export_table(
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


def batch_slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at most `SLICE_ROWS` rows, at least one batch for each of them."""
    for batch in batches:
        for first in range(0, max(batch.num_rows, 1), SLICE_ROWS):
            yield batch.slice(first, SLICE_ROWS)


def csv_chunks(table: ExportTable) -> Iterator[bytes]:
    """UTF-8 with a BOM, commas, decimal points, UTC timestamps; no formulas, no bidirectional control characters.

    Converted amounts are rounded to the minor unit of their currency.
    """
    from pyarrow import csv as arrow_csv

    yield (BOM + ",".join(f'"{safe_text.guard_formulas(name)}"' for name in table.schema.names) + "\n").encode()
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in batch_slices(table.printed):
        out = io.BytesIO()
        columns = rounded_columns(batch, table.digits)
        texts = pa.table([guarded_column(column) for column in columns], batch.schema.names)
        arrow_csv.write_csv(texts, out, options)
        yield out.getvalue()


def jsonl_chunks(table: ExportTable) -> Iterator[bytes]:
    """One JSON object per row; decimals are strings, which keep every digit."""
    for batch in batch_slices(table.batches):
        plain = pa.table([plain_values(column) for column in batch.columns], batch.schema.names)
        rows = (json.dumps(row, ensure_ascii=False) for row in plain.to_pylist())
        yield "".join(f"{row}\n" for row in rows).encode()


def parquet_chunks(table: ExportTable) -> Iterator[bytes]:
    """Parquet with the types of the warehouse."""
    from pyarrow import parquet as arrow_parquet

    out = _Drained()
    with arrow_parquet.ParquetWriter(out, table.schema, compression="zstd") as writer:
        for batch in table.batches:
            writer.write_batch(batch)
            yield out.drained()
    yield out.drained()


class _Drained(io.RawIOBase):
    """Write-only buffer that is emptied after each batch."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._written += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._written

    def drained(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
