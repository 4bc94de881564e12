"""The record of a batch on its way: states and what may follow what."""

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from tillstream.domain.errors import Rejected


class State(StrEnum):
    RECEIVED = "received"
    STAGING = "staging"
    STAGED = "staged"
    HELD = "held"
    SETTLED = "settled"
    ANNOUNCED = "announced"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDONE = "undone"
    REPLAYED = "replayed"


FOLLOWS: dict[State, frozenset[State]] = {
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
MAY_STAGE = frozenset({State.RECEIVED, State.STAGING, State.FAILED})
IN_LEDGER = frozenset({State.SETTLED, State.ANNOUNCED})
FINAL = frozenset({State.ANNOUNCED, State.REJECTED, State.CANCELLED, State.UNDONE, State.REPLAYED})


@dataclass(frozen=True)
class Hold:
    """Why a batch waits for a person. `code` is a problem code of severity hold."""

    code: str
    message: str


@dataclass(frozen=True)
class Upload:
    """One batch: a file, a micro-batch of store sales, a correction or a replay. Times are ISO 8601 UTC text."""

    batch_id: str
    kind: str
    """upload, messages, correction or replay"""
    bucket: str
    object: str
    generation: int
    size: int
    file: str
    """The name the person gave the file."""
    contract: str
    """Empty as long as nobody knows which one the file was written for: then it is held."""
    contract_version: int
    region: str
    received_seq: int
    received_at: str
    received_by: str
    state: State = State.RECEIVED
    state_at: str = ""
    sha256: str = ""
    staged: dict[str, Any] = field(default_factory=dict)
    """What stage wrote: prefix of the staged objects, counts, problems, amounts."""
    holds: tuple[Hold, ...] = ()
    error: str = ""
    parent: str = ""
    """The batch that a correction fixes or a replay replaces."""
    fix_number: int = 0
    as_new: bool = False
    """Confirmed to have its own place in time although its bytes are known."""
    confirmed: tuple[str, ...] = ()
    """Hold codes that a person has confirmed."""
    settlement_no: int = 0
    undone_by: str = ""
    """Who asked for it to be undone."""
    proposed: dict[str, Any] = field(default_factory=dict)
    """Where the file is no longer written as its contract says: `contract`, a next version of it as plain data, and
    `changes`, in words."""

    def moved(self, state: State, at: str, **changes: Any) -> "Upload":
        """The record in its next state; `Rejected` when that state may not follow."""
        if state is not self.state and state not in FOLLOWS[self.state]:
            raise Rejected(f"{self.file} is {self.state}; it cannot become {state}.")
        return replace(self, state=state, state_at=at, **changes)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"state": self.state.value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Upload":
        holds = tuple(Hold(**hold) for hold in data["holds"])
        return cls(**data | {"state": State(data["state"]), "holds": holds, "confirmed": tuple(data["confirmed"])})
