"""Further sample files of one region's last day: a test sent by mistake, a damaged file, one with another header."""

from dataclasses import replace
from datetime import date

import numpy as np

from tillstream.samples.faults import NOT_A_NUMBER
from tillstream.samples.lines import Lines
from tillstream.samples.months import Month, months, sales
from tillstream.samples.regions import REGIONS, Region
from tillstream.samples.styles import header, written

ROWS = 40
OWN_NUMBERS = 80_000
"""Added to the sale numbers, so that no other sample file has them."""
NEW_HEADER = "Bill No"
"""Header of the sale number in the file of a new source; the contract IN calls it Invoice No."""


def mistaken(name: str, until: date, scale: float) -> bytes:
    """Valid sales that never took place."""
    region, month, lines = _last_sales(name, until, scale, 1)
    return header(region) + written(lines, region, month)


def damaged(name: str, until: date, scale: float) -> bytes:
    """A file of which half of the rows must be rejected."""
    region, month, lines = _last_sales(name, until, scale, 2)
    fault = np.where(np.arange(len(lines)) % 2 == 0, NOT_A_NUMBER, 0)
    return header(region) + written(replace(lines, fault=fault), region, month)


def new_source(until: date, scale: float) -> bytes:
    """A file in the format of IN whose sale number has another header."""
    region, month, lines = _last_sales("IN", until, scale, 3)
    return header(region).replace(b"Invoice No", NEW_HEADER.encode(), 1) + written(lines, region, month)


def _last_sales(name: str, until: date, scale: float, block: int) -> tuple[Region, Month, Lines]:
    """The last lines of the newest month, with sale numbers of a block of their own."""
    region = next(region for region in REGIONS if region.name == name)
    month = months(until, scale)[-1]
    lines = sales(region, month, scale, seed=7)
    last = lines.take(np.arange(max(0, len(lines) - ROWS), len(lines), dtype=np.int64))
    sold = last.take(last.series == 0)
    return region, month, replace(sold, number=sold.number + OWN_NUMBERS + 1000 * block)
