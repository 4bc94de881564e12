"""Batch records: their states and the allowed transitions."""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypedDict, Unpack

from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.errors import Rejected
from tillstream.domain.object_names import CONNECTED_NAME


class BatchKind(StrEnum):
    """What the rows of a batch come from."""

    UPLOAD = "upload"  # a file
    STORE_SALES = "messages"  # a micro-batch of sales that stores sent
    CORRECTION = "correction"  # corrected rows of another batch
    REPLAY = "replay"  # the original and the corrections of another batch, read again


FILE_KINDS = (BatchKind.UPLOAD, BatchKind.REPLAY)
"""The kinds that read a file by its contract."""


class State(StrEnum):
    """States of a batch; `TRANSITIONS` lists the allowed changes."""

    RECEIVED = "received"  # the bytes are stored
    STAGING = "staging"
    STAGED = "staged"  # ready to be settled
    HELD = "held"  # nothing of it counts until a user decides
    SETTLED = "settled"  # in the ledger
    ANNOUNCED = "announced"  # in the ledger, and its changes are published
    REJECTED = "rejected"  # unreadable, or rejected by a user
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDONE = "undone"  # settled once, but counts no longer
    REPLAYED = "replayed"  # replaced by a replay


TRANSITIONS: dict[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.STAGING, State.HELD, State.CANCELLED, State.FAILED, State.REJECTED}),
    State.STAGING: frozenset({State.STAGED, State.HELD, State.REJECTED, State.FAILED, State.CANCELLED, State.RECEIVED}),
    State.STAGED: frozenset({State.RECEIVED, State.SETTLED, State.HELD, State.CANCELLED, State.FAILED, State.REPLAYED}),
    State.HELD: frozenset({State.STAGED, State.RECEIVED, State.REJECTED, State.REPLAYED}),
    State.SETTLED: frozenset({State.ANNOUNCED, State.UNDONE, State.REPLAYED}),
    State.ANNOUNCED: frozenset({State.UNDONE, State.REPLAYED}),
    State.REJECTED: frozenset({State.REPLAYED}),
    State.FAILED: frozenset({State.RECEIVED, State.REPLAYED, State.CANCELLED}),
    State.CANCELLED: frozenset(),
    State.UNDONE: frozenset(),
    State.REPLAYED: frozenset(),
}
"""State → the states that can follow it."""
STAGEABLE = frozenset({State.RECEIVED, State.STAGING, State.FAILED})
ON_THEIR_WAY = (State.RECEIVED, State.STAGING, State.STAGED)
"""States of batches that are neither in the ledger yet nor held for a person."""
IN_LEDGER = frozenset({State.SETTLED, State.ANNOUNCED})
TERMINAL = frozenset({State.ANNOUNCED, State.REJECTED, State.CANCELLED, State.UNDONE, State.REPLAYED})


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_TOLERANCE = timedelta(minutes=5)
"""Difference of two clocks that is none."""


def received_date(received_seq: int) -> date:
    """The UTC day of a receipt, given in microseconds since 1970."""
    return receipt_time(received_seq).date()


def receipt_time(received_seq: int) -> datetime:
    """The time of a receipt, UTC, given in microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=received_seq)


def receipt_number(at: datetime) -> int:
    """A time of receipt in microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


REJECTED_BY = "Rejected by "
"""Start of the error of a batch that a user rejected; other errors are those of the product."""


@dataclass(frozen=True)
class Batch:
    """One batch: a file, a micro-batch of store sales, a correction or a replay. Times are ISO 8601 UTC text."""

    batch_id: str
    kind: BatchKind
    bucket: str
    object: str
    generation: int
    size: int
    file: str
    """The user's name for the file."""
    contract: str
    """Empty while the file's contract is unknown; the batch is then held."""
    contract_version: int
    region: str
    received_seq: int
    """Time of receipt in microseconds since 1970, strictly increasing. A replay has that of its file; if the clock was
    wrong, the one that a user entered."""
    received_at: str
    received_by: str
    """A sign-in name or another sender: `command line`, `watched folder`, `connector NAME`, `inbox`, `stores`."""
    stores: tuple[str, ...] | None = None
    """The stores to which the sender is bound; None: not bound. For store sales, see `own_stores`."""
    replayer_stores: tuple[str, ...] | None = None
    """The stores to which the user who requested a replay is bound; None: not bound."""
    own_stores: bool = False
    """Whether each of its store sales was sent by the store that it names."""
    state: State = State.RECEIVED
    state_at: str = ""
    sha256: str = ""
    staged: StagingReport | None = None
    """Result of staging; None before."""
    holds: tuple[Hold, ...] = ()
    error: str = ""
    """Why the batch was rejected or cancelled, for users."""
    parent: str = ""
    """The batch that a correction corrects or a replay replaces."""
    fix_number: int = 0
    """Number of a correction among those of its parent, from 1; 0 for other kinds."""
    as_new: bool = False
    """Whether a user confirmed that it gets its own place in time although its bytes were loaded before."""
    confirmed: tuple[str, ...] = ()
    """Hold codes that a user has confirmed."""
    settlement_no: int = 0
    undone_by: str = ""
    """The user who requested the undo."""
    undone_no: int = 0
    """The settlement that undid or replaced it; 0 if none did, or if an earlier version recorded it."""
    proposed: Proposal | None = None
    """For a file that does not match its contract, or has none yet."""
    home: str = ""
    """The other home that synced it to this one, which alone decides on it; empty: this one."""

    def is_ahead(self, now: datetime) -> bool:
        """Whether it was received in the future: the clock was wrong."""
        return receipt_time(self.received_seq) > now + CLOCK_TOLERANCE

    @property
    def is_discarded(self) -> bool:
        """Whether a user rejected the file."""
        return self.state is State.REJECTED and self.error.startswith(REJECTED_BY)

    @property
    def is_file(self) -> bool:
        """Whether a file is read by its contract."""
        return self.kind in FILE_KINDS

    @property
    def source(self) -> str:
        """The type of source of its rows; single rows of store sales and corrections can have another one."""
        if self.kind is BatchKind.STORE_SALES:
            return "till"
        return "connector" if CONNECTED_NAME.fullmatch(self.object) else "file"

    @property
    def received_date(self) -> date:
        """The UTC day of the receipt."""
        return received_date(self.received_seq)

    @property
    def hold_codes(self) -> frozenset[HoldCode]:
        return frozenset(hold.code for hold in self.holds)

    @property
    def confirmed_with_holds(self) -> tuple[str, ...]:
        """`confirmed` after a user confirms the present holds as well."""
        return tuple(dict.fromkeys((*self.confirmed, *(hold.code for hold in self.holds))))

    def with_state(self, state: State, at: str, **changes: Unpack["BatchChanges"]) -> "Batch":
        """The record in a new state. Raises `Rejected` if the transition is not allowed."""
        if state is not self.state and state not in TRANSITIONS[self.state]:
            raise Rejected(f"{self.file} is {self.state}; it cannot become {state}.")
        return replace(self, state=state, state_at=at, **changes)

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        return data | {
            "kind": self.kind.value,
            "state": self.state.value,
            "holds": [hold.to_json() for hold in self.holds],
            "staged": data["staged"] or {},
            "proposed": data["proposed"] or {},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Batch":
        typed = {
            "kind": BatchKind(data["kind"]),
            "state": State(data["state"]),
            "staged": StagingReport.from_json(data["staged"]) if data["staged"] else None,
            "holds": tuple(Hold.from_json(hold) for hold in data["holds"]),
            "confirmed": tuple(data["confirmed"]),
            "stores": _stores(data.get("stores")),
            "replayer_stores": _stores(data.get("replayer_stores")),
            "proposed": Proposal.from_json(data["proposed"]) if data["proposed"] else None,
        }
        return cls(**data | typed)


def _stores(stored: list[str] | None) -> tuple[str, ...] | None:
    return None if stored is None else tuple(stored)


class BatchChanges(TypedDict, total=False):
    """The fields of a record that may change together with its state."""

    contract: str
    contract_version: int
    region: str
    staged: StagingReport | None
    holds: tuple[Hold, ...]
    error: str
    as_new: bool
    confirmed: tuple[str, ...]
    settlement_no: int
    undone_by: str
    undone_no: int
    proposed: Proposal | None
