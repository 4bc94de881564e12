"""Pack the originals of old micro-batches of store sales, and delete what nothing reads any more.

Each step may be the last one before a kill. An original is deleted only when a pack that was read back has its bytes; a
pack is never changed, and the next run deletes the originals that a killed run had packed.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby, islice

from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchState, received_date
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.file_names import PACKABLE_NAME, time_for_name
from tillstream.model.ids import batch_id
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_originals, batch_records
from tillstream.records.batch_originals import PackedOriginal
from tillstream.workflows.operations import unrecorded_objects

AGE = timedelta(hours=1)
"""Age from which micro-batches are packed."""
AT_MOST, AT_MOST_IN_FUNCTION = 2_000, 200
"""Micro-batches of one run; a function has less time, and each step is a request. Further ones are left to the next
runs."""
TOGETHER, BYTES = 500, 16 << 20
"""Micro-batches and bytes of one pack, so that reading one original reads little else."""
FINAL = TERMINAL_STATES | STATES_IN_LEDGER
UNREAD = STATES_IN_LEDGER | {BatchState.UNDONE, BatchState.REPLAYED}
"""States in which nothing reads the staged rows: they are in the ledger, or were written again from the original."""


def pack(ports: Ports, contracts: ContractRegistry, age: timedelta = AGE, at_most: int = AT_MOST) -> int:
    """Pack up to `at_most` micro-batches older than `age`; return how many objects were replaced. Idempotent."""
    before = ports.clock.now() - age
    listed = (
        stored
        for folder in unrecorded_objects.folders(contracts)
        if folder.startswith(f"{UNASSIGNED.name}/")
        for stored in ports.objects.list(INBOX, start=folder, end=folder + time_for_name(before))
    )
    count = 0
    for (folder, *_), group in groupby(islice(filter(_day, listed), at_most), key=_day):
        for batches in _chunks(_packable(ports, folder, group)):
            count += _pack_together(ports, folder, batches)
    return count


def _day(stored: StoredObject) -> tuple[str, ...]:
    """The folder and the day of a micro-batch; empty if the name is of another form."""
    match = PACKABLE_NAME.fullmatch(stored.name)
    return (match["folder"], received_date(int(match["time"])).isoformat()) if match else ()


Packable = tuple[Batch, PackedOriginal]


def _packable(ports: Ports, folder: str, group: Iterator[StoredObject]) -> Iterator[Packable]:
    """Yield the objects whose micro-batch needs no further work; a damaged original stays where it is."""
    for stored in group:
        try:
            with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
                raw = stream.read()
        except NotFound:
            continue
        batch = _record(ports, folder, stored, hashlib.sha256(raw).hexdigest())
        if batch and batch.object == stored.name and batch.state in FINAL:
            yield batch, PackedOriginal(replace(stored, generation=batch.generation), raw)


def _record(ports: Ports, folder: str, stored: StoredObject, sha256: str) -> Batch | None:
    """The record of a micro-batch of these bytes."""
    match = PACKABLE_NAME.fullmatch(stored.name)
    if not match or not sha256.startswith(match["hash"]):
        return None
    document = ports.documents.get(batch_records.BATCHES, batch_id(f"{INBOX}/{folder}", int(match["time"]), sha256))
    return Batch.from_json(document.data) if document else None


def _chunks(packable: Iterator[Packable]) -> Iterator[list[Packable]]:
    chunk: list[Packable] = []
    size = 0
    for one in packable:
        chunk.append(one)
        size += len(one[1].raw)
        if len(chunk) == TOGETHER or size >= BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _pack_together(ports: Ports, folder: str, chunk: Sequence[Packable]) -> int:
    """Replace the objects of micro-batches of one folder and day by a pack; return their number."""
    packed = _packed(ports, folder, chunk)
    missing = [original for _, original in chunk if original.stored.name not in packed]
    if missing:
        batch_originals.note_pack_recorded(ports, batch_originals.write_pack(ports, missing))
        packed = _packed(ports, folder, chunk)
    kept = [(batch, original) for batch, original in chunk if packed.get(original.stored.name) == original.raw]
    for batch, original in kept:
        if batch.state in UNREAD:
            expiry.delete_staged(ports, f"{batch.batch_id}/")
        ports.objects.delete(INBOX, original.stored.name)
    return len(kept)


def _packed(ports: Ports, folder: str, chunk: Sequence[Packable]) -> dict[str, bytes]:
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
