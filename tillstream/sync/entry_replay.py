"""Replay of entries: the originals of another home are received, staged and settled again by this one.

In a project, where memory and time are limited, the batches are settled in several groups if they are too large.

A batch keeps its ID, its contract version and its place in time, so both ledgers have the same observations of it.
Everything is idempotent: a record is created once, and the warehouse skips batches that it has.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tillstream.contracts.registry import CONTRACTS_COLLECTION as CONTRACTS
from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchKind, BatchState
from tillstream.model.contract import parse_contract
from tillstream.model.errors import Conflict, NotFound, Rejected, TooLarge
from tillstream.model.events import INBOX, STAGING
from tillstream.model.object_names import SYNC_FOLDER, home_in_name, synced_name
from tillstream.pipeline.settling import large_job, repetition
from tillstream.pipeline.settling.lanes import MAX_BATCHES
from tillstream.pipeline.settling.repetition import Repetition
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_records
from tillstream.sync.journal import JournalEntry, Parcel, SentBatch
from tillstream.sync.refusals import AFTER_A_JOB, ORIGINAL_MISSING, Busy, Refused

SETTLING_PAUSED = "The head office is committing a large file. What was sent is settled after it."

PART_BYTES = 4 << 20
"""Maximum bytes of a part."""
_OFFSET_DIGITS = 15

_MAX_NAME = 60
_AT_HOME = "-at-"
_BEFORE_LEDGER = frozenset(
    {BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED, BatchState.HELD, BatchState.FAILED}
)


def settlement_parts(ports: Ports, contracts: ContractRegistry, staged: Sequence[Batch]) -> list[list[Batch]]:
    """The batches in groups that are settled one after the other; one group, which may be empty, on one machine."""
    if ports.jobs is None:
        return [list(staged)]
    read = large_job.rows_to_read(ports, contracts, staged)
    result: list[list[Batch]] = [[]]
    total = 0
    for batch in staged:
        total += read[batch.batch_id]
        if len(result[-1]) >= MAX_BATCHES or (result[-1] and large_job.is_large_settlement(ports, total)):
            result.append([])
            total = read[batch.batch_id]
        result[-1].append(batch)
    return result


def still_counting_batches(ports: Ports, undone: Sequence[str]) -> Sequence[str]:
    """The batches that are to be undone and are not yet: after the job, the same entries are sent again."""
    if ports.jobs is None:
        return undone
    return [batch for batch in undone if batch_records.get_batch(ports, batch).state in STATES_IN_LEDGER]


def settle_or_leave_to_job(ports: Ports, contracts: ContractRegistry, work: Repetition) -> None:
    """Settle it here, or leave it to the job `settle-large`. Raises `Busy` until it is settled, and as
    `perform_repetition`."""
    if ports.jobs is None:
        return repetition.perform_repetition(ports, contracts, work)
    if large_job.is_settling_paused(ports):
        raise Busy(SETTLING_PAUSED, AFTER_A_JOB)
    rows = _rows_to_settle(ports, contracts, work)
    if large_job.is_large_settlement(ports, rows):
        _leave_to_job(ports, work, rows)
    try:
        repetition.perform_repetition(ports, contracts, work)
    except TooLarge:
        _leave_to_job(ports, work, rows)


def forget_job_requests(ports: Ports, home: str) -> None:
    """Remove the requests to the job about batches of a home. Idempotent."""
    for work in repetition.repetitions_left_to_job(ports):
        if batch_records.get_batch(ports, work.subject).home == home:
            large_job.close_request(ports, work.subject)


def _rows_to_settle(ports: Ports, contracts: ContractRegistry, work: Repetition) -> int:
    """Rows that a settlement reads: those of its batches, and of what it replaces or undoes."""
    staged = [batch_records.get_batch(ports, batch) for batch in work.staged]
    replaced = {batch.parent for batch in staged}
    undone = [batch_records.get_batch(ports, batch) for batch in work.undone if batch not in replaced]
    read = large_job.rows_to_read(ports, contracts, staged)
    return sum(read.values()) + sum(large_job.undone_rows(ports, batch) for batch in undone)


def _leave_to_job(ports: Ports, work: Repetition, rows: int) -> None:
    repetition.leave_repetition_to_job(ports, work)
    file = batch_records.get_batch(ports, work.subject).file
    why = f"The head office settles {file} ({rows:,} rows) in a job of its own, which takes some minutes."
    raise Busy(why, AFTER_A_JOB)


def find_original(ports: Ports, label: str, batch: SentBatch) -> StoredObject | None:
    """The stored original of a batch, or None. label: the folder of the home that sent it."""
    try:
        return ports.objects.stat(INBOX, _part_name(label, batch))
    except NotFound:
        return None


def received_bytes(ports: Ports, label: str, sha256: str) -> int:
    """How many bytes of an original have arrived in parts without a gap."""
    return sum(stored.size for stored in _stored_parts(ports, label, sha256))


def add_original_part(ports: Ports, label: str, sha256: str, offset: int, data: bytes) -> int:
    """Store a part and return how many bytes have arrived without a gap. Idempotent. Raises `Rejected`."""
    if len(data) > PART_BYTES or offset < 0:
        raise Rejected(f"A part has at most {PART_BYTES:,} bytes.")
    try:
        with ports.objects.writer(STAGING, _part_of_name(label, sha256, offset), if_generation=0) as writer:
            writer.write(data)
    except Conflict:
        pass
    return received_bytes(ports, label, sha256)


def store_original(ports: Ports, label: str, batch: SentBatch, small: Mapping[str, bytes]) -> StoredObject:
    """Store the original of a batch from `small` (SHA-256 → bytes) or its parts. Idempotent.

    Raises `Rejected` if bytes are missing or are not those of the record.
    """
    existing = find_original(ports, label, batch)
    if existing:
        return existing
    digest = hashlib.sha256()
    pieces = iter([small[batch.sha256]]) if batch.sha256 in small else _original_pieces(ports, label, batch.sha256)
    try:
        with ports.objects.writer(INBOX, _part_name(label, batch), if_generation=0) as writer:
            for piece in pieces:
                digest.update(piece)
                writer.write(piece)
            if digest.hexdigest() != batch.sha256:
                raise Refused(
                    ORIGINAL_MISSING, f"The bytes of {batch.fields['file']} are missing or damaged. Send them again."
                )
    except Conflict:
        pass
    return ports.objects.stat(INBOX, _part_name(label, batch))


def forget_original_parts(ports: Ports, label: str, sha256: str) -> None:
    for stored in list(ports.objects.list(STAGING, _parts_folder(label, sha256))):
        ports.objects.delete(STAGING, stored.name)


def _original_pieces(ports: Ports, label: str, sha256: str) -> Iterator[bytes]:
    for stored in _stored_parts(ports, label, sha256):
        with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
            yield stream.read()


def _stored_parts(ports: Ports, label: str, sha256: str) -> Iterator[StoredObject]:
    """The parts from the first byte on, up to the first gap."""
    end = 0
    for stored in ports.objects.list(STAGING, _parts_folder(label, sha256)):
        if int(stored.name.rpartition("/")[2]) != end:
            return
        end += stored.size
        yield stored


def _parts_folder(label: str, sha256: str) -> str:
    if not sha256.isalnum():
        raise Rejected("This is no SHA-256.")
    return f"{SYNC_FOLDER}/{label}/{sha256}/"


def _part_of_name(label: str, sha256: str, offset: int) -> str:
    return f"{_parts_folder(label, sha256)}{offset:0{_OFFSET_DIGITS}d}"


def _part_name(label: str, batch: SentBatch) -> str:
    return synced_name(label, str(batch.fields["object"]), int(batch.fields["generation"]))


@dataclass(frozen=True)
class Replayer:
    """home: whose batches the records are; empty: of this home. label: the folder of their originals."""

    ports: Ports
    contracts: ContractRegistry
    home: str
    label: str

    def apply(self, parcel: Parcel) -> None:
        """Settle all entries. Raises as `settle`."""
        for group in entries_settled_together(parcel.entries):
            self.settle(parcel, group)

    def settle(self, parcel: Parcel, group: Sequence[JournalEntry]) -> None:
        """Settle one of the groups of a parcel. Idempotent. Raises `Rejected`, `Conflict` and `Unavailable`."""
        sent = [batch for entry in group for batch in entry.batches]
        undone = [batch for entry in group for batch in entry.undone]
        self._check_owner(parcel, [*undone, *(str(batch.fields["parent"]) for batch in sent)])
        created = [(self._record(parcel, batch), batch.counts) for batch in sent]
        self._check_owner(parcel, (batch.parent for batch, _ in created))
        self._forget_parts(parcel, sent)
        settled_next = [batch for batch, counts in created if counts and batch.state in _BEFORE_LEDGER]
        staged = [self._staged(batch) for batch in settled_next if not self._is_second(batch)]
        *first, last = settlement_parts(self.ports, self.contracts, staged)
        for part in first:
            self._commit(part, [])
        if last or undone:
            self._commit(last, still_counting_batches(self.ports, undone))

    def _check_owner(self, parcel: Parcel, batches: Iterable[str]) -> None:
        """Raise `Rejected` if a batch that is to be undone, replaced or corrected belongs to another home."""
        sent = {batch.batch_id: batch for entry in parcel.entries for batch in entry.batches}
        for batch in dict.fromkeys(filter(None, batches)):
            document = self.ports.documents.get(batch_records.BATCHES, batch)
            if document:
                self._own(parcel, Batch.from_json(document.data), sent.get(batch))

    def _own(self, parcel: Parcel, batch: Batch, sent: SentBatch | None) -> Batch:
        """The record, if it is of the home. Raises `Rejected`.

        A record that was written from the ledger, as after a restore, is completed with what the home sends.
        """
        if sent and self._is_incomplete(batch, sent):
            data = self._fields(parcel, sent)
            return batch_records.repair_batch(
                self.ports, batch.batch_id, lambda now: Batch.from_json(now.to_json() | data)
            )
        if batch.home != self.home:
            raise Rejected(
                f"The batch {batch.batch_id} ({batch.file}) belongs to another home. If this home is a copy of that "
                "one, load its own files into a new home instead."
            )
        return batch

    def _is_incomplete(self, batch: Batch, sent: SentBatch) -> bool:
        """Whether the record of a sent batch is from the ledger, which contains neither its home nor its sender."""
        has_sender = batch.received_by != batch_records.UNKNOWN_SENDER
        if has_sender or (batch.home and sent.fields["received_by"] == batch_records.UNKNOWN_SENDER):
            return False
        home = batch.home or home_in_name(batch.object)
        is_ours = home == self.home if home else not batch.size  # no size: its original is missing
        return is_ours and (batch.sha256, batch.received_seq) == (sent.sha256, sent.received_seq)

    def _commit(self, staged: Sequence[Batch], undone: Sequence[str]) -> None:
        """Settle batches and undos in one settlement."""
        batches = [batch.batch_id for batch in staged]
        replaced = [batch.parent for batch in staged if batch.kind is BatchKind.REPLAY]
        undo = list(dict.fromkeys([*undone, *replaced]))
        if not batches and not undo:
            return
        settle_or_leave_to_job(
            self.ports, self.contracts, Repetition(batches, undone, _replay_request_id(self.label, batches, undo))
        )

    def _forget_parts(self, parcel: Parcel, stored: Sequence[SentBatch]) -> None:
        """Delete the parts of originals that are stored now, unless another batch of the parcel has the same bytes."""
        done = {batch.sha256 for batch in stored if batch.sha256 not in parcel.originals}
        same = (batch for entry in parcel.entries for batch in entry.batches if batch.sha256 in done)
        needed = {batch.sha256 for batch in same if not find_original(self.ports, self.label, batch)}
        for sha256 in sorted(done - needed):
            forget_original_parts(self.ports, self.label, sha256)

    def _is_second(self, batch: Batch) -> bool:
        """Whether another correction has its number: its home was restored, and undoes both as its next decision."""
        if batch.kind is not BatchKind.CORRECTION:
            return False
        fixes = batch_records.child_batches(self.ports, batch.parent, BatchKind.CORRECTION)
        return any(fix.fix_number == batch.fix_number and fix.settlement_no for fix in fixes)

    def _record(self, parcel: Parcel, sent: SentBatch) -> Batch:
        """The record of a batch, created with its original. Raises `Rejected` if another home has this batch."""
        document = self.ports.documents.get(batch_records.BATCHES, sent.batch_id)
        if document is None:
            now = self.ports.clock.now().isoformat()
            data = self._fields(parcel, sent) | {"state_at": now, **_unsent_fields(sent)}
            batch = Batch.from_json(data)
            try:
                self.ports.documents.put_all(
                    [Put(batch_records.BATCHES, batch.batch_id, batch.to_json(), if_version=0)]
                )
            except Conflict:
                return self._record(parcel, sent)
            return batch
        batch = self._own(parcel, Batch.from_json(document.data), sent)
        if (
            sent.counts
            and batch.state in TERMINAL_STATES
            and not batch.settlement_no
            and batch.state is not BatchState.ANNOUNCED
        ):
            # it was sent as a part of a replay before it was settled by itself
            data = batch.to_json() | _unsent_fields(sent) | {"state": BatchState.RECEIVED.value}
            return batch_records.repair_batch(self.ports, batch.batch_id, lambda _: Batch.from_json(data))
        return batch

    def _fields(self, parcel: Parcel, sent: SentBatch) -> dict[str, Any]:
        """The fields of a record that follow from what is sent, with the names of its original and contract here."""
        stored = store_original(self.ports, self.label, sent, parcel.originals)
        place = {"bucket": stored.bucket, "object": stored.name, "generation": stored.generation}
        contract = self._contract(parcel.contracts.get(sent.contract), sent)
        return dict(sent.fields) | place | {"contract": contract, "home": self.home}

    def _contract(self, contract: Mapping[str, Any] | None, sent: SentBatch) -> str:
        """Store the contract version and return its name: with that of the home, if this home has another version."""
        name = str(sent.fields["contract"])
        if not name or name == UNASSIGNED.name:
            return name
        if contract is None:
            raise Rejected(f"The contract {sent.contract} is missing.")
        parsed = parse_contract(contract, sent.contract)
        if (parsed.name, parsed.version) != (name, sent.fields["contract_version"]):
            raise Rejected(f"The contract {sent.contract} has another name or version.")
        names = [name, f"{name[: _MAX_NAME - len(self.label) - len(_AT_HOME)]}{_AT_HOME}{self.label}"]
        current = self.contracts.all().get(name)
        if current and current.version == parsed.version and current != parsed:
            names = names[1:]
        for tried in names:
            if self._keep_contract({**contract, "name": tried}, f"{tried}@{parsed.version}"):
                return tried
        raise Rejected(f"Another contract {sent.contract} was sent before under the same version.")

    def _keep_contract(self, contract: Mapping[str, Any], key: str) -> bool:
        """Store a contract version; whether it is the stored one."""
        try:
            self.ports.documents.put(CONTRACTS, key, contract, if_version=0)
        except Conflict:
            stored = self.ports.documents.get(CONTRACTS, key)
            return stored is not None and parse_contract(stored.data, key) == parse_contract(contract, key)
        return True

    def _staged(self, batch: Batch) -> Batch:
        """Stage a batch whatever its holds are: they were decided in its home. Raises `Rejected`."""
        from tillstream.pipeline.staging import stage  # lazy: loads all file readers

        if batch.state is BatchState.STAGED and not expiry.damaged(self.ports, batch):
            return batch
        report = stage.write(self.ports, batch, f"{batch.batch_id}/{self.ports.clock.tick()}")
        now = self.ports.clock.now().isoformat()
        return batch_records.repair_batch(
            self.ports,
            batch.batch_id,
            lambda record: replace(record, state=BatchState.STAGED, state_at=now, staged=report, holds=()),
        )


def contract_name_at_home(contract: str, label: str) -> str:
    """The name that a contract has in the home with this label."""
    return contract.removesuffix(f"{_AT_HOME}{label}")


def _replay_request_id(label: str, batches: Sequence[str], undo: Sequence[str]) -> str:
    """The same for the same work only: what is sent again after a crash may be grouped in another way."""
    work = "\n".join([*sorted(batches), "", *sorted(undo)])
    return f"sync {label} {hashlib.sha256(work.encode()).hexdigest()[:32]}"


def _unsent_fields(sent: SentBatch) -> dict[str, Any]:
    """The fields of a record that are not sent."""
    state = BatchState.RECEIVED
    if not sent.counts:
        state = BatchState.CANCELLED if sent.fields["kind"] == BatchKind.CORRECTION else BatchState.REPLAYED
    return {"state": state.value, "staged": {}, "holds": [], "proposed": {}, "error": ""}


def entries_settled_together(entries: Sequence[JournalEntry]) -> Iterator[list[JournalEntry]]:
    """Entries that can be settled together: only batches, of which none depends on another one.

    What is settled together is decided in the order of receipt. Entries that were settled in another order stay apart,
    because what is refused depends on what the ledger already has.
    """
    group: list[JournalEntry] = []
    latest = 0
    """When the last batch of the group was received."""
    for entry in entries:
        alone = bool(entry.undone) or any(batch.fields["parent"] for batch in entry.batches)
        times = [batch.received_seq for batch in entry.batches]
        if group and (alone or min(times, default=latest) < latest):
            yield group
            group, latest = [], 0
        group.append(entry)
        latest = max([latest, *times])
        if alone:
            yield group
            group, latest = [], 0
    if group:
        yield group
