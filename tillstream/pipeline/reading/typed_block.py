"""A block of rows that were no lines of text: from sheets, JSON lines and Parquet."""

import csv
import io
from collections.abc import Callable, Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.skipped_rows import no_sales
from tillstream.pipeline.rows.block import Block, Ints, Refused
from tillstream.pipeline.rows.text_column import flags


def typed_block(
    names: Sequence[str],
    columns: Sequence[pa.DictionaryArray],
    numbers: Ints,
    lines: Ints,
    refused: list[Refused],
    raw: Callable[[int], str],
    told: Sequence[str] = (),
    words: tuple[str, ...] = (),
) -> Block:
    """Rows without any text, and those that are no sales, are taken out and counted. raw: of the rows given here.

    told, words: the header as the source has it, and how rows begin that are to be ignored.
    """
    filled = np.zeros(len(numbers), np.bool_)
    for column in columns:
        if filled.all():
            break
        void = flags(pc.equal(pc.utf8_trim_whitespace(column.dictionary), ""))
        filled |= ~void[column.indices.to_numpy()] if len(void) else False
    where = np.flatnonzero(filled)
    blank = len(numbers) - len(where)
    # a table without columns has no rows either
    table = pa.table(list(columns), list(names)) if columns else pa.table({})
    if blank:
        table = table.filter(pa.array(filled))
    skipped = no_sales(table, told, words)
    ignored = int(np.count_nonzero(skipped))
    if ignored:
        table, where = table.filter(pa.array(~skipped)), where[~skipped]
    return Block(table, numbers[where], lines[where], refused, blank, lambda index: raw(int(where[index])), ignored)


def named_once(names: list[str], needed: Collection[str]) -> list[str]:
    """Raises `UnreadableFile` where the right header names a column twice; in another, the later ones are numbered."""
    if len(set(names)) == len(names):
        return names
    if set(needed) <= set(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise UnreadableFile(
            "repeated-header", f"The header names {', '.join(repeated)} more than once. Give each its own name."
        )
    return [name if name not in names[:place] else f"{name} ({place + 1})" for place, name in enumerate(names)]


def not_too_wide(columns: int, most: int) -> None:
    """Raises `UnreadableFile`: each column costs time and memory, whatever it holds."""
    if columns > most:
        raise UnreadableFile(
            "unreadable-file",
            f"The file has {columns:,} columns, and the contract allows {most:,} (file.max_columns). "
            "Remove the columns that are not needed, or raise the limit.",
        )


def encode(texts: Sequence[str | None]) -> pa.DictionaryArray:
    """Raises `UnicodeEncodeError` for half a letter."""
    return pa.array(texts, pa.string()).dictionary_encode()


def line_of(cells: Sequence[str], delimiter: str) -> str:
    """The row as a line of CSV, for people and for its correction."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(cells)
    return line.getvalue()


def cells_of(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
