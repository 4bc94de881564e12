"""ReadCopy: a database with a copy of the marts, which is replaced in one transaction."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from tillstream.domain.columns import Kind

if TYPE_CHECKING:
    import pyarrow as pa

Days = tuple[date, date]
"""The first day of a month, and that of the next one."""
Totals = Mapping[str, Decimal]
"""Column → sum: of numbers; of days since 1970-01-01 for dates; of rows that are true for booleans; of length + 1 in
characters for texts. NULL counts as nothing. ROWS → number of rows."""
ROWS = "rows"


@dataclass(frozen=True)
class CopyColumn:
    """decimals: of a NUMERIC."""

    name: str
    kind: Kind
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

    def replace(self, table: CopyTable, days: Days | None, batches: "Iterable[pa.RecordBatch]") -> None:
        """Replace the rows of a month, or all. batches: in the order of the columns, with Arrow's types of them."""

    def totals(self, table: CopyTable, days: Days | None = None) -> Mapping[str, Totals]:
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
