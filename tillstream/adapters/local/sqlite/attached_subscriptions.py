"""Subscriptions in the SQLite queue; those of programs are removed if nothing pulls from them."""

import sqlite3

from tillstream.adapters.local.sqlite import event_bus_sql as sql
from tillstream.adapters.local.sqlite.connection import SQLiteFile
from tillstream.ports.event_bus import RetryPolicy

NOTE_EVERY = 60_000_000
"""Microseconds between two notes of a subscription's last pull."""


def create(sqlite: sqlite3.Connection, now: int, topic: str, subscription: str, policy: RetryPolicy) -> None:
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
