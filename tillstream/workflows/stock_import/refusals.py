"""Problems of the rows of a file. A problem that many rows share is stored once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tillstream.pipeline.rows.text_columns import Ints, Mask


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be recorded. column: empty if it concerns the whole row. remedy: what to do."""

    column: str
    value: str
    message: str
    remedy: str


class UnusableCell(Exception):
    """A cell has a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass
class Refusals:
    """Problems of the rows of a file. count: number of rows."""

    count: int
    _rows: list[Ints] = field(default_factory=list)
    _problems: list[Sequence[Problem]] = field(default_factory=list)

    def add(self, rows: Ints, problems: Sequence[Problem]) -> None:
        """Add one problem to each of these rows."""
        if len(rows):
            self._rows.append(rows)
            self._problems.append(problems)

    def add_where(self, mask: Mask, problem: Problem) -> None:
        """Add the same problem to all rows of a mask, bool (n,)."""
        rows = np.flatnonzero(mask)
        self.add(rows, [problem] * len(rows))

    @property
    def mask(self) -> Mask:
        """bool (n,): the rows with a problem."""
        mask = np.zeros(self.count, np.bool_)
        for rows in self._rows:
            mask[rows] = True
        return mask

    def by_row(self) -> Iterator[tuple[int, Problem]]:
        """Position of the row and its problem, by position."""
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, np.int64)
        problems = [one for part in self._problems for one in part]
        return ((int(rows[at]), problems[at]) for at in np.argsort(rows, kind="stable").tolist())
