"""A file sample as named columns of cells, independent of the file format."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from tillstream.model.contract_patterns import ignored_cell_pattern
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS
from tillstream.model.text import number_repeated, repeated_names

NO_LINE = 0


@dataclass(frozen=True)
class SampleColumn:
    """Trimmed cells of one column, in file order."""

    name: str
    cells: tuple[str, ...]
    lines: tuple[int, ...]
    """Physical line of each cell; 0 if unknown."""

    @cached_property
    def words(self) -> dict[str, int]:
        """Distinct non-empty cells → count."""
        counts = Counter(self.cells)
        counts.pop("", None)
        return dict(counts)

    @cached_property
    def filled(self) -> int:
        return sum(self.words.values())

    def first_lines(self, *words: str) -> tuple[int, ...]:
        """The first line of each word, if known."""
        indices = [self.cells.index(word) for word in words if word in self.words]
        return tuple(dict.fromkeys(self.lines[index] for index in indices if self.lines[index] != NO_LINE))


@dataclass(frozen=True)
class Sheet:
    """Sample of a file. `names`: trimmed header names; `columns`: name → column."""

    names: tuple[str, ...]
    columns: dict[str, SampleColumn]
    rows: int
    is_complete: bool
    """Whether the sample contains every row of the file."""
    contiguous_rows: int
    """Number of leading rows that are consecutive in the file."""
    repeated: tuple[str, ...] = ()
    """Names that occur more than once in the header."""


def without_repetitions(cells: Iterable[str]) -> list[str]:
    """The cells without repetitions in the next row."""
    return [cell for cell, _ in groupby(cells)]


def rows_where(sheet: Sheet, ignore_where: Mapping[str, Sequence[str]]) -> set[int]:
    """Indices of the rows with one of these cells. ignore_where: header → words of `ignored_cells`."""
    rows: set[int] = set()
    for name, words in ignore_where.items():
        column, pattern = sheet.columns[name], re.compile(ignored_cell_pattern(words), re.IGNORECASE)
        cells = {cell for cell in set(column.cells) if pattern.match(cell)}
        rows |= {index for index, cell in enumerate(column.cells) if cell in cells}
    return rows


def without_rows(sheet: Sheet, dropped: AbstractSet[int]) -> Sheet:
    """The sheet without these rows, by index."""
    kept = [index for index in range(sheet.rows) if index not in dropped]
    columns = {
        name: SampleColumn(
            name, tuple(column.cells[index] for index in kept), tuple(column.lines[index] for index in kept)
        )
        for name, column in sheet.columns.items()
    }
    contiguous_rows = sum(index < sheet.contiguous_rows for index in kept)
    return replace(sheet, columns=columns, rows=len(kept), contiguous_rows=contiguous_rows)


def with_names(sheet: Sheet) -> Sheet:
    """The sheet without a column that has no name, such as the index that pandas writes; no role can be given to it."""
    columns = {name: column for name, column in sheet.columns.items() if name}
    return replace(sheet, names=tuple(columns), columns=columns)


def build_sheet(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    *,
    is_complete: bool,
    contiguous_rows: int | None = None,
) -> Sheet:
    """Build a sheet from rows with one cell per name; the later columns of a repeated name are called by their place.

    Of the columns without a name, the first is used. Raises `Rejected` if there are too many columns.
    """
    if len(names) > LIMITS.columns:
        raise Rejected(
            f"The file has {len(names):,} columns. A contract can only be proposed for {LIMITS.columns:,}: remove "
            "unneeded columns."
        )
    trimmed = number_repeated([name.strip() for name in names])
    cells = list(zip(*rows, strict=True)) if rows else [() for _ in trimmed]
    line_numbers = tuple(lines)
    columns: dict[str, SampleColumn] = {}
    for name, values in zip(trimmed, cells, strict=True):
        if name not in columns:
            columns[name] = SampleColumn(name, tuple(map(str.strip, values)), line_numbers)
    repeated = tuple(repeated_names(trimmed))
    return Sheet(
        tuple(columns),
        columns,
        len(rows),
        is_complete,
        len(rows) if contiguous_rows is None else contiguous_rows,
        repeated,
    )
