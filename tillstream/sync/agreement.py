"""Agreement: digests of what counts of one home, by day of receipt, which both sides compute from their own ledger.

The digests are noted, and only batches that settlements touched since are read again: on BigQuery, a comparison costs
as much as what was settled, not as much as the ledger. The whole ledger is read once a day as the proof, and before a
difference is reported, for this at most once an hour in a project. Notes belong to the ledger that has their last
settlement, committed at the noted time: those of a ledger that was put back from a copy are not used.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from tillstream.model.batch import Batch
from tillstream.ports import Ports
from tillstream.records import batch_records
from tillstream.sync import counted, homes, noted, touched
from tillstream.sync.homes import Home
from tillstream.sync.noted import Noted

OWN = "own digests"
"""The name of the notes about this home: no name of a home, because it has a space."""
NOTED_FOR = timedelta(days=1)
"""After this, the whole ledger is read again."""
DOUBTED_AFTER = timedelta(hours=1)
"""In a project, where the query costs money: a difference is proved again after this."""


def own_digests(ports: Ports, number: int, *, whole: bool = False) -> dict[str, str]:
    """Day of receipt → digest of what counted in this home after a settlement. whole: read the whole ledger."""
    before, now = _fresh(ports, OWN), None
    ledger = counted.ledger(ports, before.number if before else 0, number)
    if before and not whole and before.number <= number and ledger.has(before.settled_at):
        days = counted.touched(ports, before.number, number)
        own = {batch: day for batch, day in days.items() if not _sender(ports, batch)}
        now = _brought_up(ports, OWN, before, own, number)
    if now is None:
        now = _whole(ports, OWN, number)
    now = replace(now, number=number, settled_at=ledger.settled_at)
    return dict(noted.save(ports, OWN, now, before).digests)


def digests_of(ports: Ports, home: Home, *, whole: bool = False) -> dict[str, str]:
    """As `own_digests`, for what a home sent to this one. What was touched since is in the notes afterwards."""
    before, now = _fresh(ports, home.name), None
    since = touched.get(ports, home)
    if before and not whole and not since.batches and ports.jobs is not None:  # a query costs money
        return dict(before.digests)
    ledger = counted.ledger(ports, before.number if before else 0)
    if before and not whole and not since.all and ledger.has(before.settled_at):
        sent = _sent(ports, home.name, since.batches)
        now = _brought_up(ports, home.name, before, sent, counted.EVERY)
    if now is None:
        now = _whole(ports, home.name, counted.EVERY)
    if now is not before:
        now = replace(now, number=ledger.number, settled_at=ledger.settled_at)
    noted.save(ports, home.name, now, before)
    touched.forget(ports, home, since)
    return dict(now.digests)


def compare(ports: Ports, home: Home, theirs: Mapping[str, str]) -> list[str]:
    """The days whose digests differ from those of a home, in order. A difference is proved by the whole ledger."""
    days = differing(digests_of(ports, home), theirs)
    if days and (ports.jobs is None or not _fresh(ports, home.name, DOUBTED_AFTER)):
        days = differing(digests_of(ports, home, whole=True), theirs)
    return days


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The days whose digests differ, in order."""
    return sorted(day for day in {*ours, *theirs} if ours.get(day) != theirs.get(day))


def _fresh(ports: Ports, name: str, age: timedelta = NOTED_FOR) -> Noted | None:
    """Notes that were computed from the whole ledger not longer ago than this."""
    notes = noted.get(ports, name)
    if notes and timedelta() <= ports.clock.now() - datetime.fromisoformat(notes.whole_at) < age:
        return notes
    return None


def _sender(ports: Ports, batch: str) -> str:
    """The home that sent a batch to this one; empty for a batch of this home."""
    document = ports.documents.get(batch_records.BATCHES, batch)
    return str(document.data.get("home", "")) if document else ""


def _sent(ports: Ports, home: str, batches: Iterable[str]) -> dict[str, date]:
    """Batch → its day of receipt, of those of these batches that a home sent."""
    stored = (ports.documents.get(batch_records.BATCHES, batch) for batch in batches)
    sent = (Batch.from_json(one.data) for one in stored if one and one.data.get("home") == home)
    return {batch.batch_id: batch.received_date for batch in sent}


def _brought_up(ports: Ports, name: str, before: Noted, days: Mapping[str, date], number: int) -> Noted | None:
    """The notes with the present sums of touched batches, by their days of receipt; None if the whole ledger must be
    read."""
    if not days:
        return before
    if len(days) > touched.MOST:
        return None
    sums = counted.of_batches(ports, days, number)
    by_day: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
    for batch, day in days.items():
        by_day[day.isoformat()][batch] = sums.get(batch)
    return noted.with_sums(ports, name, before, by_day)


def _whole(ports: Ports, name: str, number: int) -> Noted:
    """Notes from the whole ledger."""
    if name == OWN:
        others = {batch for home in homes.every(ports) for batch in _batches_of(ports, home.name)}
        sums = {batch: one for batch, one in counted.whole(ports, number).items() if batch not in others}
    else:
        sent = _batches_of(ports, name)
        sums = {batch: one for batch, one in counted.whole(ports, number).items() if batch in sent} if sent else {}
    by_day: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for batch, (day, text) in sums.items():
        by_day[day.isoformat()][batch] = text
    now = noted.with_all_sums(ports, name, by_day)
    return replace(now, whole_at=ports.clock.now().isoformat())


def _batches_of(ports: Ports, home: str) -> set[str]:
    """IDs of the batches that a home sent to this one."""
    return {document.id for document in ports.documents.find(batch_records.BATCHES, {"home": home})}
