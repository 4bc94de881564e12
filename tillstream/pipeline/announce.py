"""Announce: one event per changed sale line, read from the changes of a settlement."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

import sql
from tillstream.domain.errors import NotFound
from tillstream.domain.events import SALE_CHANGED, SALE_REMOVED, TOPIC_SALE_EVENTS
from tillstream.domain.identity import event_id
from tillstream.domain.uploads import State
from tillstream.pipeline import uploads
from tillstream.ports import Ports
from tillstream.ports.event_bus import Message

COLLECTION = "announcements"


def announce(ports: Ports, settlement_no: int) -> int:
    """Publish a settlement's events; how many. Repeatable: the same changes have the same event ids.

    Raises `Unavailable`; part of the events may then have been published, and come again with the repeat.
    """
    if ports.documents.get(COLLECTION, str(settlement_no)):
        return 0
    published = 0
    if any(depth.topic == TOPIC_SALE_EVENTS for depth in ports.bus.depths()):
        for batch in ports.warehouse.stream(sql.text("queries/changes"), {"settlement_no": settlement_no}):
            ports.bus.publish(TOPIC_SALE_EVENTS, messages(settlement_no, batch))
            published += batch.num_rows
    _record(ports, settlement_no)
    ports.documents.put(COLLECTION, str(settlement_no), {"events": published, "at": ports.clock.now().isoformat()})
    return published


def unannounced(ports: Ports) -> list[int]:
    """Settlements whose announcement is not written down, oldest first."""
    settled = ports.warehouse.query("SELECT settlement_no FROM settlements ORDER BY settlement_no")
    told = {int(document.id) for document in ports.documents.find(COLLECTION)}
    return [number for number in settled.column("settlement_no").to_pylist() if number not in told]


def messages(settlement_no: int, changes: pa.RecordBatch) -> list[Message]:
    """One message per row of `changes`: the line as it is now, or what was removed."""
    return [_message(settlement_no, row) for row in changes.to_pylist()]


def _message(settlement_no: int, row: dict[str, Any]) -> Message:
    kind = row.pop("kind")
    key = f"{row['region']}\x1f{row['sale_id']}\x1f{row['line_key']}"
    type_ = SALE_REMOVED if kind == "removed" else SALE_CHANGED
    id_ = event_id(settlement_no, key)
    body = {"id": id_, "type": type_, "settlement_no": settlement_no, "change": kind, "line": row}
    attributes = {"id": id_, "type": type_, "region": row["region"], "store_id": row["store_id"] or ""}
    return Message(json.dumps(body, default=_plain, ensure_ascii=False).encode(), attributes)


def _plain(value: Any) -> str:
    match value:
        case Decimal():
            return format(value.normalize(), "f")
        case datetime() | date():
            return value.isoformat()
        case _:
            raise TypeError(f"{type(value).__name__} has no place in an event")


def _record(ports: Ports, settlement_no: int) -> None:
    settled = ports.warehouse.query(sql.text("ledger/settlement_batches"), {"settlement_no": settlement_no})
    for batch in settled.column("batch_id").to_pylist():
        try:
            uploads.move(ports, batch, State.ANNOUNCED, among=frozenset({State.SETTLED}))
        except NotFound:  # the record was lost; the warehouse still knows the batch, and sweep makes it again
            continue
