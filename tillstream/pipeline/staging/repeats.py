"""Rows of one file that name the same line: one of them counts, as it will once the file is settled."""

from collections.abc import Callable, Iterable
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import CONTENT
from tillstream.domain.contract.model import Contract
from tillstream.pipeline.rows.text_column import decoded

ORDER = tuple(column.name for column in CONTENT)
"""Columns by which settlement numbers the rows of a product that have no line number."""
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

    def fates(self, in_order: Callable[[], Iterable[pa.Table]]) -> npt.NDArray[np.int8] | None:
        """int8 (n,): the `Fate` of each row; None if all count. in_order: the same rows again, with `ORDER`."""
        if not self._parts:
            return None
        key, content, version, is_numbered = map(np.concatenate, zip(*self._parts, strict=True))
        place = _places(key, content, version, is_numbered, in_order)
        nth = _numbered(key, place, version, is_numbered)
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


def _places(
    key: Numbers,
    content: Numbers,
    version: Numbers,
    is_numbered: npt.NDArray[np.bool_],
    in_order: Callable[[], Iterable[pa.Table]],
) -> Numbers:
    """int64 (n,): places of rows without a line number among those of their key and version, as settlement orders them.

    They matter only where other versions have the key, and the contents differ.
    """
    rows = np.flatnonzero(is_numbered)
    rows = rows[np.argsort(key[rows], kind="stable")]
    if not len(rows):
        return content
    starts = np.flatnonzero(_changes(key[rows]))
    same = [
        np.minimum.reduceat(one[rows], starts) == np.maximum.reduceat(one[rows], starts) for one in (content, version)
    ]
    matters = np.zeros(len(key), np.bool_)
    matters[rows] = np.repeat(~(same[0] | same[1]), np.diff(np.r_[starts, len(rows)]))
    if not matters.any():
        return content
    parts, start = [], 0
    for table in in_order():
        chosen = table.filter(pa.array(matters[start : start + table.num_rows]))
        columns: dict[str, pa.Array] = {}
        for name in ORDER:
            value = decoded(chosen.column(name))
            columns |= {f"has {name}": pc.is_valid(value), name: value}  # no value comes first
        parts.append(pa.table(columns))
        start += table.num_rows
    table = pa.concat_tables(parts)
    order = pc.sort_indices(table, [(name, "ascending") for name in table.column_names])
    place = content.copy()
    place[np.flatnonzero(matters)[order.to_numpy()]] = np.arange(len(order))
    return place


def _numbered(key: Numbers, place: Numbers, version: Numbers, is_numbered: npt.NDArray[np.bool_]) -> Numbers:
    """int64 (n,): which of the rows of its key and version a row without a line number is, by its place; else 0."""
    nth = np.zeros(len(key), np.int64)
    rows = np.flatnonzero(is_numbered)
    if len(rows):
        order = rows[np.lexsort((place[rows], version[rows], key[rows]))]
        starts = np.flatnonzero(_changes(key[order], version[order]))
        nth[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return nth


def _changes(*sorted_values: Numbers) -> npt.NDArray[np.bool_]:
    """bool (n,): rows with another value than the row before in one of the columns."""
    changed: npt.NDArray[np.bool_] = np.any([np.diff(values) != 0 for values in sorted_values], axis=0)
    return np.concatenate(([True], changed))
