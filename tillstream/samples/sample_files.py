"""Sample files of each region, the figures expected from their import, and further files of the last day."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tillstream.samples import master_data
from tillstream.samples.deliveries import (
    FAULT_CODES,
    NOT_A_NUMBER,
    SampleDelivery,
    corrections,
    missing_day,
    sample_deliveries,
    with_faults,
)
from tillstream.samples.draws import Ints, Mask
from tillstream.samples.file_styles import STYLES, file_header, written_rows
from tillstream.samples.monthly_sales import (
    CANCELLED,
    MONTHS_OF_HISTORY,
    PENDING,
    RETURNED,
    SampleLines,
    SampleMonth,
    concat_lines,
    no_lines,
    sales_of_month,
    sample_months,
)
from tillstream.samples.regions import ALL_REGIONS, DEMO_REGIONS, SampleRegion

CORRECTED_MONTHS = 3
"""Number of months that corrections reach back."""
DEMO_NAMES = tuple(region.name for region in DEMO_REGIONS)
"""Default regions."""

EXTRA_ROWS = 40
FIRST_EXTRA_NUMBER = 80_000
"""Added to the sale numbers, so that no other sample file has them."""
NEW_HEADER = "Bill No"
"""Header of the sale number in the file of a new source; the contract IN calls it Invoice No."""


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

    def add(self, lines: SampleLines, outcome: str) -> None:
        """Count lines of which all but the faulty ones have this outcome."""
        valid = lines.take(lines.fault == 0)
        self.read += len(lines)
        self.quarantined += len(lines) - len(valid)
        setattr(self, outcome, getattr(self, outcome) + len(valid))
        self.net += money_of_lines(valid.net)
        self.refused.update(FAULT_CODES[int(fault)] for fault in lines.fault[lines.fault > 0])


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

    def add(self, lines: SampleLines, month: SampleMonth) -> None:
        """Count lines in their final state, without faults."""
        active = lines.take(lines.status != CANCELLED)
        self.lines += len(lines)
        self.cancelled_lines += len(lines) - len(active)
        self.pending_lines += int((lines.status == PENDING).sum())
        self.returned_lines += int((lines.status == RETURNED).sum())
        self.orders += np.unique(active.sale[active.status != RETURNED]).size
        self.units += int(active.quantity.sum())
        self.net += money_of_lines(lines.net)
        self.revenue += money_of_lines(active.net)
        self.gross += money_of_lines(active.net + active.tax)
        self.returned += money_of_lines(lines.net[lines.status == RETURNED])
        self.customer_numbers |= set(np.unique(active.customer[active.customer >= 0]).tolist())
        for number, category in enumerate(master_data.PRODUCT_CATEGORIES):
            subtotal = self.revenue_by_category.get(category, Decimal(0))
            self.revenue_by_category[category] = subtotal + money_of_lines(
                active.net[master_data.CATEGORY_OF_PRODUCT[active.product] == number]
            )
        if len(lines):
            self.first_sale_date = min(self.first_sale_date, month.first.replace(day=int(lines.day.min())))
            self.last_sale_date = max(self.last_sale_date, month.first.replace(day=int(lines.day.max())))


def money_of_lines(hundredths: Ints) -> Decimal:
    return Decimal(int(hundredths.sum())).scaleb(-2)


def months_with_corrections(
    region: SampleRegion, until: date, scale: float, seed: int, days: int = 0, first: int = 0
) -> Iterator[tuple[SampleMonth, SampleLines, SampleLines, Mask]]:
    """For each month from index `first`: its lines, the corrected sales, and which of their lines changed.

    days: number of newest days that have a file each. Their lines have no faults, because a few faulty rows would hold
    a small file; those of a day that is never delivered are left out.
    """
    missing = missing_day(region.name, until, days)
    for month in sample_months(until, scale)[first:]:
        lines = with_faults(sales_of_month(region, month, scale, seed), region, month, seed)
        if days:
            first_daily = (until - timedelta(days=days - 1) - month.first).days + 1
            lines = replace(lines, fault=np.where(lines.day < first_daily, lines.fault, 0))
        if missing is not None:
            lines = lines.take(lines.day != (missing - month.first).days + 1)
        corrected, changed = corrections(lines, region, month, seed)
        if month.index < MONTHS_OF_HISTORY - CORRECTED_MONTHS:
            corrected, changed = no_lines(), changed[:0]
        yield month, lines, corrected, changed


def count_facts(
    region: SampleRegion, extension: str, until: date, scale: float, seed: int, days: int = 0
) -> SampleFacts:
    """The facts of a region, by the files of `deliveries`."""
    plan = sample_deliveries(region, extension, until, scale, days)
    facts = SampleFacts(region.name, region.currency, {delivery.name: FileFacts() for delivery in plan})
    for month, lines, corrected, changed in months_with_corrections(region, until, scale, seed, days):
        for delivery in plan:
            file = facts.files[delivery.name]
            if delivery.corrects:
                file.add(corrected.take(changed), "corrected")
                file.add(corrected.take(~changed), "duplicate")
                continue
            file.add(delivery.first_lines(lines, month), "new")
            if delivery.repeats and month.index == MONTHS_OF_HISTORY - 2:
                file.add(delivery.repeated(lines, month), "duplicate")
        unchanged = lines.take((lines.fault == 0) & ~np.isin(lines.sale, corrected.sale))
        facts.add(concat_lines(unchanged, corrected), month)
    for delivery in plan:
        if delivery.repeats:
            facts.files[delivery.name].blank = 1
            facts.files[delivery.name].read += 1
    return facts


@dataclass(frozen=True)
class SampleFile:
    """`write` writes the whole file to a binary stream, month by month; always the same bytes."""

    name: str
    contract: str
    delivery: SampleDelivery
    write: Callable[[BinaryIO], None]


def files_of_regions(
    *, until: date, scale: float = 1.0, seed: int = 7, regions: Sequence[str] = DEMO_NAMES, days: int = 0
) -> Iterator[SampleFile]:
    """The files of `deliveries` for each region in import order, covering the 24 months up to and including `until`.

    scale 1: about 200,000 lines in the demo regions, 50,000 in each of the others (see `ALL_REGIONS`). The same
    arguments give the same bytes on every machine; another scale gives different sales and file names, so that files
    of several scales can be imported together. days: number of newest days that have a file each.
    """
    for region in (ALL_REGIONS[name] for name in regions):
        for delivery in sample_deliveries(region, _file_extension(region), until, scale, days):
            write = partial(_write_delivery, region, delivery, until, scale, seed, days)
            yield SampleFile(delivery.name, region.name, delivery, write)


def write_samples(
    folder: Path, *, until: date, scale: float = 1.0, seed: int = 7, days: int = 0
) -> Iterator[tuple[SampleFile, Path]]:
    """Write the files into a folder one by one, replacing existing ones; yields each file with its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files_of_regions(until=until, scale=scale, seed=seed, days=days):
        path = folder / file.name
        with path.open("wb") as out:
            file.write(out)
        yield file, path


def expected_facts(
    *, until: date, scale: float = 1.0, seed: int = 7, regions: Sequence[str] = DEMO_NAMES, days: int = 0
) -> dict[str, SampleFacts]:
    """Expected result of importing `files` with the same arguments, by region."""
    return {
        name: count_facts(ALL_REGIONS[name], _file_extension(ALL_REGIONS[name]), until, scale, seed, days)
        for name in regions
    }


def _file_extension(region: SampleRegion) -> str:
    return "tsv" if STYLES[region.name].delimiter == "\t" else "csv"


def _write_delivery(
    region: SampleRegion, delivery: SampleDelivery, until: date, scale: float, seed: int, days: int, out: BinaryIO
) -> None:
    out.write(file_header(region))
    for month, lines, corrected, _ in months_with_corrections(
        region, until, scale, seed, days, _first_month(delivery, until)
    ):
        if delivery.corrects:
            out.write(written_rows(corrected, region, month))
        elif delivery.repeats and month.index == MONTHS_OF_HISTORY - 2:
            out.write(written_rows(delivery.repeated(lines, month), region, month))
            out.write(STYLES[region.name].newline.encode())
        elif month.first <= delivery.last:
            out.write(written_rows(delivery.first_lines(lines, month), region, month))


def _first_month(delivery: SampleDelivery, until: date) -> int:
    """Index of the first month of which the file has lines."""
    if delivery.corrects:
        return MONTHS_OF_HISTORY - CORRECTED_MONTHS
    if delivery.repeats:
        return MONTHS_OF_HISTORY - 2
    return MONTHS_OF_HISTORY - 1 - (until.year - delivery.first.year) * 12 - (until.month - delivery.first.month)


def mistaken_file(name: str, until: date, scale: float) -> bytes:
    """Valid sales that never took place."""
    region, month, lines = _last_sales(name, until, scale, 1)
    return file_header(region) + written_rows(lines, region, month)


def damaged_file(name: str, until: date, scale: float) -> bytes:
    """A file of which half of the rows must be rejected."""
    region, month, lines = _last_sales(name, until, scale, 2)
    fault = np.where(np.arange(len(lines)) % 2 == 0, NOT_A_NUMBER, 0)
    return file_header(region) + written_rows(replace(lines, fault=fault), region, month)


def new_source_file(until: date, scale: float) -> bytes:
    """A file in the format of IN whose sale number has another header."""
    region, month, lines = _last_sales("IN", until, scale, 3)
    return file_header(region).replace(b"Invoice No", NEW_HEADER.encode(), 1) + written_rows(lines, region, month)


def _last_sales(name: str, until: date, scale: float, block: int) -> tuple[SampleRegion, SampleMonth, SampleLines]:
    """The last lines of the newest month, with sale numbers of a block of their own."""
    region = next(region for region in DEMO_REGIONS if region.name == name)
    month = sample_months(until, scale)[-1]
    lines = sales_of_month(region, month, scale, seed=7)
    last = lines.take(np.arange(max(0, len(lines) - EXTRA_ROWS), len(lines), dtype=np.int64))
    sold = last.take(last.series == 0)
    return region, month, replace(sold, number=sold.number + FIRST_EXTRA_NUMBER + 1000 * block)
