"""The dirty rows, about two in a thousand, and the corrections that head office sends later."""

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
"""The problem that each fault must be refused with."""
OVERLAP_DAYS = 5
"""So many days of the last month but one are told again in the file of the last month."""


def told_again(lines: Lines, month: Month) -> Mask:
    return lines.day > month.days - OVERLAP_DAYS


def spoilt(lines: Lines, region: Region, month: Month, seed: int) -> Lines:
    """The lines, some with a fault. Rows that a second file repeats stay clean, so that each fault counts once."""
    draw = Draw(seed, region.number, month.year, month.month, 1)
    fault = np.where(draw.chance(20, len(lines)), draw.below(TOO_MANY, len(lines)) + 1, 0)
    if month.index == MONTHS - 2:
        fault[told_again(lines, month)] = 0
    if month.index == MONTHS - 1:
        # After the last quoted cell, so that no later quote can close it.
        quoted = np.flatnonzero(np.isin(lines.product, _QUOTED))
        at = min(int(quoted[-1]) + 1 if quoted.size else 0, len(lines) - 1)
        fault[at] = UNCLOSED
    return replace(lines, fault=fault)


def corrections(lines: Lines, region: Region, month: Month, seed: int) -> tuple[Lines, Mask]:
    """Some sales told whole once more, and which of their lines are changed.

    A pending sale gets completed; otherwise its first line has one unit more, or the sale is cancelled. Sales with a
    faulty line, or with a product that stands twice, are left alone: what a correction of those means depends on more
    than the sale itself.
    """
    draw = Draw(seed, region.number, month.year, month.month, 2)
    n = int(lines.sale.max()) + 1
    chosen = draw.chance(120, n)
    voided = draw.chance(2500, n)
    excluded = lines.sale[
        (lines.fault > 0) | lines.repeats() | (lines.status == RETURNED) | (lines.status == CANCELLED)
    ]
    chosen[excluded] = False
    told = lines.take(chosen[lines.sale])
    pending, void = told.status == PENDING, voided[told.sale]
    more = ~pending & ~void & (told.line == 1)
    status = np.where(pending, COMPLETED, np.where(void, CANCELLED, told.status))
    new = replace(told, status=status, quantity=told.quantity + more, revision=told.revision + 1)
    return new, more | (status != told.status)


_QUOTED = [index for index, name in enumerate(catalogue.NAMES) if "," in name or '"' in name]
