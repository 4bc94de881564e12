"""The sample of scale-model orders added up by hand: raw cells, Python's csv and Decimal, nothing of the product.

Not pandas: it reads amounts as floats, so that a cent more or less would have to pass, and in the product's environment
pandera would load it wherever it is found. Decimals must agree to the last of nine places.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

PLACES = Decimal("1e-9")
MEANS = {"Shipped": "completed", "Resolved": "completed", "Cancelled": "cancelled"}
"""The others wait: On Hold, In Process, Disputed."""


@dataclass(frozen=True)
class Line:
    order: str
    day: date
    status: str
    net: Decimal
    quantity: Decimal
    product: str
    category: str
    customer: str
    country: str

    @property
    def active(self) -> bool:
        return self.status != "cancelled"


def lines_of(path: Path) -> list[Line]:
    with path.open(encoding="cp850", newline="") as file:
        return [
            Line(
                row["ORDERNUMBER"],
                datetime.strptime(row["ORDERDATE"], "%m/%d/%Y %H:%M").date(),  # noqa: DTZ007 - a day has no zone
                MEANS.get(row["STATUS"], "pending"),
                Decimal(row["SALES"]),
                Decimal(row["QUANTITYORDERED"]),
                row["PRODUCTCODE"],
                row["PRODUCTLINE"],
                row["CUSTOMERNAME"],
                row["COUNTRY"],
            )
            for row in csv.DictReader(file)
        ]


def ratio(above: Decimal | int, below: Decimal | int) -> Decimal | None:
    return None if not below else (Decimal(above) / Decimal(below)).quantize(PLACES, ROUND_HALF_UP)


def revenue(lines: Iterable[Line]) -> Decimal:
    return sum((line.net for line in lines if line.active), Decimal(0))


def units(lines: Iterable[Line]) -> Decimal:
    return sum((line.quantity for line in lines if line.active), Decimal(0))


def orders(lines: Iterable[Line]) -> int:
    return len({line.order for line in lines if line.active})  # nothing was returned


def customers(lines: Iterable[Line]) -> set[str]:
    return {line.customer for line in lines if line.active}


def between(lines: Iterable[Line], first: date, last: date) -> list[Line]:
    return [line for line in lines if first <= line.day <= last]


def grouped(lines: Iterable[Line], by: Callable[[Line], Any]) -> dict[Any, list[Line]]:
    groups: dict[Hashable, list[Line]] = defaultdict(list)
    for line in lines:
        groups[by(line)].append(line)
    return groups


def greatest_first(groups: dict[str, list[Line]]) -> list[tuple[str, list[Line]]]:
    return sorted(groups.items(), key=lambda group: (-revenue(group[1]), group[0]))


def sums(lines: Sequence[Line]) -> dict[str, Any]:
    """What most lists tell of a group."""
    return {
        "revenue": revenue(lines),
        "orders": orders(lines),
        "units": units(lines),
        "lines": len(lines),
        "unconverted_lines": 0,
    }


def start_of(period: str, day: date) -> date:
    """The first day of the period that a day lies in."""
    match period:
        case "daily":
            return day
        case "weekly":
            return day - timedelta(days=day.weekday())
        case "monthly":
            return day.replace(day=1)
        case "quarterly":
            return date(day.year, {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7, 9: 7}.get(day.month, 10), 1)
        case _:
            return date(day.year, 1, 1)


def start_before(period: str, start: date) -> date:
    """The first day of the period before."""
    return start_of(period, start - timedelta(days=1))


def growth(after: Decimal | int, before: Decimal | int) -> Decimal | None:
    return ratio(Decimal(after) - Decimal(before), before) if before > 0 else None
