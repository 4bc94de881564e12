"""A file sample as named columns of cells, independent of the file format."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

NO_LINE = 0


@dataclass(frozen=True)
class Column:
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
    columns: dict[str, Column]
    rows: int
    is_complete: bool
    """Whether the sample contains every row of the file."""
    contiguous_rows: int
    """Number of leading rows that are consecutive in the file."""
    repeated: tuple[str, ...] = ()
    """Names that occur more than once in the header."""


def build_sheet(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    *,
    is_complete: bool,
    contiguous_rows: int | None = None,
) -> Sheet:
    """Build a sheet from rows with one cell per name; the later columns of a repeated name are called by their place.

    Of the columns without a name, the first is used.
    """
    stripped = [name.strip() for name in names]
    trimmed = [
        f"{name} ({place + 1})" if name and name in stripped[:place] else name for place, name in enumerate(stripped)
    ]
    cells = list(zip(*rows, strict=True)) if rows else [() for _ in trimmed]
    line_numbers = tuple(lines)
    columns: dict[str, Column] = {}
    for name, values in zip(trimmed, cells, strict=True):
        if name not in columns:
            columns[name] = Column(name, tuple(map(str.strip, values)), line_numbers)
    repeated = tuple(sorted({name for name in trimmed if trimmed.count(name) > 1}))
    return Sheet(
        tuple(columns),
        columns,
        len(rows),
        is_complete,
        len(rows) if contiguous_rows is None else contiguous_rows,
        repeated,
    )
