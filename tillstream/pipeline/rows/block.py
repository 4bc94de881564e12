"""Blocks of text cells, the output of every file reader."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from tillstream.pipeline.rows.text_columns import Ints, Mask


@dataclass(frozen=True)
class UnreadableRow:
    """A row that could not be parsed into cells."""

    row_number: int
    """1-based, counted from the row after the header; includes blank and ignored rows."""
    line_number: int
    """1-based physical line (in a workbook: sheet row) on which the row starts."""
    raw: str
    """Source text without the line ending; undecodable bytes are backslash-escaped."""
    code: str
    """Problem code, such as ragged-row, unclosed-quote or undecodable-text."""
    value: str
    detail: str


@dataclass(frozen=True)
class Block:
    """A batch of rows; `cells`, `row_number` and `line_number` have the same length."""

    cells: pa.Table
    """Columns of type `TEXT`, named by the header; untrimmed, without nulls."""
    row_number: Ints
    line_number: Ints
    unreadable: list[UnreadableRow]
    blank: int
    """Number of rows without any text; these are in neither `cells` nor `unreadable`."""
    raw: Callable[[int], str] = field(repr=False)
    """Source text of row i of `cells`, without the line ending."""
    ignored: int = 0
    """Number of non-sale rows, such as repeated headers and totals; these are not in `cells` either."""
    truncation: str = ""
    """In the last block: why the file looks truncated, as text; empty if it does not."""
    letters: str = ""
    """In the last block of a file in another encoding than UTF-8: `utf-8` if its bytes are valid UTF-8 with letters
    beyond ASCII, `other` if it has other letters beyond ASCII."""
    warnings: dict[str, Ints] = field(default_factory=dict)
    """Warning code → affected rows of `cells`."""
    irregular: int = 0
    """Number of rows without a sale that were read one by one, which takes long: blank ones, and the `unreadable` ones
    unless it is 0."""
    headers: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    """Row numbers of the rows that repeat the header; `ignored` counts them."""

    @property
    def rows(self) -> int:
        """Rows of the file that this block covers, including blank, ignored and unreadable ones."""
        return int(self.cells.num_rows) + len(self.unreadable) + self.blank + self.ignored


def ignore_rows(block: Block, ignored: Mask) -> Block:
    """The block without rows that are not sales, which are counted. ignored: bool (n,)."""
    kept = np.flatnonzero(~ignored)
    return replace(
        block,
        cells=block.cells.filter(pa.array(~ignored)).combine_chunks(),
        row_number=block.row_number[kept],
        line_number=block.line_number[kept],
        raw=lambda index: block.raw(int(kept[index])),
        ignored=block.ignored + int(np.count_nonzero(ignored)),
        warnings={code: np.searchsorted(kept, rows[~ignored[rows]]) for code, rows in block.warnings.items()},
    )
