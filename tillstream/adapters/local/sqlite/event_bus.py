"""A durable queue in SQLite. Publishing fans messages out, one row per subscription; callers share a commit."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Generic, TypeVar

from tillstream.adapters.local.clock import EPOCH, MICROSECOND, TOLERATED_TICKS, tick_of
from tillstream.adapters.local.sqlite import queue_statements as sql
from tillstream.adapters.local.sqlite.accepted_messages import KeptMessages, QueueRepair
from tillstream.adapters.local.sqlite.connection import FULL, NORMAL
from tillstream.adapters.local.sqlite.queue_rows import (
    AttachedSubscriptions,
    Publication,
    bury_message,
    create_subscription,
    instant_of_micros,
    lease_key,
    retry_delay,
    store_publications,
    to_delivery,
    to_message,
    to_micros,
)
from tillstream.model.dates import LONGEST_WAIT, seconds_between
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports.bus import DeadLetter, Delivery, Message, QueueDepth, RetryPolicy
from tillstream.ports.files import FileFinding
from tillstream.ports.machine import Clock

Work = TypeVar("Work")
Result = TypeVar("Result")

POLL_SECONDS = 0.05
"""Maximum delay of a message from another process; within the process a waiting `pull` wakes at once."""
NOTE_SECONDS = 60.0
MOST_SEARCHED = 20_000
"""Messages of a subscription that are searched for an attribute, which takes 50 ms for so many."""
ACCEPTED = "accepted.log"
"""The file of accepted messages, beside the queue."""
LOST = "The worker that processed it stopped or exceeded its lease."


class _Pending(Generic[Work, Result]):
    def __init__(self, work: Work) -> None:
        self.work = work
        self.results: list[Result] = []
        self.error: BaseException | None = None
        self.is_to_commit = False
        self._notice = threading.Lock()
        self._notice.acquire()

    @property
    def is_done(self) -> bool:
        return bool(self.results) or self.error is not None

    def wait(self) -> None:
        """Wait until the work is done, or this caller is to commit."""
        self._notice.acquire()

    def notify(self) -> None:
        self._notice.release()


class GroupCommit(Generic[Work, Result]):
    """commit: stores all of the work durably or raises; returns a result for each. It runs in one thread at a time.

    Without concurrent callers each call is a commit of its own, without a delay. Each caller waits for a notice of its
    own: if all queued for one lock, they would pass it on one by one before the next commit could start.
    """

    def __init__(self, commit: Callable[[Sequence[Work]], Sequence[Result]], most: int = 1_000) -> None:
        self._commit = commit
        self._most = most
        self._waiting: list[_Pending[Work, Result]] = []
        self._lock = threading.Lock()
        self._is_committing = False

    @property
    def waiting(self) -> int:
        """Callers whose work is in no commit yet."""
        with self._lock:
            return len(self._waiting)

    def run(self, work: Work) -> Result:
        """Return the result of this work once it is stored. Raises what `commit` raises, also for its companions."""
        pending: _Pending[Work, Result] = _Pending(work)
        with self._lock:
            self._waiting.append(pending)
            has_to_wait, self._is_committing = self._is_committing, True
        if has_to_wait:
            self._wait(pending)
        if not pending.is_done:
            self._commit_group()
        if pending.error is not None:
            raise pending.error
        return pending.results[0]

    def _wait(self, pending: _Pending[Work, Result]) -> None:
        try:
            pending.wait()
        except BaseException:  # an interrupt: the work may or may not be stored
            with self._lock:
                self._waiting = [each for each in self._waiting if each is not pending]
                if pending.is_to_commit:
                    self._appoint()
            raise

    def _appoint(self) -> None:
        """Let the first of those who wait commit, if there is one. Call with the lock."""
        self._is_committing = bool(self._waiting)
        for following in self._waiting[:1]:
            following.is_to_commit = True
            following.notify()

    def _commit_group(self) -> None:
        """Commit for those who wait, the calling thread first among them; then one of the others is to commit."""
        with self._lock:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            for each, result in zip(group, self._commit([each.work for each in group]), strict=True):
                each.results.append(result)
        except BaseException as error:
            for each in group:
                each.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                self._appoint()
            for each in group[1:]:
                each.notify()


class SQLiteEventBus:
    """Time limits follow `clock`; only the waiting of `pull` is real time. rng: source of the jitter.
    note: called with the last sequence when the bus is closed and, at most once in `NOTE_SECONDS`, when it publishes.
    kept: topic and subscription whose messages are also kept in a second file until they are acknowledged; a damaged
    queue is then replaced by one with what is readable of both. findings: what was found when it was opened.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        rng: random.Random | None = None,
        *,
        read_only: bool = False,
        note: Callable[[int], None] = lambda _: None,
        kept: tuple[str, str] | None = None,
    ) -> None:
        self._clock = clock
        self._kept = KeptMessages(path.with_name(ACCEPTED), *kept) if kept and not read_only else None
        self._repair = QueueRepair(path, self._kept, clock.now)
        try:
            self._file, self.findings = self._repair.open(read_only=read_only)
        except BaseException:
            if self._kept:
                self._kept.close()
            raise
        self._attached = AttachedSubscriptions(self._file)
        self._rng = rng or random.SystemRandom()
        self._arrived = threading.Condition()
        self._arrivals = 0
        self._note = note
        self._commits = GroupCommit(self._commit)
        self._last = self._noted = 0
        self._subscribed: dict[str, tuple[str, RetryPolicy | None]] = {}
        self._with_listeners: frozenset[str] = frozenset()
        """Topics of the last commit that had a subscription."""

    @property
    def keeps_accepted(self) -> bool:
        """Whether the second file was there and whole when it was last compared with the queue."""
        return self._repair.keeps_accepted

    def check(self) -> list[FileFinding]:
        """Read the queue and the second file whole, and repair each from the other. Raises `Unavailable`."""
        noticed = self._repair.check(self._file)
        for name, (topic, policy) in self._subscribed.items() if noticed else ():
            self._subscribe(topic, name, policy)  # a queue that was replaced may lack it
        return noticed

    def subscribe(self, topic: str, subscription: str, policy: RetryPolicy | None = None) -> None:
        """Replaces the policy if one is passed. Raises `Rejected` if the subscription belongs to another topic."""
        self._subscribe(topic, subscription, policy)
        self._subscribed[subscription] = topic, policy

    def _subscribe(self, topic: str, subscription: str, policy: RetryPolicy | None) -> None:
        with self._file.transaction() as sqlite:
            existing = sqlite.execute(sql.SUBSCRIPTION, (subscription,)).fetchone()
            if existing and existing[1] != topic:
                raise Rejected(f"The subscription {subscription} listens to {existing[1]}, not to {topic}.")
            if policy or not existing:
                create_subscription(sqlite, self._micros(), topic, subscription, policy or RetryPolicy())

    def attach(self, topic: str, subscription: str, *, idle: float, policy: RetryPolicy | None = None) -> None:
        self._subscribe(topic, subscription, policy)
        self._attached.attach(subscription, to_micros(idle), self._micros())

    def detach(self, subscription: str) -> None:
        self._attached.detach(subscription)

    def publish(self, topic: str, messages: Sequence[Message]) -> list[str]:
        has_listener = topic in self._with_listeners or (self._kept and self._kept.topic == topic)
        if not messages or not (has_listener or self._file.rows(sql.LISTENERS, (topic,))):
            return [str(self._clock.tick()) for _ in messages]
        published = self._commits.run(Publication(topic, messages))
        self._last = published[-1]
        if abs(self._last - self._noted) > to_micros(NOTE_SECONDS):
            self._note_last()
            self._attached.remove_idle(self._micros())
        self._wake()
        return [str(sequence) for sequence in published]

    def _commit(self, publications: Sequence[Publication]) -> list[range]:
        """Store the messages of several publishers in one durable transaction; returns their sequences."""
        now, tick = self._micros(), tick_of(self._clock)
        kept = [one.topic for one in publications if self._kept and one.topic == self._kept.topic]
        # what is durable in the second file is put back from there after a power cut
        with self._file.transaction(NORMAL if len(kept) == len(publications) else FULL) as sqlite:
            sequences, self._with_listeners, ahead = store_publications(sqlite, publications, now, tick)
            if self._kept and kept:
                self._kept.append(sqlite, publications, sequences)
        self._repair.note_ahead(ahead)
        return sequences

    def advance(self, sequence: int) -> int:
        """Return the last sequence of the file. New messages get later ones, also than this one if it has passed."""
        with self._file.transaction() as sqlite:
            last = sqlite.execute(sql.LAST_SEQUENCE).fetchone()[0]
            if not self.is_future(sequence):
                sqlite.execute(sql.ADVANCE, (sequence,))
        return int(last)

    def is_future(self, sequence: int) -> bool:
        """Whether it came from a clock that was ahead."""
        return sequence > self._micros() + TOLERATED_TICKS

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
        now, held = self._micros(), list(deliveries)
        if not held:
            return 0
        with self._file.transaction() as sqlite:
            if self._kept:
                self._kept.note_stored(held)
            return sqlite.executemany(sql.ACKNOWLEDGE, [(*lease_key(each), now) for each in held]).rowcount

    def extend(self, deliveries: Iterable[Delivery], seconds: float) -> int:
        now = self._micros()
        return self._change(
            sql.EXTEND, [(now + to_micros(seconds), *lease_key(delivery), now) for delivery in deliveries]
        )

    def release(self, deliveries: Iterable[Delivery], error: str) -> None:
        now = self._micros()
        policies: dict[str, RetryPolicy] = {}
        with self._file.transaction() as sqlite:
            for delivery in deliveries:
                if delivery.subscription not in policies:
                    policies[delivery.subscription] = self._subscription(delivery.subscription)[2]
                policy = policies[delivery.subscription]
                due = now + to_micros(retry_delay(policy, delivery.attempt, self._rng))
                for row, attempts, since in sqlite.execute(sql.RELEASE, (due, error, *lease_key(delivery))).fetchall():
                    if attempts >= policy.attempts or now - since >= to_micros(policy.age):
                        bury_message(sqlite, row, attempts, now)

    def subscriptions(self) -> dict[str, str]:
        return dict(self._file.rows(sql.SUBSCRIPTIONS))

    def queue_depths(self) -> list[QueueDepth]:
        now = self._micros()
        rows = self._file.rows(sql.DEPTHS, {"now": now})
        return [
            QueueDepth(name, topic, ready, leased, delayed, dead, seconds_between(since, now, LONGEST_WAIT))
            for name, topic, ready, leased, delayed, dead, since in rows
        ]

    def unacknowledged(self, subscription: str, attribute: str, value: str) -> list[Message] | None:
        number, *_ = self._subscription(subscription)
        if len(self._file.rows(sql.ANY, (number, MOST_SEARCHED + 1))) > MOST_SEARCHED:
            return None
        values = {"subscription": number, "attribute": attribute, "value": value}
        return [to_message(body, attributes) for body, attributes in self._file.rows(sql.UNACKNOWLEDGED, values)]

    def dead_letters(self, subscription: str | None = None, limit: int = 1000) -> list[DeadLetter]:
        if subscription is not None:
            self._subscription(subscription)
        rows = self._file.rows(sql.DEAD_LETTERS, {"subscription": subscription, "limit": limit})
        return [
            DeadLetter(
                str(row),
                name,
                topic,
                to_message(body, attributes),
                instant_of_micros(sequence),
                instant_of_micros(died),
                n,
                error,
            )
            for row, name, topic, body, attributes, sequence, died, n, error in rows
        ]

    def resend(self, ids: Iterable[str]) -> int:
        now, sent = self._micros(), 0
        with self._file.transaction() as sqlite:
            for row in {int(letter) for letter in ids if letter.isdecimal()}:
                before = sqlite.total_changes  # in a Turkish locale, `rowcount` of an INSERT is -1: its I has another i
                sqlite.execute(sql.RESEND, (now, row))
                sent += sqlite.total_changes - before
                sqlite.execute(sql.FORGET_DEAD, (row,))
        self._wake()
        return sent

    def close(self) -> None:
        """Stop the threads that pull first. Idempotent."""
        with ExitStack() as closing:
            if self._kept:
                closing.callback(self._kept.close)
            closing.callback(self._file.close)
            if self._last and self._last != self._noted:
                self._note_last()

    def _note_last(self) -> None:
        self._noted = self._last
        self._note(self._last)

    def _lease(self, subscription: str, limit: int) -> list[Delivery]:
        number, topic, policy = self._subscription(subscription)
        now = self._micros()
        self._attached.note_pull(number, now)
        if limit <= 0 or not self._file.rows(sql.ANY_READY, (number, now)):
            return []
        token, expires = secrets.randbits(62), now + to_micros(policy.lease)
        values = {"subscription": number, "now": now, "expires": expires, "lease": token, "lost": LOST, "limit": limit}
        with self._file.transaction() as sqlite:
            while True:
                rows = sorted(sqlite.execute(sql.LEASE, values).fetchall(), key=lambda row: int(row[1]))
                # A message that kills its worker is never released: its attempts are counted here.
                spent = [
                    r for r in rows if r[4] > policy.attempts or (r[4] > 1 and now - r[5] >= to_micros(policy.age))
                ]
                for row in spent:
                    bury_message(sqlite, row[0], row[4] - 1, now)
                if len(rows) > len(spent) or not rows:
                    break
        leased = (row for row in rows if row not in spent)
        return [to_delivery(row, subscription, topic, token, instant_of_micros(expires)) for row in leased]

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

    def _micros(self) -> int:
        return (self._clock.now() - EPOCH) // MICROSECOND

    def _wake(self) -> None:
        with self._arrived:
            self._arrivals += 1
            self._arrived.notify_all()
