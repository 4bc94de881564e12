"""A durable queue in SQLite. Publishing fans messages out, one row per subscription."""

import random
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tillstream.adapters.local.clock import EPOCH, MICROSECOND
from tillstream.adapters.local.sqlite import event_bus_sql as sql
from tillstream.adapters.local.sqlite.attached_subscriptions import AttachedSubscriptions
from tillstream.adapters.local.sqlite.connection import SQLiteFile
from tillstream.adapters.local.sqlite.group_commit import GroupCommit
from tillstream.adapters.local.sqlite.publication import Publication, store
from tillstream.domain.dates.durations import WAIT, seconds_between
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.text import json_text
from tillstream.ports.clock import Clock
from tillstream.ports.event_bus import DeadLetter, Delivery, Message, QueueDepth, RetryPolicy

POLL_SECONDS = 0.05
"""Maximum delay of a message from another process; within the process a waiting `pull` wakes at once."""
NOTE_SECONDS = 60.0
LOST = "The worker that processed it stopped or exceeded its lease."


class SQLiteEventBus:
    """Time limits follow `clock`; only the waiting of `pull` is real time. rng: source of the jitter.

    note: called with the last sequence when the bus is closed and, at most once in `NOTE_SECONDS`, when it publishes.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        rng: random.Random | None = None,
        *,
        read_only: bool = False,
        note: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._file = SQLiteFile(path, sql.SCHEMA, read_only=read_only)
        self._attached = AttachedSubscriptions(self._file)
        self._clock = clock
        self._rng = rng or random.SystemRandom()
        self._arrived = threading.Condition()
        self._arrivals = 0
        self._note = note
        self._commits = GroupCommit(self._commit)
        self._last = self._noted = 0
        self._with_listeners: frozenset[str] = frozenset()
        """Topics of the last commit that had a subscription."""

    def subscribe(self, topic: str, subscription: str, policy: RetryPolicy | None = None) -> None:
        """Replaces the policy if one is passed. Raises `Rejected` if the subscription belongs to another topic."""
        with self._file.transaction() as sqlite:
            existing = sqlite.execute(sql.SUBSCRIPTION, (subscription,)).fetchone()
            if existing and existing[1] != topic:
                raise Rejected(f"The subscription {subscription} listens to {existing[1]}, not to {topic}.")
            if policy or not existing:
                p = policy or RetryPolicy()
                values = (self._micros(), subscription, topic, p.minimum, p.maximum, p.attempts, p.age, p.lease)
                sqlite.execute(sql.SUBSCRIBE, values)

    def attach(self, topic: str, subscription: str, *, idle: float, policy: RetryPolicy | None = None) -> None:
        self.subscribe(topic, subscription, policy)
        self._attached.attach(subscription, _micros(idle), self._micros())

    def detach(self, subscription: str) -> None:
        self._attached.detach(subscription)

    def publish(self, topic: str, messages: Sequence[Message]) -> list[str]:
        if not messages or not (topic in self._with_listeners or self._file.rows(sql.LISTENERS, (topic,))):
            return [str(self._clock.tick()) for _ in messages]
        published = self._commits.run(Publication(topic, messages))
        self._last = max(self._last, published[-1])
        if self._last - self._noted > _micros(NOTE_SECONDS):
            self._note_last()
            self._attached.remove_idle(self._micros())
        self._wake()
        return [str(sequence) for sequence in published]

    def _commit(self, publications: Sequence[Publication]) -> list[range]:
        """Store the messages of several publishers in one durable transaction; returns their sequences."""
        now, tick = self._micros(), self._clock.tick()
        with self._file.transaction() as sqlite:
            sequences, self._with_listeners = store(sqlite, publications, now, tick)
        return sequences

    def advance(self, sequence: int) -> int:
        """Return the last sequence of the file. New messages get sequences after that and after this one."""
        with self._file.transaction() as sqlite:
            (last,) = sqlite.execute(sql.LAST_SEQUENCE).fetchone()
            sqlite.execute(sql.ADVANCE, (sequence,))
        return int(last)

    def pull(self, subscription: str, limit: int, wait: float = 0.0) -> list[Delivery]:
        deadline = time.monotonic() + wait
        while True:
            arrivals = self._arrivals
            deliveries = self._lease(subscription, limit)
            remaining = deadline - time.monotonic()
            if deliveries or remaining <= 0:
                return deliveries
            with self._arrived:
                if self._arrivals == arrivals:
                    self._arrived.wait(min(POLL_SECONDS, remaining))

    def acknowledge(self, deliveries: Iterable[Delivery]) -> int:
        now = self._micros()
        return self._change(sql.ACKNOWLEDGE, [(*_lease_key(delivery), now) for delivery in deliveries])

    def extend(self, deliveries: Iterable[Delivery], seconds: float) -> int:
        now = self._micros()
        return self._change(
            sql.EXTEND, [(now + _micros(seconds), *_lease_key(delivery), now) for delivery in deliveries]
        )

    def release(self, deliveries: Iterable[Delivery], error: str) -> None:
        now = self._micros()
        policies: dict[str, RetryPolicy] = {}
        with self._file.transaction() as sqlite:
            for delivery in deliveries:
                if delivery.subscription not in policies:
                    policies[delivery.subscription] = self._subscription(delivery.subscription)[2]
                policy = policies[delivery.subscription]
                due = now + _micros(self._delay(policy, delivery.attempt))
                for row, attempts, since in sqlite.execute(sql.RELEASE, (due, error, *_lease_key(delivery))).fetchall():
                    if attempts >= policy.attempts or now - since >= _micros(policy.age):
                        _bury(sqlite, row, attempts, now)

    def subscriptions(self) -> dict[str, str]:
        return dict(self._file.rows(sql.SUBSCRIPTIONS))

    def queue_depths(self) -> list[QueueDepth]:
        now = self._micros()
        rows = self._file.rows(sql.DEPTHS, {"now": now})
        return [
            QueueDepth(name, topic, ready, leased, delayed, dead, seconds_between(since, now, WAIT))
            for name, topic, ready, leased, delayed, dead, since in rows
        ]

    def dead_letters(self, subscription: str | None = None, limit: int = 1000) -> list[DeadLetter]:
        if subscription is not None:
            self._subscription(subscription)
        rows = self._file.rows(sql.DEAD_LETTERS, {"subscription": subscription, "limit": limit})
        return [
            DeadLetter(str(row), name, topic, _message(body, attributes), _instant(sequence), _instant(died), n, error)
            for row, name, topic, body, attributes, sequence, died, n, error in rows
        ]

    def resend(self, ids: Iterable[str]) -> int:
        now, sent = self._micros(), 0
        with self._file.transaction() as sqlite:
            for row in {int(letter) for letter in ids if letter.isdecimal()}:
                sent += sqlite.execute(sql.RESEND, (now, row)).rowcount
                sqlite.execute(sql.FORGET_DEAD, (row,))
        self._wake()
        return sent

    def close(self) -> None:
        """Stop the threads that pull first. Idempotent."""
        if self._last > self._noted:
            self._note_last()
        self._file.close()

    def _note_last(self) -> None:
        self._noted = self._last
        self._note(self._last)

    def _lease(self, subscription: str, limit: int) -> list[Delivery]:
        number, topic, policy = self._subscription(subscription)
        now = self._micros()
        self._attached.note_pull(number, now)
        if limit <= 0 or not self._file.rows(sql.ANY_READY, (number, now)):
            return []
        token, expires = secrets.randbits(62), now + _micros(policy.lease)
        values = {"subscription": number, "now": now, "expires": expires, "lease": token, "lost": LOST, "limit": limit}
        with self._file.transaction() as sqlite:
            while True:
                rows = sorted(sqlite.execute(sql.LEASE, values).fetchall(), key=lambda row: int(row[1]))
                # A message that kills its worker is never released: its attempts are counted here.
                spent = [r for r in rows if r[4] > policy.attempts or (r[4] > 1 and now - r[5] >= _micros(policy.age))]
                for row in spent:
                    _bury(sqlite, row[0], row[4] - 1, now)
                if len(rows) > len(spent) or not rows:
                    break
        expires_at = _instant(expires)
        return [
            Delivery(
                id=str(sequence),
                subscription=subscription,
                topic=topic,
                message=_message(body, attributes),
                published_at=_instant(sequence),
                sequence=sequence,
                attempt=attempts,
                lease=f"{number}.{token}",
                expires_at=expires_at,
            )
            for number, sequence, body, attributes, attempts, _ in (row for row in rows if row not in spent)
        ]

    def _subscription(self, name: str) -> tuple[int, str, RetryPolicy]:
        rows = self._file.rows(sql.SUBSCRIPTION, (name,))
        if not rows:
            raise NotFound(f"There is no subscription {name}.")
        return rows[0][0], rows[0][1], RetryPolicy(*rows[0][2:])

    def _change(self, statement: str, params: list[tuple[int, ...]]) -> int:
        if not params:
            return 0
        with self._file.transaction() as sqlite:
            return sqlite.executemany(statement, params).rowcount

    def _delay(self, policy: RetryPolicy, attempt: int) -> float:
        return min(policy.maximum, policy.minimum * 2.0 ** min(attempt - 1, 64)) * self._rng.uniform(0.5, 1.0)

    def _micros(self) -> int:
        return (self._clock.now() - EPOCH) // MICROSECOND

    def _wake(self) -> None:
        with self._arrived:
            self._arrivals += 1
            self._arrived.notify_all()


def _bury(sqlite: sqlite3.Connection, row: int, attempts: int, now: int) -> None:
    sqlite.execute(sql.BURY, (now, attempts, row))
    sqlite.execute(sql.FORGET, (row,))


def _lease_key(delivery: Delivery) -> tuple[int, int]:
    row, token = delivery.lease.split(".")
    return int(row), int(token)


def _message(body: bytes, attributes: str | None) -> Message:
    return Message(body, json_text.decode(attributes) if attributes else {})


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
