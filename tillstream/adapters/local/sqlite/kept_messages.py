"""The messages of one subscription in the queue and in the file of accepted messages: each has what the other lacks."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tillstream.adapters.local.sqlite import event_bus_sql as sql
from tillstream.adapters.local.sqlite.accepted import Accepted, AcceptedMessages
from tillstream.adapters.local.sqlite.attached_subscriptions import create
from tillstream.adapters.local.sqlite.publication import Publication
from tillstream.domain.errors import Unavailable
from tillstream.ports.event_bus import Delivery, RetryPolicy


@dataclass(frozen=True)
class Comparison:
    """Differences that were repaired. put_back: messages that the queue lacked, or had with another content.

    had_file: whether there was a file of accepted messages. unreadable: bytes of it.
    """

    put_back: int = 0
    had_file: bool = False
    unreadable: int = 0


class KeptMessages:
    """Messages of `topic` until `subscription` acknowledges them. Call each method in a write transaction."""

    def __init__(self, path: Path, topic: str, subscription: str) -> None:
        self.topic, self.subscription = topic, subscription
        self._file = AcceptedMessages(path)

    @property
    def path(self) -> Path:
        return self._file.path

    def append(
        self, sqlite: sqlite3.Connection, publications: Sequence[Publication], sequences: Sequence[range]
    ) -> None:
        """Write published messages of the topic durably. Raises `Unavailable`, also if the subscription is missing."""
        if not sqlite.execute(sql.SUBSCRIPTION, (self.subscription,)).fetchone():
            raise Unavailable(f"The queue has no subscription {self.subscription}, so nothing can be accepted.")
        self._file.append(
            Accepted(sequence, self.topic, *publication.cells[2 * place : 2 * place + 2])
            for publication, numbers in zip(publications, sequences, strict=True)
            if publication.topic == self.topic
            for place, sequence in enumerate(numbers)
        )

    def note_stored(self, deliveries: Iterable[Delivery]) -> None:
        """Note that these are acknowledged, which means that they are stored."""
        self._file.note_stored(each.sequence for each in deliveries if each.subscription == self.subscription)

    def compare(self, sqlite: sqlite3.Connection, now: int, aside: Path) -> Comparison:
        """Put back what the queue lacks, and write again what the file lacks. A damaged file is kept as `aside`."""
        had_file = self.path.exists()
        contents = self._file.read()
        if not sqlite.execute(sql.SUBSCRIPTION, (self.subscription,)).fetchone():
            create(sqlite, now, self.topic, self.subscription, RetryPolicy())
        (listener, *_) = sqlite.execute(sql.SUBSCRIPTION, (self.subscription,)).fetchone()
        queued = {
            sequence: Accepted(sequence, self.topic, body, attributes)
            for sequence, body, attributes in sqlite.execute(sql.QUEUED, {"subscription": listener})
        }
        lacking = [one for sequence, one in contents.messages.items() if queued.get(sequence) != one]
        for one in lacking:
            for statement in sql.FORGET_SEQUENCE:
                sqlite.execute(statement, (listener, one.sequence))
            sqlite.execute(sql.publish(1), (listener, now, one.sequence, one.body, one.attributes))
            sqlite.execute(sql.ADVANCE, (one.sequence,))
        if contents.unreadable:
            self._file.close()
            self.path.replace(aside)
            self._file.rewrite(queued | contents.messages)
        else:
            self._file.append(one for sequence, one in queued.items() if sequence not in contents.messages)
        return Comparison(len(lacking), had_file, contents.unreadable)

    def close(self) -> None:
        self._file.close()
