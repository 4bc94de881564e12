"""The files in which a region delivers its sales, with faulty rows, and the corrections that follow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from tillstream.samples import master_data
from tillstream.samples.draws import Mask, RandomDraw
from tillstream.samples.monthly_sales import (
    CANCELLED,
    COMPLETED,
    MONTHS_OF_HISTORY,
    PENDING,
    RETURNED,
    SampleLines,
    SampleMonth,
    sample_months,
    scale_letters,
)
from tillstream.samples.regions import SampleRegion

BAD_DATE, NO_DATE, NO_NUMBER, UNKNOWN_WORD, NOT_A_NUMBER, TOO_FEW, TOO_MANY, UNCLOSED = range(1, 9)
FAULT_CODES = {
    BAD_DATE: "not-a-date",
    NO_DATE: "missing-required",
    NO_NUMBER: "missing-required",
    UNKNOWN_WORD: "word-not-allowed",
    NOT_A_NUMBER: "not-a-number",
    TOO_FEW: "ragged-row",
    TOO_MANY: "ragged-row",
    UNCLOSED: "unclosed-quote",
}
"""The problem code with which each fault must be rejected."""
OVERLAP_DAYS = 5
"""Number of days of the previous month that the file of the last month repeats."""

_QUOTED_PRODUCTS = [index for index, name in enumerate(master_data.PRODUCT_NAMES) if "," in name or '"' in name]

MISSING_DAYS = {"USA": 4}
"""Region → the day that it never delivers, in days before the last, if its newest days have a file each."""


def overlapping_lines(lines: SampleLines, month: SampleMonth) -> Mask:
    """Lines of the last days of a month, which the next file repeats."""
    return lines.day > month.days - OVERLAP_DAYS


def with_faults(lines: SampleLines, region: SampleRegion, month: SampleMonth, seed: int) -> SampleLines:
    """Add faults to some lines. Rows that the next file repeats get none, so that each fault counts once."""
    draw = RandomDraw(seed, region.number, month.year, month.month, 1)
    fault = np.where(draw.chance(20, len(lines)), draw.below(TOO_MANY, len(lines)) + 1, 0)
    if month.index == MONTHS_OF_HISTORY - 2:
        fault[overlapping_lines(lines, month)] = 0
    if month.index == MONTHS_OF_HISTORY - 1:
        # After the last quoted cell, so that no later quote closes it.
        quoted = np.flatnonzero(np.isin(lines.product, _QUOTED_PRODUCTS))
        index = min(int(quoted[-1]) + 1 if quoted.size else 0, len(lines) - 1)
        fault[index] = UNCLOSED
    return replace(lines, fault=fault)


def corrections(lines: SampleLines, region: SampleRegion, month: SampleMonth, seed: int) -> tuple[SampleLines, Mask]:
    """Complete new versions of some sales, and a mask of their changed lines.

    A pending sale is completed; in other sales one unit is added to the first line, or the sale is cancelled. Sales
    with a faulty line or a repeated product are excluded: the effect of their correction depends on other rows.
    """
    draw = RandomDraw(seed, region.number, month.year, month.month, 2)
    n = int(lines.sale.max(initial=-1)) + 1
    selected = draw.chance(120, n)
    voided = draw.chance(2500, n)
    excluded = lines.sale[
        (lines.fault > 0) | lines.repeats() | (lines.status == RETURNED) | (lines.status == CANCELLED)
    ]
    selected[excluded] = False
    old = lines.take(selected[lines.sale])
    pending, void = old.status == PENDING, voided[old.sale]
    more = ~pending & ~void & (old.line == 1)
    status = np.where(pending, COMPLETED, np.where(void, CANCELLED, old.status))
    new = replace(old, status=status, quantity=old.quantity + more, revision=old.revision + 1)
    return new, more | (status != old.status)


@dataclass(frozen=True)
class SampleDelivery:
    """One file with the sales from `first` to `last`, or, if `corrects`, with corrected sales of the last months."""

    name: str
    first: date
    last: date
    repeats: bool = False
    """Whether it begins with the last days of the month before, and a blank line."""
    corrects: bool = False

    @property
    def daily(self) -> bool:
        return self.first == self.last and not self.corrects

    def first_lines(self, lines: SampleLines, month: SampleMonth) -> SampleLines:
        """The lines of a month that the file delivers first."""
        start, end = ((day - month.first).days + 1 for day in (self.first, self.last))
        return lines.take((lines.day >= start) & (lines.day <= end))

    def repeated(self, lines: SampleLines, month: SampleMonth) -> SampleLines:
        """The lines of the month before that the file delivers again."""
        return lines.take(overlapping_lines(lines, month) & (lines.day <= (self.last - month.first).days + 1))


def sample_deliveries(
    region: SampleRegion, extension: str, until: date, scale: float, days: int = 0
) -> list[SampleDelivery]:
    """The history of 23 months, the newest month, a file for each of the last `days`, and the corrections.

    Without `days`, the file of the newest month ends with `until`.
    """
    span = sample_months(until, scale)
    before, newest = span[-2], span[-1]
    last = until - timedelta(days=days)

    def name(kind: str, when: str) -> str:
        return "_".join(filter(None, (region.name, kind, when, scale_letters(scale).lower()))) + f".{extension}"

    def dailies() -> Iterator[SampleDelivery]:
        for day in (last + timedelta(days=1 + number) for number in range(days)):
            if day != missing_day(region.name, until, days):
                yield SampleDelivery(name("sales", f"{day}"), day, day)

    history_end = min(newest.first - timedelta(days=1), last)
    return [
        SampleDelivery(name("sales", f"{span[0].first:%Y-%m}_to_{before.first:%Y-%m}"), span[0].first, history_end),
        SampleDelivery(name("sales", f"{newest.first:%Y-%m}"), newest.first, last, repeats=True),
        *dailies(),
        SampleDelivery(name("corrections", f"{newest.first:%Y-%m}"), span[0].first, until, corrects=True),
    ]


def missing_day(region: str, until: date, days: int) -> date | None:
    """The day of the newest `days` that the region never delivers, or None."""
    return until - timedelta(days=MISSING_DAYS[region]) if MISSING_DAYS.get(region, days) < days else None
