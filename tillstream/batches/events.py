"""Publish batch events, which trigger the next pipeline step."""

import json

from tillstream.batches import freshness
from tillstream.domain.batch.record import Batch, BatchKind
from tillstream.domain.events import (
    BATCH_RECEIVED,
    BATCH_SETTLED,
    BATCH_STAGED,
    SALES_RECEIVED,
    SALES_STAGED,
    TOPIC_BATCHES,
)
from tillstream.ports import Ports
from tillstream.ports.event_bus import Message


def publish_received(ports: Ports, upload: Batch) -> None:
    """Publish `batch.received`, for a batch that is to be staged without an object event; `sales.received` for a
    micro-batch of store sales."""
    _publish(ports, SALES_RECEIVED if _is_micro_batch(upload) else BATCH_RECEIVED, batch_id=upload.batch_id)


def publish_staged(ports: Ports, upload: Batch) -> None:
    """Publish `batch.staged`, or `sales.staged` for a micro-batch of store sales."""
    _publish(ports, SALES_STAGED if _is_micro_batch(upload) else BATCH_STAGED, batch_id=upload.batch_id)


def publish_due(ports: Ports, upload: Batch) -> None:
    """Publish `batch.staged` whatever the batch is: all batches that are staged now are settled."""
    _publish(ports, BATCH_STAGED, batch_id=upload.batch_id)


def publish_settled(ports: Ports, settlement_no: int) -> None:
    freshness.bump(ports.documents, settlement_no)
    _publish(ports, BATCH_SETTLED, settlement_no=settlement_no)


def _is_micro_batch(upload: Batch) -> bool:
    return upload.kind is BatchKind.STORE_SALES


def _publish(ports: Ports, type_: str, **data: str | int) -> None:
    ports.bus.publish(TOPIC_BATCHES, [Message(json.dumps(data).encode(), {"type": type_})])
