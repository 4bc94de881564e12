"""Build blocks from sheets, JSON lines and Parquet: formats with typed cells."""

import csv
import io
from collections.abc import Callable, Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.sections import FileStyle
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.skipped_rows import non_sale_rows, repeated_headers
from tillstream.pipeline.rows.block import Block, UnreadableRow
from tillstream.pipeline.rows.text_column import to_bool_array
from tillstream.pipeline.rows.types import Ints


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


def unique_names(names: list[str], required: Collection[str], style: FileStyle) -> list[str]:
    """Number duplicate column names. Raises `UnreadableFile` if the header has every required name, unless the
    contract numbers them.
    """
    if len(set(names)) == len(names):
        return names
    if set(required) <= set(names) and style.repeated_names == "refuse":
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise UnreadableFile(
            "repeated-header",
            f"The header contains {', '.join(repeated)} more than once. Give each column a unique name.",
        )
    return [name if name not in names[:index] else f"{name} ({index + 1})" for index, name in enumerate(names)]


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


def cells_of(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
