"""After a restore from a backup: what this home sent and no longer has comes back from the head office.

Batches keep their IDs, so nothing is counted twice. What was decided since the restore counts; where a decision from
before contradicts it, a person decides.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn

from tillstream.contracts.registry import ContractRegistry
from tillstream.model import audit
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchKind
from tillstream.model.file_names import RECOVERED_HOME
from tillstream.ports import Ports
from tillstream.records import audit_log, batch_records
from tillstream.sync import identity, journal, status
from tillstream.sync.entry import ORIGIN, Entry, Parcel, Position, SentBatch
from tillstream.sync.office import HeadOffice
from tillstream.sync.refusals import QUESTION, Refused
from tillstream.sync.replay import Replayer

BY = "sync"


def recover(ports: Ports, contracts: ContractRegistry, office: HeadOffice, position: Position) -> int:
    """Take back what is lost and start a new epoch; return the number of batches. Idempotent.

    Raises `Refused` if a person must decide first, and as the head office.
    """
    count, replayer = 0, Replayer(ports, contracts, "", RECOVERED_HOME)
    pages = list(_pages(office))
    there = {batch.batch_id for page in pages for entry in page.entries for batch in entry.batches}
    undone = {batch for page in pages for entry in page.entries for batch in entry.undone}
    for page in pages:
        present = journal.in_ledger(ports, [batch.batch_id for entry in page.entries for batch in entry.batches])
        for entry in page.entries:
            _check(ports, entry, present, there)
            lost = _lost(ports, entry, present, undone)
            if lost:
                bytes_of = {batch.sha256: _read(office, batch) for one in lost for batch in one.batches}
                replayer.apply(replace(page, entries=lost, originals=bytes_of))
                count += sum(len(one.batches) for one in lost)
    if count:
        audit_log.record(ports, BY, audit.AuditAction.SYNC_RECOVERED, "journal", None, {"batches": count})
    epoch = max(identity.get(ports).epoch, position.epoch) + 1
    noted = status.get(ports).position
    status.begin_epoch(ports, epoch, noted if noted.number <= journal.last(ports) else ORIGIN)
    identity.set_epoch(ports, epoch)
    return count


def _pages(office: HeadOffice) -> Iterator[Parcel]:
    after = 0
    while (page := office.entries(after)).entries:
        yield page
        after = page.entries[-1].number


def _lost(ports: Ports, entry: Entry, present: set[str], undone: set[str]) -> tuple[Entry, ...]:
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
        if is_fix and not _counts(ports, parent) and parent not in {one.batch_id for one in batches}:
            continue
        gone = batch.batch_id in undone or (is_fix and parent in undone)
        batches.append(replace(batch, counts=batch.counts and not gone))
    again = tuple(batch for batch in entry.undone if _counts(ports, batch))
    if not batches and not again:
        return ()
    late = [one for one in batches if one.counts and _was_decided(ports, one)]
    after = (Entry(entry.number, undone=tuple(one.batch_id for one in late)),) if late else ()
    return (Entry(entry.number, tuple(batches), again), *after)


def _was_decided(ports: Ports, replay: SentBatch) -> bool:
    """Whether the batch that a lost replay replaces was undone or replayed here since."""
    parent = str(replay.fields["parent"])
    if replay.fields["kind"] != BatchKind.REPLAY or not journal.in_ledger(ports, [parent]):
        return False
    return not _counts(ports, parent)


def _counts(ports: Ports, batch: str) -> bool:
    record = _record(ports, batch)
    return record is not None and record.state in STATES_IN_LEDGER


def _record(ports: Ports, batch: str) -> Batch | None:
    document = ports.documents.get(batch_records.BATCHES, batch)
    return Batch.from_json(document.data) if document else None


def _check(ports: Ports, entry: Entry, present: set[str], there: set[str]) -> None:
    """Raise `Refused` if a lost decision and one since the restore are about the same batch."""
    for fix in entry.counted:
        if fix.batch_id in present or fix.fields["kind"] != BatchKind.CORRECTION:
            continue
        parent = str(fix.fields["parent"])
        if _counts(ports, parent) and _new_fixes(ports, parent, there):
            _ask(ports, parent)
        for replay in _new_replays(ports, parent, there):  # without the rows of the lost correction
            if replay.state in STATES_IN_LEDGER:
                _ask(ports, replay.batch_id)
            if replay.state not in TERMINAL_STATES:
                _wait(replay)
    for batch in entry.undone:
        if _counts(ports, batch) and _new_fixes(ports, batch, there):
            _ask(ports, batch)


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


def _ask(ports: Ports, batch: str) -> NoReturn:
    file = batch_records.get_batch(ports, batch).file
    raise Refused(
        QUESTION,
        f"{file} (batch {batch}) was corrected or undone before the backup was restored, and corrected or replayed "
        "since. Undo it here, load it again if it must count, and sync again.",
    )


def _wait(replay: Batch) -> NoReturn:
    raise Refused(
        QUESTION,
        f"{replay.file} was corrected before the backup was restored, and its replay since (batch {replay.batch_id}) "
        f"is {replay.state}. Reject or cancel that replay here, or wait until it is finished and undo it, and sync "
        "again.",
    )


def _read(office: HeadOffice, batch: SentBatch) -> bytes:
    whole = b""
    while data := office.read(batch.batch_id, len(whole)):
        whole += data
    return whole
