"""File format of a region's sample files."""

from collections.abc import Callable
from dataclasses import dataclass

from tillstream.samples.cells import Text
from tillstream.samples.lines import Lines
from tillstream.samples.months import Month
from tillstream.samples.regions import Region

Cells = dict[str, Text]


@dataclass(frozen=True)
class Style:
    """`cells` returns the columns in order; the last five fields name the columns that receive faults."""

    encoding: str
    delimiter: str
    newline: str
    cells: Callable[[Lines, Region, Month], Cells]
    number: str
    date: str
    status: str
    quantity: str
    product: str
