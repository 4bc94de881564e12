"""Local adapter room: the waves in which the batches of one settlement enter the ledger."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import duckdb

from tillstream.ports.warehouse import StagedBatch


def waves(cursor: duckdb.DuckDBPyConnection, staged: Sequence[StagedBatch]) -> Iterator[list[StagedBatch]]:
    """Files and corrections one by one; neighbouring micro-batches together as long as they share no sale."""
    for is_micro, neighbours in groupby(staged, key=lambda batch: batch.kind == "messages"):
        batches = list(neighbours)
        if is_micro and len(batches) > 1:
            yield from _apart(cursor, batches)
        else:
            yield from ([batch] for batch in batches)


def _apart(cursor: duckdb.DuckDBPyConnection, batches: Sequence[StagedBatch]) -> Iterator[list[StagedBatch]]:
    wave: list[StagedBatch] = []
    sales: set[str] = set()
    for batch in batches:
        told = _sales(cursor, batch)
        if sales & told:
            yield wave
            wave, sales = [], set()
        wave.append(batch)
        sales |= told
    yield wave


def _sales(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> set[str]:
    addresses = [*batch.accepted]
    if not addresses:
        return set()
    rows = cursor.execute("SELECT DISTINCT region || chr(31) || sale_id FROM read_parquet(?)", [addresses])
    return {row[0] for row in rows.fetchall()}
