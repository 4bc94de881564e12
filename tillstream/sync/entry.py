"""Entries of the journal of a home, as they are sent to the head office."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tillstream.model.batch import Batch, BatchKind
from tillstream.model.errors import Rejected

START = ""
"""The hash before the first entry."""
SENT = (
    *("batch_id", "kind", "object", "generation", "size", "file", "contract", "contract_version", "region"),
    *("received_seq", "received_at", "received_by", "stores", "replayer_stores", "own_stores", "sha256", "parent"),
    *("fix_number", "as_new", "confirmed"),
)
"""The fields of a record that are sent; the head office sets the others."""


@dataclass(frozen=True)
class SentBatch:
    """A batch of an entry. counts: False for one that never counted, but that a replay of the entry is read from."""

    fields: Mapping[str, Any]
    counts: bool = True

    @classmethod
    def of(cls, batch: Batch, *, counts: bool = True) -> "SentBatch":
        data = batch.to_json()
        return cls({name: data[name] for name in SENT}, counts)

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
class Entry:
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
    def from_json(cls, data: Any) -> "Entry":
        """Raises `Rejected`."""
        try:
            batches = tuple(SentBatch(_sent(one["fields"]), bool(one["counts"])) for one in data["batches"])
            return cls(int(data["number"]), batches, tuple(map(str, data["undone"])))
        except (KeyError, TypeError, ValueError) as error:
            raise Rejected("This is no entry of a journal.") from error


def _sent(data: Mapping[str, Any]) -> dict[str, Any]:
    """Exactly the fields that are sent, of their types."""
    types = {one.name: one.type for one in fields(Batch)}
    values = {name: data[name] for name in SENT}
    for name, value in values.items():
        if types[name] is str and not isinstance(value, str):
            raise TypeError(name)
        if types[name] is int and not isinstance(value, int):
            raise TypeError(name)
    return values


@dataclass(frozen=True)
class Position:
    """How far the head office has the journal of a home."""

    epoch: int = 1
    number: int = 0
    """The number of the last entry; 0: none."""
    hash: str = START


ORIGIN = Position()
"""The position before all entries."""


@dataclass(frozen=True)
class Parcel:
    """Entries that are sent together, with the contracts and the small originals that they need."""

    after: Position
    entries: tuple[Entry, ...]
    contracts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Name and version → the contract."""
    originals: Mapping[str, bytes] = field(default_factory=dict)
    """SHA-256 → bytes."""

    @property
    def end(self) -> Position:
        return position_after(self.after, self.entries)

    def rest(self, position: Position) -> "Parcel | None":
        """The entries after a position; None if it is not one of those before and between the entries."""
        after = self.after
        for number, entry in enumerate(self.entries):
            if after == position:
                return replace(self, after=after, entries=self.entries[number:])
            after = position_after(after, [entry])
        return None


def position_after(position: Position, entries: Iterable[Entry]) -> Position:
    """The position when these entries follow."""
    for entry in entries:
        position = Position(position.epoch, entry.number, entry.hash_after(position.hash))
    return position
