"""What a right import of the samples must say, counted by the generator itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np

from tillstream.samples import catalogue
from tillstream.samples.draw import Ints, Mask
from tillstream.samples.faults import CODES, corrections, spoilt, told_again
from tillstream.samples.lines import CANCELLED, PENDING, RETURNED, Lines, nothing, stacked
from tillstream.samples.months import MONTHS, Month, months, sales
from tillstream.samples.regions import Region

CORRECTED_MONTHS = 3
"""Corrections reach so many months back."""


@dataclass
class FileFacts:
    """Rows after the header by outcome, when the files are taken in their order. Amounts over the accepted rows."""

    read: int = 0
    new: int = 0
    corrected: int = 0
    duplicate: int = 0
    quarantined: int = 0
    blank: int = 0
    ignored: int = 0
    net: Decimal = Decimal(0)
    refused: Counter[str] = field(default_factory=Counter)
    """Quarantined rows by the code of their problem"""

    def add(self, lines: Lines, outcome: str) -> None:
        """Count lines that all have this outcome, except for the faulty among them."""
        good = lines.take(lines.fault == 0)
        self.read += len(lines)
        self.quarantined += len(lines) - len(good)
        setattr(self, outcome, getattr(self, outcome) + len(good))
        self.net += money(good.net)
        self.refused.update(CODES[int(fault)] for fault in lines.fault[lines.fault > 0])


@dataclass
class SampleFacts:
    """One region after all of its files. Totals in its currency; revenue leaves out cancelled lines only."""

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
        return sum(one.quarantined for one in self.files.values())

    @property
    def duplicates(self) -> int:
        return sum(one.duplicate for one in self.files.values())

    @property
    def corrected(self) -> int:
        return sum(one.corrected for one in self.files.values())

    def add(self, lines: Lines, month: Month) -> None:
        """Count lines as they stand in the end, none faulty."""
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
            so_far = self.revenue_by_category.get(category, Decimal(0))
            self.revenue_by_category[category] = so_far + money(
                active.net[catalogue.CATEGORY[active.product] == number]
            )
        if len(lines):
            self.first_sale_date = min(self.first_sale_date, month.first.replace(day=int(lines.day.min())))
            self.last_sale_date = max(self.last_sale_date, month.first.replace(day=int(lines.day.max())))


def money(hundredths: Ints) -> Decimal:
    return Decimal(int(hundredths.sum())).scaleb(-2)


def parts(
    region: Region, until: date, scale: float, seed: int, first: int = 0
) -> Iterator[tuple[Month, Lines, Lines, Mask]]:
    """Each month from `first` as told, what corrections tell again of it, and which of those lines they change."""
    for month in months(until, scale)[first:]:
        lines = spoilt(sales(region, month, scale, seed), region, month, seed)
        again, changed = corrections(lines, region, month, seed)
        if month.index < MONTHS - CORRECTED_MONTHS:
            again, changed = nothing(), changed[:0]
        yield month, lines, again, changed


def count(region: Region, names: tuple[str, str, str], until: date, scale: float, seed: int) -> SampleFacts:
    """The facts of a region whose history, last month and corrections have these names."""
    history, newest, correction = (FileFacts() for _ in names)
    facts = SampleFacts(region.name, region.currency, dict(zip(names, (history, newest, correction), strict=True)))
    for month, lines, again, changed in parts(region, until, scale, seed):
        (newest if month.index == MONTHS - 1 else history).add(lines, "new")
        if month.index == MONTHS - 2:
            newest.add(lines.take(told_again(lines, month)), "duplicate")
        correction.add(again.take(changed), "corrected")
        correction.add(again.take(~changed), "duplicate")
        first = lines.take((lines.fault == 0) & ~np.isin(lines.sale, again.sale))
        facts.add(stacked(first, again), month)
    newest.blank = 1
    newest.read += 1
    return facts
