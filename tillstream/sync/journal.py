"""The journal of a home: what each settlement did, in order, and its entries as they are sent to the head office."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import islice
from typing import Any

import sql
from tillstream.contracts.registry import CONTRACTS_COLLECTION as CONTRACTS
from tillstream.contracts.registry import UNASSIGNED
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.records import batch_records

JOURNAL_START = ""
"""The hash before the first entry."""
SENT_FIELDS = (
    *("batch_id", "kind", "object", "generation", "size", "file", "contract", "contract_version", "region"),
    *("received_seq", "received_at", "received_by", "stores", "replayer_stores", "own_stores", "sha256", "parent"),
    *("fix_number", "as_new", "confirmed"),
)
"""The fields of a record that are sent; the head office sets the others."""

SETTLEMENTS_AT_ONCE = 200
"""Settlements that are read at a time."""
PART_ENTRIES, PART_SETTLEMENTS = 500, 1_000
"""The most entries of a part, and settlements that are read for it: an answer must not take longer than a request."""


@dataclass(frozen=True)
class SentBatch:
    """A batch of an entry. counts: False for one that never counted, but that a replay of the entry is read from."""

    fields: Mapping[str, Any]
    counts: bool = True

    @classmethod
    def from_batch(cls, batch: Batch, *, counts: bool = True) -> "SentBatch":
        data = batch.to_json()
        return cls({name: data[name] for name in SENT_FIELDS}, counts)

    @property
    def batch_id(self) -> str:
        return str(self.fields["batch_id"])

    @property
    def sha256(self) -> str:
        return str(self.fields["sha256"])

    @property
    def received_seq(self) -> int:
        return int(self.fields["received_seq"])

    @property
    def size(self) -> int:
        return int(self.fields["size"])

    @property
    def contract(self) -> str:
        """Name and version, as the registry stores them; empty without a contract."""
        return f"{self.fields['contract']}@{self.fields['contract_version']}" if self.fields["contract"] else ""


@dataclass(frozen=True)
class JournalEntry:
    """What one settlement of a home did."""

    number: int
    """The number of the settlement in the home."""
    batches: tuple[SentBatch, ...] = ()
    undone: tuple[str, ...] = ()
    """IDs of batches that the settlement undid or replaced, without their corrections."""

    @property
    def counted(self) -> tuple[SentBatch, ...]:
        return tuple(batch for batch in self.batches if batch.counts)

    @property
    def touched(self) -> set[str]:
        """IDs of the batches whose lines changed: a correction changes those of its upload."""
        fixed = BatchKind.CORRECTION
        added = (one.fields["parent"] if one.fields["kind"] == fixed else one.batch_id for one in self.counted)
        return {*map(str, added), *self.undone}

    def hash_after(self, previous: str) -> str:
        """The hash of the journal that ends with this entry: that of the entries before, and what this one did."""
        parts = [previous, self.number, sorted(batch.batch_id for batch in self.counted), sorted(self.undone)]
        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        batches = [{"fields": dict(batch.fields), "counts": batch.counts} for batch in self.batches]
        return {"number": self.number, "batches": batches, "undone": list(self.undone)}

    @classmethod
    def from_json(cls, data: Any) -> "JournalEntry":
        """Raises `Rejected`."""
        try:
            batches = tuple(SentBatch(_sent_fields(one["fields"]), bool(one["counts"])) for one in data["batches"])
            return cls(int(data["number"]), batches, tuple(map(str, data["undone"])))
        except (KeyError, TypeError, ValueError) as error:
            raise Rejected("This is no entry of a journal.") from error


def _sent_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """Exactly the fields that are sent, of their types."""
    types = {one.name: one.type for one in fields(Batch)}
    values = {name: data[name] for name in SENT_FIELDS}
    for name, value in values.items():
        if types[name] is str and not isinstance(value, str):
            raise TypeError(name)
        if types[name] is int and not isinstance(value, int):
            raise TypeError(name)
    return values


@dataclass(frozen=True)
class JournalPosition:
    """How far the head office has the journal of a home."""

    epoch: int = 1
    number: int = 0
    """The number of the last entry; 0: none."""
    hash: str = JOURNAL_START


JOURNAL_ORIGIN = JournalPosition()
"""The position before all entries."""


@dataclass(frozen=True)
class Parcel:
    """Entries that are sent together, with the contracts and the small originals that they need."""

    after: JournalPosition
    entries: tuple[JournalEntry, ...]
    contracts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Name and version → the contract."""
    originals: Mapping[str, bytes] = field(default_factory=dict)
    """SHA-256 → bytes."""

    @property
    def end(self) -> JournalPosition:
        return position_after(self.after, self.entries)

    def rest(self, position: JournalPosition) -> "Parcel | None":
        """The entries after a position; None if it is not one of those before and between the entries."""
        after = self.after
        for number, entry in enumerate(self.entries):
            if after == position:
                return replace(self, after=after, entries=self.entries[number:])
            after = position_after(after, [entry])
        return None


def position_after(position: JournalPosition, entries: Iterable[JournalEntry]) -> JournalPosition:
    """The position when these entries follow."""
    for entry in entries:
        position = JournalPosition(position.epoch, entry.number, entry.hash_after(position.hash))
    return position


def last_settlement_number(ports: Ports) -> int:
    """The number of the last settlement; 0 without any."""
    query = "SELECT COALESCE(MAX(settlement_no), 0) AS last FROM settlements"
    return int(ports.warehouse.query(query).column("last")[0].as_py())


def journal_entries(ports: Ports, after: int, home: str = "", end: int | None = None) -> Iterator[JournalEntry]:
    """Yield the entries after a settlement, in order; settlements about other homes only have none.

    home: whose batches; empty: those of this home. end: the last settlement; None: all.
    """
    end = last_settlement_number(ports) if end is None else end
    for first in range(after + 1, end + 1, SETTLEMENTS_AT_ONCE):
        yield from _entries_between(ports, first, min(first + SETTLEMENTS_AT_ONCE - 1, end), home)


def journal_part(ports: Ports, after: int, home: str) -> tuple[JournalEntry, ...]:
    """The next entries after a settlement; empty at the end of the journal.

    If more settlements follow, the last entry may be one without batches, after which the next part begins.
    """
    end = min(last_settlement_number(ports), after + PART_SETTLEMENTS)
    read = tuple(islice(journal_entries(ports, after, home, end), PART_ENTRIES))
    reached = read[-1].number if read else after
    return (*read, JournalEntry(end)) if len(read) < PART_ENTRIES and reached < end else read


def _entries_between(ports: Ports, first: int, end: int, home: str) -> Iterator[JournalEntry]:
    rows = ports.warehouse.query(sql.text("ledger/journal"), {"first": first, "last": end}).to_pylist()
    added: defaultdict[int, list[SentBatch]] = defaultdict(list)
    undone: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows:
        batch = batch_records.get_batch(ports, row["batch_id"])
        if {batch.home, _corrected_batch(ports, batch).home} != {home}:
            continue  # as a correction here of a batch of a home that was removed
        if first <= row["settlement_no"] <= end:
            added[row["settlement_no"]] += [*_replay_sources(ports, batch), SentBatch.from_batch(batch)]
        if first <= row["undone_no"] <= end and row["is_root"]:
            undone[row["undone_no"]].append(batch.batch_id)
    for number in sorted({*added, *undone}):
        yield JournalEntry(number, tuple(added[number]), tuple(undone[number]))


def _corrected_batch(ports: Ports, batch: Batch) -> Batch:
    """The batch that this one corrects; itself, if it is no correction."""
    return batch_records.get_batch(ports, batch.parent) if batch.kind is BatchKind.CORRECTION else batch


def _replay_sources(ports: Ports, batch: Batch) -> Iterator[SentBatch]:
    """What a replay is read from besides itself and is not in the ledger: earlier batches, and their corrections."""
    if batch.kind is not BatchKind.REPLAY:
        return
    related, earlier = list[Batch](), batch
    while earlier.parent:
        earlier = batch_records.get_batch(ports, earlier.parent)
        fixes = batch_records.child_batches(ports, earlier.batch_id, BatchKind.CORRECTION)
        included = [
            fix for fix in fixes if fix.state is not BatchState.REJECTED and fix.received_at <= batch.received_at
        ]
        related = [earlier, *included, *related]
    settled = batches_in_ledger(ports, [one.batch_id for one in related])
    yield from (SentBatch.from_batch(one, counts=False) for one in related if one.batch_id not in settled)


def batches_in_ledger(ports: Ports, batches: Sequence[str]) -> set[str]:
    """Those of these batches that the ledger has, undone ones included."""
    if not batches:
        return set()
    query = "SELECT batch_id FROM batches WHERE batch_id IN UNNEST(@batches)"
    return set(ports.warehouse.query(query, {"batches": list(batches)}).column("batch_id").to_pylist())


def contract_of_batch(ports: Ports, batch: SentBatch) -> dict[str, object]:
    """The contract version that a batch was read with; empty without one. Raises `NotFound`."""
    if not batch.contract or batch.fields["contract"] == UNASSIGNED.name:
        return {}
    document = ports.documents.get(CONTRACTS, batch.contract)
    if document is None:
        raise NotFound(f"There is no contract {batch.contract}.")
    return document.data
