"""Agreement: digests of what counts of one home, by day of receipt, which both sides compute from their own ledger.

The digests are noted, and only batches that settlements touched since are read again: on BigQuery, a comparison costs
as much as what was settled, not as much as the ledger. The whole ledger is read once a day as the proof, and before a
difference is reported.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from tillstream.batches import records
from tillstream.domain.batch.record import Batch
from tillstream.ports import Ports
from tillstream.sync import counted, homes, noted
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
    if before and not whole and before.number <= number and before.settled_at == _settled_at(ports, before.number):
        touched = counted.touched(ports, before.number, number)
        own = {batch: day for batch, day in touched.items() if not _sender(ports, batch)}
        now = _brought_up(ports, OWN, before, own, number)
    if now is None:
        now = _whole(ports, OWN, number)
    saved = noted.save(ports, OWN, replace(now, number=number, settled_at=_settled_at(ports, number)))
    return dict(saved.digests)


def digests_of(ports: Ports, home: Home, *, whole: bool = False) -> dict[str, str]:
    """As `own_digests`, for what a home sent to this one. home: with the batches that were touched since."""
    before, now = _fresh(ports, home.name), None
    if before and not whole and homes.ALL not in home.touched:
        now = _brought_up(ports, home.name, before, _sent(ports, home), counted.EVERY)
    if now is None:
        now = _whole(ports, home.name, counted.EVERY)
    return dict(noted.save(ports, home.name, now).digests)


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
    document = ports.documents.get(records.COLLECTION, batch)
    return str(document.data.get("home", "")) if document else ""


def _sent(ports: Ports, home: Home) -> dict[str, date]:
    """Batch → its day of receipt, of the touched ones that a home sent."""
    stored = (ports.documents.get(records.COLLECTION, batch) for batch in home.touched)
    sent = (Batch.from_json(one.data) for one in stored if one and one.data.get("home") == home.name)
    return {batch.batch_id: batch.received_date for batch in sent}


def _brought_up(ports: Ports, name: str, before: Noted, touched: Mapping[str, date], number: int) -> Noted | None:
    """The notes with the present sums of touched batches; None if the whole ledger must be read."""
    if not touched:
        return before
    if len(touched) > homes.MOST_TOUCHED:
        return None
    sums = counted.of_batches(ports, touched, number)
    by_day: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
    for batch, day in touched.items():
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
    return {document.id for document in ports.documents.find(records.COLLECTION, {"home": home})}


def _settled_at(ports: Ports, number: int) -> str:
    """When a settlement of this ledger was committed; empty if there is none of this number."""
    query = "SELECT settled_at FROM settlements WHERE settlement_no = @number"
    times = ports.warehouse.query(query, {"number": number}).column("settled_at").to_pylist()
    return times[0].isoformat() if times else ""
