"""Detection of non-sale rows: repeated headers, totals and footers."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.contract_patterns import ignored_cell_pattern
from tillstream.pipeline.rows.text_columns import Mask, combine_chunks, encode_texts, to_bool_array

USUAL_SHARE = 0.9
"""Share of the other rows in which a column is filled that every sale has."""
_FULL = 0.75
"""Share of the columns that a row with too few or too many cells fills if it may be a sale."""
_MIN_NAMES, _MOST = 3, 0.6
"""Names of columns, as a number and as a share of the columns, by which a row is another header."""
_NARROW = 2
"""Number of columns up to which a total fills as many cells as a sale, so that the word alone decides."""


def is_ignored(row: Sequence[str], words: tuple[str, ...], width: int) -> bool:
    """Whether the first non-empty cell starts with one of `words`, as a whole word, and most cells are not filled.

    row: the cells of a row that has not `width` cells, so that it is not known which columns they belong to.
    """
    filled = [cell.strip() for cell in row if cell.strip()]
    if not words or not filled or not _prefix_pattern(words).match(filled[0].casefold()):
        return False
    is_alone = width <= _NARROW and _whole_pattern(words).fullmatch(filled[0].casefold()) is not None
    return is_alone or len(filled) == 1 or len(filled) <= _FULL * width


def non_sale_rows(table: pa.Table, header: Sequence[str], words: tuple[str, ...]) -> Mask:
    """bool (n,): rows that repeat the header, or start with one of `words` and lack a cell that every sale has.

    Compares distinct texts only.
    """
    mask = repeated_headers(table, header)
    if words:
        starts = _starting_rows(table, _prefix_pattern(words).match)
        if starts.any():
            mask |= starts & ~_complete_sales(table, starts)
            if table.num_columns <= _NARROW:
                mask |= _starting_rows(table, _whole_pattern(words).fullmatch)
    return mask


def rows_where(table: pa.Table, ignore_where: Mapping[str, Sequence[str]]) -> Mask:
    """bool (n,): rows with one of these cells. ignore_where: header → words of `ignored_cells`."""
    mask = np.zeros(table.num_rows, np.bool_)
    for name, words in ignore_where.items():
        if name in table.column_names:
            cells = encode_texts(table.column(name))
            texts = pc.utf8_trim_whitespace(cells.dictionary)
            same = pc.match_substring_regex(texts, ignored_cell_pattern(words), ignore_case=True)
            mask |= to_bool_array(same)[cells.indices.to_numpy()]
    return mask


def _complete_sales(table: pa.Table, starts: Mask) -> Mask:
    """bool (n,): rows with a cell in every column that the rows without the words fill, or all rows if none is without.

    A customer or a brand may begin with a word such as Total. Blank rows are no measure.
    """
    complete = np.ones(table.num_rows, np.bool_)
    columns = [_filled(column) for column in table.columns]
    others = ~starts & np.any(columns, axis=0)
    count = int(np.count_nonzero(others))
    for filled in columns:
        if not count or np.count_nonzero(filled & others) >= USUAL_SHARE * count:
            complete &= filled
    return complete


def _filled(column: pa.ChunkedArray) -> Mask:
    cells = combine_chunks(column)
    mask: Mask = to_bool_array(pc.not_equal(pc.utf8_trim_whitespace(cells.dictionary), ""))[cells.indices.to_numpy()]
    return mask


def other_header(table: pa.Table) -> int | None:
    """Index of the first row that names most columns of the table, but not all at their place; None if there is none.

    Columns with the fewest distinct texts come first, because most columns of most files contain no name of a column.
    """
    columns = list(zip(table.column_names, map(encode_texts, table.columns), strict=True))
    columns.sort(key=lambda one: len(one[1].dictionary))
    needed = max(_MIN_NAMES, round(_MOST * len(columns)))
    named, own = np.zeros(table.num_rows, np.int64), np.zeros(table.num_rows, np.int64)
    names = pa.array(table.column_names)
    for left, (name, cells) in zip(range(len(columns), 0, -1), columns, strict=True):
        if named.max(initial=0) + left < needed:
            return None
        texts, index = pc.utf8_trim_whitespace(cells.dictionary), cells.indices.to_numpy()
        is_name = to_bool_array(pc.is_in(texts, value_set=names))
        if is_name.any():
            named += is_name[index]
            own += to_bool_array(pc.equal(texts, name))[index]
    rows = np.flatnonzero((named >= needed) & (own < len(columns)))
    return int(rows[0]) if len(rows) else None


def repeated_headers(table: pa.Table, header: Sequence[str]) -> Mask:
    """bool (n,): rows that repeat the header.

    Checks columns with the fewest distinct texts first, and stops at the first that does not contain its name.
    """
    none = np.zeros(table.num_rows, np.bool_)
    if not table.num_rows or not header:
        return none
    columns = [combine_chunks(column) for column in table.columns]
    names = list(zip(columns, header, strict=False))
    names.sort(key=lambda pair: len(pair[0].dictionary))
    mask = ~none
    for column, name in names:
        same = to_bool_array(pc.equal(pc.utf8_trim_whitespace(column.dictionary), name))
        if not same.any():
            return none
        mask &= same[column.indices.to_numpy()]
    return mask


def _starting_rows(table: pa.Table, match: Callable[[str], object]) -> Mask:
    """bool (n,): rows whose first cell with text matches, in lower case."""
    mask, undecided = np.zeros(table.num_rows, np.bool_), np.ones(table.num_rows, np.bool_)
    for column in table.columns:
        if not undecided.any():
            break
        cells = combine_chunks(column)
        texts = [text.strip() for text in cells.dictionary.to_pylist()]
        begins = np.array([match(text.casefold()) is not None for text in texts], np.bool_)
        empty = np.array([not text for text in texts], np.bool_)
        index = cells.indices.to_numpy()
        mask |= undecided & begins[index]
        undecided &= empty[index]
    return mask


@lru_cache
def _prefix_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{_either(words)})(?!\w)")


@lru_cache
def _whole_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """A whole cell: a word, possibly with a number."""
    return re.compile(rf"(?:{_either(words)})[\s:=#]*[\d.,]*")


def _either(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word.strip().casefold()) for word in words)
