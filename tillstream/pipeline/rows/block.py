"""What every reader of regional files gives, whatever the format: blocks of text cells."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Refused:
    """One row that could not be read as cells."""

    row_number: int
    """Counted after the header from 1, blank and ignored rows included."""
    line_number: int
    """Physical line (of a sheet: row) where the row starts; the file's first is 1."""
    raw: str
    """The record as the source wrote it, without its line end; undecodable bytes as backslash escapes."""
    code: str
    """Of the catalogue of problems, such as ragged-row, unclosed-quote or undecodable-text."""
    value: str
    detail: str


@dataclass(frozen=True)
class Block:
    """Some rows of the file: `cells` with as many `row_number` and `line_number`."""

    cells: pa.Table
    """Every column `schema.TEXT`, named by the header; nothing trimmed, nothing null."""
    row_number: Ints
    line_number: Ints
    refused: list[Refused]
    blank: int
    """Rows without any text: counted, and neither in `cells` nor in `refused`."""
    raw: Callable[[int], str] = field(repr=False)
    """Row i of `cells` as the source wrote it, without its line end."""
    ignored: int = 0
    """Rows that are no sales, such as repeated headers and totals: counted as the blank ones are."""
    cut: str = ""
    """In the last block: why the file seems to have been cut off, in words; empty where it does not."""
    flagged: dict[str, Ints] = field(default_factory=dict)
    """Code of a warning → rows of `cells` that it is about."""
