"""Copies the marts to a database, only the months that changed, and compares its totals with those of the ledger."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Context, Decimal
from tempfile import TemporaryFile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tillstream.marts import mart_files
from tillstream.marts.state import Changes, MartState, days_of, read_consistently
from tillstream.marts.tables import BIGNUMERIC, TABLES, MartColumn, MartTable, MartType
from tillstream.model.columns import ColumnKind
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.warehouse import (
    ROW_COUNT,
    CopyColumn,
    CopyDays,
    CopyMark,
    CopyTable,
    CopyTotals,
    CopyTransaction,
    ReadCopy,
    Snapshot,
    Warehouse,
)

RECORD_FORMAT = 1
PartKey = tuple[str, str]
"""A table, and a month of it; without a month for a dimension."""

MONTH_COLUMN = "sale_date"
_INDEXES = {"fact_sales": (("store_key", "sale_date"), ("product_key", "sale_date"))}
_SUMS: dict[MartType, str] = {
    ColumnKind.STRING: "CAST(COALESCE(SUM(LENGTH({}) + 1), 0) AS INT64)",
    ColumnKind.DATE: "CAST(COALESCE(SUM(DATE_DIFF({}, DATE '1970-01-01', DAY)), 0) AS INT64)",
    ColumnKind.BOOL: "COUNTIF({})",
    ColumnKind.INT64: "CAST(COALESCE(SUM({}), 0) AS INT64)",
}
_EXACT = Context(prec=100)

FEW_MONTHS = 3
"""Totals of more months are computed in one pass over the table."""
BATCH_ROWS = 65_536
CopyProgress = Callable[[int], None]


@dataclass(frozen=True)
class CopiedPart:
    """sha256: of its rows as Parquet."""

    sha256: str
    totals: CopyTotals


@dataclass(frozen=True)
class CopyRecord:
    state: MartState
    parts: Mapping[PartKey, CopiedPart]

    def mark(self) -> CopyMark:
        parts = [
            {"table": table, "month": month, "sha256": part.sha256, "totals": _texts(part.totals)}
            for (table, month), part in sorted(self.parts.items())
        ]
        text = json.dumps({"format": RECORD_FORMAT, "state": asdict(self.state), "parts": parts})
        return CopyMark(self.state.settlement_no, self.state.as_of, text)


def _texts(totals: CopyTotals) -> dict[str, str]:
    return {name: format(value.normalize() if value else Decimal(0), "f") for name, value in totals.items()}


def read_record(text: str | None) -> CopyRecord | None:
    """None if there is none. Raises `Rejected` for a record of another version."""
    if text is None:
        return None
    try:
        data = json.loads(text)
        if data["format"] != RECORD_FORMAT:
            raise Rejected(
                f"The copy has format {data['format']}, and this version writes {RECORD_FORMAT}. Use another schema."
            )
        parts = {
            (part["table"], part["month"]): CopiedPart(
                part["sha256"], {name: Decimal(value) for name, value in part["totals"].items()}
            )
            for part in data["parts"]
        }
        return CopyRecord(MartState(**data["state"]), parts)
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected("The table copied_state is not of a copy. Use another schema.") from error


def copy_tables() -> list[tuple[MartTable, CopyTable]]:
    return [(table, _copy_table(table)) for table in TABLES]


def _copy_table(table: MartTable) -> CopyTable:
    columns = tuple(_copy_column(column, table.descriptions[column.name]) for column in table.columns)
    month_of = MONTH_COLUMN if table.by_month else ""
    return CopyTable(table.name, table.description, columns, table.key, _INDEXES.get(table.name, ()), month_of)


def _copy_column(column: MartColumn, description: str) -> CopyColumn:
    if column.type == BIGNUMERIC:
        return CopyColumn(column.name, ColumnKind.NUMERIC, 18, description)
    kind = ColumnKind(column.type)
    return CopyColumn(column.name, kind, 9 if kind is ColumnKind.NUMERIC else 0, description)


def month_days(month: str) -> CopyDays | None:
    """None for a table that is replaced as a whole."""
    return days_of(month) if month else None


def ledger_totals(snapshot: Snapshot, table: MartTable) -> Mapping[str, CopyTotals]:
    """Month → totals of its rows in the ledger; "" → totals for a table without months."""
    month = f"FORMAT_DATE('%Y-%m', {MONTH_COLUMN})" if table.by_month else "''"
    sums = [f"{_SUMS.get(column.type, 'SUM({})').format(column.name)} AS sum_{column.name}" for column in table.columns]
    text = f"SELECT {month} AS part, COUNT(*) AS row_count, {', '.join(sums)}\nFROM {table.name}\nGROUP BY part"
    return {
        row["part"]: {ROW_COUNT: Decimal(row["row_count"])}
        | {name: Decimal(row[f"sum_{name}"] or 0) for name in table.names}
        for row in snapshot.query(text).to_pylist()
    }


class SummedRows:
    """Record batches that are passed on and added up. totals: of those that were read."""

    def __init__(self, table: MartTable, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = batches
        self.totals: dict[str, Decimal] = dict.fromkeys([ROW_COUNT, *table.names], Decimal(0))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self._add(ROW_COUNT, batch.num_rows)
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                self._add(name, _sum(column))
            yield batch

    def _add(self, name: str, value: Decimal | int) -> None:
        self.totals[name] = _EXACT.add(self.totals[name], Decimal(value))


def _sum(column: pa.Array) -> Decimal | int:
    kind = column.type
    if pa.types.is_string(kind):
        column = pc.add(pc.utf8_length(column), 1).cast(pa.int64())
    elif pa.types.is_date(kind):
        column = column.cast(pa.int32()).cast(pa.int64())
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.decimal256(76, kind.scale))
    total: Decimal | int = pc.sum(column).as_py() or 0
    return total


@dataclass(frozen=True)
class CopyDifference:
    """A total of a part, which is a month of a table, or all of it with an empty month."""

    table: str
    month: str
    column: str
    expected: Decimal
    actual: Decimal

    def __str__(self) -> str:
        of_month = f" of {self.month}" if self.month else ""
        return f"{self.table}{of_month}: {self.column} is {self.actual:f} instead of {self.expected:f}."


def copy_differences(
    table: str, expected: Mapping[str, CopyTotals], actual: Mapping[str, CopyTotals]
) -> list[CopyDifference]:
    """The totals that differ, by month. expected, actual: month → totals; a month without rows can be missing."""
    result = []
    for month in sorted(expected.keys() | actual.keys()):
        wanted, present = expected.get(month, {}), actual.get(month, {})
        for column in [ROW_COUNT, *sorted((wanted.keys() | present.keys()) - {ROW_COUNT})]:
            pair = wanted.get(column, Decimal(0)), present.get(column, Decimal(0))
            if pair[0] != pair[1]:
                result.append(CopyDifference(table, month, column, *pair))
    return result


@dataclass(frozen=True)
class CheckedCopy:
    """copied: the state of the copy. current: that of the ledger. behind: months that changed meanwhile."""

    copied: MartState
    current: MartState
    behind: tuple[str, ...]
    differences: tuple[CopyDifference, ...]


def check_copy(warehouse: Warehouse, target: ReadCopy) -> CheckedCopy:
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
            for difference in copy_differences(
                table.name, _expected(record, ledger, table.name, current), transaction.totals(copied)
            )
        ]
    return CheckedCopy(record.state, current, tuple(sorted(ledger.changed)), tuple(result))


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


@dataclass(frozen=True)
class CopiedMarts:
    """record: what the copy has. written: parts that were replaced. removed: parts that have no rows any more.
    repaired: totals that differed from those of the last copy; their parts were copied again."""

    record: CopyRecord
    written: int
    removed: int
    repaired: tuple[CopyDifference, ...]

    def rows(self, table: str) -> int:
        return sum(int(part.totals[ROW_COUNT]) for (name, _), part in self.record.parts.items() if name == table)


def copy_to_database(
    warehouse: Warehouse, target: ReadCopy, *, full: bool = False, progress: CopyProgress = lambda _: None
) -> CopiedMarts:
    """Replace what changed since the last copy, in one transaction.

    full: replace everything. progress: called with the number of parts that were read. Raises `Rejected` and
    `Unavailable` as the copy does; `Unavailable` also if settlements commit faster than they can be read, or if the
    totals of a part differ after it was copied. The last copy is unchanged then.
    """
    with target.transaction() as transaction:
        previous = None if full else read_record(transaction.record())
        run = _CopyRun(transaction, previous, progress)
        state = read_consistently(warehouse, previous.state if previous else None, run.read_changes)
        run.check()
        record = CopyRecord(state, run.parts)
        transaction.finish(record.mark())
    return CopiedMarts(record, run.written, run.removed, run.repaired)


class _CopyRun:
    """parts: what the copy has. repaired: totals that were not those of the record."""

    def __init__(self, transaction: CopyTransaction, previous: CopyRecord | None, progress: CopyProgress) -> None:
        self._transaction, self._progress = transaction, progress
        self._tables = copy_tables()
        recorded = dict(previous.parts) if previous else {}
        self._new: set[str] = set()
        self._present: set[PartKey] = set()
        differing: list[CopyDifference] = []
        for table, copied in self._tables:
            if transaction.prepare(copied):
                self._new.add(table.name)
                continue
            expected = {month: part.totals for (name, month), part in recorded.items() if name == table.name}
            actual = transaction.totals(copied)
            self._present |= {(table.name, month) for month in actual}
            differing += copy_differences(table.name, expected, actual)
        self.repaired = tuple(differing) if previous else ()
        wrong = {(each.table, each.month) for each in differing}
        self._wrong = wrong
        self.parts = {part: copied for part, copied in recorded.items() if part in self._present - wrong}
        self._written: set[PartKey] = set()
        self.removed = 0

    @property
    def written(self) -> int:
        return len(self._written)

    def read_changes(self, snapshot: Snapshot, _: MartState, changes: Changes) -> None:
        for table, copied in self._tables:
            for month in self._stale_months(table, changes):
                self._copy(snapshot, table, copied, month)
        self._new.clear()
        self._wrong.clear()

    def _stale_months(self, table: MartTable, changes: Changes) -> Iterator[str]:
        if not table.by_month:
            yield ""
            return
        present = {month for name, month in self._present if name == table.name}
        for month in sorted(changes.months | present):
            is_wrong = table.name in self._new or (table.name, month) in self._wrong
            if is_wrong or month in changes.changed or month not in changes.months:
                yield month

    def _copy(self, snapshot: Snapshot, table: MartTable, copied: CopyTable, month: str) -> None:
        part = (table.name, month)
        with TemporaryFile() as file:
            rows = mart_files.write_parquet(snapshot, table, month, file)
            self._progress(1)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if part in self.parts and self.parts[part].sha256 == sha256:
                return
            self.parts.pop(part, None)
            if rows:
                summed = SummedRows(table, pq.ParquetFile(file).iter_batches(BATCH_ROWS))
                self._transaction.replace(copied, month_days(month), summed)
                self.parts[part] = CopiedPart(sha256, summed.totals)
                self._present.add(part)
                self._written.add(part)
            elif part in self._present:
                self._transaction.replace(copied, month_days(month), ())
                self._present.discard(part)
                self._written.discard(part)
                self.removed += 1

    def check(self) -> None:
        """Raise `Unavailable` if the rows that were written have other totals than those that were read."""
        for table, copied in self._tables:
            written = {month: self.parts[name, month].totals for name, month in self._written if name == table.name}
            if not written:
                continue
            if len(written) > FEW_MONTHS:
                totals = self._transaction.totals(copied)
                actual = {month: totals.get(month, {}) for month in written}
            else:
                actual = {
                    month: self._transaction.totals(copied, month_days(month)).get(month, {}) for month in written
                }
            for difference in copy_differences(table.name, written, actual):
                raise Unavailable(f"The copy differs from what was copied: {difference} The last copy is unchanged.")
