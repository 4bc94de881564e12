"""Rows of one file that name the same line: one of them counts, as it will once the file is settled."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract

COLUMNS = ("key_low", "content", "source_version", "line_key")
"""Columns of accepted rows that decide."""
Numbers = npt.NDArray[np.int64]


class Fate(IntEnum):
    """The outcome of an accepted row: it counts, repeats a line that counts, or contradicts a row of its version."""

    COUNTS, REPEATS, CONFLICTS = range(3)


def may_repeat(contract: Contract) -> bool:
    """Whether two rows of a file can name the same line; else each row is a line of its own."""
    return contract.has_line_numbers or "source_version" in contract.columns


class LineRows:
    """The lines that the accepted rows of a file name."""

    def __init__(self) -> None:
        self._parts: list[tuple[Numbers, Numbers, Numbers, npt.NDArray[np.bool_]]] = []

    def add(self, rows: pa.Table) -> None:
        """Add accepted rows with `COLUMNS`, in the order of the file."""
        key, content, version = (pc.fill_null(rows.column(name), 0).to_numpy() for name in COLUMNS[:3])
        is_numbered = pc.is_null(rows.column("line_key")).to_numpy()
        self._parts.append((key, content, version, is_numbered))

    def fates(self) -> npt.NDArray[np.int8] | None:
        """int8 (n,): the `Fate` of each row; None if all count."""
        if not self._parts:
            return None
        key, content, version, is_numbered = map(np.concatenate, zip(*self._parts, strict=True))
        nth = _numbered(key, content, version, is_numbered)
        order = np.lexsort((content, -version, nth, key))
        starts_line = _changes(key[order], nth[order])
        if starts_line.all():
            return None
        starts = np.flatnonzero(starts_line | _changes(version[order]))
        length, values = np.diff(np.r_[starts, len(order)]), content[order]
        conflicts = np.repeat(np.minimum.reduceat(values, starts) != np.maximum.reduceat(values, starts), length)
        line = np.cumsum(starts_line) - 1
        _, first = np.unique(line[~conflicts], return_index=True)
        fates = np.full(len(order), Fate.REPEATS, np.int8)
        fates[conflicts] = Fate.CONFLICTS
        fates[np.flatnonzero(~conflicts)[first]] = Fate.COUNTS
        result = np.empty_like(fates)
        result[order] = fates
        return result


def _numbered(key: Numbers, content: Numbers, version: Numbers, is_numbered: npt.NDArray[np.bool_]) -> Numbers:
    """int64 (n,): which of the equal rows of a version a row without a line number is, by its content; else 0."""
    nth = np.zeros(len(key), np.int64)
    rows = np.flatnonzero(is_numbered)
    if len(rows):
        order = rows[np.lexsort((content[rows], version[rows], key[rows]))]
        starts = np.flatnonzero(_changes(key[order], version[order]))
        nth[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return nth


def _changes(*sorted_values: Numbers) -> npt.NDArray[np.bool_]:
    """bool (n,): rows with another value than the row before in one of the columns."""
    changed: npt.NDArray[np.bool_] = np.any([np.diff(values) != 0 for values in sorted_values], axis=0)
    return np.concatenate(([True], changed))
