"""Batch records: states and allowed transitions, results of staging, holds, and who may see and change a batch."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypedDict, Unpack

from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.object_names import CONNECTED_NAME
from tillstream.model.people import Extent, Scope, may_change
from tillstream.model.problems import CATALOGUE

OTHER_WORDS = "…"
"""Represents all unknown words after the first hundred."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_TOLERANCE = timedelta(minutes=5)
"""Difference of two clocks that is none."""

REJECTED_BY = "Rejected by "
"""Start of the error of a batch that a user rejected; other errors are those of the product."""


@dataclass(frozen=True)
class ContractProposal:
    """The next version of a contract, or a new contract, for an administrator to accept."""

    contract: JsonObject
    """The contract as plain data."""
    changes: tuple[str, ...] = ()
    """What it changes, for the reviewer."""

    @classmethod
    def from_json(cls, data: JsonObject) -> "ContractProposal":
        return cls(data["contract"], tuple(data["changes"]))


@dataclass
class IssueCount:
    """How often an issue occurs. `example` is the value on `first_line`, the lowest line with the issue."""

    code: str
    severity: str
    column: str | None
    count: int
    first_line: int
    example: str | None


@dataclass(frozen=True)
class CurrencyAmounts:
    """Sums of the accepted rows of one currency, as decimal text; None if no row has the amount."""

    currency: str
    net: str | None
    gross: str | None


@dataclass(frozen=True)
class CountryRows:
    """The number of accepted rows of one country."""

    country: str
    rows: int


@dataclass(frozen=True)
class UnknownWord:
    """A word of the status column that the contract does not map, in the rows of one currency."""

    word: str
    currency: str
    rows: int
    amount: str
    """Sum of the amounts without their signs, as decimal text."""


@dataclass(frozen=True)
class StagingReport:
    """Result of staging a batch."""

    accepted: tuple[str, ...] = ()
    """Staging objects with the accepted rows."""
    refused: tuple[str, ...] = ()
    """Staging objects with the rejected rows."""
    rows_read: int = 0
    rows_blank: int = 0
    rows_ignored: int = 0
    rows_refused: int = 0
    rows_discarded: int = 0
    """Rows that are stored with their text but ignored: discarded by a person, or not a sale by their status."""
    problems: tuple[IssueCount, ...] = ()
    amounts: tuple[CurrencyAmounts, ...] | None = None
    """Sums of the accepted rows by currency; None: not recorded."""
    cut: str = ""
    """Why the file seems truncated, as text; empty if it does not."""
    letters: str = ""
    """For a contract with another encoding than UTF-8: `utf-8` if the file is valid UTF-8 with letters beyond ASCII,
    `other` if it has other letters beyond ASCII."""
    date_doubt: str = ""
    """Why day and month of the dates seem swapped, or day and year, as text; empty if they do not."""
    date_repair: str = ""
    """What a next version of the contract can swap: `date-cells`, `formats` or `years`; empty if nothing."""
    scale_doubt: str = ""
    """Why the amounts seem to be in a minor unit such as cents, as text; empty if they do not."""
    total_doubt: str = ""
    """Why an accepted row seems to be the total of the file, as text; empty if none does."""
    table_doubt: str = ""
    """Why another table seems to follow below the sales, as text; empty if none does."""
    repeats_doubt: str = ""
    """Why the rows of the file seem to be in it twice, as text; empty if they do not."""
    columns: tuple[str, ...] = ()
    """The headers of a file."""
    stores: tuple[str | None, ...] | None = None
    """Distinct stores of the rows, with a null for rows without a store; None: too many, or not recorded."""
    countries: tuple[CountryRows, ...] = ()
    """Countries of the accepted rows, those of most rows first."""
    unknown_words: tuple[UnknownWord, ...] = ()
    """Status words that the contract does not map, those of most rows first."""
    digests: tuple[str, ...] = ()
    """SHA-256 of the staging objects, in the order of `objects`; empty if an earlier version staged them."""
    reader: str = ""
    """Reader version; staged rows are reused only if it is unchanged."""

    @property
    def objects(self) -> tuple[str, ...]:
        """All staging objects of the batch."""
        return (*self.accepted, *self.refused)

    @property
    def rows(self) -> int:
        """Number of rows that are neither blank nor ignored."""
        return self.rows_read - self.rows_blank - self.rows_ignored - self.rows_discarded

    @classmethod
    def from_json(cls, data: JsonObject) -> "StagingReport":
        """Read a report that this version or an earlier one stored."""
        values = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        for name in ("accepted", "refused", "columns", "stores", "digests"):
            if values.get(name) is not None:
                values[name] = tuple(values[name])
        values["problems"] = tuple(IssueCount(**problem) for problem in values.get("problems", ()))
        values["countries"] = tuple(CountryRows(**one) for one in values.get("countries", ()))
        values["unknown_words"] = tuple(UnknownWord(**word) for word in values.get("unknown_words", ()))
        if values.get("amounts") is not None:
            values["amounts"] = tuple(CurrencyAmounts(**amounts) for amounts in values["amounts"])
        return cls(**values)


class HoldCode(StrEnum):
    """The problem codes of severity hold."""

    TOO_MANY_REJECTED = "too-many-refused"
    UNKNOWN_WORDS = "unknown-status-words"
    TRUNCATED = "truncated-file"
    REPEATED_BYTES = "known-bytes-under-another-contract"
    UNKNOWN_CONTRACT = "which-contract"
    REGION_REQUESTED = "region-requested"
    CONTRACT_PROPOSED = "contract-proposed"
    OTHER_CONTRACT = "looks-like-another-region"
    COLUMNS = "columns-changed"
    STYLE = "style-changed"
    OTHER_SHEETS = "other-sheets"
    FIRST_LOAD = "first-load"
    FOREIGN_SALES = "foreign-sales"
    DATES = "dates-swapped"
    OLD_DATES = "old-dates"
    FUTURE_DATES = "future-dates"
    MINOR_UNITS = "minor-units"
    TOTAL_ROW = "total-row"
    OTHER_TABLE = "other-table"
    REPEATED_ROWS = "repeated-rows"
    OVERLAP = "overlaps-without-identity"
    OTHER_SALES = "known-numbers-of-other-sales"
    OTHER_REGION = "known-sales-in-another-region"
    OTHER_SPELLING = "known-sales-under-another-spelling"
    OTHER_PRODUCTS = "known-lines-of-other-products"


SPELLING_HOLDS = (HoldCode.OTHER_SPELLING, HoldCode.OTHER_PRODUCTS)
"""Holds of files whose sales the ledger may have with other numbers or products."""

FILE_HOLDS = (
    HoldCode.TOO_MANY_REJECTED,
    HoldCode.UNKNOWN_WORDS,
    HoldCode.TRUNCATED,
    HoldCode.COLUMNS,
    HoldCode.STYLE,
    HoldCode.OTHER_CONTRACT,
    HoldCode.OTHER_SHEETS,
    HoldCode.FIRST_LOAD,
    HoldCode.FOREIGN_SALES,
    HoldCode.DATES,
    HoldCode.OLD_DATES,
    HoldCode.FUTURE_DATES,
    HoldCode.MINOR_UNITS,
    HoldCode.TOTAL_ROW,
    HoldCode.OTHER_TABLE,
    HoldCode.REPEATED_ROWS,
)
"""Holds that staging checks: they depend on the file and its contract, and on earlier sales of the region."""


@dataclass(frozen=True)
class Hold:
    """Why a batch is held, with the message for users."""

    code: HoldCode
    message: str
    numbers: tuple[tuple[str, str], ...] = ()
    """Sale numbers of the file, each with the one that the ledger has for the sale; not stored."""
    stores: tuple[tuple[str, str], ...] = ()
    """As `numbers`, of the stores of these sales."""
    products: tuple[tuple[str, str, str], ...] = ()
    """As `numbers`, of products, each after the column that names it; this is empty if it is another one there."""

    @classmethod
    def from_code(cls, code: HoldCode, *, value: str = "", detail: str = "") -> "Hold":
        """The hold with the message of the catalogue."""
        return cls(code, CATALOGUE[code].format_message(value=value, detail=detail))

    def to_json(self) -> dict[str, str]:
        return {"code": self.code.value, "message": self.message}

    @classmethod
    def from_json(cls, data: dict[str, str]) -> "Hold":
        return cls(HoldCode(data["code"]), data["message"])


class BatchKind(StrEnum):
    """What the rows of a batch come from."""

    UPLOAD = "upload"  # a file
    STORE_SALES = "messages"  # a micro-batch of sales that stores sent
    CORRECTION = "correction"  # corrected rows of another batch
    REPLAY = "replay"  # the original and the corrections of another batch, read again


FILE_KINDS = (BatchKind.UPLOAD, BatchKind.REPLAY)
"""The kinds that read a file by its contract."""


class BatchState(StrEnum):
    """States of a batch; `STATE_TRANSITIONS` lists the allowed changes."""

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


STATE_TRANSITIONS: dict[BatchState, frozenset[BatchState]] = {
    BatchState.RECEIVED: frozenset(
        {BatchState.STAGING, BatchState.HELD, BatchState.CANCELLED, BatchState.FAILED, BatchState.REJECTED}
    ),
    BatchState.STAGING: frozenset(
        {
            BatchState.STAGED,
            BatchState.HELD,
            BatchState.REJECTED,
            BatchState.FAILED,
            BatchState.CANCELLED,
            BatchState.RECEIVED,
        }
    ),
    BatchState.STAGED: frozenset(
        {
            BatchState.RECEIVED,
            BatchState.SETTLED,
            BatchState.HELD,
            BatchState.CANCELLED,
            BatchState.FAILED,
            BatchState.REPLAYED,
        }
    ),
    BatchState.HELD: frozenset({BatchState.STAGED, BatchState.RECEIVED, BatchState.REJECTED, BatchState.REPLAYED}),
    BatchState.SETTLED: frozenset({BatchState.ANNOUNCED, BatchState.UNDONE, BatchState.REPLAYED}),
    BatchState.ANNOUNCED: frozenset({BatchState.UNDONE, BatchState.REPLAYED}),
    BatchState.REJECTED: frozenset({BatchState.REPLAYED}),
    BatchState.FAILED: frozenset({BatchState.RECEIVED, BatchState.REPLAYED, BatchState.CANCELLED}),
    BatchState.CANCELLED: frozenset(),
    BatchState.UNDONE: frozenset(),
    BatchState.REPLAYED: frozenset(),
}
"""State → the states that can follow it."""
STAGEABLE_STATES = frozenset({BatchState.RECEIVED, BatchState.STAGING, BatchState.FAILED})
STATES_BEFORE_LEDGER = (BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED)
"""States of batches that are neither in the ledger yet nor held for a person."""
STATES_IN_LEDGER = frozenset({BatchState.SETTLED, BatchState.ANNOUNCED})
TERMINAL_STATES = frozenset(
    {BatchState.ANNOUNCED, BatchState.REJECTED, BatchState.CANCELLED, BatchState.UNDONE, BatchState.REPLAYED}
)


def received_date(received_seq: int) -> date:
    """The UTC day of a receipt, given in microseconds since 1970."""
    return receipt_time(received_seq).date()


def receipt_time(received_seq: int) -> datetime:
    """The time of a receipt, UTC, given in microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=received_seq)


def receipt_number(at: datetime) -> int:
    """A time of receipt in microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


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
    state: BatchState = BatchState.RECEIVED
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
    proposed: ContractProposal | None = None
    """For a file that does not match its contract, or has none yet."""
    home: str = ""
    """The other home that synced it to this one, which alone decides on it; empty: this one."""

    def is_ahead(self, now: datetime) -> bool:
        """Whether it was received in the future: the clock was wrong."""
        return receipt_time(self.received_seq) > now + CLOCK_TOLERANCE

    @property
    def is_discarded(self) -> bool:
        """Whether a user rejected the file."""
        return self.state is BatchState.REJECTED and self.error.startswith(REJECTED_BY)

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

    def with_state(self, state: BatchState, at: str, **changes: Unpack["BatchChanges"]) -> "Batch":
        """The record in a new state. Raises `Rejected` if the transition is not allowed."""
        if state is not self.state and state not in STATE_TRANSITIONS[self.state]:
            raise Rejected(f"{self.file} is {self.state}; it cannot become {state}.")
        return replace(self, state=state, state_at=at, **changes)

    def to_json(self) -> JsonObject:
        data = asdict(self)
        return data | {
            "kind": self.kind.value,
            "state": self.state.value,
            "holds": [hold.to_json() for hold in self.holds],
            "staged": data["staged"] or {},
            "proposed": data["proposed"] or {},
        }

    @classmethod
    def from_json(cls, data: JsonObject) -> "Batch":
        typed = {
            "kind": BatchKind(data["kind"]),
            "state": BatchState(data["state"]),
            "staged": StagingReport.from_json(data["staged"]) if data["staged"] else None,
            "holds": tuple(Hold.from_json(hold) for hold in data["holds"]),
            "confirmed": tuple(data["confirmed"]),
            "stores": _stores_from_json(data.get("stores")),
            "replayer_stores": _stores_from_json(data.get("replayer_stores")),
            "proposed": ContractProposal.from_json(data["proposed"]) if data["proposed"] else None,
        }
        return cls(**data | typed)


def _stores_from_json(stored: list[str] | None) -> tuple[str, ...] | None:
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
    proposed: ContractProposal | None


def may_see_batch(scope: Scope, login: str, batch: Batch) -> bool:
    """Whether a batch is in the scope of a user: it is of their regions and, if they are limited to stores, has rows of
    these stores only or was uploaded by them. The reason is that a receipt shows totals of all rows.

    A file without a data source has no region yet; its sender sees it."""
    if not batch.contract and batch.received_by == login:
        return True
    if not scope.covers_region(batch.region):
        return False
    return batch.received_by == login or scope.covers_stores(batch.staged.stores if batch.staged else None)


def may_change_batches(scope: Scope, batch: Batch, corrections: Iterable[Batch] = ()) -> bool:
    """Whether a user who sees a batch may decide about it as a whole: it changes only sales that they see.

    That is so if it has only rows of their stores, or if its writer was bound to these when it was received, because
    then its rows of other stores do not count. corrections: those that the decision also concerns.
    """
    return all(_may_change_batch(scope, one) for one in (batch, *corrections))


def _may_change_batch(scope: Scope, batch: Batch) -> bool:
    of_rows = batch.staged.stores if batch.staged else None
    return any(may_change(scope, Extent((batch.region,), stores)) for stores in (of_rows, batch.stores))
