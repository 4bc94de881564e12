"""Register inbox objects whose event was lost, without listing years of objects in every sweep.

The names that Tillstream makes begin with the time, after their folder, so a listing starts at a name:

    loaded/1759301234567890/IN/sales.csv             a file that arrived in one request
    sent/1759301234567890a1b2c3d4e5f60718/sales.csv  a resumable upload, named when it begins
    store-sales/UK/1759301234567890-….jsonl          a micro-batch, named after its first message

Each sweep lists these from the previous sweep on. Every twelve hours it also lists the rest: objects that others put
into the bucket, corrections (their name is their number), names of the old form, and those above that an upload or a
preview may still write.
Older ones need no listing: an upload that takes longer has a record, which `complete_upload.clean_up` follows, and the
messages of a micro-batch are acknowledged after it is registered.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.model.events import INBOX
from tillstream.model.file_names import PACK_NAME, time_for_name
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_originals, batch_records
from tillstream.workflows.intake import complete_upload, micro_batch, resumable_upload, uploads
from tillstream.workflows.intake.inbox_object import record_of
from tillstream.workflows.operations import maintenance_log

OVERLAP = timedelta(hours=2)
"""How far before the previous sweep the next one looks; longer than a sweep, and than clocks differ."""
REST_EVERY = timedelta(hours=12)
"""Interval of the listing of the other objects: an object whose event was lost is found on the same day."""
FIRST = datetime(2015, 1, 1, tzinfo=UTC)
"""No name of these folders begins with an earlier time; what sorts before it is a name that people chose."""

AFTER_DIGITS = ":"


def register(ports: Ports, contracts: ContractRegistry, previous_sweep: datetime | None) -> int:
    """Register objects without a record and return their number; rejected objects are left in place.

    previous_sweep: None to check the whole inbox.
    """
    if previous_sweep is None:
        return sum(_register(ports, contracts, stored) for stored in ports.objects.list(INBOX))
    since = previous_sweep - OVERLAP
    count = sum(_register(ports, contracts, stored) for stored in recent(ports, contracts, since))
    listed = maintenance_log.last(ports, maintenance_log.INBOX)
    rest_since = datetime.fromisoformat(listed) if listed else previous_sweep
    if not listed or ports.clock.now() >= rest_since + REST_EVERY:
        count += sum(_register(ports, contracts, stored) for stored in rest(ports, contracts, rest_since - OVERLAP))
        maintenance_log.note(ports, maintenance_log.INBOX)
    return count


def recent(ports: Ports, contracts: ContractRegistry, since: datetime) -> Iterator[StoredObject]:
    """Yield objects written since then whose names begin with a time since then."""
    for folder in folders(contracts):
        yield from _written(ports, since, start=folder + time_for_name(since), end=folder + AFTER_DIGITS)


def rest(ports: Ports, contracts: ContractRegistry, since: datetime) -> Iterator[StoredObject]:
    """Yield objects written since then, whatever their name; skip names that begin with a time long before then."""
    start = ""
    for folder in folders(contracts):
        skipped = folder + time_for_name(FIRST)
        if start < skipped:  # else a region whose name is a number: more is listed then, never less
            yield from _written(ports, since, start=start, end=skipped)
        start = folder + time_for_name(since - _slowest(ports))
    yield from _written(ports, since, start=start)


def _slowest(ports: Ports) -> timedelta:
    """Greatest time between the time in a name and the end of writing the object; older uploads are deleted before."""
    return max(complete_upload.KEPT, ports.limits.preview_kept) + timedelta(days=1)


def folders(contracts: ContractRegistry) -> list[str]:
    """Return the prefixes that a time follows, sorted as their names are."""
    store_sales = [f"{UNASSIGNED.name}/", *(f"{UNASSIGNED.name}/{region}/" for region in contracts.regions())]
    prefixes = [f"{uploads.FOLDER}/", f"{resumable_upload.FOLDER}/", *store_sales]
    return sorted(prefixes, key=lambda prefix: prefix + time_for_name(FIRST))


def _written(ports: Ports, since: datetime, *, start: str, end: str = "") -> Iterator[StoredObject]:
    oldest = int(since.timestamp() * 1_000_000)
    for stored in ports.objects.list(INBOX, start=start, end=end):
        if stored.generation >= oldest:
            yield stored


def _register(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> int:
    """Register an object, or the micro-batches of a pack; return how many had no record."""
    if PACK_NAME.fullmatch(stored.name):
        return _register_packed(ports, contracts, stored)
    where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
    if ports.documents.count(batch_records.BATCHES, where):
        return 0
    if _is_packed(ports, stored):
        return 0
    try:
        record_of(ports, contracts, stored)
    except Rejected:
        return 0
    return 1


def _is_packed(ports: Ports, stored: StoredObject) -> bool:
    """Whether the object contains messages that were delivered again after they were packed."""
    try:
        return batch_originals.read_packed(ports, stored.name) is not None
    except Rejected:  # a damaged pack, which may not have contained it
        return False


def _register_packed(ports: Ports, contracts: ContractRegistry, pack: StoredObject) -> int:
    """Register the micro-batches of a pack, unless it is noted that they have records."""
    if batch_originals.is_pack_recorded(ports, pack):
        return 0
    try:
        registered = [
            _register_member(ports, contracts, stored) for stored in batch_originals.pack_members(ports, pack)
        ]
    except Rejected:  # a damaged pack: whoever reads an original of it gets the sentence
        return 0
    if None not in registered:
        batch_originals.note_pack_recorded(ports, pack)
    return sum(filter(None, registered))


def _register_member(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> bool | None:
    """Whether it had no record; None if it is damaged, and so has none."""
    if ports.documents.count(batch_records.BATCHES, {"object": stored.name, "generation": stored.generation}):
        return False
    try:
        return micro_batch.register(ports, contracts, stored).state is BatchState.RECEIVED
    except Rejected:
        return None
