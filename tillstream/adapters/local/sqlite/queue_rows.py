"""The rows of the SQLite queue: subscriptions, published messages and deliveries."""

import random
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from tillstream.adapters.local.clock import EPOCH, ClockAhead, SequenceNumbers
from tillstream.adapters.local.sqlite import queue_statements as sql
from tillstream.adapters.local.sqlite.connection import SQLiteFile
from tillstream.model import json_text
from tillstream.ports.bus import Delivery, Message, RetryPolicy

NOTE_EVERY = 60_000_000
"""Microseconds between two notes of a subscription's last pull."""


def create_subscription(
    sqlite: sqlite3.Connection, now: int, topic: str, subscription: str, policy: RetryPolicy
) -> None:
    """Create a subscription, or replace its policy. now: microseconds since 1970."""
    p = policy
    sqlite.execute(sql.SUBSCRIBE, (now, subscription, topic, p.minimum, p.maximum, p.attempts, p.age, p.lease))


class AttachedSubscriptions:
    """Times are microseconds since 1970."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def attach(self, subscription: str, idle: int, now: int) -> None:
        """Let an existing subscription be removed after so many microseconds without a pull."""
        self._file.write(sql.ATTACH, (idle, now, subscription))
        self.remove_idle(now)

    def detach(self, subscription: str) -> None:
        with self._file.transaction() as sqlite:
            for statement in sql.DETACH:
                sqlite.execute(statement, (subscription,))

    def note_pull(self, number: int, now: int) -> None:
        pulled = self._file.rows(sql.PULLED, (number,))
        if pulled and now - pulled[0][0] > NOTE_EVERY:
            self._file.write(sql.NOTE_PULL, (now, number))

    def remove_idle(self, now: int) -> None:
        for (name,) in self._file.rows(sql.IDLE, (now,)):
            self.detach(name)


class Publication:
    """Messages of one call. Encodes them when it is created, before the transaction that stores them."""

    def __init__(self, topic: str, messages: Sequence[Message]) -> None:
        self.topic, self.count = topic, len(messages)
        # Messages of one publisher often share their attributes: each mapping is encoded once.
        shared = {id(each.attributes): each.attributes for each in messages}
        encoded = {key: json_text.encode_json(dict(each)).decode() if each else None for key, each in shared.items()}
        self.cells: list[Any] = [cell for body, attributes, _ in messages for cell in (body, encoded[id(attributes)])]


def store_publications(
    sqlite: sqlite3.Connection, publications: Sequence[Publication], now: int, tick: int
) -> tuple[list[range], frozenset[str], ClockAhead | None]:
    """Insert the messages of several calls for each subscription of their topic, with as few statements as possible.

    Returns the sequences of each call, in their order; the topics that have a subscription; and which sequences came
    from a clock that was ahead, if that shows now.
    """
    total = sum(publication.count for publication in publications)
    # The clock of another process may be ahead of ours: the database decides.
    before = SequenceNumbers(*sqlite.execute(sql.NUMBERS).fetchone())
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
            sqlite.execute(insert_messages(len(chunk) // 3), (listener, now, *chunk))
    return bool(listeners)


@cache
def insert_messages(rows: int) -> str:
    """INSERT so many messages: subscription and since; then sequence, body and attributes of each."""
    values = ", ".join(["(?, ?, ?)"] * rows)
    return (
        "INSERT INTO messages (subscription, since, sequence, body, attributes) "
        f"SELECT ?, ?, column1, column2, column3 FROM (VALUES {values})"
    )


def to_delivery(row: Sequence[Any], subscription: str, topic: str, token: int, expires_at: datetime) -> Delivery:
    """A leased row: its ID, sequence, body, attributes and attempts."""
    number, sequence, body, attributes, attempts = row[:5]
    return Delivery(
        id=str(sequence),
        subscription=subscription,
        topic=topic,
        message=to_message(body, attributes),
        published_at=instant_of_micros(sequence),
        sequence=sequence,
        attempt=attempts,
        lease=f"{number}.{token}",
        expires_at=expires_at,
    )


def bury_message(sqlite: sqlite3.Connection, row: int, attempts: int, now: int) -> None:
    """Make a message a dead letter."""
    sqlite.execute(sql.BURY, (now, attempts, row))
    sqlite.execute(sql.FORGET, (row,))


def retry_delay(policy: RetryPolicy, attempt: int, rng: random.Random) -> float:
    """Seconds until the next attempt."""
    return min(policy.maximum, policy.minimum * 2.0 ** min(attempt - 1, 64)) * rng.uniform(0.5, 1.0)


def lease_key(leased: Delivery) -> tuple[int, int]:
    row, token = leased.lease.split(".")
    return int(row), int(token)


def to_message(body: bytes, attributes: str | None) -> Message:
    return Message(body, json_text.decode_json(attributes) if attributes else {})


def to_micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def instant_of_micros(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
