"""Row batches: normalised and validated rows, before they are split into accepted and rejected rows."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.pipeline.rows.issues import Issues

NOT_A_SALE = "not-a-sale"
"""Issue of rows that are ignored because of their status."""


class RowProblem(TypedDict):
    """One problem of a row. The ledger stores the problems of a rejected row as a JSON list of these."""

    code: str
    column: str | None
    value: str | None
    detail: str


@dataclass(frozen=True)
class RejectedRow:
    """A row kept out of the ledger: quarantined by a rule, or ignored because a user discarded it or because its status
    means that it is not a sale."""

    row_number: int
    line_number: int
    raw: str
    problems: list[RowProblem]
    outcome: str = "quarantined"
    refused_by: str = "validation"


@dataclass
class RowBatch:
    """Normalised and validated rows of a source. All arrays have one entry per row of `table`."""

    table: pa.Table
    row_number: npt.NDArray[np.int64]
    line_number: npt.NDArray[np.int64]
    issues: Issues
    raw: Callable[[int], str]
    """Source text of row i of `table`."""
    rejected: list[RejectedRow] = field(default_factory=list)
    """Rows that are not in `table`: they could not be parsed into cells, or are ignored."""
    blank: int = 0
    accepted: npt.NDArray[np.bool_] | None = None
    """Rows that a user accepted in spite of an error; None: no row."""
    source: pa.Array | str = "file"
    received_seq: pa.Array | None = None
    """Publish time of each row's message; None if rows have the place of their batch."""
    fix_number: int = 0
    """Number of the correction; 0 for original rows."""
    ignored: int = 0
    """Number of non-sale rows, such as repeated headers and totals."""
    letters: str = ""
    """In the last batch: whether the file is UTF-8 although its contract has another encoding; see `Block.letters`."""
    truncation: str = ""
    """In the last batch: why the file looks truncated, as text."""

    @property
    def rows_read(self) -> int:
        """Rows of the source that this batch covers, including blank, ignored, and rejected ones."""
        return int(self.table.num_rows) + len(self.rejected) + self.blank + self.ignored


def drop_rows(batch: RowBatch, rows: frozenset[int]) -> RowBatch:
    """Drop rows that a correction replaces. rows: row numbers."""
    if not rows:
        return batch
    keep = ~np.isin(batch.row_number, np.fromiter(rows, np.int64))
    rejected = [row for row in batch.rejected if row.row_number not in rows]
    return replace(_filtered(batch, keep), rejected=rejected)


def set_aside_ignored(batch: RowBatch) -> RowBatch:
    """Move rows that are not sales from `table` to `rejected`, with the outcome `ignored` and no other problem."""
    ignored: dict[int, RejectedRow] = {}
    for issue in batch.issues:
        if issue.code == NOT_A_SALE:
            for problem in issue.table().to_pylist():
                index = problem.pop("index")
                numbers = int(batch.row_number[index]), int(batch.line_number[index])
                ignored[index] = RejectedRow(*numbers, batch.raw(index), [problem], "ignored", "contract")
    if not ignored:
        return batch
    keep = np.ones(batch.table.num_rows, np.bool_)
    keep[list(ignored)] = False
    return replace(_filtered(batch, keep), rejected=[*batch.rejected, *ignored.values()])


def _filtered(batch: RowBatch, keep: npt.NDArray[np.bool_]) -> RowBatch:
    """Keep these rows of `table`, bool (n,)."""
    indices, raw = np.flatnonzero(keep), batch.raw
    return replace(
        batch,
        table=batch.table.filter(pa.array(keep)),
        row_number=batch.row_number[keep],
        line_number=batch.line_number[keep],
        issues=batch.issues.filter(keep),
        raw=lambda index: raw(int(indices[index])),
        accepted=None if batch.accepted is None else batch.accepted[keep],
        received_seq=None if batch.received_seq is None else batch.received_seq.filter(pa.array(keep)),
    )
