"""Publish batch events, which trigger the next pipeline step."""

import json

from tillstream.batches import freshness
from tillstream.domain.batch.record import Batch
from tillstream.domain.events import BATCH_RECEIVED, BATCH_SETTLED, BATCH_STAGED, TOPIC_BATCHES
from tillstream.ports import Ports
from tillstream.ports.event_bus import Message


def publish_received(ports: Ports, upload: Batch) -> None:
    """Publish `batch.received`, for a batch that is to be staged without an object event."""
    _publish(ports, BATCH_RECEIVED, batch_id=upload.batch_id)


def publish_staged(ports: Ports, upload: Batch) -> None:
    _publish(ports, BATCH_STAGED, batch_id=upload.batch_id)


def publish_settled(ports: Ports, settlement_no: int) -> None:
    freshness.bump(ports.documents, settlement_no)
    _publish(ports, BATCH_SETTLED, settlement_no=settlement_no)


def _publish(ports: Ports, type_: str, **data: str | int) -> None:
    ports.bus.publish(TOPIC_BATCHES, [Message(json.dumps(data).encode(), {"type": type_})])
