"""The right answer for a file, computed from its facts with exact decimals and none of the product's code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from tests.strangers.facts import Line

Basis = Literal["net", "gross"]


@dataclass(frozen=True)
class Truth:
    """Figures that a right import of a file has. None: the file does not tell."""

    rows: int
    sales: int | None
    units: Decimal | None
    revenue: dict[str, Decimal]
    """Status → amount."""
    first: date | None
    last: date | None
    months: dict[str, Decimal]
    """2026-02 → amount of the lines that are not cancelled."""
    currency: str
    basis: Basis = "net"
    """Which amount is compared: that before tax, or that with tax where the file does not tell the tax."""
    words: frozenset[str] = frozenset()
    """Words beyond ASCII that must be found in the loaded lines."""


def truth_of(
    lines: Sequence[Line],
    currency: str,
    basis: Basis = "net",
    *,
    sales: bool = True,
    units: bool = True,
    words: Iterable[str] = (),
) -> Truth:
    revenue: dict[str, Decimal] = {}
    months: dict[str, Decimal] = {}
    for line in lines:
        amount = line.net if basis == "net" else line.gross
        revenue[line.status] = revenue.get(line.status, Decimal(0)) + amount
        if line.status != "cancelled":
            month = f"{line.at:%Y-%m}"
            months[month] = months.get(month, Decimal(0)) + amount
    days = [line.at.date() for line in lines]
    return Truth(
        rows=len(lines),
        sales=len({line.sale for line in lines}) if sales else None,
        units=sum((line.quantity for line in lines), Decimal(0)) if units else None,
        revenue=revenue,
        first=min(days),
        last=max(days),
        months=months,
        currency=currency,
        basis=basis,
        words=frozenset(word for word in words if not word.isascii()),
    )
