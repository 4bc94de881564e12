"""Messages of one call of `publish`, as rows of the queue."""

import json
import sqlite3
from collections.abc import Sequence

from tillstream.adapters.local.sqlite import event_bus_sql as sql
from tillstream.ports.event_bus import Message


class Publication:
    """Encodes the messages when it is created, before the transaction that stores them."""

    def __init__(self, topic: str, messages: Sequence[Message]) -> None:
        self._topic, self._count = topic, len(messages)
        # Messages of one publisher often share their attributes: each mapping is encoded once.
        shared = {id(each.attributes): each.attributes for each in messages}
        encoded = {key: json.dumps(dict(each)) if each else None for key, each in shared.items()}
        self._cells = [cell for body, attributes, _ in messages for cell in (body, encoded[id(attributes)])]

    def store(self, sqlite: sqlite3.Connection, now: int, tick: int) -> range:
        """Insert the messages for each subscription of the topic; returns their sequences."""
        # The clock of another process may be ahead of ours: the database decides.
        last = sqlite.execute(sql.NEXT_SEQUENCE, (tick, self._count - 1)).fetchall()[0][0]
        sequences = range(last - self._count + 1, last + 1)
        for (listener,) in sqlite.execute(sql.LISTENERS, (self._topic,)).fetchall():
            for start in range(0, self._count, sql.ROWS):
                chunk = self._cells[2 * start : 2 * (start + sql.ROWS)]
                statement = sql.PUBLISH if len(chunk) == 2 * sql.ROWS else sql.publish(len(chunk) // 2)
                sqlite.execute(statement, (listener, now, sequences[start], *chunk))
        return sequences
