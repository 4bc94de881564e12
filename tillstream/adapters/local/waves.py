"""Local adapter room: the waves in which the batches of one settlement enter the ledger."""

from collections.abc import Iterator, Sequence

import duckdb

from tillstream.ports.warehouse import StagedBatch


def waves(cursor: duckdb.DuckDBPyConnection, staged: Sequence[StagedBatch]) -> Iterator[list[StagedBatch]]:
    """Files and corrections one by one; neighbouring micro-batches together as long as they share no sale."""
    wave: list[StagedBatch] = []
    sales: set[str] = set()
    for batch in staged:
        if batch.kind != "messages":
            if wave:
                yield wave
            yield [batch]
            wave, sales = [], set()
            continue
        told = _sales(cursor, batch)
        if wave and sales & told:
            yield wave
            wave, sales = [], set()
        wave.append(batch)
        sales |= told
    if wave:
        yield wave


def _sales(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> set[str]:
    addresses = [*batch.accepted]
    if not addresses:
        return set()
    rows = cursor.execute("SELECT DISTINCT region || chr(31) || sale_id FROM read_parquet(?)", [addresses])
    return {row[0] for row in rows.fetchall()}
