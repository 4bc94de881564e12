"""Columns as text for files that people open: exact decimals, times in UTC, no formulas."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.amount_columns import ComparedColumns
from tillstream.analytics.json_values import to_json
from tillstream.model import text
from tillstream.pipeline.rows.text_columns import guard_column

_WIDE, _DIVIDED = pa.decimal256(70, 9), pa.decimal256(37, 9)
"""Decimals of figures and of their differences, which can have one digit more; the widest that can be divided."""


def text_of(column: Any) -> Any:
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


def rounded(column: Any, digits: int) -> Any:
    """A column of decimals, rounded half away from zero; others as they are."""
    is_number = pa.types.is_decimal(column.type) or pa.types.is_floating(column.type)
    return pc.round(column, digits, round_mode="half_towards_infinity") if is_number else column


def with_changes(batch: pa.RecordBatch, compared: Iterable[ComparedColumns]) -> pa.RecordBatch:
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
            own[one.growth] = rounded(growth, batch[one.growth].type.scale)
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
    return pa.concat_arrays([column[:0], *(cell if each is None else rounded(cell, each) for cell, each in cells)])


def rounded_columns(batch: Any, digits: Mapping[str, int]) -> list[Any]:
    """The columns of a batch, rounded where they have digits."""
    pairs = zip(batch.schema.names, batch.columns, strict=True)
    return [rounded(column, digits[name]) if name in digits else column for name, column in pairs]


def plain_values(column: Any) -> Any:
    """A column of types that JSON has: exact decimals and ISO 8601 times are texts."""
    kind = column.type
    if pa.types.is_decimal(kind):
        return text_of(column)
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


def guarded(column: Any) -> Any:
    """As `text_of`, with texts that a spreadsheet shows and does not run."""
    texts = text_of(column)
    if pa.types.is_primitive(column.type) or pa.types.is_decimal(column.type):
        return texts
    return guard_column(readable(texts))


def readable(texts: Any) -> Any:
    """Texts with visible marks in place of control characters that reverse the direction of writing."""
    return pc.replace_substring_regex(texts, text.BIDI_PATTERN, text.BIDI_REPLACEMENT)
