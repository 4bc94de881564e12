"""Columns as text for files that people open: exact decimals, times in UTC, no formulas."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.json_values import to_json
from tillstream.domain.text import bidi
from tillstream.pipeline.rows.guarded_text import guard_column


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


def rounded_changes(batch: pa.RecordBatch, changes: Mapping[str, tuple[str, str]], digits: int) -> pa.RecordBatch:
    """The batch, in which each change is the difference of its two columns as they are rounded.

    changes: column → the later and the earlier column, all of decimals.
    """
    for name, pair in changes.items():
        place, change = batch.schema.get_field_index(name), batch[name]
        columns = [rounded(batch[one], digits) for one in pair]
        # wider decimals, as a difference can have one digit more
        scale = max(column.type.scale for column in (change, *columns))
        after, before = (pc.cast(column, pa.decimal256(70, scale)) for column in columns)
        difference = pc.if_else(pc.is_valid(change), pc.cast(pc.subtract(after, before), change.type), None)
        batch = batch.set_column(place, batch.schema.field(place), difference)
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
    return pc.replace_substring_regex(texts, bidi.PATTERN, bidi.SHOWN)
