"""What a day close needs of a sale: its business day and its net total by currency."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from tillstream_till.schema_check import PRECISION

_PLACES = Decimal("0.000000001")


@dataclass(frozen=True)
class SaleFacts:
    """Facts of one version of a sale. day: ISO date; net: decimal text."""

    number: str
    version: int
    day: str
    cancelled: bool
    currency: str
    net: str


def facts_of(sale: dict[str, Any], cutoff: str) -> SaleFacts:
    """Return the facts of a valid sale. cutoff: the time at which a business day ends, `HH:MM`."""
    hours, minutes = map(int, cutoff.split(":"))
    sold_at = datetime.fromisoformat(sale["sold_at"])
    with localcontext(prec=PRECISION):
        net = sum(map(_net, sale["lines"]), Decimal(0))
    return SaleFacts(
        number=sale["number"],
        version=int(sale.get("version", 0)),
        day=(sold_at - timedelta(hours=hours, minutes=minutes)).date().isoformat(),
        cancelled=sale.get("status") == "cancelled",
        currency=sale["currency"],
        net=as_text(net),
    )


def as_text(amount: Decimal) -> str:
    """Return an amount without an exponent and without zeros at its end beyond two decimals."""
    text = f"{amount:f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _net(line: dict[str, Any]) -> Decimal:
    if "net_amount" in line:
        return Decimal(line["net_amount"])
    amount = Decimal(line["quantity"]) * Decimal(line["unit_price"]) - Decimal(line.get("discount", 0))
    return amount.quantize(_PLACES, ROUND_HALF_UP)
