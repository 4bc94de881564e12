"""Sync of this home to a head office: what it lacks is sent in order, then both sides compare what counts.

After a restore from a backup, what this home sent and no longer has comes back from the head office. Batches keep their
IDs, so nothing is counted twice. What was decided since the restore counts; where a decision from before contradicts
it, a person decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from tillstream.contracts.registry import ContractRegistry
from tillstream.model import audit
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchKind
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.object_names import RECOVERED_HOME
from tillstream.ports import Ports
from tillstream.records import audit_log, batch_originals, batch_records
from tillstream.sync import agreement, home_identity, journal, stock_exchange, sync_status, undo_requests
from tillstream.sync import reference_exchange as reference
from tillstream.sync.entry_replay import PART_BYTES, Replayer
from tillstream.sync.head_office import HeadOffice, SyncHello
from tillstream.sync.journal import JOURNAL_ORIGIN, JournalEntry, JournalPosition, Parcel, SentBatch, position_after
from tillstream.sync.refusals import OPEN_QUESTION, OTHER_POSITION, Refused

RECOVERY_USER = "sync"

SMALL_ORIGINAL = 256 * 1024
"""An original of at most this size is sent with its entry."""
PARCEL_BYTES = 2 << 20
PARCEL_ENTRIES = 200
POSITION_TRIES = 5
"""How often the head office may answer with another position, as after a request whose answer was lost."""


def recover_lost_entries(
    ports: Ports, contracts: ContractRegistry, office: HeadOffice, position: JournalPosition
) -> int:
    """Take back what is lost and start a new epoch; return the number of batches. Idempotent.

    Raises `Refused` if a person must decide first, and as the head office.
    """
    count, replayer = 0, Replayer(ports, contracts, "", RECOVERED_HOME)
    pages = list(_office_pages(office))
    there = {batch.batch_id for page in pages for entry in page.entries for batch in entry.batches}
    undone = {batch for page in pages for entry in page.entries for batch in entry.undone}
    for page in pages:
        present = journal.batches_in_ledger(
            ports, [batch.batch_id for entry in page.entries for batch in entry.batches]
        )
        for entry in page.entries:
            _check_contradictions(ports, entry, present, there)
            lost = _lost_of_entry(ports, entry, present, undone)
            if lost:
                bytes_of = {batch.sha256: _read_original(office, batch) for one in lost for batch in one.batches}
                replayer.apply(replace(page, entries=lost, originals=bytes_of))
                count += sum(len(one.batches) for one in lost)
    if count:
        audit_log.record(ports, RECOVERY_USER, audit.AuditAction.SYNC_RECOVERED, "journal", None, {"batches": count})
    epoch = max(home_identity.get_identity(ports).epoch, position.epoch) + 1
    noted = sync_status.get_status(ports).position
    sync_status.begin_epoch(
        ports, epoch, noted if noted.number <= journal.last_settlement_number(ports) else JOURNAL_ORIGIN
    )
    home_identity.set_epoch(ports, epoch)
    return count


def _office_pages(office: HeadOffice) -> Iterator[Parcel]:
    after = 0
    while (page := office.entries(after)).entries:
        yield page
        after = page.entries[-1].number


def _lost_of_entry(ports: Ports, entry: JournalEntry, present: set[str], undone: set[str]) -> tuple[JournalEntry, ...]:
    """What of an entry of the head office is to be done here; empty if nothing is.

    What was undone later is only recorded, because replays are read from it. A replay of a batch that was undone or
    replayed here since the restore is undone in turn.
    """
    batches: list[SentBatch] = []
    for batch in entry.batches:
        if batch.batch_id in present:
            continue
        parent = str(batch.fields["parent"])
        is_fix = batch.fields["kind"] == BatchKind.CORRECTION
        if is_fix and not _counts_here(ports, parent) and parent not in {one.batch_id for one in batches}:
            continue
        gone = batch.batch_id in undone or (is_fix and parent in undone)
        batches.append(replace(batch, counts=batch.counts and not gone))
    again = tuple(batch for batch in entry.undone if _counts_here(ports, batch))
    if not batches and not again:
        return ()
    late = [one for one in batches if one.counts and _was_decided(ports, one)]
    after = (JournalEntry(entry.number, undone=tuple(one.batch_id for one in late)),) if late else ()
    return (JournalEntry(entry.number, tuple(batches), again), *after)


def _was_decided(ports: Ports, replay: SentBatch) -> bool:
    """Whether the batch that a lost replay replaces was undone or replayed here since."""
    parent = str(replay.fields["parent"])
    if replay.fields["kind"] != BatchKind.REPLAY or not journal.batches_in_ledger(ports, [parent]):
        return False
    return not _counts_here(ports, parent)


def _counts_here(ports: Ports, batch: str) -> bool:
    record = _recover_record(ports, batch)
    return record is not None and record.state in STATES_IN_LEDGER


def _recover_record(ports: Ports, batch: str) -> Batch | None:
    document = ports.documents.get(batch_records.BATCHES, batch)
    return Batch.from_json(document.data) if document else None


def _check_contradictions(ports: Ports, entry: JournalEntry, present: set[str], there: set[str]) -> None:
    """Raise `Refused` if a lost decision and one since the restore are about the same batch."""
    for fix in entry.counted:
        if fix.batch_id in present or fix.fields["kind"] != BatchKind.CORRECTION:
            continue
        parent = str(fix.fields["parent"])
        if _counts_here(ports, parent) and _new_fixes(ports, parent, there):
            _ask_lost(ports, parent)
        for replay in _new_replays(ports, parent, there):  # without the rows of the lost correction
            if replay.state in STATES_IN_LEDGER:
                _ask_lost(ports, replay.batch_id)
            if replay.state not in TERMINAL_STATES:
                _wait_for_batch(replay)
    for batch in entry.undone:
        if _counts_here(ports, batch) and _new_fixes(ports, batch, there):
            _ask_lost(ports, batch)


def _new_fixes(ports: Ports, batch: str, there: set[str]) -> list[Batch]:
    """Corrections of a batch that the head office does not have."""
    fixes = batch_records.child_batches(ports, batch, BatchKind.CORRECTION)
    return [fix for fix in fixes if fix.state in STATES_IN_LEDGER and fix.batch_id not in there]


def _new_replays(ports: Ports, batch: str, there: set[str]) -> Iterator[Batch]:
    """Replays of a batch, and replays of these, that the head office does not have."""
    for replay in batch_records.child_batches(ports, batch, BatchKind.REPLAY):
        if replay.batch_id not in there:
            yield replay
        yield from _new_replays(ports, replay.batch_id, there)


def _ask_lost(ports: Ports, batch: str) -> NoReturn:
    file = batch_records.get_batch(ports, batch).file
    raise Refused(
        OPEN_QUESTION,
        f"{file} (batch {batch}) was corrected or undone before the backup was restored, and corrected or replayed "
        "since. Undo it here, load it again if it must count, and sync again.",
    )


def _wait_for_batch(replay: Batch) -> NoReturn:
    raise Refused(
        OPEN_QUESTION,
        f"{replay.file} was corrected before the backup was restored, and its replay since (batch {replay.batch_id}) "
        f"is {replay.state}. Reject or cancel that replay here, or wait until it is finished and undo it, and sync "
        "again.",
    )


def _read_original(office: HeadOffice, batch: SentBatch) -> bytes:
    whole = b""
    while data := office.read(batch.batch_id, len(whole)):
        whole += data
    return whole


@dataclass(frozen=True)
class SyncResult:
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


def sync_home(ports: Ports, contracts: ContractRegistry, office: HeadOffice) -> SyncResult:
    """Send everything that the head office lacks, and compare. Idempotent; a sync that broke off is continued.

    Raises `Refused`, `Rejected`, `Unavailable`.
    """
    try:
        result = _sync_once(ports, contracts, office)
    except Exception as error:
        sync_status.note_failure(ports, str(error))
        raise
    sync_status.note_end(ports)
    return result


def _sync_once(ports: Ports, contracts: ContractRegistry, office: HeadOffice) -> SyncResult:
    sent = recovered = 0
    for attempt in range(POSITION_TRIES):
        position = _position_at_office(ports, office)
        if not _is_position_of_home(ports, position):
            recovered += recover_lost_entries(ports, contracts, office, position)
            continue
        sync_status.note_position(ports, position)
        try:
            for parcel in journal_parcels(ports, position):
                _send_large_originals(ports, office, parcel)
                position = office.apply(parcel)
                sync_status.note_position(ports, position)
                sent += len(parcel.entries)
        except Refused as error:
            if error.code != OTHER_POSITION or attempt == POSITION_TRIES - 1:
                raise
            continue
        days = _compare_digests(ports, office, position.number)
        sync_status.note_comparison(ports, position.number, days)
        stocked = stock_exchange.sync_stock(ports, office)
        shared = reference.sync_reference(ports, office)
        return SyncResult(
            sent, position.number, tuple(days), recovered, stocked.sent, stocked.recovered, stocked.differing,
            shared.sent, shared.taken, shared.questions, undo_requests.exchange_undo_requests(ports, office),
        )  # fmt: skip
    raise Conflict("The head office receives from two copies of this home at the same time. Stop one of them.")


def _compare_digests(ports: Ports, office: HeadOffice, number: int) -> Sequence[str]:
    """The days that differ, by the whole ledger of this home if there are any."""
    digests = agreement.own_digests(ports, number)
    if days := office.compare(digests):
        proved = agreement.own_digests(ports, number, whole=True)
        return days if proved == digests else office.compare(proved)
    return days


def _position_at_office(ports: Ports, office: HeadOffice) -> JournalPosition:
    own, base = home_identity.get_identity(ports), sync_status.get_status(ports).base
    escaped = batch_records.are_sale_ids_escaped(ports)
    return office.hello(SyncHello(own.epoch, journal.last_settlement_number(ports), base, escaped))


def _is_position_of_home(ports: Ports, position: JournalPosition) -> bool:
    """Whether the journal of this home has the entries that the head office has; False after a restored backup."""
    if position.epoch != home_identity.get_identity(ports).epoch:
        return False
    noted = sync_status.get_status(ports).position
    start = (
        noted
        if (noted.epoch, 1) == (position.epoch, 1) and noted.number <= position.number
        else _origin_of_epoch(position)
    )
    if position.number > journal.last_settlement_number(ports):
        return False
    return (
        position_after(start, journal.journal_entries(ports, start.number, end=position.number)).hash == position.hash
    )


def _origin_of_epoch(position: JournalPosition) -> JournalPosition:
    return JournalPosition(position.epoch)


def journal_parcels(ports: Ports, after: JournalPosition) -> Iterator[Parcel]:
    """Yield the entries after a position in parcels of limited size."""
    group: list[JournalEntry] = []
    small: dict[str, bytes] = {}
    for entry in journal.journal_entries(ports, after.number):
        if group and (
            len(group) >= PARCEL_ENTRIES or _bytes_of_originals(small) + _bytes_of_small(entry) > PARCEL_BYTES
        ):
            parcel = _parcel_of_entries(ports, after, group, small)
            yield parcel
            after, group, small = parcel.end, [], {}
        group.append(entry)
        for batch in entry.batches:
            if (
                batch.size <= SMALL_ORIGINAL and _bytes_of_originals(small) + batch.size <= PARCEL_BYTES
            ):  # of one entry, the rest is sent in parts
                small[batch.sha256] = _original_bytes(ports, batch)
    if group:
        yield _parcel_of_entries(ports, after, group, small)


def _parcel_of_entries(
    ports: Ports, after: JournalPosition, group: Sequence[JournalEntry], small: Mapping[str, bytes]
) -> Parcel:
    batches = [batch for entry in group for batch in entry.batches]
    by_contract = {batch.contract: batch for batch in batches}
    contracts: dict[str, Mapping[str, Any]] = {}
    for name, batch in by_contract.items():
        if contract := journal.contract_of_batch(ports, batch):
            contracts[name] = contract
    return Parcel(after, tuple(group), contracts, dict(small))


def _bytes_of_originals(small: Mapping[str, bytes]) -> int:
    return sum(map(len, small.values()))


def _bytes_of_small(entry: JournalEntry) -> int:
    return sum(batch.size for batch in entry.batches if batch.size <= SMALL_ORIGINAL)


def _original_bytes(ports: Ports, batch: SentBatch) -> bytes:
    with batch_originals.open_original(ports, batch_records.get_batch(ports, batch.batch_id)) as stream:
        return stream.read()


def _send_large_originals(ports: Ports, office: HeadOffice, parcel: Parcel) -> None:
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
            while data := stream.read(PART_BYTES):
                start, end = end, end + len(data)
                if office.add_part(sha256, start, data) < end:
                    raise Rejected(f"The head office lost a part of {batch.fields['file']}. Run the sync again.")
