"""The mirror of stock movements in the warehouse, written after they are recorded."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from tillstream.domain.warehouse.stock_tables import STOCK_TABLES
from tillstream.inventory import records
from tillstream.inventory.records import StoredMovement
from tillstream.pipeline.rows.schema import arrow_schema
from tillstream.ports import Ports
from tillstream.ports.document_store import Document

TABLE = "stock_movements"
KEY = ("movement_id", "line_no")
SCHEMA = arrow_schema(STOCK_TABLES[TABLE])
AT_ONCE = 500
"""Movements that are written together."""


def write_new(ports: Ports) -> int:
    """Write the movements that the warehouse lacks; return how many. Idempotent. Raises as `Warehouse.upsert`."""
    count = 0
    while documents := records.in_state(ports, records.RECORDED, AT_ONCE):
        ports.warehouse.upsert(TABLE, table(documents), KEY)
        records.set_state(ports, documents, records.MIRRORED)
        count += len(documents)
    return count


def write_again(ports: Ports) -> int:
    """Replace all movements in the warehouse by those of the documents; return how many."""
    documents = records.every(ports)
    ports.warehouse.replace_table(TABLE, table(documents))
    records.set_state(ports, documents, records.MIRRORED)
    return len(documents)


def table(documents: Sequence[Document]) -> pa.Table:
    """Rows of `stock_movements`, one per line; one for a cancellation."""
    rows = [row for document in documents for row in _rows(records.to_stored(document))]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _rows(stored: StoredMovement) -> Iterator[dict[str, Any]]:
    movement = stored.movement
    common = {
        "movement_id": movement.movement_id,
        "kind": movement.kind.value,
        "region": movement.region,
        "store_id": movement.store_id,
        "stock_date": movement.stock_date,
        "day_part": movement.day_part.value,
        "reason": movement.reason or None,
        "reference": movement.reference or None,
        "other_store": movement.other_store or None,
        "recorded_seq": stored.recorded_seq,
    }
    if not movement.lines:
        yield common | {"line_no": 1, "occurred_at": movement.occurred_at}
    for number, line in enumerate(movement.lines, 1):
        yield common | {
            "line_no": number,
            "product_id": line.product_id,
            "quantity": line.quantity,
            "occurred_at": line.occurred_at or movement.occurred_at,
        }
