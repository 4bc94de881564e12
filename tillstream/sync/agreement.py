"""Agreement: digests of what counts of one home, by day of receipt, which both sides compute from their own ledger."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

import sql
from tillstream.batches import records
from tillstream.ports import Ports
from tillstream.sync import homes, journal
from tillstream.sync.homes import Home

COLLECTION = "sync_digests"
NOTED_FOR = timedelta(days=1)
"""After this, the ledger is read again even if nothing has arrived."""


def own_digests(ports: Ports, number: int) -> dict[str, str]:
    """Day of receipt → digest of what counted in this home after a settlement."""
    synced = {batch for home in homes.every(ports) for batch in _batches_of(ports, home.name)}
    return _digests({batch: row for batch, row in _counted(ports, number).items() if batch not in synced})


def digests_of(ports: Ports, home: str) -> dict[str, str]:
    """As `own_digests`, for what a home sent to this one."""
    synced = _batches_of(ports, home)
    counted = _counted(ports, journal.last(ports)) if synced else {}
    return _digests({batch: row for batch, row in counted.items() if batch in synced})


def noted_digests(ports: Ports, home: Home) -> dict[str, str]:
    """As `digests_of`; in a project, where the query costs money, noted for a day while the position is the same."""
    if ports.jobs is None:
        return digests_of(ports, home.name)
    now, position = ports.clock.now(), [home.epoch, home.number, home.hash]
    noted = ports.documents.get(COLLECTION, home.name)
    if noted and noted.data["position"] == position and now < datetime.fromisoformat(noted.data["at"]) + NOTED_FOR:
        return dict(noted.data["digests"])
    digests = digests_of(ports, home.name)
    ports.documents.put(COLLECTION, home.name, {"position": position, "at": now.isoformat(), "digests": digests})
    return digests


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The days whose digests differ, in order."""
    return sorted(day for day in {*ours, *theirs} if ours.get(day) != theirs.get(day))


def _batches_of(ports: Ports, home: str) -> set[str]:
    """IDs of the batches that a home sent to this one."""
    return {document.id for document in ports.documents.find(records.COLLECTION, {"home": home})}


def _counted(ports: Ports, number: int) -> dict[str, tuple[str, str]]:
    """Batch → its day of receipt and its digest, as text."""
    table = ports.warehouse.query(sql.text("ledger/counted_batches"), {"number": number})
    columns = (table.column(name).to_pylist() for name in table.column_names)
    return {batch: (day.isoformat(), " ".join(map(str, sums))) for batch, day, *sums in zip(*columns, strict=True)}


def _digests(counted: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    days: defaultdict[str, list[str]] = defaultdict(list)
    for batch, (day, sums) in sorted(counted.items()):
        days[day].append(f"{batch} {sums}")
    return {day: hashlib.sha256("\n".join(lines).encode()).hexdigest() for day, lines in days.items()}
