"""The sale index in Firestore: one document per hash, with its days, written at the pace that Firestore allows.

Google advises 500 writes per second to a new collection, and 50 % more after every five minutes.

A document's name is its hash in hexadecimal. Hashes are random, so neighbouring writes go to different servers. No
field is indexed (`infra/firestore.indexes.json`): documents are only read by name, and index entries would be written
with each of them. One document of another collection has the settlement up to which the index is complete, and the
pending days. All writes of it can be applied in any order: greatest numbers, unions, and removals of elements that are
added only once.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from google.api_core import exceptions as api_errors
from google.cloud import firestore

from tillstream.adapters.google.api_retries import RETRY, TIMEOUT, is_transient, translate_errors
from tillstream.adapters.google.document_store import NAME, PAGE, pages
from tillstream.model.errors import Unavailable
from tillstream.ports.warehouse import INDEX_INCOMPLETE, PendingDay

FIRST_RATE = 500.0
"""Writes per second."""
GROWTH = 1.5
GROWS_EVERY = 300.0
"""Seconds."""

COLLECTION = "sale_days"
FIELDS = DAYS, REBUILD = "days", "rebuild"
STATE = "sale_index"
"""The collection of the document that has the state of the index."""
SETTLEMENT_NO, IS_COMPLETE = "settlement_no", "is_complete"
"""The settlement up to which days were noted; false from an invalidation to the end of a rebuild."""
PENDING = "pending"
"""The pending days: a list of maps with the fields of `PendingDay`."""
EPOCH = date(1970, 1, 1)
COMMIT = 500
"""Documents per commit."""
CALLS = 4
"""Calls at the same time."""
LARGE = 10_000
"""Pairs of a call above which its writes keep a pace; also the pairs that are grouped by hash at a time."""
MOST_PAIRS = 100_000
"""Takes three minutes at this pace; a settlement has nine."""
COMMIT_RETRY = RETRY.with_predicate(lambda error: is_transient(error) or isinstance(error, api_errors.Aborted))
"""Firestore aborts a commit if others write the same documents. These commits are idempotent, so they are retried."""

Pairs = Iterable[tuple[int, date]]
Item = TypeVar("Item")
Result = TypeVar("Result")


class WritePace:
    """Limits the writes of one call. The first ones pass at once; unused time is not made up for."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep, self._monotonic = sleep, monotonic
        self._rate = FIRST_RATE
        self._next = monotonic()
        self._grows_at = self._next + GROWS_EVERY

    def wait(self, writes: int) -> None:
        """Wait until this number of writes may be sent."""
        now = self._monotonic()
        if now < self._next:
            self._sleep(self._next - now)
            now = self._next
        while now >= self._grows_at:
            self._rate *= GROWTH
            self._grows_at += GROWS_EVERY
        self._next = now + writes / self._rate


class FirestoreSaleIndex:
    """A sale index in one database of a project. Google's library reads the address of the emulator."""

    def __init__(self, project: str, database: str = "(default)", *, pace: Callable[[], WritePace] = WritePace) -> None:
        self._client = firestore.Client(project=project, database=database)
        self._documents = self._client.collection(COLLECTION)
        self._state = self._client.collection(STATE).document("state")
        self._pace = pace
        self.most_pairs = MOST_PAIRS

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        days: dict[int, Collection[date]] = {}
        for page in _in_parallel(self._read, _chunks(dict.fromkeys(hashes), PAGE)):
            days |= page
        return days

    def pending(self) -> Collection[PendingDay]:
        days = self._read_state().get(PENDING, ())
        return [PendingDay(EPOCH + timedelta(days=each["day"]), each["settlement_no"], each["epoch"]) for each in days]

    def check(self, settlement_no: int) -> None:
        """Reads one document."""
        state = self._read_state()
        if not state.get(IS_COMPLETE, True) or state.get(SETTLEMENT_NO, 0) < settlement_no:
            raise Unavailable(INDEX_INCOMPLETE)

    def note(
        self, pairs: Collection[tuple[int, date]], settlement_no: int, pending: Collection[PendingDay] = ()
    ) -> None:
        """Writes without reading: a union with the noted days. Above `LARGE` pairs, it keeps the pace of a bulk write.

        1,000,000 pairs would take 18 minutes at this pace.
        """
        self._write(pairs, self._pace() if len(pairs) > LARGE else None, {})
        days = {PENDING: firestore.ArrayUnion(list(map(_fields, pending)))} if pending else {}
        self._set_state({SETTLEMENT_NO: firestore.Maximum(settlement_no), **days})

    def note_pending(self, pending: Iterable[PendingDay], pairs: Callable[[PendingDay], Pairs]) -> int:
        """Keeps one pace for all days. Reads before it writes, because a write costs three times as much as a read."""
        pace, noted = self._pace(), 0
        for each in pending:
            for missing in self._missing(pairs(each)):
                self._write(missing, pace, {})
                noted += len(missing)
            self._set_state({PENDING: firestore.ArrayRemove([_fields(each)])})
        return noted

    def invalidate(self) -> None:
        self._set_state({IS_COMPLETE: False})

    def rebuild(self, pairs: Iterable[tuple[int, date]], settlement_no: int) -> None:
        """Writes each document with a new mark, which changes it. Those that were not changed are then deleted."""
        self.invalidate()
        pace = self._pace()
        with translate_errors("The sale index"):
            first = self._documents.select([]).limit(1).get(retry=RETRY, timeout=TIMEOUT)
        self._write(pairs, pace, {REBUILD: secrets.token_hex(8)})
        if first:
            self._delete_unchanged(first[0].read_time, pace)
        self._set_state({SETTLEMENT_NO: settlement_no, IS_COMPLETE: True, PENDING: []})

    def close(self) -> None:
        self._client.close()

    def _read(self, hashes: Iterable[int]) -> dict[int, Collection[date]]:
        references = [self._reference(number) for number in hashes]
        with translate_errors("The sale index"):
            return {
                int(snapshot.id, 16): frozenset(EPOCH + timedelta(days=day) for day in snapshot.get(DAYS))
                for snapshot in self._client.get_all(references, [DAYS], retry=RETRY, timeout=TIMEOUT)
                if snapshot.exists
            }

    def _missing(self, pairs: Pairs) -> Iterator[list[tuple[int, date]]]:
        """The pairs that are not noted, some at a time."""
        for chunk in _chunks(pairs, LARGE):
            noted = self.days([number for number, _ in chunk])
            yield [(number, day) for number, day in chunk if day not in noted.get(number, ())]

    def _read_state(self) -> Mapping[str, Any]:
        with translate_errors("The sale index"):
            return self._state.get(retry=RETRY, timeout=TIMEOUT).to_dict() or {}

    def _set_state(self, fields: Mapping[str, Any]) -> None:
        batch = self._client.batch()
        batch.set(self._state, fields, merge=True)
        _commit(batch)

    def _write(self, pairs: Iterable[tuple[int, date]], pace: WritePace | None, also: Mapping[str, str]) -> None:
        def commit(documents: list[tuple[int, list[int]]]) -> None:
            batch = self._client.batch()
            for number, days in documents:
                batch.set(self._reference(number), {DAYS: firestore.ArrayUnion(days), **also}, merge=True)
            _commit(batch)

        _do_all(commit, _paced(_documents(pairs), pace))

    def _delete_unchanged(self, since: datetime, pace: WritePace) -> None:
        def commit(references: list[firestore.DocumentReference]) -> None:
            batch = self._client.batch()
            for reference in references:
                batch.delete(reference)
            _commit(batch)

        snapshots = pages(self._documents.select([]).order_by(NAME), COLLECTION, None)
        unchanged = (snapshot.reference for snapshot in snapshots if snapshot.update_time <= since)
        _do_all(commit, _paced(_chunks(unchanged, COMMIT), pace))

    def _reference(self, number: int) -> firestore.DocumentReference:
        return self._documents.document(f"{number:016x}")


def _fields(pending: PendingDay) -> dict[str, int]:
    return {**pending._asdict(), "day": (pending.day - EPOCH).days}


def _documents(pairs: Iterable[tuple[int, date]]) -> Iterator[list[tuple[int, list[int]]]]:
    """Hashes with their days since 1970, for one commit each; sorted, so that no two commits lock each other out."""
    for chunk in _chunks(pairs, LARGE):
        days: dict[int, set[int]] = {}
        for number, day in chunk:
            days.setdefault(number, set()).add((day - EPOCH).days)
        yield from _chunks(((number, sorted(days[number])) for number in sorted(days)), COMMIT)


def _commit(batch: Any) -> None:
    with translate_errors("The sale index"):
        batch.commit(retry=COMMIT_RETRY, timeout=TIMEOUT)


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _paced(batches: Iterable[list[Item]], pace: WritePace | None) -> Iterator[list[Item]]:
    for batch in batches:
        if pace:
            pace.wait(len(batch))
        yield batch


def _do_all(work: Callable[[Item], None], items: Iterable[Item]) -> None:
    for _ in _in_parallel(work, items):
        pass


def _in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Do the work of the items, some at a time, and yield the results in order; items are taken as work ends."""
    running: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(CALLS) as pool:
        for item in items:
            if len(running) == CALLS:
                yield running.popleft().result()
            running.append(pool.submit(work, item))
        while running:
            yield running.popleft().result()
