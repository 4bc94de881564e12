"""The warehouse with the ledger and its views, the index of its sales, and read copies of its marts.

Only the warehouse of a cloud uses a sale index: there, a settlement reads only the days that the index has for its
sales. A local warehouse needs none: DuckDB reads the whole ledger.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tillstream.model.batch import FILE_KINDS, BatchKind, Hold
from tillstream.model.columns import FILE_SOURCES, ColumnKind
from tillstream.model.people import Scope

if TYPE_CHECKING:  # keeps pyarrow out of processes that only receive store sales
    from pathlib import Path

    import pyarrow as pa

MAX_AD_HOC_BYTES = 512 << 20
"""Largest answer of a query of a person, in memory."""
ANSWER_TOO_LARGE = "The answer is too large. Select fewer columns or rows."
VALUE_NOT_COMPUTED = (
    "A value of a row cannot be computed: a number is too large, a text has another form than the function expects, or "
    "a query within an expression has several rows. Leave such rows out, for example with a condition in IF."
)
"""Which value it is stays unsaid: it may be in a row outside of the scope."""

INDEX_INCOMPLETE = (
    "The sale index does not have the days of all sales, and a settlement would count sales twice. Run `tillstream "
    "deploy index`, which reads them from the ledger."
)
"""Message of `check`."""

Row = dict[str, Any]
"""A row of the answer to a query, which names its columns: column → value."""
QueryValue = (
    str | int | float | Decimal | date | Sequence[str] | Sequence[int] | Sequence[date] | Sequence[Decimal] | None
)
QueryParams = dict[str, QueryValue]
"""Values of the @named parameters of a query."""
BoundQuery = tuple[str, QueryParams]
"""A SELECT in GoogleSQL, and its parameters."""
CopyDays = tuple[date, date]
"""The first day of a month, and that of the next one."""
CopyTotals = Mapping[str, Decimal]
"""Column → sum: of numbers; of days since 1970-01-01 for dates; of rows that are true for booleans; of length + 1 in
characters for texts. NULL counts as nothing. ROWS → number of rows."""
ROW_COUNT = "rows"


@dataclass(frozen=True)
class StagedBatch:
    """A batch ready to be settled: its metadata and the addresses of its staged Parquet."""

    batch_id: str
    kind: str
    """upload, messages, correction or replay"""
    source: str
    """file, till, form, correction or connector; conflict rules treat a correction of a file as a file"""
    region: str
    contract: str
    contract_version: int
    file: str
    sha256: str
    received_seq: int
    accepted: tuple[str, ...]
    """Parquet addresses with the columns `STAGED_LINES`."""
    refused: tuple[str, ...]
    """Parquet addresses with the columns `REJECTED_ROWS`."""
    rows_read: int
    rows_blank: int
    rows_ignored: int
    problems: str = "[]"
    """JSON: counts of problems by code and column."""
    parent: str = ""
    fix_number: int = 0
    as_new: bool = False
    confirmed: tuple[str, ...] = ()
    replaces: str = ""
    """Scope of which the batch is a complete statement: '' (none), 'sale' or 'store-day'"""
    nameless: bool = False
    """Whether sales are identified by their content only; a corrected row is then another sale"""
    writers: str | None = None
    """To which stores the writers of its rows are bound, as `people.writers_to_text` writes it; None: not bound"""
    rules: str = "ask"
    """Which source takes precedence if a file and a till differ in a line: ask (quarantine the row), file or till"""

    @property
    def is_correction(self) -> bool:
        return self.kind == BatchKind.CORRECTION

    @property
    def is_new_file(self) -> bool:
        """Whether it has rows of a file that is neither read again nor accepted as a repeat."""
        return self.source in FILE_SOURCES and bool(self.accepted) and not self.parent and not self.as_new

    @property
    def is_file(self) -> bool:
        """Whether a file is read by its contract."""
        return self.kind in FILE_KINDS


@dataclass(frozen=True)
class Settlement:
    """Input of one settlement: first undo these batches, then settle the staged ones."""

    staged: Sequence[StagedBatch] = ()
    undo: Sequence[str] = ()
    """Ids of the batches to undo."""
    request_id: str = ""
    """Idempotency key, recorded with the settlement; a repeated request returns the first result."""
    tries: int = 5
    """How often it is attempted while other settlements commit first; then it raises `Conflict`."""
    is_repetition: bool = False
    """Whether it repeats a settlement of another ledger: its batches were checked there, so none of them is held"""


@dataclass(frozen=True)
class WarehouseQuery:
    """A SELECT in GoogleSQL with @named parameters."""

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AdHocQuery:
    """A SELECT that a person wrote, which `tillstream.explore` has checked; also with forms of GoogleSQL that other
    queries do not use, because the engines may round or order them differently."""

    sql: str
    params: Mapping[str, Any]
    rows: int
    """Maximum number of rows to read."""
    seconds: float
    """Time after which it is stopped."""
    is_cancelled: Callable[[], bool] = lambda: False
    """Called several times a second, from any thread."""
    scope: Scope | None = None
    """The rows and columns that its person may see. BigQuery runs it as an account that can read no others."""

    def problem(self, elapsed: float) -> str:
        """Why to stop it after so many seconds; empty: it need not stop."""
        if self.is_cancelled():
            return "The query was cancelled."
        if elapsed > self.seconds:
            return f"The query took more than {self.seconds:g} seconds and was stopped. Read fewer rows."
        return ""


@dataclass(frozen=True)
class SettlementResult:
    """Result of a settlement. `settlement_no` is 0 if there was nothing to do."""

    settlement_no: int
    batches: Mapping[str, int] = field(default_factory=dict)
    """Batch id → the settlement that committed it: this one or, for a repeat, an earlier one."""
    holds: Mapping[str, Hold] = field(default_factory=dict)
    """Batches that are held instead of settled."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """Net changed lines by kind: added, corrected, removed."""
    foreign_rows: Mapping[str, int] = field(default_factory=dict)
    """Batch id → rows that this settlement rejected as `not-your-store`, for batches with such rows."""
    results: "tuple[pa.Table, ...]" = ()
    """Only from `preview`: the results of its queries, in order."""


class Snapshot(Protocol):
    """Queries of the warehouse; raises as `Warehouse`. Read a stream to its end before the next query."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> "pa.Table": ...

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> "Iterator[pa.RecordBatch]": ...


class FileSnapshot(Snapshot, Protocol):
    """Of a warehouse on this machine, which writes files itself."""

    def write_parquet(self, sql: str, params: Mapping[str, Any], path: "Path") -> None:
        """Write the rows of a SELECT in GoogleSQL as a Parquet file."""


class Warehouse(Protocol):
    """Raises `Conflict` when another settlement committed first (try again), `Unavailable`, `Rejected` (bad query).

    Settlements and previews also raise `TooLarge` if they need more memory than there is; nothing is stored then.
    """

    def settle(self, settlement: Settlement) -> SettlementResult:
        """Settle in one transaction. Idempotent: batches already settled or undone are skipped."""

    def preview(self, settlement: Settlement, questions: Sequence[WarehouseQuery] = ()) -> SettlementResult:
        """Settle, run the queries in `questions` on the result, and roll back."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> "pa.Table":
        """Run a SELECT in GoogleSQL with @named parameters; never blocked by a settlement."""

    def stream(self, sql: str, params: Mapping[str, Any] | None = None) -> "Iterator[pa.RecordBatch]":
        """As `query`, in record batches of bounded size."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Queries within the block have one state of the warehouse; settlements can run meanwhile.

        BigQuery has no such state for several queries: each has its own, so the caller compares what it read first and
        last."""

    def replace_table(self, table: str, rows: "pa.Table") -> None:
        """Replace all rows of a reference table (sql/reference) in one transaction. Idempotent."""

    def upsert(self, table: str, rows: "pa.Table", keys: Sequence[str]) -> None:
        """Replace the rows of a reference table with the same keys, insert the others. Idempotent."""

    def append_live(self, rows: "pa.Table") -> None:
        """Append lines of staged store sales to `live_lines`, which are visible at once and deleted after some hours.

        rows: its columns except `appended_at`. After a repetition, the view `unsettled_lines` has them once."""

    def refresh_totals(self) -> int:
        """Refresh the daily totals (`model.tables.daily_totals`) up to the last settlement, in one transaction that
        blocks no settlement; return the number of refreshed days. Idempotent; settlements and other refreshes can run
        meanwhile.

        A day and its dimensions may have several rows, which add up."""

    def compact(self) -> int:
        """Move what settlements appended beside the rows that it changes into these rows; return the number of days.
        Merge the rows of daily totals that add up.

        Queries have the same results, and read less. Idempotent; settlements can run meanwhile."""

    def note_pending_days(self) -> int:
        """Note the sales of large settlements in the sale index, if there is one, for at most half an hour.

        Returns the number of days that are still pending. Idempotent; settlements can run meanwhile."""

    def close(self) -> None: ...


class SqlWarehouse(Warehouse, Protocol):
    """A warehouse that also runs statements of people."""

    def ad_hoc(self, query: AdHocQuery) -> "pa.Table":
        """Run the query of a person and read its first rows. Raises `Rejected` also if it was stopped or cancelled."""


class PendingDay(NamedTuple):
    """A business day with sales of one settlement that are not noted yet.

    Any sale of the ledger may also be on this day, so a settlement also searches the ledger's rows of the day.
    """

    day: date
    settlement_no: int
    """The settlement, if it is committed. An attempt that fails may leave a number that another settlement gets."""
    epoch: int
    """The epoch of the ledger on which the settlement is based. It can be committed only in this epoch."""


class SaleIndex(Protocol):
    """The days of each hash: a superset, as they are noted before the rows that they are for are committed.

    Only the sales of a large settlement are noted after it; their days are pending until then.

    A hash is an integer of 63 bits, not negative. The port does not distinguish what was hashed: a sale, a batch id,
    the bytes of a file. Raises `Unavailable`; any call can be repeated. Durable on return. Safe in threads and
    processes.
    """

    most_pairs: int
    """Pairs that a settlement notes. If it has more, it leaves days pending."""

    def days(self, hashes: Collection[int]) -> Mapping[int, Collection[date]]:
        """The days noted for these hashes. A hash without days is absent from the result."""

    def pending(self) -> Collection[PendingDay]:
        """The pending days. Call it before `days`: sales that are noted in between are then in both, not in neither."""

    def check(self, settlement_no: int) -> None:
        """Raise `Unavailable` if the days of any of the settlements up to this one may be missing.

        A new index is complete up to 0; so is one that lost its content.
        """

    def note(
        self, pairs: Collection[tuple[int, date]], settlement_no: int, pending: Collection[PendingDay] = ()
    ) -> None:
        """Add days to hashes before this settlement is committed; noted days are never removed. Idempotent.

        pending: the days of its other sales. After `Unavailable`, any part of the pairs can have been noted, and the
        days can be pending or not.
        """

    def note_pending(
        self, pending: Iterable[PendingDay], pairs: Callable[[PendingDay], Iterable[tuple[int, date]]]
    ) -> int:
        """Note the pairs of each of these days that are missing, and end its being pending; return their number.

        pairs: the sales of the settlement on the day. If it raises an exception, the pairs before are noted, and a
        repetition continues after them.
        """

    def invalidate(self) -> None:
        """From now on `check` raises, whatever is noted, until a rebuild has completed. Idempotent."""

    def rebuild(self, pairs: Iterable[tuple[int, date]], settlement_no: int) -> None:
        """Replace the content: afterwards each of the pairs is noted, and no hash that is in none of them.

        The pairs are those of all settlements up to this one, so no day is pending any more. The index is invalid
        until the end. Hashes are removed
        only after all pairs were noted, so a rebuild that was interrupted leaves a superset, which the next one
        completes. Run one rebuild at a time, and only while nothing is committed. A hash of the pairs may keep days
        noted earlier.
        """

    def close(self) -> None:
        """Release the resources of this process. Idempotent."""


@dataclass(frozen=True)
class CopyColumn:
    """decimals: of a NUMERIC."""

    name: str
    kind: ColumnKind
    decimals: int
    description: str


@dataclass(frozen=True)
class CopyTable:
    """key: columns that identify a row. indexes: columns of further indexes. month_of: the date column by which months
    are replaced; empty: the table is replaced as a whole."""

    name: str
    description: str
    columns: tuple[CopyColumn, ...]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()
    month_of: str = ""


@dataclass(frozen=True)
class CopyMark:
    """What a copy has. settlement_no: 0 for none. as_of: ISO 8601. record: JSON that the next copy reads."""

    settlement_no: int
    as_of: str
    record: str


class CopyTransaction(Protocol):
    """Everything is visible to readers when the block ends, or nothing. Raises as `ReadCopy`."""

    def record(self) -> str | None:
        """The record of the last copy; None if there is none."""

    def prepare(self, table: CopyTable) -> bool:
        """Create a table, or replace one with other columns or comments; return whether it is new, and so empty.

        Raises `Rejected` for a table of this name that no copy created."""

    def replace(self, table: CopyTable, days: CopyDays | None, batches: "Iterable[pa.RecordBatch]") -> None:
        """Replace the rows of a month, or all. batches: in the order of the columns, with Arrow's types of them."""

    def totals(self, table: CopyTable, days: CopyDays | None = None) -> Mapping[str, CopyTotals]:
        """Month → totals of its rows; "" → totals for a table without months. days: of this month only."""

    def finish(self, mark: CopyMark) -> None:
        """Create the indexes of new tables, and store the mark."""


class ReadCopy(Protocol):
    """Raises `Rejected` for what the user can change, such as a wrong password; `Unavailable` otherwise."""

    @property
    def name(self) -> str:
        """For messages: the host and the schema."""

    def transaction(self) -> AbstractContextManager[CopyTransaction]:
        """Connect, and keep other copies out of the schema within the block. Raises `Rejected` if one is writing it."""

    def reading(self) -> AbstractContextManager[CopyTransaction]:
        """Connect for `record` and `totals` only; writes nothing."""
