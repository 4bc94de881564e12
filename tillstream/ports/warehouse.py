"""Warehouse: the ledger and the views over it. The only shared truth; everything else can be made again from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from tillstream.domain.batch import Hold

if TYPE_CHECKING:  # who only keeps store sales handles no frames
    import pyarrow as pa


@dataclass(frozen=True)
class StagedBatch:
    """A batch ready to be settled: its account of itself and the addresses of its staged Parquet."""

    batch_id: str
    kind: str
    """upload, messages, correction or replay"""
    source: str
    """file, till, form, correction or connector; a correction of a file stays a file in the rules"""
    region: str
    contract: str
    contract_version: int
    file: str
    sha256: str
    received_seq: int
    accepted: tuple[str, ...]
    """Parquet addresses with the columns `STAGED`."""
    refused: tuple[str, ...]
    """Parquet addresses with the columns of the table `refusals` that stage knows."""
    rows_read: int
    rows_blank: int
    rows_ignored: int
    problems: str = "[]"
    """JSON: what the rules found, counted by code and column."""
    parent: str = ""
    fix_number: int = 0
    as_new: bool = False
    confirmed: tuple[str, ...] = ()
    replaces: str = ""
    """'' , 'sale' or 'store-day': what the batch tells whole"""
    nameless: bool = False
    """Whether nothing but their content names its sales, so that a corrected row looks like another sale"""
    rules: str = "ask"
    """Which side rules where a file differs from a till: ask, file or till"""


@dataclass(frozen=True)
class Settlement:
    """What one settlement does, in this order: undo the batches named, then settle the staged ones."""

    staged: Sequence[StagedBatch] = ()
    undo: Sequence[str] = ()
    """Batch ids whose rows stop counting."""
    request_id: str = ""
    """Recorded with the settlement; the same request again is answered with the first one's result."""


@dataclass(frozen=True)
class Question:
    """One SELECT in GoogleSQL with @named parameters."""

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settled:
    """What a settlement did. `settlement_no` is 0 where there was nothing to do."""

    settlement_no: int
    batches: Mapping[str, int] = field(default_factory=dict)
    """Batch id → the settlement that took it in: this one or, for a repeat, an earlier one."""
    holds: Mapping[str, Hold] = field(default_factory=dict)
    """Batches left out because a person must decide."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """Net changed lines by kind: added, corrected, removed."""
    answers: "tuple[pa.Table, ...]" = ()
    """Only from `preview`: what its questions would be answered then."""


class Warehouse(Protocol):
    """Raises `Conflict` when another settlement committed first (try again), `Unavailable`, `Rejected` (bad query)."""

    def settle(self, settlement: Settlement) -> Settled:
        """All in one transaction, or nothing. Repeatable: batches already settled or undone are left as they are."""

    def preview(self, settlement: Settlement, questions: Sequence[Question] = ()) -> Settled:
        """What `settle` would do now, and what the questions would be answered then; nothing is kept."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> "pa.Table":
        """One SELECT in GoogleSQL with @named parameters; readers never wait for a settlement."""

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> "Iterator[pa.RecordBatch]":
        """As `query`, in batches of bounded size."""

    def load(self, table: str, rows: "pa.Table") -> None:
        """Replace a reference table (sql/reference) whole, in one transaction. Repeatable."""

    def upsert(self, table: str, rows: "pa.Table", keys: Sequence[str]) -> None:
        """Replace the rows of a reference table that have these keys, add the others. Repeatable."""

    def renew(self, table: str, sql: str, days: Sequence[date]) -> None:
        """Replace the rows of these days in a table of sums (`domain.daily_totals`) by a SELECT's in GoogleSQL, whose
        parameter @days they are; in one transaction that no settlement waits for. Repeatable."""

    def close(self) -> None: ...
