"""Detection of non-sale rows: repeated headers, totals and footers."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_column import combined, to_bool_array
from tillstream.pipeline.rows.types import Mask


def is_ignored(row: Sequence[str], words: tuple[str, ...]) -> bool:
    """Whether the first non-empty cell starts with one of `words`, as a whole word."""
    first = next((cell for cell in row if cell.strip()), "")
    return bool(words) and _prefix_pattern(words).match(first.strip().casefold()) is not None


def non_sale_rows(table: pa.Table, header: Sequence[str], words: tuple[str, ...]) -> Mask:
    """bool (n,): rows that repeat the header or start with one of `words`. Compares distinct texts only."""
    mask = _repeated_headers(table, header)
    if words:
        mask |= _total_rows(table, words)
    return mask


def _repeated_headers(table: pa.Table, header: Sequence[str]) -> Mask:
    """Check columns with the fewest distinct texts first; stop at the first column that does not contain its name."""
    none = np.zeros(table.num_rows, np.bool_)
    if not table.num_rows or not header:
        return none
    columns = [combined(column) for column in table.columns]
    names = list(zip(columns, header, strict=False))
    names.sort(key=lambda pair: len(pair[0].dictionary))
    mask = ~none
    for column, name in names:
        same = to_bool_array(pc.equal(pc.utf8_trim_whitespace(column.dictionary), name))
        if not same.any():
            return none
        mask &= same[column.indices.to_numpy()]
    return mask


def _total_rows(table: pa.Table, words: tuple[str, ...]) -> Mask:
    mask, undecided = np.zeros(table.num_rows, np.bool_), np.ones(table.num_rows, np.bool_)
    for column in table.columns:
        if not undecided.any():
            break
        cells = combined(column)
        texts = [text.strip() for text in cells.dictionary.to_pylist()]
        begins = np.array([_prefix_pattern(words).match(text.casefold()) is not None for text in texts], np.bool_)
        empty = np.array([not text for text in texts], np.bool_)
        index = cells.indices.to_numpy()
        mask |= undecided & begins[index]
        undecided &= empty[index]
    return mask


@lru_cache
def _prefix_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(re.escape(word.strip().casefold()) for word in words)
    return re.compile(rf"(?:{either})(?!\w)")
