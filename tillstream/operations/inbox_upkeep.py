"""Upkeep of the inbox: register objects whose event was lost, and pack originals of old micro-batches.

The names that Tillstream makes begin with the time, after their folder, so a listing starts at a name:

    loaded/1759301234567890/IN/sales.csv             a file that arrived in one request
    sent/1759301234567890a1b2c3d4e5f60718/sales.csv  a resumable upload, named when it begins
    store-sales/UK/1759301234567890-….jsonl          a micro-batch, named after its first message

Each sweep lists these from the previous sweep on. Every twelve hours it also lists the rest: objects that others put
into the bucket, corrections (their name is their number), names of the old form, and those above that an upload or a
preview may still write.
Older ones need no listing: an upload that takes longer has a record, which `upload_completion.clean_up_uploads`
follows, and the messages of a micro-batch are acknowledged after it is registered.

Each step may be the last one before a kill. An original is deleted only when a pack that was read back has its bytes; a
pack is never changed, and the next run deletes the originals that a killed run had packed.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice

from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.intake import inbox, micro_batch, resumable_upload, upload_completion
from tillstream.intake.inbox import ensure_record
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchState, received_date
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.ids import batch_id
from tillstream.model.object_names import PACK_NAME, PACKABLE_NAME, time_for_name
from tillstream.operations import maintenance_status
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_originals, batch_records
from tillstream.records.batch_originals import PackedOriginal

SWEEP_OVERLAP = timedelta(hours=2)
"""How far before the previous sweep the next one looks; longer than a sweep, and than clocks differ."""
REST_INTERVAL = timedelta(hours=12)
"""Interval of the listing of the other objects: an object whose event was lost is found on the same day."""
EARLIEST_NAME = datetime(2015, 1, 1, tzinfo=UTC)
"""No name of these folders begins with an earlier time; what sorts before it is a name that people chose."""

AFTER_DIGITS = ":"

PACKING_AGE = timedelta(hours=1)
"""Age from which micro-batches are packed."""
MAX_PACKED, MAX_PACKED_IN_FUNCTION = 2_000, 200
"""Micro-batches of one run; a function has less time, and each step is a request. Further ones are left to the next
runs."""
MAX_PACK_MEMBERS, MAX_PACK_BYTES = 500, 16 << 20
"""Micro-batches and bytes of one pack, so that reading one original reads little else."""
FINAL_STATES = TERMINAL_STATES | STATES_IN_LEDGER
UNREAD_STATES = STATES_IN_LEDGER | {BatchState.UNDONE, BatchState.REPLAYED}
"""States in which nothing reads the staged rows: they are in the ledger, or were written again from the original."""

Packable = tuple[Batch, PackedOriginal]


def register_unrecorded(ports: Ports, contracts: ContractRegistry, previous_sweep: datetime | None) -> int:
    """Register objects without a record and return their number; rejected objects are left in place.

    previous_sweep: None to check the whole inbox.
    """
    if previous_sweep is None:
        return sum(_register_object(ports, contracts, stored) for stored in ports.objects.list(INBOX))
    since = previous_sweep - SWEEP_OVERLAP
    count = sum(_register_object(ports, contracts, stored) for stored in recent_objects(ports, contracts, since))
    listed = maintenance_status.last_run(ports, maintenance_status.INBOX_TASK)
    rest_since = datetime.fromisoformat(listed) if listed else previous_sweep
    if not listed or ports.clock.now() >= rest_since + REST_INTERVAL:
        count += sum(
            _register_object(ports, contracts, stored)
            for stored in remaining_objects(ports, contracts, rest_since - SWEEP_OVERLAP)
        )
        maintenance_status.note_run(ports, maintenance_status.INBOX_TASK)
    return count


def recent_objects(ports: Ports, contracts: ContractRegistry, since: datetime) -> Iterator[StoredObject]:
    """Yield objects written since then whose names begin with a time since then."""
    for folder in time_ordered_folders(contracts):
        yield from _objects_written(ports, since, start=folder + time_for_name(since), end=folder + AFTER_DIGITS)


def remaining_objects(ports: Ports, contracts: ContractRegistry, since: datetime) -> Iterator[StoredObject]:
    """Yield objects written since then, whatever their name; skip names that begin with a time long before then."""
    start = ""
    for folder in time_ordered_folders(contracts):
        skipped = folder + time_for_name(EARLIEST_NAME)
        if start < skipped:  # else a region whose name is a number: more is listed then, never less
            yield from _objects_written(ports, since, start=start, end=skipped)
        start = folder + time_for_name(since - _slowest_write(ports))
    yield from _objects_written(ports, since, start=start)


def _slowest_write(ports: Ports) -> timedelta:
    """Greatest time between the time in a name and the end of writing the object; older uploads are deleted before."""
    return max(upload_completion.INCOMPLETE_RETENTION, ports.limits.preview_kept) + timedelta(days=1)


def time_ordered_folders(contracts: ContractRegistry) -> list[str]:
    """Return the prefixes that a time follows, sorted as their names are."""
    store_sales = [f"{UNASSIGNED.name}/", *(f"{UNASSIGNED.name}/{region}/" for region in contracts.regions())]
    prefixes = [f"{inbox.LOADED_NAME_FOLDER}/", f"{resumable_upload.SENT_FOLDER}/", *store_sales]
    return sorted(prefixes, key=lambda prefix: prefix + time_for_name(EARLIEST_NAME))


def _objects_written(ports: Ports, since: datetime, *, start: str, end: str = "") -> Iterator[StoredObject]:
    oldest = int(since.timestamp() * 1_000_000)
    for stored in ports.objects.list(INBOX, start=start, end=end):
        if stored.generation >= oldest:
            yield stored


def _register_object(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> int:
    """Register an object, or the micro-batches of a pack; return how many had no record."""
    if PACK_NAME.fullmatch(stored.name):
        return _register_packed(ports, contracts, stored)
    where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
    if ports.documents.count(batch_records.BATCHES, where):
        return 0
    if _is_packed(ports, stored):
        return 0
    try:
        ensure_record(ports, contracts, stored)
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
        return micro_batch.register_micro_batch(ports, contracts, stored).state is BatchState.RECEIVED
    except Rejected:
        return None


def pack_micro_batches(
    ports: Ports, contracts: ContractRegistry, age: timedelta = PACKING_AGE, at_most: int = MAX_PACKED
) -> int:
    """Pack up to `at_most` micro-batches older than `age`; return how many objects were replaced. Idempotent."""
    before = ports.clock.now() - age
    listed = (
        stored
        for folder in time_ordered_folders(contracts)
        if folder.startswith(f"{UNASSIGNED.name}/")
        for stored in ports.objects.list(INBOX, start=folder, end=folder + time_for_name(before))
    )
    count = 0
    for (folder, *_), group in groupby(islice(filter(_folder_and_day, listed), at_most), key=_folder_and_day):
        for batches in _pack_chunks(_packable_objects(ports, folder, group)):
            count += _pack_together(ports, folder, batches)
    return count


def _folder_and_day(stored: StoredObject) -> tuple[str, ...]:
    """The folder and the day of a micro-batch; empty if the name is of another form."""
    match = PACKABLE_NAME.fullmatch(stored.name)
    return (match["folder"], received_date(int(match["time"])).isoformat()) if match else ()


def _packable_objects(ports: Ports, folder: str, group: Iterator[StoredObject]) -> Iterator[Packable]:
    """Yield the objects whose micro-batch needs no further work; a damaged original stays where it is."""
    for stored in group:
        try:
            with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
                raw = stream.read()
        except NotFound:
            continue
        batch = _micro_batch_record(ports, folder, stored, hashlib.sha256(raw).hexdigest())
        if batch and batch.object == stored.name and batch.state in FINAL_STATES:
            yield batch, PackedOriginal(replace(stored, generation=batch.generation), raw)


def _micro_batch_record(ports: Ports, folder: str, stored: StoredObject, sha256: str) -> Batch | None:
    """The record of a micro-batch of these bytes."""
    match = PACKABLE_NAME.fullmatch(stored.name)
    if not match or not sha256.startswith(match["hash"]):
        return None
    document = ports.documents.get(batch_records.BATCHES, batch_id(f"{INBOX}/{folder}", int(match["time"]), sha256))
    return Batch.from_json(document.data) if document else None


def _pack_chunks(packable: Iterator[Packable]) -> Iterator[list[Packable]]:
    chunk: list[Packable] = []
    size = 0
    for one in packable:
        chunk.append(one)
        size += len(one[1].raw)
        if len(chunk) == MAX_PACK_MEMBERS or size >= MAX_PACK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _pack_together(ports: Ports, folder: str, chunk: Sequence[Packable]) -> int:
    """Replace the objects of micro-batches of one folder and day by a pack; return their number."""
    packed = _packed_bytes(ports, folder, chunk)
    missing = [original for _, original in chunk if original.stored.name not in packed]
    if missing:
        batch_originals.note_pack_recorded(ports, batch_originals.write_pack(ports, missing))
        packed = _packed_bytes(ports, folder, chunk)
    kept = [(batch, original) for batch, original in chunk if packed.get(original.stored.name) == original.raw]
    for batch, original in kept:
        if batch.state in UNREAD_STATES:
            expiry.delete_staged(ports, f"{batch.batch_id}/")
        ports.objects.delete(INBOX, original.stored.name)
    return len(kept)


def _packed_bytes(ports: Ports, folder: str, chunk: Sequence[Packable]) -> dict[str, bytes]:
    """Object name → the bytes of the packs, as they are read back."""
    names = [original.stored.name for _, original in chunk]
    times = [int(match["time"]) for name in names if (match := PACKABLE_NAME.fullmatch(name))]
    packed: dict[str, bytes] = {}
    for stored in batch_originals.overlapping_packs(ports, folder, min(times), max(times)):
        try:
            packed |= {one.stored.name: one.raw for one in batch_originals.read_pack(ports, stored, names)}
        except (Rejected, NotFound):
            continue
    return packed
