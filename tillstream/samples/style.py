"""What makes a region's way of writing its files."""

from collections.abc import Callable
from dataclasses import dataclass

from tillstream.samples.cells import Text
from tillstream.samples.lines import Lines
from tillstream.samples.months import Month
from tillstream.samples.regions import Region

Cells = dict[str, Text]


@dataclass(frozen=True)
class Style:
    """`cells` gives the columns in their order; three of them are where faults strike."""

    encoding: str
    delimiter: str
    newline: str
    cells: Callable[[Lines, Region, Month], Cells]
    number: str
    date: str
    status: str
    quantity: str
    product: str
