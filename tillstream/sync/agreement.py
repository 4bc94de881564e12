"""Agreement: digests of what counts of one home, by day of receipt, which both sides compute from their own ledger.

The batches that entries added, corrected or undid since the digests were last noted have a document of their own,
written in one transaction with the position of the home, which earlier versions of the program do not read.

The digests are noted, and only batches that settlements touched since are read again: on BigQuery, a comparison costs
as much as what was settled, not as much as the ledger. The whole ledger is read once a day as the proof, and before a
difference is reported, for this at most once an hour in a project. Notes belong to the ledger that has their last
settlement, committed at the noted time: those of a ledger that was put back from a copy are not used.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa

import sql
from sql.limits import NO_DAY, limited, where
from tillstream.model.batch import Batch
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import batch_records
from tillstream.sync import digest_notes, homes
from tillstream.sync.digest_notes import DigestNotes
from tillstream.sync.homes import Home
from tillstream.sync.journal import JOURNAL_START

EVERY_SETTLEMENT = 2**62
"""Greater than all numbers of settlements."""
_NO_NUMBER = 0
"""For a list of batch numbers that selects nothing, as NO_DAY."""

TOUCHED_BATCHES = "sync_touched"
MAX_TOUCHED, ALL_BATCHES = 2_000, "*"
"""The most batches in a document, and what it has instead of more."""

OWN_HOME = "own digests"
"""The name of the notes about this home: no name of a home, because it has a space."""
NOTED_FOR = timedelta(days=1)
"""After this, the whole ledger is read again."""
DOUBTED_AFTER = timedelta(hours=1)
"""In a project, where the query costs money: a difference is proved again after this."""


@dataclass(frozen=True)
class LedgerState:
    """The last settlement of a ledger. Times are ISO 8601 text, empty without a settlement."""

    number: int
    settled_at: str
    """When it was committed."""
    noted_at: str
    """When another settlement, the last one of notes, was committed in this ledger."""

    def has(self, settled_at: str) -> bool:
        """Whether this ledger has the last settlement of notes: another ledger has another time."""
        return self.noted_at == settled_at


def sums_of_all_batches(ports: Ports, number: int = EVERY_SETTLEMENT) -> dict[str, tuple[date, str]]:
    """Batch → its UTC day of receipt and its sums after a settlement, of all batches that count.

    Reads all sightings.
    """
    return dict(_sum_rows(ports.warehouse.query(sql.text("ledger/counted_batches"), {"number": number})))


def sums_of_batches(ports: Ports, days: Mapping[str, date], number: int = EVERY_SETTLEMENT) -> dict[str, str]:
    """Batch → its sums after a settlement, of those of these batches that count. Reads their business days only.

    days: batch → its UTC day of receipt, at least one.
    """
    params: dict[str, Any] = {"batches": sorted(days), "received": sorted(set(days.values()))}
    days_of_numbers = ports.warehouse.query(sql.text("ledger/numbered_batches"), params)
    numbers = set(days_of_numbers.column("batch_no").to_pylist())
    sale_dates = set(days_of_numbers.column("sale_date").to_pylist()) - {None}
    params |= {
        "number": number,
        "numbers": sorted(numbers) or [_NO_NUMBER],
        "days": sorted(sale_dates) or [NO_DAY],
    }
    return {batch: sums for batch, (_, sums) in _sum_rows(ports.warehouse.query(query_of_batch_sums(), params))}


@cache
def query_of_batch_sums() -> str:
    """The text of sql/ledger/counted_batches, limited to batches: @batches ARRAY<STRING> with their IDs, @numbers
    ARRAY<INT64>, @received ARRAY<DATE>, and @days ARRAY<DATE> with their business days."""
    return limited(
        sql.text("ledger/counted_batches"),
        where(
            {
                "batches": "received_date IN UNNEST(@received) AND batch_id IN UNNEST(@batches)",
                "sightings": "sale_date IN UNNEST(@days) AND batch_no IN UNNEST(@numbers)",
            }
        ),
    )


def read_ledger_state(ports: Ports, noted: int, last: int = EVERY_SETTLEMENT) -> LedgerState:
    """The last settlement up to `last`, and the time of the settlement `noted`."""
    params = {"noted": noted, "last": last}
    rows = ports.warehouse.query(sql.text("ledger/last_settlement"), params).to_pylist()
    times = {row["settlement_no"]: row["settled_at"].isoformat() for row in rows}
    number = max(times, default=0)
    return LedgerState(number, times.get(number, ""), times.get(noted, ""))


def batches_touched_between(ports: Ports, after: int, last: int) -> dict[str, date]:
    """Batch → its UTC day of receipt, of the batches that these settlements added, corrected or undid; `after` is not
    among them. Reads all batches."""
    rows = ports.warehouse.query(sql.text("ledger/touched_batches"), {"after": after, "last": last})
    return dict(zip(rows.column("batch_id").to_pylist(), rows.column("received_date").to_pylist(), strict=True))


def _sum_rows(table: pa.Table) -> Iterator[tuple[str, tuple[date, str]]]:
    columns = (table.column(name).to_pylist() for name in table.column_names)
    for batch, day, *sums in zip(*columns, strict=True):
        yield batch, (day, " ".join(map(str, sums)))


@dataclass(frozen=True)
class TouchedBatches:
    """Batches by ID, each with the hash of the journal after the last entry that changed it; or only `ALL_BATCHES`."""

    batches: Mapping[str, str] = field(default_factory=dict)
    hash: str = JOURNAL_START
    """Of the journal after the last entry that is included."""

    @property
    def all(self) -> bool:
        """Whether every batch of the home counts as touched."""
        return ALL_BATCHES in self.batches

    def to_json(self) -> dict[str, Any]:
        return {"hash": self.hash, "batches": dict(self.batches)}


def get_touched(ports: Ports, home: Home) -> TouchedBatches:
    """`ALL_BATCHES` if the noted batches are not those up to the position of the home, as after an earlier version of
    the program."""
    return _touched_since(ports.documents.get(TOUCHED_BATCHES, home.name), home.hash)


def put_of_touched(ports: Ports, name: str, after: str, end: str, batches: Iterable[str]) -> Put:
    """A document to write with the position of a home, whose entries changed these batches.

    after, end: the hashes of the journal before these entries and after them.
    """
    document = ports.documents.get(TOUCHED_BATCHES, name)
    touched = {**_touched_since(document, after).batches, **dict.fromkeys(batches, end)}
    data = TouchedBatches(
        touched if len(touched) <= MAX_TOUCHED and ALL_BATCHES not in touched else {ALL_BATCHES: end}, end
    ).to_json()
    return Put(TOUCHED_BATCHES, name, data, if_version=document.version if document else 0)


def forget_touched(ports: Ports, home: Home, included: TouchedBatches) -> None:
    """Delete what is included in the noted digests. home, included: as read before these were computed."""

    def without(document: Document | None) -> Update | Document | None:
        now = _touched_since(document, home.hash)
        rest = {batch: end for batch, end in now.batches.items() if included.batches.get(batch) != end}
        after = TouchedBatches(rest, now.hash).to_json()
        return document if document and document.data == after else Update(after)

    update_document(ports.documents, TOUCHED_BATCHES, home.name, without)


def _touched_since(document: Document | None, hash: str) -> TouchedBatches:
    touched = TouchedBatches(document.data["batches"], document.data["hash"]) if document else TouchedBatches()
    return touched if touched.hash == hash else TouchedBatches({ALL_BATCHES: hash}, hash)


def own_digests(ports: Ports, number: int, *, whole: bool = False) -> dict[str, str]:
    """Day of receipt → digest of what counted in this home after a settlement. whole: read the whole ledger."""
    before, now = _fresh_notes(ports, OWN_HOME), None
    ledger = read_ledger_state(ports, before.number if before else 0, number)
    if before and not whole and before.number <= number and ledger.has(before.settled_at):
        days = batches_touched_between(ports, before.number, number)
        own = {batch: day for batch, day in days.items() if not _sender_of_batch(ports, batch)}
        now = _updated_notes(ports, OWN_HOME, before, own, number)
    if now is None:
        now = _whole_notes(ports, OWN_HOME, number)
    now = replace(now, number=number, settled_at=ledger.settled_at)
    return dict(digest_notes.save_notes(ports, OWN_HOME, now, before).digests)


def digests_of_home(ports: Ports, home: Home, *, whole: bool = False) -> dict[str, str]:
    """As `own_digests`, for what a home sent to this one. What was touched since is in the notes afterwards."""
    before, now = _fresh_notes(ports, home.name), None
    since = get_touched(ports, home)
    if before and not whole and not since.batches and ports.jobs is not None:  # a query costs money
        return dict(before.digests)
    ledger = read_ledger_state(ports, before.number if before else 0)
    if before and not whole and not since.all and ledger.has(before.settled_at):
        sent = _sent_batches(ports, home.name, since.batches)
        now = _updated_notes(ports, home.name, before, sent, EVERY_SETTLEMENT)
    if now is None:
        now = _whole_notes(ports, home.name, EVERY_SETTLEMENT)
    if now is not before:
        now = replace(now, number=ledger.number, settled_at=ledger.settled_at)
    digest_notes.save_notes(ports, home.name, now, before)
    forget_touched(ports, home, since)
    return dict(now.digests)


def compare_digests(ports: Ports, home: Home, theirs: Mapping[str, str]) -> list[str]:
    """The days whose digests differ from those of a home, in order. A difference is proved by the whole ledger."""
    days = differing_digests(digests_of_home(ports, home), theirs)
    if days and (ports.jobs is None or not _fresh_notes(ports, home.name, DOUBTED_AFTER)):
        days = differing_digests(digests_of_home(ports, home, whole=True), theirs)
    return days


def differing_digests(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The days whose digests differ, in order."""
    return sorted(day for day in {*ours, *theirs} if ours.get(day) != theirs.get(day))


def _fresh_notes(ports: Ports, name: str, age: timedelta = NOTED_FOR) -> DigestNotes | None:
    """Notes that were computed from the whole ledger not longer ago than this."""
    notes = digest_notes.get_notes(ports, name)
    if notes and timedelta() <= ports.clock.now() - datetime.fromisoformat(notes.whole_at) < age:
        return notes
    return None


def _sender_of_batch(ports: Ports, batch: str) -> str:
    """The home that sent a batch to this one; empty for a batch of this home."""
    document = ports.documents.get(batch_records.BATCHES, batch)
    return str(document.data.get("home", "")) if document else ""


def _sent_batches(ports: Ports, home: str, batches: Iterable[str]) -> dict[str, date]:
    """Batch → its day of receipt, of those of these batches that a home sent."""
    stored = (ports.documents.get(batch_records.BATCHES, batch) for batch in batches)
    sent = (Batch.from_json(one.data) for one in stored if one and one.data.get("home") == home)
    return {batch.batch_id: batch.received_date for batch in sent}


def _updated_notes(
    ports: Ports, name: str, before: DigestNotes, days: Mapping[str, date], number: int
) -> DigestNotes | None:
    """The notes with the present sums of touched batches, by their days of receipt; None if the whole ledger must be
    read."""
    if not days:
        return before
    if len(days) > MAX_TOUCHED:
        return None
    sums = sums_of_batches(ports, days, number)
    by_day: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
    for batch, day in days.items():
        by_day[day.isoformat()][batch] = sums.get(batch)
    return digest_notes.note_batch_sums(ports, name, before, by_day)


def _whole_notes(ports: Ports, name: str, number: int) -> DigestNotes:
    """Notes from the whole ledger."""
    if name == OWN_HOME:
        others = {batch for home in homes.all_homes(ports) for batch in _batches_of_home(ports, home.name)}
        sums = {batch: one for batch, one in sums_of_all_batches(ports, number).items() if batch not in others}
    else:
        sent = _batches_of_home(ports, name)
        sums = (
            {batch: one for batch, one in sums_of_all_batches(ports, number).items() if batch in sent} if sent else {}
        )
    by_day: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for batch, (day, text) in sums.items():
        by_day[day.isoformat()][batch] = text
    now = digest_notes.note_all_sums(ports, name, by_day)
    return replace(now, whole_at=ports.clock.now().isoformat())


def _batches_of_home(ports: Ports, home: str) -> set[str]:
    """IDs of the batches that a home sent to this one."""
    return {document.id for document in ports.documents.find(batch_records.BATCHES, {"home": home})}
