"""Messages of an outbox: adding them, reading the next to send, and storing what the server replied."""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tillstream_till.errors import ConflictingSale
from tillstream_till.outbox.database import transaction
from tillstream_till.outbox.state import State
from tillstream_till.sale_facts import SaleFacts
from tillstream_till.signing import Sign

SALE, DAY_CLOSE = "sale", "day-close"
UNSENT, SENT, STORED, REFUSED = "unsent", "sent", "stored", "refused"
"""Sent: the server has acknowledged it. Stored: the server has stated that it is out of its queue and stored."""
DAMAGED = "damaged-message"
KEY_CODES = ("unsigned", "unverified-message")
"""Codes of messages that the server refuses because of their key: a new key makes them valid."""


@dataclass(frozen=True)
class Draft:
    """A message that is not stored yet. number: of the sale, or the day of a day close. is_first: whether the till did
    not number its versions, so that it cannot be a correction. warnings: as in `Receipt`."""

    kind: str
    number: str
    version: int
    payload: bytes
    facts: SaleFacts | None = None
    is_first: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """A stored message. settled_at: when it was sent or refused; code, detail: why it was refused."""

    position: int
    kind: str
    number: str
    version: int
    payload: bytes
    digest: str
    key: str
    signature: str
    epoch: str
    sequence: int
    recorded_at: str
    state: str
    settled_at: str
    code: str
    detail: str


def digest_of(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


class Messages:
    """The messages of an open outbox. Each method is one transaction; they raise as `transaction` does."""

    def __init__(self, connection: sqlite3.Connection, state: State) -> None:
        self._connection, self._state = connection, state

    def add(self, drafts: Sequence[Draft], key: str, sign: Sign) -> list[tuple[int, bool]]:
        """Store messages durably; return the position of each and whether it was stored before.

        Raises `ConflictingSale`; then none is stored.
        """
        signed = [(draft, digest_of(draft.payload), sign(draft.payload)) for draft in drafts]
        with transaction(self._connection):
            return [self._add_one(draft, digest, key, signature) for draft, digest, signature in signed]

    def _add_one(self, draft: Draft, digest: str, key: str, signature: str) -> tuple[int, bool]:
        if draft.kind == SALE:
            repeated = self._repeated(draft, digest)
            if repeated is not None:
                return repeated, True
        position = self._connection.execute(
            "INSERT INTO messages(kind, number, version, payload, digest, key, signature, epoch, sequence, recorded_at,"
            " state, settled_at, code, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'unsent', '', '', '')",
            (draft.kind, draft.number, draft.version, draft.payload, digest, key, signature,
             self._state.epoch, self._state.take_sequence(), now()),
        ).lastrowid  # fmt: skip
        if draft.facts:
            store_facts(self._connection, draft.facts)
        return position or 0, False

    def _repeated(self, draft: Draft, digest: str) -> int | None:
        """Return the position of the same message; None if it is new. Raises `ConflictingSale` if the sale has other
        contents, also if a sale without a version was corrected before."""
        row = self._connection.execute(
            "SELECT position, digest FROM messages WHERE number = ? AND kind = ? AND version = ?"
            " ORDER BY state = 'refused', position DESC",
            (draft.number, draft.kind, draft.version),
        ).fetchone()
        newest = self._connection.execute("SELECT version FROM sales WHERE number = ?", (draft.number,)).fetchone()
        newest_version = newest["version"] if newest else 0
        is_corrected = row is None and draft.is_first and newest_version > draft.version
        if is_corrected or (row and row["digest"] != digest):
            raise ConflictingSale(
                f"Sale {draft.number} is already recorded with other contents. To correct it, record it with a version "
                f"above {newest_version}."
            )
        return int(row["position"]) if row else None

    def next_unsent(self, most: int, most_bytes: int) -> list[Message]:
        """Return the next messages to send, in order; at least one if there is any.

        A message whose bytes changed on the disk moves to the refused ones.
        """
        chosen: list[Message] = []
        size = 0
        for message in self._select("state = 'unsent' ORDER BY sequence LIMIT ?", most):
            if digest_of(message.payload) != message.digest:
                self.settle([], [(message, DAMAGED, "The bytes of the message changed on the disk.")])
                continue
            size += len(message.payload)
            if chosen and size > most_bytes:
                break
            chosen.append(message)
        return chosen

    def settle(self, sent: Iterable[Message], refused: Iterable[tuple[Message, str, str]]) -> None:
        """Store which messages the server accepted, and which it refused with which code and detail."""
        at = now()
        with transaction(self._connection):
            self._connection.executemany(
                "UPDATE messages SET state = 'sent', settled_at = ?, code = '', detail = '' WHERE position = ?",
                [(at, message.position) for message in sent],
            )
            self._connection.executemany(
                "UPDATE messages SET state = 'refused', settled_at = ?, code = ?, detail = ? WHERE position = ?",
                [(at, code, detail, message.position) for message, code, detail in refused],
            )

    def acknowledged(self, most: int, since: str) -> list[Message]:
        """Signed messages that were sent since a time and are not known to be stored, in the order of sending."""
        with transaction(self._connection):
            self._connection.execute(
                "CREATE INDEX IF NOT EXISTS sent_messages ON messages(settled_at, position) WHERE state = 'sent'"
            )
        condition = "state = 'sent' AND settled_at >= ? AND signature <> '' ORDER BY settled_at, position LIMIT ?"
        return self._select(condition, since, most)

    def confirm(self, stored: Iterable[Message], missing: Iterable[Message]) -> None:
        """Note which sent messages the server has stored; those that it misses are unsent again, behind the others."""
        with transaction(self._connection):
            self._connection.executemany(
                "UPDATE messages SET state = 'stored' WHERE position = ? AND state = 'sent'",
                [(message.position,) for message in stored],
            )
            for message in missing:
                self._send_again(message)

    def _send_again(self, message: Message) -> None:
        self._connection.execute(
            "UPDATE messages SET state = 'unsent', code = '', detail = '', epoch = ?, sequence = ? WHERE position = ?",
            (self._state.epoch, self._state.take_sequence(), message.position),
        )

    def retry_refused(self, codes: Sequence[str] = ()) -> int:
        """Make the refused messages unsent again, behind the others; return how many. codes: only those; none: all."""
        with transaction(self._connection):
            refused = [message for message in self.refused() if message.code != DAMAGED]
            messages = [message for message in refused if not codes or message.code in codes]
            for message in messages:
                self._send_again(message)
        return len(messages)

    def sign_again(self, key: str, sign: Sign) -> int:
        """Sign the messages that are not sent with a new key; their payloads stay the same."""
        with transaction(self._connection):
            messages = [message for message in self.not_sent() if message.key != key]
            for message in messages:
                self._connection.execute(
                    "UPDATE messages SET key = ?, signature = ? WHERE position = ?",
                    (key, sign(message.payload), message.position),
                )
        return len(messages)

    def start_epoch(self) -> None:
        """Give the unsent messages numbers of a new epoch; their payloads and signatures stay the same."""
        with transaction(self._connection):
            self._state.new_epoch()
            for row in self._connection.execute(
                "SELECT position FROM messages WHERE state = 'unsent' ORDER BY epoch, sequence"
            ).fetchall():
                self._connection.execute(
                    "UPDATE messages SET epoch = ?, sequence = ? WHERE position = ?",
                    (self._state.epoch, self._state.take_sequence(), row["position"]),
                )

    def refused(self) -> list[Message]:
        return self._select("state = 'refused' ORDER BY position")

    def not_sent(self) -> list[Message]:
        """The unsent messages and the refused ones, in the order in which they were recorded."""
        return self._select("state IN ('unsent', 'refused') ORDER BY position")

    def prune(self, before: str) -> int:
        """Delete messages that were sent before a time; the facts of their sales stay."""
        with transaction(self._connection):
            return self._connection.execute(
                "DELETE FROM messages WHERE state IN ('sent', 'stored') AND settled_at < ?", (before,)
            ).rowcount

    def _select(self, condition: str, *values: Any) -> list[Message]:
        return [Message(**row) for row in self._connection.execute(f"SELECT * FROM messages WHERE {condition}", values)]


def store_facts(connection: sqlite3.Connection, facts: SaleFacts) -> None:
    """Store the facts of a sale, unless those of a higher version are stored."""
    connection.execute(
        "INSERT INTO sales(number, version, day, cancelled, currency, net) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(number) DO UPDATE SET version = excluded.version, day = excluded.day,"
        " cancelled = excluded.cancelled, currency = excluded.currency, net = excluded.net"
        " WHERE excluded.version > sales.version",
        (facts.number, facts.version, facts.day, facts.cancelled, facts.currency, facts.net),
    )


def now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
