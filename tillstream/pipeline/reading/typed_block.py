"""Build blocks from sheets, JSON lines and Parquet: formats with typed cells."""

import csv
import io
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.sections import FileStyle
from tillstream.domain.limits import LIMITS
from tillstream.domain.text.repeated_names import number_repeated, repeated_names
from tillstream.pipeline.reading.errors import UnreadableFile, unreadable
from tillstream.pipeline.reading.limits import check_cell_size
from tillstream.pipeline.reading.skipped_rows import non_sale_rows, repeated_headers
from tillstream.pipeline.rows.block import Block, UnreadableRow
from tillstream.pipeline.rows.text_column import to_bool_array
from tillstream.pipeline.rows.types import Ints

_MAX_TEXT_BYTES = 256 << 20
"""Largest text of a block, in which a dictionary contains each text once."""
csv.field_size_limit(LIMITS.record_bytes)


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


def encode(texts: Sequence[str | None]) -> pa.DictionaryArray:
    """Dictionary-encode texts. Raises `UnicodeEncodeError` for a lone surrogate."""
    return pa.array(texts, pa.string()).dictionary_encode()


def line_of(cells: Sequence[str], delimiter: str, quote: str = '"') -> str:
    """Format a row as a CSV line, for display and for corrections."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter, quotechar=quote, lineterminator="").writerow(cells)
    return line.getvalue()


def cells_of(line: str, delimiter: str, quote: str = '"') -> list[str]:
    """Split a CSV line. quote: empty if cells are not quoted."""
    quoting: dict[str, Any] = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, **quoting), [])
    except csv.Error:  # it is no line of CSV, such as an unreadable line of JSON
        return [line]
