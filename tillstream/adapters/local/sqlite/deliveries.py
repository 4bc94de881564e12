"""Rows of the queue as deliveries."""

import random
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tillstream.adapters.local.clock import EPOCH
from tillstream.adapters.local.sqlite import event_bus_sql as sql
from tillstream.domain.text import json_text
from tillstream.ports.event_bus import Delivery, Message, RetryPolicy


def delivery(row: Sequence[Any], subscription: str, topic: str, token: int, expires_at: datetime) -> Delivery:
    """A leased row: its ID, sequence, body, attributes and attempts."""
    number, sequence, body, attributes, attempts = row[:5]
    return Delivery(
        id=str(sequence),
        subscription=subscription,
        topic=topic,
        message=message(body, attributes),
        published_at=instant(sequence),
        sequence=sequence,
        attempt=attempts,
        lease=f"{number}.{token}",
        expires_at=expires_at,
    )


def bury(sqlite: sqlite3.Connection, row: int, attempts: int, now: int) -> None:
    """Make a message a dead letter."""
    sqlite.execute(sql.BURY, (now, attempts, row))
    sqlite.execute(sql.FORGET, (row,))


def delay(policy: RetryPolicy, attempt: int, rng: random.Random) -> float:
    """Seconds until the next attempt."""
    return min(policy.maximum, policy.minimum * 2.0 ** min(attempt - 1, 64)) * rng.uniform(0.5, 1.0)


def lease_key(leased: Delivery) -> tuple[int, int]:
    row, token = leased.lease.split(".")
    return int(row), int(token)


def message(body: bytes, attributes: str | None) -> Message:
    return Message(body, json_text.decode(attributes) if attributes else {})


def micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
