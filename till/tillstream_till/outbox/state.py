"""Small values of an outbox: its epoch and next sequence, the difference of the clocks, notices for people."""

import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

EPOCH, NEXT, INSTANCE = "epoch", "next_sequence", "instance"
LAST_QUERY, IS_ANSWERED = "last_query", "is_answered"
"""When the server was last asked for acknowledged messages, and whether it answered; it does not if it is older."""
SKEW, LAST_CONTACT, LAST_ERROR, CURSOR, INCOMPLETE = (
    "skew",
    "last_contact",
    "last_error",
    "cursor",
    "incomplete_through",
)


class State:
    """The values of an open outbox. Its methods take part in the transaction of the caller, if there is one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str:
        """Return a value; empty if it is not set."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row["value"]) if row else ""

    def set(self, name: str, value: str) -> None:
        self._connection.execute(
            "INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    @property
    def epoch(self) -> str:
        return self.get(EPOCH)

    @property
    def last_sequence(self) -> int:
        """The sequence of the newest message of this epoch; 0 if it has none."""
        return int(self.get(NEXT) or 1) - 1

    def take_sequence(self) -> int:
        sequence = self.last_sequence + 1
        self.set(NEXT, str(sequence + 1))
        return sequence

    def new_epoch(self) -> None:
        self.set(EPOCH, secrets.token_hex(8))
        self.set(NEXT, "1")

    def new_instance(self) -> None:
        self.set(INSTANCE, secrets.token_hex(16))

    def notify(self, code: str, detail: str) -> None:
        """Add a notice for the people of the shop."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._connection.execute("INSERT INTO notices(at, code, detail) VALUES (?, ?, ?)", (at, code, detail))

    def notices(self) -> list[dict[str, str]]:
        rows = self._connection.execute("SELECT at, code, detail FROM notices ORDER BY id")
        return [dict(row) for row in rows]

    def dismiss(self, notices: Iterable[Mapping[str, str]]) -> None:
        """Remove notices that a person has read."""
        self._connection.executemany(
            "DELETE FROM notices WHERE at = ? AND code = ? AND detail = ?",
            [(each["at"], each["code"], each["detail"]) for each in notices],
        )
