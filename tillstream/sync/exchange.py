"""Sync of this home to a head office: what it lacks is sent in order, then both sides compare what counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.records import batch_originals, batch_records
from tillstream.sync import agreement, identity, journal, recovery, requests, status, stock
from tillstream.sync.entry import Entry, Parcel, Position, SentBatch, position_after
from tillstream.sync.office import HeadOffice, Hello
from tillstream.sync.originals import PART
from tillstream.sync.reference import exchange as reference
from tillstream.sync.refusals import POSITION, Refused

SMALL = 256 * 1024
"""An original of at most this size is sent with its entry."""
PARCEL_BYTES = 2 << 20
PARCEL_ENTRIES = 200
TRIES = 5
"""How often the head office may answer with another position, as after a request whose answer was lost."""


@dataclass(frozen=True)
class Result:
    """What a sync did. differing: days of receipt whose digests differ."""

    entries: int
    number: int
    differing: tuple[str, ...]
    recovered: int = 0
    movements: int = 0
    """Stock movements that the head office lacked."""
    recovered_movements: int = 0
    differing_stock: tuple[str, ...] = ()
    """Days of recording whose stock movements differ."""
    reference_sent: int = 0
    """Entries of the catalogue, goals and exchange rates that the head office took."""
    reference_taken: int = 0
    questions: int = 0
    """Entries about which a person must decide."""
    requests: int = 0
    """Open requests of the head office."""

    @property
    def agrees(self) -> bool:
        return not self.differing and not self.differing_stock


def run(ports: Ports, contracts: ContractRegistry, office: HeadOffice) -> Result:
    """Send everything that the head office lacks, and compare. Idempotent; a sync that broke off is continued.

    Raises `Refused`, `Rejected`, `Unavailable`.
    """
    try:
        result = _run(ports, contracts, office)
    except Exception as error:
        status.note_failure(ports, str(error))
        raise
    status.note_end(ports)
    return result


def _run(ports: Ports, contracts: ContractRegistry, office: HeadOffice) -> Result:
    sent = recovered = 0
    for attempt in range(TRIES):
        position = _hello(ports, office)
        if not _is_ours(ports, position):
            recovered += recovery.recover(ports, contracts, office, position)
            continue
        status.note_position(ports, position)
        try:
            for parcel in parcels(ports, position):
                _send_large(ports, office, parcel)
                position = office.apply(parcel)
                status.note_position(ports, position)
                sent += len(parcel.entries)
        except Refused as error:
            if error.code != POSITION or attempt == TRIES - 1:
                raise
            continue
        days = _compare(ports, office, position.number)
        status.note_comparison(ports, position.number, days)
        stocked = stock.sync(ports, office)
        shared = reference.sync(ports, office)
        return Result(
            sent, position.number, tuple(days), recovered, stocked.sent, stocked.recovered, stocked.differing,
            shared.sent, shared.taken, shared.questions, requests.exchange(ports, office),
        )  # fmt: skip
    raise Conflict("The head office receives from two copies of this home at the same time. Stop one of them.")


def _compare(ports: Ports, office: HeadOffice, number: int) -> Sequence[str]:
    """The days that differ, by the whole ledger of this home if there are any."""
    digests = agreement.own_digests(ports, number)
    if days := office.compare(digests):
        proved = agreement.own_digests(ports, number, whole=True)
        return days if proved == digests else office.compare(proved)
    return days


def _hello(ports: Ports, office: HeadOffice) -> Position:
    own, base = identity.get(ports), status.get(ports).base
    escaped = batch_records.are_sale_ids_escaped(ports)
    return office.hello(Hello(own.epoch, journal.last(ports), base, escaped))


def _is_ours(ports: Ports, position: Position) -> bool:
    """Whether the journal of this home has the entries that the head office has; False after a restored backup."""
    if position.epoch != identity.get(ports).epoch:
        return False
    noted = status.get(ports).position
    start = noted if (noted.epoch, 1) == (position.epoch, 1) and noted.number <= position.number else _origin(position)
    if position.number > journal.last(ports):
        return False
    return position_after(start, journal.entries(ports, start.number, end=position.number)).hash == position.hash


def _origin(position: Position) -> Position:
    return Position(position.epoch)


def parcels(ports: Ports, after: Position) -> Iterator[Parcel]:
    """Yield the entries after a position in parcels of limited size."""
    group: list[Entry] = []
    small: dict[str, bytes] = {}
    for entry in journal.entries(ports, after.number):
        if group and (len(group) >= PARCEL_ENTRIES or _size(small) + _small_size(entry) > PARCEL_BYTES):
            parcel = _parcel(ports, after, group, small)
            yield parcel
            after, group, small = parcel.end, [], {}
        group.append(entry)
        for batch in entry.batches:
            if (
                batch.size <= SMALL and _size(small) + batch.size <= PARCEL_BYTES
            ):  # of one entry, the rest is sent in parts
                small[batch.sha256] = _bytes(ports, batch)
    if group:
        yield _parcel(ports, after, group, small)


def _parcel(ports: Ports, after: Position, group: Sequence[Entry], small: Mapping[str, bytes]) -> Parcel:
    batches = [batch for entry in group for batch in entry.batches]
    by_contract = {batch.contract: batch for batch in batches}
    contracts: dict[str, Mapping[str, Any]] = {}
    for name, batch in by_contract.items():
        if contract := journal.contract_of(ports, batch):
            contracts[name] = contract
    return Parcel(after, tuple(group), contracts, dict(small))


def _size(small: Mapping[str, bytes]) -> int:
    return sum(map(len, small.values()))


def _small_size(entry: Entry) -> int:
    return sum(batch.size for batch in entry.batches if batch.size <= SMALL)


def _bytes(ports: Ports, batch: SentBatch) -> bytes:
    with batch_originals.open_original(ports, batch_records.get_batch(ports, batch.batch_id)) as stream:
        return stream.read()


def _send_large(ports: Ports, office: HeadOffice, parcel: Parcel) -> None:
    large = {
        batch.sha256: batch
        for entry in parcel.entries
        for batch in entry.batches
        if batch.sha256 not in parcel.originals
    }
    if not large:
        return
    for sha256, offset in office.missing(list(large.values())).items():
        batch = large[sha256]
        with batch_originals.open_original(ports, batch_records.get_batch(ports, batch.batch_id)) as stream:
            end = stream.seek(offset)
            while data := stream.read(PART):
                start, end = end, end + len(data)
                if office.add_part(sha256, start, data) < end:
                    raise Rejected(f"The head office lost a part of {batch.fields['file']}. Run the sync again.")
