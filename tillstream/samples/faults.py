"""Faulty rows, about two per thousand, and the corrections that head office sends later."""

from dataclasses import replace

import numpy as np

from tillstream.samples import catalogue
from tillstream.samples.draw import Draw, Mask
from tillstream.samples.lines import CANCELLED, COMPLETED, PENDING, RETURNED, Lines
from tillstream.samples.months import MONTHS, Month
from tillstream.samples.regions import Region

BAD_DATE, NO_DATE, NO_NUMBER, UNKNOWN_WORD, NOT_A_NUMBER, TOO_FEW, TOO_MANY, UNCLOSED = range(1, 9)
CODES = {
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


def overlap(lines: Lines, month: Month) -> Mask:
    """Lines of the last days of a month, which the next file repeats."""
    return lines.day > month.days - OVERLAP_DAYS


def with_faults(lines: Lines, region: Region, month: Month, seed: int) -> Lines:
    """Add faults to some lines. Rows that the next file repeats get none, so that each fault counts once."""
    draw = Draw(seed, region.number, month.year, month.month, 1)
    fault = np.where(draw.chance(20, len(lines)), draw.below(TOO_MANY, len(lines)) + 1, 0)
    if month.index == MONTHS - 2:
        fault[overlap(lines, month)] = 0
    if month.index == MONTHS - 1:
        # After the last quoted cell, so that no later quote closes it.
        quoted = np.flatnonzero(np.isin(lines.product, _QUOTED))
        index = min(int(quoted[-1]) + 1 if quoted.size else 0, len(lines) - 1)
        fault[index] = UNCLOSED
    return replace(lines, fault=fault)


def corrections(lines: Lines, region: Region, month: Month, seed: int) -> tuple[Lines, Mask]:
    """Complete new versions of some sales, and a mask of their changed lines.

    A pending sale is completed; in other sales one unit is added to the first line, or the sale is cancelled. Sales
    with a faulty line or a repeated product are excluded: the effect of their correction depends on other rows.
    """
    draw = Draw(seed, region.number, month.year, month.month, 2)
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


_QUOTED = [index for index, name in enumerate(catalogue.NAMES) if "," in name or '"' in name]
