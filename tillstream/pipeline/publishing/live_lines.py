"""Make the lines of staged store sales visible before they are settled."""

from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tillstream.model.batch import BatchState
from tillstream.model.events import STAGING
from tillstream.model.tables.warehouse_tables import LIVE, LIVE_TABLES
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.records import batch_records, data_version

RECENT_TIME = timedelta(hours=2)
"""Age of the latest sales that are shown before they are settled. An older one may be in the ledger already, by a file:
it appears with its settlement."""
_ADDED = frozenset({"appended_at", "batch_id"})
_STAGED = [field.name for field in LIVE_TABLES[LIVE] if field.name not in _ADDED]


@dataclass(frozen=True)
class AppendedLines:
    """Lines that were appended, and when the first of their messages was published, in microseconds."""

    rows: int = 0
    received_seq: int = 0


def publish_live_lines(ports: Ports, batch_id: str) -> AppendedLines:
    """Append the recent lines of a micro-batch that is staged and not settled. Idempotent.

    Raises `Unavailable`, `Rejected`; the sales are then visible once they are settled.
    """
    batch = batch_records.get_batch(ports, batch_id)
    if batch.state is not BatchState.STAGED or batch.staged is None or not expiry.is_whole(ports.objects, batch.staged):
        return AppendedLines()
    earliest = pa.scalar(ports.clock.now() - RECENT_TIME, pa.timestamp("us", "UTC"))
    parts = []
    for name in batch.staged.accepted:
        with ports.objects.open(STAGING, name) as stream:
            lines = pq.read_table(stream, columns=_STAGED)
        parts.append(lines.filter(pc.greater_equal(lines.column("sold_at"), earliest)))
    rows = pa.concat_tables(parts) if parts else None
    if rows is None or not rows.num_rows:
        return AppendedLines()
    ports.warehouse.append_live(rows.append_column("batch_id", pa.array([batch_id] * rows.num_rows)))
    data_version.count_live_append(ports.documents)
    return AppendedLines(rows.num_rows, pc.min(rows.column("received_seq")).as_py() or batch.received_seq)
