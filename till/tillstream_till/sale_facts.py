"""What a sale contains: for a day close its business day and net total, and whether its time is probably wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

from tillstream_till.schema_check import PRECISION, JsonObject

_PLACES = Decimal("0.000000001")
CLOCK_TOLERANCE, LONG_AGO = timedelta(minutes=10), timedelta(days=366)
"""The server adds a warning to sales that are further from the time of receipt."""


@dataclass(frozen=True)
class SaleFacts:
    """Facts of one version of a sale. day: ISO date; net: decimal text."""

    number: str
    version: int
    day: str
    cancelled: bool
    currency: str
    net: str


def business_day(at: datetime, cutoff: str) -> str:
    """Return the business day of a time in its own offset. cutoff: the time at which a business day ends, `HH:MM`."""
    hours, minutes = map(int, cutoff.split(":"))
    return (at - timedelta(hours=hours, minutes=minutes)).date().isoformat()


def facts_of(sale: JsonObject, cutoff: str) -> SaleFacts:
    """Return the facts of a valid sale. cutoff: as in `business_day`."""
    with localcontext(prec=PRECISION):
        net = sum(map(_net, sale["lines"]), Decimal(0))
    return SaleFacts(
        number=sale["number"],
        version=int(sale.get("version", 0)),
        day=business_day(datetime.fromisoformat(sale["sold_at"]), cutoff),
        cancelled=sale.get("status") == "cancelled",
        currency=sale["currency"],
        net=as_text(net),
    )


def time_warnings(number: str, sold_at: str, now: datetime) -> tuple[str, ...]:
    """Return what may be wrong with the time of a valid sale. now: the time of this machine."""
    late = now - datetime.fromisoformat(sold_at)
    if late < -CLOCK_TOLERANCE:
        return (
            f"Sale {number} is sold in the future: sold_at is {sold_at}, and the clock of this machine is "
            f"{now.isoformat(timespec='seconds')}. If the time is wrong, record the sale again with a higher version.",
        )
    if late > LONG_AGO:
        return (
            f"Sale {number} is sold more than a year ago: sold_at is {sold_at}. If the time is wrong, record the sale "
            "again with a higher version.",
        )
    return ()


def as_text(amount: Decimal) -> str:
    """Return an amount without an exponent and without zeros at its end beyond two decimals."""
    text = f"{amount:f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _net(line: JsonObject) -> Decimal:
    if "net_amount" in line:
        return Decimal(line["net_amount"])
    amount = Decimal(line["quantity"]) * Decimal(line["unit_price"]) - Decimal(line.get("discount", 0))
    return amount.quantize(_PLACES, ROUND_HALF_UP)
