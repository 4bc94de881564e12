"""Who sent the messages of a micro-batch that could not be verified, for its security event."""

from collections.abc import Iterable
from typing import Any

from tillstream.batches import originals
from tillstream.domain.batch.record import Batch
from tillstream.domain.errors import Rejected
from tillstream.domain.text import json_text
from tillstream.pipeline.reading.messages import StoredMessage, read_messages
from tillstream.ports import Ports

MAX_LISTED = 20


def of_batch(ports: Ports, upload: Batch) -> dict[str, list[str]]:
    """Why they are not verified, the stores whose tokens sent them and those that they name, keys, and addresses."""
    try:
        with originals.open_whole(ports, upload) as stream:
            messages = [message for message in read_messages(stream).unreadable if message.unverified]
    except Rejected as error:  # the settlement is committed: its record must be written
        return {"reasons": [str(error)]}
    details = {
        "reasons": (message.unverified for message in messages),
        "stores": (message.store for message in messages),
        "claimed_stores": map(_claimed_store, messages),
        "keys": (message.signing.get("key") for message in messages),
        "addresses": (message.address for message in messages),
    }
    return {name: listed for name, values in details.items() if (listed := _distinct(values))}


def _claimed_store(message: StoredMessage) -> str:
    """Region and store that a message names; empty if it cannot be read."""
    try:
        content: Any = json_text.decode(message.text)
        return f"{content['region']}/{content['store_id']}"
    except (ValueError, TypeError, KeyError):
        return ""


def _distinct(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})[:MAX_LISTED]
