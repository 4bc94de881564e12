"""Take the day closes out of the messages of a pull: valid ones are kept as records, the others stay messages."""

from collections.abc import Mapping, Sequence

from tillstream.model import json_text, messages
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery
from tillstream.workflows.review import day_closes

_MARK = messages.DAY_CLOSE_V1.encode()


def take(ports: Ports, deliveries: Sequence[Delivery], unverified: Mapping[str, str]) -> list[Delivery]:
    """Record the valid day closes of verified senders, and return all other messages, which become rows.

    A day close that names another store than the one whose token or key sent it stays a message too: it is rejected
    when it is staged. Idempotent.
    """
    others = []
    for delivery in deliveries:
        if _MARK in delivery.message.body and delivery.id not in unverified and _is_own(delivery):
            day_closes.record(ports, delivery.message.body.decode())
        else:
            others.append(delivery)
    return others


def _is_own(delivery: Delivery) -> bool:
    """Whether the message is a valid day close of its sender's store."""
    try:
        message = json_text.decode_json(delivery.message.body.decode())
    except ValueError:
        return False
    if not messages.is_day_close(message) or messages.day_close_errors(message):
        return False
    attributes = delivery.message.attributes
    return all(attributes.get(name, message[name]) == message[name] for name in ("region", "store_id"))
