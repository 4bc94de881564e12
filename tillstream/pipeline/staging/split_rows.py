"""Split a row batch into accepted rows with hashes and rejected rows with reasons."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import STAGED
from tillstream.domain.problems import CATALOGUE, Severity
from tillstream.domain.tables import REJECTED_ROWS
from tillstream.pipeline.rows.exact_sum import exact_sum
from tillstream.pipeline.rows.row_batch import RejectedRow, RowBatch, RowProblem
from tillstream.pipeline.rows.schema import arrow_schema, lines_schema
from tillstream.pipeline.rows.text_column import combined, constant, decoded, encoded
from tillstream.pipeline.staging.hashes import Hasher

ACCEPTABLE = frozenset({"out-of-range", "conflicting-contents", "differs-from-till"})
"""Errors that a user may override with `_accept=yes`: the row was parsed and only violates a rule."""


@dataclass(frozen=True)
class SplitRows:
    """A row batch, split into accepted and rejected rows."""

    part: RowBatch
    accepted: pa.Table | None
    """Columns of `STAGED` and `HASHED`, (n,); None without rows."""
    refused: pa.Table | None
    """Columns of `REJECTED_ROWS`; None without rows."""
    quarantined: int
    """Number of rejected rows that were not discarded by a user."""
    amounts: list[tuple[str, Decimal | None, Decimal | None]]
    """currency, net, gross of the accepted rows."""


def split(part: RowBatch, hasher: Hasher) -> SplitRows:
    """Split a row batch: a row with an error is rejected, unless a user accepted it and the error is `ACCEPTABLE`."""
    rejected = _rejected(part, part.table.num_rows)
    accepted = None
    if not rejected.all():
        accepted = hasher.with_hashes(_accepted_rows(part, None if not rejected.any() else ~rejected))
    rows = [*part.rejected, *_rejected_rows(part, rejected)]
    return SplitRows(
        part,
        accepted,
        _rejected_table(part, rows, rejected) if rows else None,
        sum(row.outcome == "quarantined" for row in rows),
        [] if accepted is None else [*_amounts(accepted)],
    )


def _rejected(part: RowBatch, length: int) -> npt.NDArray[np.bool_]:
    if part.accepted is None or not part.accepted.any():
        return part.issues.rejected_mask(length)
    rejected = np.zeros(length, np.bool_)
    for issue in part.issues:
        if CATALOGUE[issue.code].severity is Severity.ERROR:
            is_accepted = part.accepted[issue.rows] if issue.code in ACCEPTABLE else np.zeros(len(issue.rows), np.bool_)
            rejected[issue.rows[~is_accepted]] = True
    return rejected


def _accepted_rows(part: RowBatch, keep: npt.NDArray[np.bool_] | None) -> pa.Table:
    length = part.table.num_rows
    metadata: dict[str, Any] = {
        "row_number": pa.array(part.row_number),
        "line_number": pa.array(part.line_number),
        "fix_number": pa.repeat(pa.scalar(part.fix_number, pa.int64()), length),
        "accepted": pa.repeat(pa.scalar(False), length) if part.accepted is None else pa.array(part.accepted),
        "source": constant(part.source, length) if isinstance(part.source, str) else encoded(part.source),
        "received_seq": pa.nulls(length, pa.int64()) if part.received_seq is None else part.received_seq,
    }
    schema = lines_schema(STAGED)
    columns = [metadata[name] if name in metadata else part.table.column(name) for name in schema.names]
    rows = pa.table(columns, schema=schema)
    return rows if keep is None else rows.filter(pa.array(keep))


def _rejected_rows(part: RowBatch, rejected: npt.NDArray[np.bool_]) -> list[RejectedRow]:
    """Return the rejected rows of the table, each with all its problems."""
    if not rejected.any():
        return []
    problems: dict[int, list[RowProblem]] = {int(index): [] for index in np.flatnonzero(rejected)}
    errors = part.issues.table(Severity.ERROR)
    for row in errors.filter(pa.array(rejected[errors.column("index").to_numpy()])).to_pylist():
        problems[row.pop("index")].append(row)
    return [
        RejectedRow(int(part.row_number[index]), int(part.line_number[index]), part.raw(index), errors)
        for index, errors in problems.items()
    ]


def _rejected_table(part: RowBatch, rows: Sequence[RejectedRow], rejected: npt.NDArray[np.bool_]) -> pa.Table:
    schema = arrow_schema(REJECTED_ROWS)
    rejected_table = part.table.filter(pa.array(rejected))
    untyped_count = len(rows) - rejected_table.num_rows
    columns: dict[str, Any] = {
        "row_number": [row.row_number for row in rows],
        "line_number": [row.line_number for row in rows],
        "fix_number": [part.fix_number] * len(rows),
        "outcome": [row.outcome for row in rows],
        "refused_by": [row.refused_by for row in rows],
        "raw": [row.raw for row in rows],
        "code": [row.problems[0]["code"] for row in rows],
        "column_name": [row.problems[0]["column"] for row in rows],
        "value": [row.problems[0]["value"] for row in rows],
        "problems": [json.dumps(row.problems, ensure_ascii=False) for row in rows],
    }
    for name in ("region", "sale_id", "store_id", "sale_date"):
        values = decoded(rejected_table.column(name))
        columns[name] = pa.concat_arrays([pa.nulls(untyped_count, values.type), values])
    return pa.table([pa.array(columns[name], schema.field(name).type) for name in schema.names], schema=schema)


def _amounts(rows: pa.Table) -> Iterator[tuple[str, Decimal | None, Decimal | None]]:
    currency = encoded(rows.column("currency"))
    amounts = [combined(rows.column(name)) for name in ("net_amount", "gross_amount")]
    for number, word in enumerate(currency.dictionary.to_pylist()):
        matches = pc.equal(currency.indices, number)
        if len(currency.dictionary) == 1:
            yield word, *(exact_sum(values) for values in amounts)
        elif pc.any(matches).as_py():
            yield word, *(exact_sum(values.filter(matches)) for values in amounts)
