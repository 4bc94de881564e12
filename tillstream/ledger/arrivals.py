"""What arrives in a settlement, read from its staged files into tables in memory. Each file is read once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from tillstream.domain.batch.record import received_date
from tillstream.domain.ids import index_hash
from tillstream.ledger.memory import MemoryLedger
from tillstream.ports.warehouse import StagedBatch

STATED_DAYS = index_hash("statements", "store-day")
"""Hash in the sale index, whose days are those with complete statements of store-days."""
Pair = tuple[int, date]


def read_arrivals(memory: MemoryLedger, staged: Sequence[StagedBatch]) -> None:
    """Create `arrivals` (their sales), `store_days` (those that files contain completely), and `slice_sales`."""
    files: defaultdict[tuple[bool, bool, bool], list[str]] = defaultdict(list)
    for batch in staged:
        is_stated = batch.replaces == "store-day"
        files[batch.source in ("till", "form"), is_stated or batch.nameless, is_stated] += batch.accepted
    memory.cursor.execute(
        "CREATE TEMP TABLE arrivals (sale BIGINT, sale_date DATE, is_till BOOLEAN, "
        "region VARCHAR, store_id VARCHAR, is_whole BOOLEAN, is_stated BOOLEAN)"
    )
    for (is_till, is_whole, is_stated), paths in files.items():
        if paths:
            store = "region, store_id" if is_whole else "NULL, NULL"
            memory.cursor.execute(
                f"INSERT INTO arrivals SELECT DISTINCT sale, sale_date, {is_till}, {store}, {is_whole}, {is_stated} "
                "FROM read_parquet(?)",
                [paths],
            )
    memory.cursor.execute(
        "CREATE TEMP TABLE store_days AS SELECT DISTINCT region, store_id, sale_date FROM arrivals WHERE is_whole"
    )
    memory.cursor.execute("CREATE TEMP TABLE slice_sales AS SELECT DISTINCT sale FROM arrivals")


def sale_pairs(memory: MemoryLedger) -> set[Pair]:
    """The pairs of the sale index for the sales that arrive."""
    return set(memory.fetch("SELECT DISTINCT sale, sale_date FROM arrivals"))


def batch_pairs(memory: MemoryLedger, staged: Sequence[StagedBatch]) -> set[Pair]:
    """The other pairs, of batches and complete statements: a few for each batch."""
    pairs = {(index_hash("batch", batch.batch_id), received_date(batch.received_seq)) for batch in staged}
    pairs |= {(index_hash("bytes", b.sha256), received_date(b.received_seq)) for b in staged if b.sha256}
    stated = memory.column("SELECT DISTINCT sale_date FROM arrivals WHERE is_stated")
    return pairs | {(STATED_DAYS, day) for day in stated}
