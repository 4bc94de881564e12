"""Compares the totals of a read copy with those of the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tillstream.marts.consistent import read_consistently
from tillstream.marts.copy_record import CopyRecord, read_record
from tillstream.marts.copy_tables import copy_tables, ledger_totals
from tillstream.marts.state import Changes, MartState
from tillstream.model.errors import Rejected
from tillstream.ports.warehouse import ROW_COUNT, CopyTotals, ReadCopy, Snapshot, Warehouse


@dataclass(frozen=True)
class Difference:
    """A total of a part, which is a month of a table, or all of it with an empty month."""

    table: str
    month: str
    column: str
    expected: Decimal
    actual: Decimal

    def __str__(self) -> str:
        of_month = f" of {self.month}" if self.month else ""
        return f"{self.table}{of_month}: {self.column} is {self.actual:f} instead of {self.expected:f}."


def differences(table: str, expected: Mapping[str, CopyTotals], actual: Mapping[str, CopyTotals]) -> list[Difference]:
    """The totals that differ, by month. expected, actual: month → totals; a month without rows can be missing."""
    result = []
    for month in sorted(expected.keys() | actual.keys()):
        wanted, present = expected.get(month, {}), actual.get(month, {})
        for column in [ROW_COUNT, *sorted((wanted.keys() | present.keys()) - {ROW_COUNT})]:
            pair = wanted.get(column, Decimal(0)), present.get(column, Decimal(0))
            if pair[0] != pair[1]:
                result.append(Difference(table, month, column, *pair))
    return result


@dataclass(frozen=True)
class Checked:
    """copied: the state of the copy. current: that of the ledger. behind: months that changed meanwhile."""

    copied: MartState
    current: MartState
    behind: tuple[str, ...]
    differences: tuple[Difference, ...]


def check(warehouse: Warehouse, target: ReadCopy) -> Checked:
    """Compare every total of a copy with the ledger; of a month that changed since then, with the record of the copy.

    Writes nothing. Raises `Rejected` if there is no copy, and as `read_consistently` and the copy do.
    """
    with target.reading() as transaction:
        record = read_record(transaction.record())
        if record is None:
            raise Rejected(f"{target.name} has no copy. Run the command without --check first.")
        ledger = _LedgerTotals()
        current = read_consistently(warehouse, record.state, ledger.read)
        result = [
            difference
            for table, copied in copy_tables()
            for difference in differences(
                table.name, _expected(record, ledger, table.name, current), transaction.totals(copied)
            )
        ]
    return Checked(record.state, current, tuple(sorted(ledger.changed)), tuple(result))


def _expected(record: CopyRecord, ledger: "_LedgerTotals", table: str, current: MartState) -> dict[str, CopyTotals]:
    recorded = {month: part.totals for (name, month), part in record.parts.items() if name == table}
    totals = ledger.totals[table]
    changed = set(ledger.changed) if current == record.state else ledger.changed | {""}
    return {
        month: (recorded if month in changed else totals).get(month, {}) for month in recorded.keys() | totals.keys()
    }


@dataclass
class _LedgerTotals:
    """changed: months that settlements changed since the copy. totals: table → month → its totals."""

    changed: set[str] = field(default_factory=set)
    totals: dict[str, Mapping[str, CopyTotals]] = field(default_factory=dict)

    def read(self, snapshot: Snapshot, _: MartState, changes: Changes) -> None:
        self.changed |= changes.changed
        self.totals = {table.name: ledger_totals(snapshot, table) for table, _ in copy_tables()}
