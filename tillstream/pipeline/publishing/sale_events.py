"""Publish one event per changed sale line of a settlement."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.model.batch import BatchState
from tillstream.model.events import EVENT_ATTRIBUTES, SALE_CHANGED, SALE_REMOVED, TOPIC_SALE_EVENTS
from tillstream.model.ids import event_ids
from tillstream.pipeline.rows.row_batch import format_values, prefetch
from tillstream.pipeline.rows.text_columns import encode_texts, json_objects
from tillstream.ports import Ports
from tillstream.ports.bus import Message
from tillstream.records import batch_records

RECORD_COLLECTION = "announcements"
PIECE_ROWS = 20_000
"""Events per publish call; the next ones are built meanwhile."""
IN_ORDER = 20_000
"""Events of a settlement that have an ordering key. Pub/Sub carries one megabyte a second per key: with keys, a large
file of one store would take longer than a function may run. The settlement's number orders events without a key."""
EVENT_SCHEMA = "sale-event/1"
FILTERED_BY = EVENT_ATTRIBUTES
"""Attributes of an event, by which a subscriber can select."""
MAX_LETTERS = 120
"""Of an attribute and of each part of an ordering key: Pub/Sub allows 1,024 bytes, and a letter has up to four."""
_DAYS = "SELECT sale_date FROM settlement_days WHERE settlement_no = @settlement_no ORDER BY sale_date"


def publish_changes(ports: Ports, settlement_no: int) -> int:
    """Publish a settlement's events; return their number. Idempotent: the same changes have the same event ids.

    Raises `Unavailable`. Some events may have been published by then; a retry publishes them again.
    """
    if ports.documents.get(RECORD_COLLECTION, str(settlement_no)):
        _record(ports, settlement_no)  # records that were updated after the events were published
        return 0
    published = 0
    if TOPIC_SALE_EVENTS in ports.bus.subscriptions().values():
        for batch_messages in prefetch(
            sale_event_messages(settlement_no, piece, in_order=start < IN_ORDER)
            for start, piece in _numbered(_changed_lines(ports, settlement_no))
        ):
            ports.bus.publish(TOPIC_SALE_EVENTS, batch_messages)
            published += len(batch_messages)
    _record(ports, settlement_no)
    ports.documents.put(
        RECORD_COLLECTION, str(settlement_no), {"events": published, "at": ports.clock.now().isoformat()}
    )
    return published


def _changed_lines(ports: Ports, settlement_no: int) -> Iterator[pa.RecordBatch]:
    settlement = {"settlement_no": settlement_no}
    days = ports.warehouse.query(_DAYS, settlement).column("sale_date").to_pylist()
    if days:
        for batch in ports.warehouse.stream(sql.text("ledger/lines_to_publish"), settlement | {"days": days}):
            yield from (batch.slice(start, PIECE_ROWS) for start in range(0, batch.num_rows, PIECE_ROWS))


def _numbered(pieces: Iterator[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield each piece with the number of rows before it."""
    start = 0
    for piece in pieces:
        yield start, piece
        start += piece.num_rows


def unpublished_settlements(ports: Ports, first: int = 0, settled_by: datetime | None = None) -> list[int]:
    """Return settlements whose events are not recorded as published, oldest first.

    first: lowest number to check. settled_by: without settlements after this time, whose events are being published.
    """
    query = "SELECT settlement_no, settled_at FROM settlements WHERE settlement_no >= @first ORDER BY settlement_no"
    rows = ports.warehouse.query(query, {"first": first}).to_pylist()
    settled = [row["settlement_no"] for row in rows if settled_by is None or row["settled_at"] <= settled_by]
    if first:
        return [number for number in settled if ports.documents.get(RECORD_COLLECTION, str(number)) is None]
    announced = {int(document.id) for document in ports.documents.find(RECORD_COLLECTION)}
    return [number for number in settled if number not in announced]


def sale_event_messages(settlement_no: int, changes: pa.RecordBatch, *, in_order: bool = True) -> list[Message]:
    """Build one message per row of `changes`: the current line or, if it was removed, its last content.

    in_order: whether the messages of a store share an ordering key.
    """
    keys = pc.binary_join_element_wise(*(changes.column(name) for name in ("region", "sale_id", "line_key")), "\x1f")
    ids = pa.array(event_ids(settlement_no, keys.to_pylist()))
    kinds = changes.column("kind")
    types = pc.if_else(pc.equal(kinds, "removed"), SALE_REMOVED, SALE_CHANGED)
    names = [name for name in changes.schema.names if name not in ("kind", "settlement_no", "settled_at")]
    lines = json_objects({name: _text(changes.column(name)) for name in names}, changes.num_rows)
    bodies = pc.binary_join_element_wise(
        f'{{"schema":"{EVENT_SCHEMA}","id":"', ids, '","type":"', types,
        f'","settlement_no":{settlement_no},"change":"', kinds, '","line":', lines, "}", "",
    )  # fmt: skip
    attributes, ordering_keys = _envelopes(types, changes)
    bodies = pc.cast(bodies, pa.binary()).to_pylist()
    return [*map(Message, bodies, attributes, ordering_keys if in_order else repeat(""))]


def _envelopes(types: pa.Array, changes: pa.RecordBatch) -> tuple[Iterator[Mapping[str, str]], Iterator[str]]:
    """The attributes and the ordering key of each row; rows with the same attributes share one mapping."""
    texts = [types, *(pc.fill_null(changes.column(name), "") for name in FILTERED_BY[1:])]
    columns = [encode_texts(pc.utf8_slice_codeunits(column, 0, MAX_LETTERS)) for column in texts]
    groups = np.zeros(len(types), np.int64)
    for column in columns:  # numbered again after each column, so that the numbers stay small
        pairs = groups * len(column.dictionary) + column.indices.to_numpy()
        first, groups = np.unique(pairs, return_index=True, return_inverse=True)[1:]
    shared = [
        {name: column[row].as_py() for name, column in zip(FILTERED_BY, columns, strict=True)} for row in first.tolist()
    ]
    keys = [f"{each['region']}/{each['store_id']}" for each in shared]
    of_row = groups.tolist()
    return map(shared.__getitem__, of_row), map(keys.__getitem__, of_row)


def _text(values: pa.Array) -> pa.Array:
    """Format decimals without trailing zeros and timestamps in RFC 3339, once per distinct value."""
    if not pa.types.is_decimal(values.type) and not pa.types.is_timestamp(values.type):
        return format_values(values)
    encoded_values = values.dictionary_encode()
    words = format_values(encoded_values.dictionary)
    if pa.types.is_timestamp(values.type):
        words = pc.replace_substring(words, " ", "T", max_replacements=1)
    return words.take(encoded_values.indices)


def _record(ports: Ports, settlement_no: int) -> None:
    for batch in batch_records.batches_of_settlement(ports, settlement_no):
        batch_records.transition_batch(
            ports, batch.batch_id, BatchState.ANNOUNCED, only_from=frozenset({BatchState.SETTLED})
        )
