"""Figures expected from an import of the samples, counted by the generator."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from tillstream.samples import catalogue
from tillstream.samples.deliveries import deliveries, missing_day
from tillstream.samples.draw import Ints, Mask
from tillstream.samples.faults import CODES, corrections, with_faults
from tillstream.samples.lines import CANCELLED, PENDING, RETURNED, Lines, concat, empty
from tillstream.samples.months import MONTHS, Month, months, sales
from tillstream.samples.regions import Region

CORRECTED_MONTHS = 3
"""Number of months that corrections reach back."""


@dataclass
class FileFacts:
    """Rows after the header by outcome, if files are imported in order. Amounts cover the accepted rows."""

    read: int = 0
    new: int = 0
    corrected: int = 0
    duplicate: int = 0
    quarantined: int = 0
    blank: int = 0
    ignored: int = 0
    net: Decimal = Decimal(0)
    refused: Counter[str] = field(default_factory=Counter)
    """Quarantined rows by problem code"""

    def add(self, lines: Lines, outcome: str) -> None:
        """Count lines of which all but the faulty ones have this outcome."""
        valid = lines.take(lines.fault == 0)
        self.read += len(lines)
        self.quarantined += len(lines) - len(valid)
        setattr(self, outcome, getattr(self, outcome) + len(valid))
        self.net += money(valid.net)
        self.refused.update(CODES[int(fault)] for fault in lines.fault[lines.fault > 0])


@dataclass
class SampleFacts:
    """One region after all its files. Totals in its currency; revenue excludes cancelled lines only."""

    region: str
    currency: str
    files: dict[str, FileFacts]
    lines: int = 0
    cancelled_lines: int = 0
    pending_lines: int = 0
    returned_lines: int = 0
    orders: int = 0
    units: int = 0
    net: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    gross: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    revenue_by_category: dict[str, Decimal] = field(default_factory=dict)
    customer_numbers: set[int] = field(default_factory=set)
    first_sale_date: date = date.max
    last_sale_date: date = date.min

    @property
    def customers(self) -> int:
        return len(self.customer_numbers)

    @property
    def refused(self) -> int:
        return sum(file.quarantined for file in self.files.values())

    @property
    def duplicates(self) -> int:
        return sum(file.duplicate for file in self.files.values())

    @property
    def corrected(self) -> int:
        return sum(file.corrected for file in self.files.values())

    def add(self, lines: Lines, month: Month) -> None:
        """Count lines in their final state, without faults."""
        active = lines.take(lines.status != CANCELLED)
        self.lines += len(lines)
        self.cancelled_lines += len(lines) - len(active)
        self.pending_lines += int((lines.status == PENDING).sum())
        self.returned_lines += int((lines.status == RETURNED).sum())
        self.orders += np.unique(active.sale[active.status != RETURNED]).size
        self.units += int(active.quantity.sum())
        self.net += money(lines.net)
        self.revenue += money(active.net)
        self.gross += money(active.net + active.tax)
        self.returned += money(lines.net[lines.status == RETURNED])
        self.customer_numbers |= set(np.unique(active.customer[active.customer >= 0]).tolist())
        for number, category in enumerate(catalogue.CATEGORIES):
            subtotal = self.revenue_by_category.get(category, Decimal(0))
            self.revenue_by_category[category] = subtotal + money(
                active.net[catalogue.CATEGORY[active.product] == number]
            )
        if len(lines):
            self.first_sale_date = min(self.first_sale_date, month.first.replace(day=int(lines.day.min())))
            self.last_sale_date = max(self.last_sale_date, month.first.replace(day=int(lines.day.max())))


def money(hundredths: Ints) -> Decimal:
    return Decimal(int(hundredths.sum())).scaleb(-2)


def parts(
    region: Region, until: date, scale: float, seed: int, days: int = 0, first: int = 0
) -> Iterator[tuple[Month, Lines, Lines, Mask]]:
    """For each month from index `first`: its lines, the corrected sales, and which of their lines changed.

    days: number of newest days that have a file each. Their lines have no faults, because a few faulty rows would hold
    a small file; those of a day that is never delivered are left out.
    """
    missing = missing_day(region.name, until, days)
    for month in months(until, scale)[first:]:
        lines = with_faults(sales(region, month, scale, seed), region, month, seed)
        if days:
            first_daily = (until - timedelta(days=days - 1) - month.first).days + 1
            lines = replace(lines, fault=np.where(lines.day < first_daily, lines.fault, 0))
        if missing is not None:
            lines = lines.take(lines.day != (missing - month.first).days + 1)
        corrected, changed = corrections(lines, region, month, seed)
        if month.index < MONTHS - CORRECTED_MONTHS:
            corrected, changed = empty(), changed[:0]
        yield month, lines, corrected, changed


def count(region: Region, extension: str, until: date, scale: float, seed: int, days: int = 0) -> SampleFacts:
    """The facts of a region, by the files of `deliveries`."""
    plan = deliveries(region, extension, until, scale, days)
    facts = SampleFacts(region.name, region.currency, {delivery.name: FileFacts() for delivery in plan})
    for month, lines, corrected, changed in parts(region, until, scale, seed, days):
        for delivery in plan:
            file = facts.files[delivery.name]
            if delivery.corrects:
                file.add(corrected.take(changed), "corrected")
                file.add(corrected.take(~changed), "duplicate")
                continue
            file.add(delivery.of(lines, month), "new")
            if delivery.repeats and month.index == MONTHS - 2:
                file.add(delivery.repeated(lines, month), "duplicate")
        unchanged = lines.take((lines.fault == 0) & ~np.isin(lines.sale, corrected.sale))
        facts.add(concat(unchanged, corrected), month)
    for delivery in plan:
        if delivery.repeats:
            facts.files[delivery.name].blank = 1
            facts.files[delivery.name].read += 1
    return facts
