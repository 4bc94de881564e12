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
from tillstream.domain.write_scope import NOT_YOUR_STORE
from tillstream.pipeline.rows.exact_sum import exact_sum
from tillstream.pipeline.rows.row_batch import RejectedRow, RowBatch, RowProblem
from tillstream.pipeline.rows.schema import arrow_schema, lines_schema
from tillstream.pipeline.rows.text_column import combined, constant, decoded, encoded
from tillstream.pipeline.staging.hashes import Hasher

ACCEPTABLE = frozenset({"out-of-range", "conflicting-contents", "differs-from-till", NOT_YOUR_STORE})
"""Errors that a user may override with `_accept=yes`: the row was parsed and only violates a rule. A user who is bound
to stores cannot override `NOT_YOUR_STORE`: settlement rejects the row again."""


@dataclass(frozen=True)
class SplitRows:
    """A row batch, split into accepted and rejected rows."""

    row_batch: RowBatch
    accepted: pa.Table | None
    """Columns of `STAGED` and `HASHED`, (n,); None without rows."""
    refused: pa.Table | None
    """Columns of `REJECTED_ROWS`; None without rows."""
    quarantined: int
    """Number of rejected rows that are not ignored."""
    ignored: int
    """Number of rejected rows that are ignored: discarded by a user, or not a sale."""
    amounts: list[tuple[str, Decimal | None, Decimal | None]]
    """currency, net, gross of the accepted rows."""
    is_rejected: npt.NDArray[np.bool_]
    """bool (n,): the rows of the table of `row_batch` that are rejected."""


def split(row_batch: RowBatch, hasher: Hasher) -> SplitRows:
    """Split a row batch: a row with an error is rejected, unless a user accepted it and the error is `ACCEPTABLE`."""
    rejected = _rejected(row_batch, row_batch.table.num_rows)
    accepted = None
    if not rejected.all():
        accepted = hasher.with_hashes(_accepted_rows(row_batch, None if not rejected.any() else ~rejected))
    rows = [*row_batch.rejected, *_rejected_rows(row_batch, rejected)]
    quarantined = sum(row.outcome == "quarantined" for row in rows)
    return SplitRows(
        row_batch,
        accepted,
        _rejected_table(row_batch, rows, rejected) if rows else None,
        quarantined,
        len(rows) - quarantined,
        [] if accepted is None else [*_amounts(accepted)],
        rejected,
    )


def _rejected(row_batch: RowBatch, length: int) -> npt.NDArray[np.bool_]:
    if row_batch.accepted is None or not row_batch.accepted.any():
        return row_batch.issues.rejected_mask(length)
    rejected = np.zeros(length, np.bool_)
    for issue in row_batch.issues:
        if CATALOGUE[issue.code].severity is Severity.ERROR:
            is_accepted = (
                row_batch.accepted[issue.rows] if issue.code in ACCEPTABLE else np.zeros(len(issue.rows), np.bool_)
            )
            rejected[issue.rows[~is_accepted]] = True
    return rejected


def _accepted_rows(row_batch: RowBatch, keep: npt.NDArray[np.bool_] | None) -> pa.Table:
    length = row_batch.table.num_rows
    metadata: dict[str, Any] = {
        "row_number": pa.array(row_batch.row_number),
        "line_number": pa.array(row_batch.line_number),
        "fix_number": pa.repeat(pa.scalar(row_batch.fix_number, pa.int64()), length),
        "accepted": pa.repeat(pa.scalar(False), length) if row_batch.accepted is None else pa.array(row_batch.accepted),
        "source": constant(row_batch.source, length)
        if isinstance(row_batch.source, str)
        else encoded(row_batch.source),
        "received_seq": pa.nulls(length, pa.int64()) if row_batch.received_seq is None else row_batch.received_seq,
    }
    schema = lines_schema(STAGED)
    columns = [metadata[name] if name in metadata else row_batch.table.column(name) for name in schema.names]
    rows = pa.table(columns, schema=schema)
    return rows if keep is None else rows.filter(pa.array(keep))


def _rejected_rows(row_batch: RowBatch, rejected: npt.NDArray[np.bool_]) -> list[RejectedRow]:
    """Return the rejected rows of the table, each with all its problems."""
    if not rejected.any():
        return []
    problems: dict[int, list[RowProblem]] = {int(index): [] for index in np.flatnonzero(rejected)}
    errors = row_batch.issues.table(Severity.ERROR)
    for row in errors.filter(pa.array(rejected[errors.column("index").to_numpy()])).to_pylist():
        problems[row.pop("index")].append(row)
    return [
        RejectedRow(int(row_batch.row_number[index]), int(row_batch.line_number[index]), row_batch.raw(index), errors)
        for index, errors in problems.items()
    ]


def _rejected_table(row_batch: RowBatch, rows: Sequence[RejectedRow], rejected: npt.NDArray[np.bool_]) -> pa.Table:
    schema = arrow_schema(REJECTED_ROWS)
    rejected_table = row_batch.table.filter(pa.array(rejected))
    untyped_count = len(rows) - rejected_table.num_rows
    columns: dict[str, Any] = {
        "row_number": [row.row_number for row in rows],
        "line_number": [row.line_number for row in rows],
        "fix_number": [row_batch.fix_number] * len(rows),
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
