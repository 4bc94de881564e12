"""Announce: one event per changed sale line, read from the changes of a settlement."""

import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.domain.errors import NotFound
from tillstream.domain.events import SALE_CHANGED, SALE_REMOVED, TOPIC_SALE_EVENTS
from tillstream.domain.identity import event_ids
from tillstream.domain.uploads import State
from tillstream.pipeline import uploads
from tillstream.pipeline.ahead import ahead
from tillstream.pipeline.extra import json_objects
from tillstream.pipeline.findings import written
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
        changes = ports.warehouse.stream(sql.text("queries/changes"), {"settlement_no": settlement_no})
        for told in ahead(messages(settlement_no, batch) for batch in changes):
            ports.bus.publish(TOPIC_SALE_EVENTS, told)
            published += len(told)
    _record(ports, settlement_no)
    ports.documents.put(COLLECTION, str(settlement_no), {"events": published, "at": ports.clock.now().isoformat()})
    return published


def unannounced(ports: Ports) -> list[int]:
    """Settlements whose announcement is not written down, oldest first."""
    settled = ports.warehouse.query("SELECT settlement_no FROM settlements ORDER BY settlement_no")
    told = {int(document.id) for document in ports.documents.find(COLLECTION)}
    return [number for number in settled.column("settlement_no").to_pylist() if number not in told]


def messages(settlement_no: int, changes: pa.RecordBatch) -> list[Message]:
    """One message per row of `changes`: the line as it is now, or what was removed. Put together by columns."""
    kinds = changes.column("kind").to_pylist()
    keys = pc.binary_join_element_wise(*(changes.column(name) for name in ("region", "sale_id", "line_key")), "\x1f")
    ids = event_ids(settlement_no, keys.to_pylist())
    types = [SALE_REMOVED if kind == "removed" else SALE_CHANGED for kind in kinds]
    names = [name for name in changes.schema.names if name not in ("kind", "settlement_no", "settled_at")]
    lines = json_objects({name: _text(changes.column(name)) for name in names}, changes.num_rows)
    bodies = pc.binary_join_element_wise(
        '{"id":"', pa.array(ids), '","type":"', pa.array(types), f'","settlement_no":{settlement_no},"change":"',
        changes.column("kind"), '","line":', lines, "}", "",
    )  # fmt: skip
    places = zip(types, changes.column("region").to_pylist(), changes.column("store_id").to_pylist(), strict=True)
    attributes: dict[tuple[str, str, str | None], dict[str, str]] = {}
    return [
        Message(body, attributes.get(place) or attributes.setdefault(place, _attributes(*place)))
        for body, place in zip(pc.cast(bodies, pa.binary()).to_pylist(), places, strict=True)
    ]


def _attributes(type_: str, region: str, store: str | None) -> dict[str, str]:
    return {"type": type_, "region": region, "store_id": store or ""}


def _text(values: pa.Array) -> pa.Array:
    """Decimals without idle zeros, instants in RFC 3339."""
    if pa.types.is_timestamp(values.type):
        return pc.replace_substring(pc.cast(values, pa.string()), " ", "T", max_replacements=1)
    return written(values)


def _record(ports: Ports, settlement_no: int) -> None:
    settled = ports.warehouse.query(sql.text("ledger/settlement_batches"), {"settlement_no": settlement_no})
    for batch in settled.column("batch_id").to_pylist():
        try:
            uploads.move(ports, batch, State.ANNOUNCED, among=frozenset({State.SETTLED}))
        except NotFound:  # the record was lost; the warehouse still knows the batch, and sweep makes it again
            continue
