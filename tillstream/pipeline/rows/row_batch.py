"""Some rows of a batch on their way from its source to what is staged."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.pipeline.rows.issues import Findings


@dataclass(frozen=True)
class RefusedRow:
    """A row that does not enter the ledger: quarantined by a rule, or ignored because a person discarded it."""

    row_number: int
    line_number: int
    raw: str
    problems: list[dict[str, Any]]
    outcome: str = "quarantined"
    refused_by: str = "validation"


@dataclass
class Part:
    """Some rows of a source, normalised and judged. All arrays have one entry per row of `table`."""

    table: pa.Table
    row_number: npt.NDArray[np.int64]
    line_number: npt.NDArray[np.int64]
    findings: Findings
    raw: Callable[[int], str]
    refused: list[RefusedRow] = field(default_factory=list)
    """Rows that could not be read as cells at all."""
    blank: int = 0
    accepted: npt.NDArray[np.bool_] | None = None
    source: pa.Array | str = "file"
    received_seq: pa.Array | None = None
    fix_number: int = 0
    ignored: int = 0
    """Rows that are no sales, such as repeated headers and totals."""
    cut: str = ""
    """In the last part: why the file seems to be cut off, in words."""


def without(part: Part, rows: frozenset[int]) -> Part:
    """The part without these rows of the batch: a correction tells them."""
    if not rows:
        return part
    keep = ~np.isin(part.row_number, np.fromiter(rows, np.int64))
    where = np.flatnonzero(keep)
    raw = part.raw
    return replace(
        part,
        table=part.table.filter(pa.array(keep)),
        row_number=part.row_number[keep],
        line_number=part.line_number[keep],
        findings=part.findings.only(keep),
        raw=lambda index: raw(int(where[index])),
        refused=[row for row in part.refused if row.row_number not in rows],
        accepted=None if part.accepted is None else part.accepted[keep],
    )
