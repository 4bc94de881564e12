"""Figures of a file: of its staged rows, or of rows that are read without storing them."""

from collections.abc import Iterable
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
from tillstream.pipeline.staging.hashes import Hasher
from tillstream.pipeline.staging.own_totals import Open, own_totals
from tillstream.pipeline.staging.sources.file import FileSource
from tillstream.pipeline.staging.split_rows import split
from tillstream.ports import ObjectStore

COLUMNS = ("sale_date", "currency", "status", "net_amount", "quantity", "store_id", "sale")
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
        net = decoded(table.column("net_amount"))
        for code in pc.unique(currency).to_pylist():
            in_currency = pc.equal(currency, code)
            for word in pc.unique(status.filter(in_currency)).to_pylist():
                amount = exact_sum(net.filter(pc.and_(in_currency, pc.equal(status, word)))) or _ZERO
                self.sums[code, word] = self.sums.get((code, word), _ZERO) + amount

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
    counter = _Counter()
    for name in report.accepted:
        with objects.open(STAGING, name) as stream:
            for batch in pq.ParquetFile(stream).iter_batches(columns=list(COLUMNS)):
                counter.add(pa.Table.from_batches([batch]))
    own = own_totals(open_original, contract, LIMITS, file)
    ignored = report.rows_blank + report.rows_ignored + report.rows_discarded
    return _figures(counter, (report.rows_read, report.rows_refused, ignored), own, contract)


def read_figures(
    open_original: Open, contract: Contract, received: date, limits: Limits = LIMITS, *, file: str
) -> FileFigures:
    """Figures of a whole file as a contract reads it; nothing is stored. file: its name.

    Raises `Rejected` if it cannot be read.
    """
    counter, hasher, read, quarantined, ignored = _Counter(), Hasher(), 0, 0, 0
    for row_batch in FileSource(open_original, contract, received, limits, file).row_batches():
        rows = split(row_batch, hasher)
        read += row_batch.rows_read
        quarantined += rows.quarantined
        ignored += row_batch.blank + row_batch.ignored + rows.ignored
        if rows.accepted is not None:
            counter.add(rows.accepted.select(COLUMNS))
    own = own_totals(open_original, contract, limits, file)
    return _figures(counter, (read, quarantined, ignored), own, contract)


def _figures(counter: _Counter, counts: tuple[int, int, int], own: OwnTotals, contract: Contract) -> FileFigures:
    read, quarantined, ignored = counts
    days: Iterable[date | None] = counter.days or [None]
    return FileFigures(
        rows_read=read,
        accepted=counter.rows,
        quarantined=quarantined,
        ignored=ignored,
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
