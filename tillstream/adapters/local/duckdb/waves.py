"""The waves of one settlement, as `domain.settlement_waves` has them, by the sales that were staged."""

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from tillstream.domain.settlement_waves import apart, neighbours
from tillstream.ports.warehouse import StagedBatch


def waves(cursor: duckdb.DuckDBPyConnection, staged: Sequence[StagedBatch]) -> Iterator[list[StagedBatch]]:
    """Files and corrections one by one; neighbouring micro-batches together as long as they share no sale."""
    for batches in neighbours(staged):
        yield from apart(batches, _last_sharing(cursor, batches) if len(batches) > 1 else {})


def _last_sharing(cursor: duckdb.DuckDBPyConnection, batches: Sequence[StagedBatch]) -> Mapping[str, str]:
    """Batch → the last one before it that tells one of its sales."""
    found: dict[str, str] = {}
    last: dict[str, int] = {}
    for place, batch in enumerate(batches):
        told = _sales(cursor, batch)
        before = [last[sale] for sale in told & last.keys()]
        if before:
            found[batch.batch_id] = batches[max(before)].batch_id
        last |= dict.fromkeys(told, place)
    return found


def _sales(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> set[str]:
    addresses = [*batch.accepted]
    if not addresses:
        return set()
    rows = cursor.execute("SELECT DISTINCT region || chr(31) || sale_id FROM read_parquet(?)", [addresses])
    return {row[0] for row in rows.fetchall()}
