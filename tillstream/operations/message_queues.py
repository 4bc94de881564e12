"""Queues: their depths and dead letters, also of functions whose event was retried for too long.

Dead letters can be resent; each resend is audited.
"""

import heapq
from collections.abc import Iterable
from datetime import datetime

from tillstream.model import audit
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Unavailable
from tillstream.ports import Ports
from tillstream.ports.bus import DeadLetter, Message, QueueDepth
from tillstream.records import audit_log

DEAD_LETTERS_COLLECTION = "dead-letters"
"""Dead letters of functions; queues keep their own."""


def queue_depths(ports: Ports) -> list[QueueDepth]:
    """Return queue depths; only names if the bus works without metrics. Raises `Unavailable`."""
    try:
        return ports.bus.queue_depths()
    except Unavailable:
        subscriptions = sorted(ports.bus.subscriptions().items())
        return [QueueDepth(*subscription, None, None, None, None, None) for subscription in subscriptions]


def store_dead_letter(ports: Ports, letter: DeadLetter) -> None:
    """Store an event that its function failed to process. Idempotent."""
    data = {
        "subscription": letter.subscription,
        "topic": letter.topic,
        "body": letter.message.body.decode("utf-8", "backslashreplace"),
        "attributes": dict(letter.message.attributes),
        "published_at": letter.published_at.isoformat(),
        "died_at": letter.died_at.isoformat(),
        "attempts": letter.attempts,
        "error": letter.error,
    }
    ports.documents.put(DEAD_LETTERS_COLLECTION, letter.id, data)


def find_dead_letters(ports: Ports, limit: int = 1000) -> list[DeadLetter]:
    """Return dead letters, newest first."""
    documents = ports.documents.find(DEAD_LETTERS_COLLECTION, order_by="died_at", descending=True, limit=limit)
    letters = [*ports.bus.dead_letters(limit=limit), *(_letter(document.id, document.data) for document in documents)]
    return heapq.nlargest(limit, letters, key=lambda letter: letter.died_at)


def resend_dead_letters(ports: Ports, ids: Iterable[str], by: str) -> int:
    """Resend dead letters to their queues; return how many still existed."""
    requested = set(ids)
    letters = {letter.id: letter for letter in find_dead_letters(ports) if letter.id in requested}
    sent = ports.bus.resend(requested)
    for one in sorted(requested):
        document = ports.documents.get(DEAD_LETTERS_COLLECTION, one)
        if document:
            letter = _letter(one, document.data)
            # publish before delete: a crash in between duplicates the event instead of losing it
            ports.bus.publish(letter.topic, [letter.message])
            ports.documents.delete(DEAD_LETTERS_COLLECTION, one)
            sent += 1
    for letter in letters.values():
        before = {"subscription": letter.subscription, "attempts": letter.attempts, "error": letter.error}
        audit_log.record(ports, by, audit.AuditAction.MESSAGE_RESENT, letter.id, before)
    return sent


def _letter(id: str, data: JsonObject) -> DeadLetter:
    return DeadLetter(
        id,
        data["subscription"],
        data["topic"],
        Message(data["body"].encode(), data["attributes"]),
        datetime.fromisoformat(data["published_at"]),
        datetime.fromisoformat(data["died_at"]),
        data["attempts"],
        data["error"],
    )
