"""Divide a settlement into waves (`domain.settlement_waves`), by the sales of the staged batches."""

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from tillstream.domain.settlement_waves import group_adjacent, split_on_shared_sales
from tillstream.ports.warehouse import StagedBatch


def waves(cursor: duckdb.DuckDBPyConnection, staged: Sequence[StagedBatch]) -> Iterator[list[StagedBatch]]:
    """Files and corrections one by one; adjacent micro-batches together while they share no sale."""
    for batches in group_adjacent(staged):
        yield from split_on_shared_sales(batches, _last_overlapping(cursor, batches) if len(batches) > 1 else {})


def _last_overlapping(cursor: duckdb.DuckDBPyConnection, batches: Sequence[StagedBatch]) -> Mapping[str, str]:
    """Batch → the last one before it that shares a sale with it."""
    overlapping: dict[str, str] = {}
    last_position: dict[str, int] = {}
    for position, batch in enumerate(batches):
        sales = _sales(cursor, batch)
        earlier = [last_position[sale] for sale in sales & last_position.keys()]
        if earlier:
            overlapping[batch.batch_id] = batches[max(earlier)].batch_id
        last_position |= dict.fromkeys(sales, position)
    return overlapping


def _sales(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> set[str]:
    addresses = [*batch.accepted]
    if not addresses:
        return set()
    rows = cursor.execute("SELECT DISTINCT region || chr(31) || sale_id FROM read_parquet(?)", [addresses])
    return {row[0] for row in rows.fetchall()}
