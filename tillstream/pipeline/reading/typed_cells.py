"""Format typed cells as text, and build blocks from them: sheets, JSON lines and Parquet."""

import csv
import io
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.contract_sections import FileStyle
from tillstream.model.limits import LIMITS
from tillstream.model.text import number_repeated, repeated_names
from tillstream.pipeline.reading.read_options import UnreadableFile, check_cell_size, unreadable
from tillstream.pipeline.reading.skipped_rows import non_sale_rows, repeated_headers
from tillstream.pipeline.rows.row_batch import Block, UnreadableRow
from tillstream.pipeline.rows.text_columns import Ints, to_bool_array

_MAX_TEXT_BYTES = 256 << 20
"""Largest text of a block, in which a dictionary contains each text once."""
csv.field_size_limit(LIMITS.record_bytes)

TypedCell = str | float | bool | date | datetime | time | timedelta
_EXACT_INTEGERS = 1 << 53
"""From here on, a float cannot represent every integer."""


def typed_block(
    names: Sequence[str],
    columns: Sequence[pa.DictionaryArray],
    numbers: Ints,
    lines: Ints,
    refused: list[UnreadableRow],
    raw: Callable[[int], str],
    header: Sequence[str] = (),
    ignore: tuple[str, ...] = (),
) -> Block:
    """Build a block; blank and non-sale rows are dropped and counted.

    raw: source text by index into the input rows. header: names as in the source. ignore: first words of rows to skip.
    """
    _check_texts(names, columns)
    filled = np.zeros(len(numbers), np.bool_)
    for column in columns:
        if filled.all():
            break
        is_empty = to_bool_array(pc.equal(pc.utf8_trim_whitespace(column.dictionary), ""))
        filled |= ~is_empty[column.indices.to_numpy()] if len(is_empty) else False
    kept = np.flatnonzero(filled)
    blank = len(numbers) - len(kept)
    # A table without columns has no rows either.
    table = pa.table(list(columns), list(names)) if columns else pa.table({})
    if blank and columns:
        table = table.filter(pa.array(filled))
    skipped = non_sale_rows(table, header, ignore)
    ignored = int(np.count_nonzero(skipped))
    headers = numbers[kept[repeated_headers(table, header)]] if ignored else numbers[:0]
    if ignored:
        table, kept = table.filter(pa.array(~skipped)), kept[~skipped]
    return Block(
        table, numbers[kept], lines[kept], refused, blank, lambda index: raw(int(kept[index])), ignored, headers=headers
    )


def _check_texts(names: Sequence[str], columns: Sequence[pa.DictionaryArray]) -> None:
    """Raise `UnreadableFile` if a cell is too long, or if few texts that are repeated take too much as cells."""
    size = 0
    for name, column in zip(names, columns, strict=True):
        lengths = pc.binary_length(column.dictionary)
        longest = pc.max(lengths).as_py() or 0
        check_cell_size(longest, name)
        is_short = longest * len(column) <= LIMITS.record_bytes
        size += 0 if is_short else pc.sum(lengths.take(column.indices)).as_py() or 0
    if size > _MAX_TEXT_BYTES:
        raise unreadable(
            f"The texts of {len(columns[0]):,} rows take more than {_MAX_TEXT_BYTES >> 20:,} megabytes, which is "
            "unusual for sales. Remove unneeded columns, and export the file again."
        )


def unique_names(names: list[str], required: Collection[str], style: FileStyle) -> list[str]:
    """Number duplicate column names. Raises `UnreadableFile` if the header has every required name, unless the
    contract numbers them.
    """
    if len(set(names)) == len(names):
        return names
    if set(required) <= set(names) and style.repeated_names == "refuse":
        raise UnreadableFile(
            "repeated-header",
            f"The header contains {', '.join(repeated_names(names))} more than once. Give each column a unique name.",
        )
    return number_repeated(names)


def check_column_count(columns: int, limit: int) -> None:
    """Raise `UnreadableFile` if there are too many columns; even empty ones cost time and memory."""
    if columns > limit:
        raise UnreadableFile(
            "unreadable-file",
            f"The file has {columns:,} columns, but the data source allows {limit:,} (file.max_columns). Remove "
            "unneeded columns, or raise the limit.",
        )


def encode_column(texts: Sequence[str | None]) -> pa.DictionaryArray:
    """Dictionary-encode texts. Raises `UnicodeEncodeError` for a lone surrogate."""
    return pa.array(texts, pa.string()).dictionary_encode()


def join_cells(cells: Sequence[str], delimiter: str, quote: str = '"') -> str:
    """Format a row as a CSV line, for display and for corrections."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter, quotechar=quote, lineterminator="").writerow(cells)
    return line.getvalue()


def split_line(line: str, delimiter: str, quote: str = '"') -> list[str]:
    """Split a CSV line. quote: empty if cells are not quoted."""
    quoting: dict[str, Any] = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, **quoting), [])
    except csv.Error:  # it is no line of CSV, such as an unreadable line of JSON
        return [line]


def column_texts(values: Sequence[TypedCell], decimal: str) -> pa.DictionaryArray:
    """Format a whole column; dates get a midnight time if any value of the column has a time."""
    types = set(map(type, values))
    if types <= {str}:
        return encode_column(values)  # type: ignore[arg-type]
    has_times = datetime in types
    if bool in types:  # True equals 1 as a key
        return encode_column([cell_text(value, decimal, has_times=has_times) for value in values])
    texts = {value: cell_text(value, decimal, has_times=has_times) for value in set(values)}
    return encode_column([texts[value] for value in values])


def cell_text(value: TypedCell, decimal: str, *, has_times: bool = False) -> str:
    """Format one cell. has_times: write dates with a midnight time."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(value, decimal)
    if isinstance(value, timedelta):
        return _duration_text(value)
    clock = "T00:00:00" if has_times and type(value) is date else ""
    return _strip_trailing_zeros(value.isoformat()) + clock


def number_text(value: float, decimal: str) -> str:
    """Format with 15 digits, as spreadsheets do; integers beyond float precision keep scientific notation."""
    if not isfinite(value):
        return str(value)
    if abs(value) >= _EXACT_INTEGERS:
        return f"{value:.14E}".replace(".", decimal)
    if value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return (f"{Decimal(text):f}" if "e" in text else text).replace(".", decimal)


def _duration_text(value: timedelta) -> str:
    """Format as HH:MM:SS; hours may exceed 23."""
    seconds, sign = abs(value), "-" if value < timedelta() else ""
    hours, remainder = divmod(seconds, timedelta(hours=1))
    minutes, remainder = divmod(remainder, timedelta(minutes=1))
    fraction = f".{remainder.microseconds:06}" if remainder.microseconds else ""
    return _strip_trailing_zeros(f"{sign}{hours:02}:{minutes:02}:{remainder.seconds:02}{fraction}")


def _strip_trailing_zeros(text: str) -> str:
    return text.rstrip("0") if "." in text else text
