"""Complete the rows of a file with values that it writes once; drop ignored rows and repeated amounts."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.contract_patterns import FILE_DATE, date_in_name
from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.read_options import ReadOptions, unreadable
from tillstream.pipeline.reading.skipped_rows import rows_where
from tillstream.pipeline.reading.typed_cells import join_cells
from tillstream.pipeline.rows.row_batch import Block, ignore_rows
from tillstream.pipeline.rows.text_columns import Mask, constant_column, decode_texts, encode_texts, to_bool_array

_NOTHING = "0"


class RepeatedAmounts:
    """Replaces an amount by 0 if the row above, of the same order, has the same one; across blocks."""

    def __init__(self, style: FileStyle) -> None:
        self._style = style
        self._above: dict[str, str] = {}
        """Header → the value that the last row of the previous blocks has."""

    def block(self, block: Block) -> Block:
        within = self._style.once_within
        if not block.cells.num_rows or within not in block.cells.column_names:
            return block
        orders = pc.utf8_trim_whitespace(decode_texts(block.cells.column(within)))
        is_continued = self._is_as_above(within, orders) & to_bool_array(pc.not_equal(orders, ""))
        cells, changed = block.cells, np.zeros(block.cells.num_rows, np.bool_)
        for name in self._style.once:
            if name not in cells.column_names:
                continue
            texts = decode_texts(cells.column(name))
            repeated = is_continued & self._is_as_above(name, texts) & to_bool_array(pc.not_equal(texts, ""))
            values = pc.if_else(pa.array(repeated), pa.scalar(_NOTHING, texts.type), texts)
            cells = cells.set_column(cells.column_names.index(name), name, encode_texts(values))
            changed |= repeated

        def raw(index: int) -> str:
            """The text of a row, as the file would write it."""
            if not changed[index]:
                return block.raw(index)
            values = [cells.column(name)[index].as_py() for name in cells.column_names]
            return join_cells(values, self._style.delimiter, self._style.quote or '"')

        return replace(block, cells=cells, raw=raw)

    def _is_as_above(self, name: str, texts: pa.Array) -> Mask:
        """bool (n,): rows with the same text as the row above."""
        codes = texts.dictionary_encode().indices.to_numpy()
        same = np.empty(len(texts), np.bool_)
        same[1:] = codes[1:] == codes[:-1]
        same[0] = texts[0].as_py() == self._above.get(name)
        self._above[name] = texts[-1].as_py()
        return same


def file_date(options: ReadOptions) -> date | None:
    """The day in the name of the file; None if its contract does not use it. Raises `UnreadableFile`."""
    format_ = options.style.date_in_name
    if not format_:
        return None
    day = date_in_name(options.file, format_)
    if day is None:
        example = date(2026, 12, 31).strftime(format_)
        raise unreadable(
            f"The name of the file, {options.file or 'without a name'}, contains no date such as {example}, and its "
            "rows contain none either. Add the day of the sales to the name, and upload the file again."
        )
    return day


def complete_rows(blocks: Iterator[Block], options: ReadOptions) -> Generator[Block, None, None]:
    """Yield the blocks with the values that `fill_down`, `once` and `date_in_name` of the contract add or replace.

    The rows of `ignore_where` are left out.
    """
    style, day = options.style, file_date(options)
    fill = _FillDown(style) if style.fill_down else None
    once = RepeatedAmounts(style) if style.once else None
    for block in blocks:
        ignored = rows_where(block.cells, style.ignore_where)
        filled = fill.block(block) if fill else block
        filled = ignore_rows(filled, ignored) if ignored.any() else filled
        filled = once.block(filled) if once else filled
        yield replace(filled, cells=_with_day(filled.cells, day)) if day else filled


def complete_cells(cells: list[str], names: list[str], options: ReadOptions) -> list[str]:
    """The cells of one row of `names`, with the day in the name of the file; ragged rows stay as they are."""
    day = file_date(options)
    is_complete = day is not None and len(cells) == len(names) - 1
    return [*cells, day.isoformat()] if day and is_complete else cells


def _with_day(cells: pa.Table, day: date) -> pa.Table:
    return cells.append_column(FILE_DATE, constant_column(day.isoformat(), cells.num_rows))


class _FillDown:
    """Fills empty cells with the value of the row above, across blocks.

    With `fill_down_within`, only from a row with the same value there. Without it, not across an unreadable row, as
    that row may be the one that has the value.
    """

    def __init__(self, style: FileStyle) -> None:
        self._style = style
        self._above: dict[str, str] = {}
        """Header → the value that the last row of the previous blocks has."""
        self._group: str | None = None
        """Its value of the `fill_down_within` column."""
        self._is_broken = False
        """Whether an unreadable row follows the last row of the previous blocks."""

    def block(self, block: Block) -> Block:
        if not block.cells.num_rows:
            self._is_broken |= bool(block.unreadable)
            return block
        starts = self._starts(block)
        cells, changed = block.cells, np.zeros(block.cells.num_rows, np.bool_)
        for name in self._style.fill_down:
            if name in cells.column_names:
                values, filled = self._fill(name, decode_texts(cells.column(name)), starts)
                cells = cells.set_column(cells.column_names.index(name), name, encode_texts(values))
                changed |= filled
        self._is_broken = any(row.row_number > block.row_number[-1] for row in block.unreadable)
        raw = partial(_joined_line, cells, self._style)
        return replace(block, cells=cells, raw=lambda index: raw(index) if changed[index] else block.raw(index))

    def _fill(self, name: str, texts: pa.Array, starts: Mask) -> tuple[pa.Array, Mask]:
        """The filled column, and its rows that were empty and have a value now."""
        rows = np.arange(len(texts))
        empty = to_bool_array(pc.equal(pc.utf8_trim_whitespace(texts), ""))
        above = np.maximum.accumulate(np.where(empty, -1, rows))
        first_row = np.maximum.accumulate(np.where(starts, rows, 0))
        in_block = above >= first_row
        in_previous = ~in_block & (np.cumsum(starts) == 0)
        previous = pa.scalar(self._above.get(name, ""), texts.type)
        values = pc.if_else(pa.array(in_previous), previous, pa.scalar("", texts.type))
        values = pc.if_else(pa.array(in_block), texts.take(pa.array(np.maximum(above, 0))), values)
        self._above[name] = values[-1].as_py()
        return values, empty & to_bool_array(pc.not_equal(values, ""))

    def _starts(self, block: Block) -> Mask:
        """bool (n,): rows that take no value from the row above."""
        starts = np.zeros(block.cells.num_rows, np.bool_)
        within = self._style.fill_down_within
        if within and within in block.cells.column_names:
            groups = pc.utf8_trim_whitespace(decode_texts(block.cells.column(within))).dictionary_encode()
            codes = groups.indices.to_numpy()
            starts[1:] = codes[1:] != codes[:-1]
            starts[0] = groups[0].as_py() != self._group
            self._group = groups[-1].as_py()
            return starts
        unreadable = np.array(sorted(row.row_number for row in block.unreadable), np.int64)
        above = np.searchsorted(unreadable, block.row_number)
        starts[1:] = above[1:] != above[:-1]
        starts[0] = self._is_broken or above[0] > 0
        return starts


def _joined_line(cells: pa.Table, style: FileStyle, index: int) -> str:
    """The text of a row, as the file would write it."""
    values = [cells.column(name)[index].as_py() for name in cells.column_names]
    return join_cells(values, style.delimiter, style.quote or '"')
