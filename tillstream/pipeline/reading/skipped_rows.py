"""Lines between the rows that are no sales: the header once more, totals, footers."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.text_column import flags, whole

Mask = npt.NDArray[np.bool_]


def is_ignored(row: Sequence[str], words: tuple[str, ...]) -> bool:
    """Whether the first cell with any text begins with one of the words, as a whole word."""
    first = next((cell for cell in row if cell.strip()), "")
    return bool(words) and _begins(words).match(first.strip().casefold()) is not None


def no_sales(table: pa.Table, told: Sequence[str], words: tuple[str, ...]) -> Mask:
    """bool (n,): rows that repeat the header, or begin with one of the words. Looks at distinct texts only."""
    found = _repeats(table, told)
    if words:
        found |= _totals(table, words)
    return found


def _repeats(table: pa.Table, told: Sequence[str]) -> Mask:
    """Decided by the column with the fewest texts wherever its name is not among them."""
    none = np.zeros(table.num_rows, np.bool_)
    if not table.num_rows or not told:
        return none
    columns = [whole(column) for column in table.columns]
    names = list(zip(columns, told, strict=False))
    names.sort(key=lambda pair: len(pair[0].dictionary))
    found = ~none
    for column, name in names:
        same = flags(pc.equal(pc.utf8_trim_whitespace(column.dictionary), name))
        if not same.any():
            return none
        found &= same[column.indices.to_numpy()]
    return found


def _totals(table: pa.Table, words: tuple[str, ...]) -> Mask:
    found, undecided = np.zeros(table.num_rows, np.bool_), np.ones(table.num_rows, np.bool_)
    for column in table.columns:
        if not undecided.any():
            break
        cells = whole(column)
        texts = [text.strip() for text in cells.dictionary.to_pylist()]
        begins = np.array([_begins(words).match(text.casefold()) is not None for text in texts], np.bool_)
        empty = np.array([not text for text in texts], np.bool_)
        index = cells.indices.to_numpy()
        found |= undecided & begins[index]
        undecided &= empty[index]
    return found


@lru_cache
def _begins(words: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(re.escape(word.strip().casefold()) for word in words)
    return re.compile(rf"(?:{either})(?!\w)")
