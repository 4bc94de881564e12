"""Copies the marts to a database: only the months that changed, and everything of one settlement."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile

import pyarrow.parquet as pq

from tillstream.marts import parquet
from tillstream.marts.consistent import read_consistently
from tillstream.marts.copy_check import Difference, differences
from tillstream.marts.copy_record import CopiedPart, CopyRecord, Part, read_record
from tillstream.marts.copy_tables import Summed, copy_tables, month_days
from tillstream.marts.state import Changes, MartState
from tillstream.marts.tables import MartTable
from tillstream.model.errors import Unavailable
from tillstream.ports.warehouse import ROW_COUNT, CopyTable, CopyTransaction, ReadCopy, Snapshot, Warehouse

FEW_MONTHS = 3
"""Totals of more months are computed in one pass over the table."""
BATCH_ROWS = 65_536
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Copied:
    """record: what the copy has. written: parts that were replaced. removed: parts that have no rows any more.
    repaired: totals that differed from those of the last copy; their parts were copied again."""

    record: CopyRecord
    written: int
    removed: int
    repaired: tuple[Difference, ...]

    def rows(self, table: str) -> int:
        return sum(int(part.totals[ROW_COUNT]) for (name, _), part in self.record.parts.items() if name == table)


def copy(warehouse: Warehouse, target: ReadCopy, *, full: bool = False, progress: Progress = lambda _: None) -> Copied:
    """Replace what changed since the last copy, in one transaction.

    full: replace everything. progress: called with the number of parts that were read. Raises `Rejected` and
    `Unavailable` as the copy does; `Unavailable` also if settlements commit faster than they can be read, or if the
    totals of a part differ after it was copied. The last copy is unchanged then.
    """
    with target.transaction() as transaction:
        previous = None if full else read_record(transaction.record())
        run = _Run(transaction, previous, progress)
        state = read_consistently(warehouse, previous.state if previous else None, run.read_changes)
        run.check()
        record = CopyRecord(state, run.parts)
        transaction.finish(record.mark())
    return Copied(record, run.written, run.removed, run.repaired)


class _Run:
    """parts: what the copy has. repaired: totals that were not those of the record."""

    def __init__(self, transaction: CopyTransaction, previous: CopyRecord | None, progress: Progress) -> None:
        self._transaction, self._progress = transaction, progress
        self._tables = copy_tables()
        recorded = dict(previous.parts) if previous else {}
        self._new: set[str] = set()
        self._present: set[Part] = set()
        differing: list[Difference] = []
        for table, copied in self._tables:
            if transaction.prepare(copied):
                self._new.add(table.name)
                continue
            expected = {month: part.totals for (name, month), part in recorded.items() if name == table.name}
            actual = transaction.totals(copied)
            self._present |= {(table.name, month) for month in actual}
            differing += differences(table.name, expected, actual)
        self.repaired = tuple(differing) if previous else ()
        wrong = {(each.table, each.month) for each in differing}
        self._wrong = wrong
        self.parts = {part: copied for part, copied in recorded.items() if part in self._present - wrong}
        self._written: set[Part] = set()
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
            rows = parquet.write(snapshot, table, month, file)
            self._progress(1)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if part in self.parts and self.parts[part].sha256 == sha256:
                return
            self.parts.pop(part, None)
            if rows:
                summed = Summed(table, pq.ParquetFile(file).iter_batches(BATCH_ROWS))
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
            for difference in differences(table.name, written, actual):
                raise Unavailable(f"The copy differs from what was copied: {difference} The last copy is unchanged.")
