"""Rejected rows of a batch that is not settled, read from staging for review.

Empty if the staged files have expired or are damaged.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from tillstream.domain.batch.record import Batch, State
from tillstream.domain.errors import NotFound
from tillstream.domain.events import STAGING
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports

if TYPE_CHECKING:  # pages without rows do not import pyarrow
    import pyarrow as pa

UNSETTLED = frozenset({State.STAGED, State.HELD, State.REJECTED, State.CANCELLED})
COLUMNS = ("row_number", "line_number", "fix_number", "refused_by", "raw", "problems")


def rejected_rows(
    ports: Ports, upload: Batch, code: str | None, limit: int | None, offset: int
) -> list[dict[str, Any]]:
    """Rejected rows in file order, `problems` as JSON text, as in the ledger."""
    import pyarrow as pa
    import pyarrow.compute as pc

    tables = list(_tables(ports, upload, upload.staged.refused if upload.staged else (), [*COLUMNS, "outcome"]))
    if not tables:
        return []
    rows = pa.concat_tables(tables)
    rows = rows.filter(pc.equal(rows["outcome"], pa.scalar("quarantined"))).sort_by("row_number").select(COLUMNS)
    if code:
        rows = rows.filter(
            pa.array([json.loads(text.as_py())[0]["code"] == code for text in rows["problems"]], pa.bool_())
        )
    page: list[dict[str, Any]] = rows.slice(offset, limit).to_pylist()
    return page


def store_days(ports: Ports, upload: Batch) -> set[tuple[str | None, date]]:
    """Stores and days in the staged rows of a batch that is not settled, as far as the rows are readable."""
    import pyarrow as pa

    store_days: set[tuple[str | None, date]] = set()
    names = upload.staged.objects if upload.staged else ()
    for table in _tables(ports, upload, names, ["store_id", "sale_date"]):
        distinct = pa.TableGroupBy(table, ["store_id", "sale_date"]).aggregate([])
        store_days |= {(row["store_id"], row["sale_date"]) for row in distinct.to_pylist() if row["sale_date"]}
    return store_days


def _tables(ports: Ports, upload: Batch, names: Iterable[str], columns: Sequence[str]) -> "Iterator[pa.Table]":
    import pyarrow.parquet as pq

    if not upload.staged or not expiry.is_whole(ports.objects, upload.staged):
        return
    for name in names:
        with suppress(NotFound), ports.objects.open(STAGING, name) as stream:
            yield pq.read_table(stream, columns=list(columns))
