"""The sample as named columns of cells, whatever format they came from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

NOWHERE = 0


@dataclass(frozen=True)
class Column:
    """One column's cells, trimmed, in the file's order."""

    name: str
    cells: tuple[str, ...]
    lines: tuple[int, ...]
    """The physical line of each cell; 0 where the sample does not tell it."""

    @cached_property
    def words(self) -> dict[str, int]:
        """Distinct cells that hold something → how often."""
        found = Counter(self.cells)
        found.pop("", None)
        return dict(found)

    @cached_property
    def filled(self) -> int:
        return sum(self.words.values())

    def line_of(self, *words: str) -> tuple[int, ...]:
        """The first line of each word, where it is known."""
        places = [self.cells.index(word) for word in words if word in self.words]
        return tuple(dict.fromkeys(self.lines[place] for place in places if self.lines[place] != NOWHERE))


@dataclass(frozen=True)
class Sheet:
    """`names` as the header writes them, trimmed; each with its column."""

    names: tuple[str, ...]
    columns: dict[str, Column]
    rows: int
    whole: bool
    """Whether every row of the file is here."""
    together: int
    """So many first rows follow each other in the file."""
    repeated: tuple[str, ...] = ()
    """Names that stand more than once in the header."""


def sheet_of(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    *,
    whole: bool,
    together: int | None = None,
) -> Sheet:
    """Rows of exactly as many cells as there are names; of names that stand twice, the first column counts."""
    trimmed = [name.strip() for name in names]
    cells = list(zip(*rows, strict=True)) if rows else [() for _ in trimmed]
    places = tuple(lines)
    columns: dict[str, Column] = {}
    for name, column in zip(trimmed, cells, strict=True):
        if name not in columns:
            columns[name] = Column(name, tuple(map(str.strip, column)), places)
    twice = tuple(sorted({name for name in trimmed if trimmed.count(name) > 1}))
    return Sheet(tuple(columns), columns, len(rows), whole, len(rows) if together is None else together, twice)
