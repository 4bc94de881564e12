"""Figures of a file: of its staged rows, or of rows that are read without storing them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tillstream.domain.batch.file_figures import CurrencyFigures, FileFigures, OwnTotals
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.domain.events import STAGING
from tillstream.domain.limits import LIMITS, Limits
from tillstream.pipeline.rows.exact_sum import exact_sum
from tillstream.pipeline.rows.text_column import decoded
from tillstream.pipeline.staging import repeats
from tillstream.pipeline.staging.hashes import Hasher
from tillstream.pipeline.staging.own_totals import Open, own_totals
from tillstream.pipeline.staging.sources.file import FileSource
from tillstream.pipeline.staging.split_rows import SplitRows, split
from tillstream.ports import ObjectStore

COLUMNS = ("sale_date", "currency", "status", "net_amount", "quantity", "store_id", "sale", *repeats.COLUMNS)
_ZERO = Decimal(0)


@dataclass
class _Counter:
    """Adds up tables of accepted rows, which have `COLUMNS`."""

    rows: int = 0
    days: set[date] = field(default_factory=set)
    """The first and the last days of the tables."""
    sales: set[int] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    units: Decimal = _ZERO
    sums: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """(currency, status) → net amount."""

    def add(self, table: pa.Table) -> None:
        if not table.num_rows:
            return
        self.rows += table.num_rows
        self.days |= {day for day in pc.min_max(table.column("sale_date")).as_py().values() if day}
        self.stores.update(filter(None, pc.unique(decoded(table.column("store_id"))).to_pylist()))
        status, currency = decoded(table.column("status")), decoded(table.column("currency"))
        counted = pc.not_equal(status, "cancelled")
        self.units += exact_sum(decoded(table.column("quantity")).filter(counted)) or _ZERO
        ordered = pc.and_(counted, pc.not_equal(status, "returned"))
        self.sales.update(pc.unique(table.column("sale").filter(ordered)).to_pylist())
        self._add_amounts(currency, status, decoded(table.column("net_amount")))

    def add_rejected(self, rows: SplitRows) -> None:
        """Add the amounts of rejected rows, as far as they can be read, and the number of those to fix."""
        self.rows += rows.quarantined
        if rows.is_rejected.any():
            table = rows.row_batch.table.filter(pa.array(rows.is_rejected))
            has_amount = pc.and_(pc.is_valid(table.column("currency")), pc.is_valid(table.column("net_amount")))
            currency, status, net = (decoded(table.column(name).filter(has_amount)) for name in COLUMNS[1:4])
            self._add_amounts(currency, pc.fill_null(status, "completed"), net)

    def _add_amounts(self, currency: pa.Array, status: pa.Array, net: pa.Array) -> None:
        for code in pc.unique(currency).to_pylist():
            in_currency = pc.equal(currency, code)
            for word in pc.unique(status.filter(in_currency)).to_pylist():
                amount = exact_sum(net.filter(pc.and_(in_currency, pc.equal(status, word)))) or _ZERO
                self.sums[code, word] = self.sums.get((code, word), _ZERO) + amount

    def __add__(self, other: "_Counter") -> "_Counter":
        """The rows and amounts of both."""
        sums = {key: self.sums.get(key, _ZERO) + other.sums.get(key, _ZERO) for key in self.sums | other.sums}
        return _Counter(self.rows + other.rows, sums=sums)

    def amounts(self) -> tuple[CurrencyFigures, ...]:
        currencies = sorted({currency for currency, _ in self.sums})
        return tuple(
            CurrencyFigures(
                currency,
                sum((self._sum(currency, word) for word in ("completed", "pending", "returned")), _ZERO),
                *(self._sum(currency, word) for word in ("pending", "cancelled", "returned")),
            )
            for currency in currencies
        )

    def _sum(self, currency: str, status: str) -> Decimal:
        return self.sums.get((currency, status), _ZERO)


def staged_figures(
    objects: ObjectStore, report: StagingReport, open_original: Open, contract: Contract, *, file: str
) -> FileFigures:
    """Figures of a staged file. file: its name. Raises `NotFound` if its staged rows have expired."""

    def tables(columns: Sequence[str]) -> Iterator[pa.Table]:
        for name in report.accepted:
            with objects.open(STAGING, name) as stream:
                for batch in pq.ParquetFile(stream).iter_batches(columns=list(columns)):
                    yield pa.Table.from_batches([batch])

    parts = _parts(tables, contract)
    own = own_totals(open_original, contract, LIMITS, file)
    ignored = report.rows_blank + report.rows_ignored + report.rows_discarded
    return _figures(parts, _Counter(report.rows_refused), (report.rows_read, ignored), own, contract)


def read_figures(
    open_original: Open, contract: Contract, received: date, limits: Limits = LIMITS, *, file: str
) -> FileFigures:
    """Figures of a whole file as a contract reads it; nothing is stored. file: its name.

    Raises `Rejected` if it cannot be read.
    """
    rejected, read, ignored = _Counter(), 0, 0

    def tables(columns: Sequence[str]) -> Iterator[pa.Table]:
        nonlocal rejected, read, ignored
        hasher, rejected, read, ignored = Hasher(), _Counter(), 0, 0
        for row_batch in FileSource(open_original, contract, received, limits, file).row_batches():
            rows = split(row_batch, hasher)
            read += row_batch.rows_read
            ignored += row_batch.blank + row_batch.ignored + rows.ignored
            rejected.add_rejected(rows)
            if rows.accepted is not None:
                yield rows.accepted.select(columns)

    parts = _parts(tables, contract)
    own = own_totals(open_original, contract, limits, file)
    return _figures(parts, rejected, (read, ignored), own, contract)


def _parts(tables: Callable[[Sequence[str]], Iterator[pa.Table]], contract: Contract) -> list[_Counter]:
    """A counter for each `Fate` of the rows, which are read again if several of them name one line."""
    lines, parts = repeats.LineRows(), [_Counter() for _ in repeats.Fate]
    for table in tables(COLUMNS):
        parts[repeats.Fate.COUNTS].add(table)
        if repeats.may_repeat(contract):
            lines.add(table)
    fates = lines.fates(lambda: tables(repeats.ORDER))
    if fates is None:
        return parts
    parts, start = [_Counter() for _ in repeats.Fate], 0
    for table in tables(COLUMNS):
        own = fates[start : start + table.num_rows]
        start += table.num_rows
        for fate in repeats.Fate:
            parts[fate].add(table.filter(pa.array(own == fate)))
    return parts


def _figures(
    parts: list[_Counter], rejected: _Counter, counts: tuple[int, int], own: OwnTotals, contract: Contract
) -> FileFigures:
    read, ignored = counts
    counter, repeated, conflicting = parts
    days: Iterable[date | None] = counter.days or [None]
    return FileFigures(
        rows_read=read,
        accepted=counter.rows + repeated.rows,
        quarantined=rejected.rows + conflicting.rows,
        ignored=ignored,
        repeated=repeated.rows,
        repeated_amounts=repeated.amounts(),
        quarantined_amounts=(rejected + conflicting).amounts(),
        first_date=min(days, key=str),
        last_date=max(days, key=str),
        orders=len(counter.sales),
        units=counter.units,
        amounts=counter.amounts(),
        stores=tuple(sorted(counter.stores)),
        own=own,
        has_amounts=not contract.amounts.units_only,
        has_units="quantity" in contract.columns,
    )
