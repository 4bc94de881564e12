"""Messages of calls of `publish`, as rows of the queue."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from tillstream.adapters.local.numbering import Ahead, Numbers
from tillstream.adapters.local.sqlite import event_bus_sql as sql
from tillstream.domain.text import json_text
from tillstream.ports.event_bus import Message


class Publication:
    """Messages of one call. Encodes them when it is created, before the transaction that stores them."""

    def __init__(self, topic: str, messages: Sequence[Message]) -> None:
        self.topic, self.count = topic, len(messages)
        # Messages of one publisher often share their attributes: each mapping is encoded once.
        shared = {id(each.attributes): each.attributes for each in messages}
        encoded = {key: json_text.encode(dict(each)).decode() if each else None for key, each in shared.items()}
        self.cells: list[Any] = [cell for body, attributes, _ in messages for cell in (body, encoded[id(attributes)])]


def store(
    sqlite: sqlite3.Connection, publications: Sequence[Publication], now: int, tick: int
) -> tuple[list[range], frozenset[str], Ahead | None]:
    """Insert the messages of several calls for each subscription of their topic, with as few statements as possible.

    Returns the sequences of each call, in their order; the topics that have a subscription; and which sequences came
    from a clock that was ahead, if that shows now.
    """
    total = sum(publication.count for publication in publications)
    # The clock of another process may be ahead of ours: the database decides.
    before = Numbers(*sqlite.execute(sql.NUMBERS).fetchone())
    numbers, ahead = before.following(tick, total)
    sqlite.execute(sql.SET_SEQUENCE, (numbers.last,))
    if (numbers.before, numbers.after) != (before.before, before.after):
        sqlite.execute(sql.SET_LEAP, (numbers.before, numbers.after))
    first = numbers.last - total + 1
    sequences: list[range] = []
    cells: dict[str, list[object]] = {}
    for publication in publications:
        sequences.append(range(first, first + publication.count))
        of_topic = cells.setdefault(publication.topic, [])
        for place in range(publication.count):
            of_topic += (first + place, *publication.cells[2 * place : 2 * place + 2])
        first += publication.count
    topics = frozenset(topic for topic, of_topic in cells.items() if _insert(sqlite, topic, of_topic, now))
    return sequences, topics, ahead


def _insert(sqlite: sqlite3.Connection, topic: str, cells: Sequence[object], now: int) -> bool:
    """Insert the messages of a topic, three cells each; whether it has a subscription."""
    listeners = sqlite.execute(sql.LISTENERS, (topic,)).fetchall()
    for (listener,) in listeners:
        for start in range(0, len(cells), 3 * sql.ROWS):
            chunk = cells[start : start + 3 * sql.ROWS]
            sqlite.execute(sql.publish(len(chunk) // 3), (listener, now, *chunk))
    return bool(listeners)
