"""What was given up, by a queue or by a function that the same event came to for too long.

It is sent on again, and who sent it is written down.
"""

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tillstream import audit
from tillstream.ports import Ports
from tillstream.ports.event_bus import DeadLetter, Message

COLLECTION = "dead-letters"
"""Of functions; a queue keeps its own."""


def give_up(ports: Ports, letter: DeadLetter) -> None:
    """Write down an event that its function takes no more. Repeatable."""
    told = {
        "subscription": letter.subscription,
        "topic": letter.topic,
        "body": letter.message.body.decode("utf-8", "backslashreplace"),
        "attributes": dict(letter.message.attributes),
        "published_at": letter.published_at.isoformat(),
        "died_at": letter.died_at.isoformat(),
        "attempts": letter.attempts,
        "error": letter.error,
    }
    ports.documents.put(COLLECTION, letter.id, told)


def waiting(ports: Ports, limit: int = 1000) -> list[DeadLetter]:
    """Newest first."""
    found = ports.documents.find(COLLECTION, order_by="died_at", descending=True, limit=limit)
    letters = [*ports.bus.dead_letters(limit=limit), *(_letter(each.id, each.data) for each in found)]
    return heapq.nlargest(limit, letters, key=lambda letter: letter.died_at)


def resend(ports: Ports, ids: Iterable[str], by: str) -> int:
    """Dead letters back into their queues; how many of them were still there."""
    wanted = set(ids)
    known = {letter.id: letter for letter in waiting(ports) if letter.id in wanted}
    sent = ports.bus.resend(wanted)
    for one in sorted(wanted):
        ours = ports.documents.get(COLLECTION, one)
        if ours:
            letter = _letter(one, ours.data)
            # on the bus before it is off the list: between the two it is in both, never in none
            ports.bus.publish(letter.topic, [letter.message])
            ports.documents.delete(COLLECTION, one)
            sent += 1
    for letter in known.values():
        before = {"subscription": letter.subscription, "attempts": letter.attempts, "error": letter.error}
        audit.record(ports, by, audit.What.MESSAGE_RESENT, letter.id, before)
    return sent


def _letter(id: str, told: dict[str, Any]) -> DeadLetter:
    return DeadLetter(
        id,
        told["subscription"],
        told["topic"],
        Message(told["body"].encode(), told["attributes"]),
        datetime.fromisoformat(told["published_at"]),
        datetime.fromisoformat(told["died_at"]),
        told["attempts"],
        told["error"],
    )
