"""Divide a settlement into waves (`domain.settlement_waves`), by the sales of the staged batches."""

from collections.abc import Iterator, Sequence
from functools import partial

import duckdb

from tillstream.domain.settlement_waves import group_adjacent, split_on_shared_sales
from tillstream.ports.warehouse import StagedBatch


def waves(cursor: duckdb.DuckDBPyConnection, staged: Sequence[StagedBatch]) -> Iterator[list[StagedBatch]]:
    """Files and corrections one by one; adjacent micro-batches together, except those that share a sale."""
    for batches in group_adjacent(staged):
        if len(batches) == 1:
            yield batches
        else:
            yield from split_on_shared_sales(batches, partial(_sales, cursor))


def _sales(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> set[str]:
    addresses = [*batch.accepted]
    if not addresses:
        return set()
    rows = cursor.execute("SELECT DISTINCT region || chr(31) || sale_id FROM read_parquet(?)", [addresses])
    return {row[0] for row in rows.fetchall()}
