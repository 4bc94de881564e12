"""The mirror of stock movements in the warehouse, written after they are recorded."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from tillstream.domain.inventory.movements import DayPart, Movement, MovementKind, MovementLine
from tillstream.inventory import records
from tillstream.inventory.records import StoredMovement
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.pipeline.rows.text_columns import arrow_schema
from tillstream.ports import Ports
from tillstream.ports.documents import Document

TABLE = "stock_movements"
KEY = ("movement_id", "line_no")
SCHEMA = arrow_schema(STOCK_TABLES[TABLE])
AT_ONCE = 500
"""Movements that are written together."""
UNKNOWN = "unknown"
"""Who recorded a movement whose document was lost."""


def write_new(ports: Ports) -> int:
    """Write the movements that the warehouse lacks; return how many. Idempotent. Raises as `Warehouse.upsert`."""
    count = 0
    while documents := records.in_state(ports, records.RECORDED, AT_ONCE):
        ports.warehouse.upsert(TABLE, table(documents), KEY)
        records.set_state(ports, documents, records.MIRRORED)
        count += len(documents)
    return count


def write_again(ports: Ports) -> None:
    """Replace all movements in the warehouse by those of the documents."""
    records.set_state(ports, replace(ports), records.MIRRORED)


def replace(ports: Ports) -> list[Document]:
    """As `write_again`, for a warehouse that is not in use yet; return the documents."""
    documents = records.every(ports)
    ports.warehouse.replace_table(TABLE, table(documents))
    return documents


def table(documents: Sequence[Document]) -> pa.Table:
    """Rows of `stock_movements`, one per line; one for a cancellation."""
    every = [row for document in documents for row in rows(records.to_stored(document))]
    return pa.Table.from_pylist(every, schema=SCHEMA)


def rows(stored: StoredMovement) -> list[dict[str, Any]]:
    """Rows of `stock_movements`."""
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
        return [common | {"line_no": 1, "product_id": None, "quantity": None, "occurred_at": movement.occurred_at}]
    return [
        common
        | {
            "line_no": number,
            "product_id": line.product_id,
            "quantity": line.quantity,
            "occurred_at": line.occurred_at or movement.occurred_at,
        }
        for number, line in enumerate(movement.lines, 1)
    ]


def to_stored(of_movement: Sequence[Mapping[str, Any]]) -> StoredMovement:
    """The movement of its rows, which are sorted; who recorded it and its note are not in the warehouse."""
    first = of_movement[0]
    times = [row["occurred_at"] for row in of_movement]
    at = None if None in times else max(times)
    lines = tuple(
        MovementLine(row["product_id"], row["quantity"], None if row["occurred_at"] == at else row["occurred_at"])
        for row in of_movement
        if row["product_id"] is not None
    )
    movement = Movement(
        movement_id=first["movement_id"],
        kind=MovementKind(first["kind"]),
        region=first["region"],
        store_id=first["store_id"],
        stock_date=first["stock_date"],
        lines=lines,
        occurred_at=at,
        day_part=DayPart(first["day_part"]),
        reason=first["reason"] or "",
        reference=first["reference"] or "",
        other_store=first["other_store"] or "",
    )
    return StoredMovement(movement, UNKNOWN, datetime.fromtimestamp(first["recorded_seq"] / 1e6, UTC))
