"""Conversion of rates with any base currency to rates per euro."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.fx.cells import Source

_NINE_DECIMALS = Decimal("1e-9")


class Quote(NamedTuple):
    """One unit of `base` costs `rate` units of `currency`."""

    day: date
    currency: str
    base: str
    rate: Decimal


def against_euro(source: Source, quotes: list[Quote], existing: pa.Table | None) -> list[tuple[str, Decimal]]:
    """Return (currency, rate per euro with nine decimals) for each quote.

    A quote in euros gives the rate of its base; a quote of a currency against itself gives EUR with 1. Raises
    `Rejected` if a base has no rate per euro on that day.
    """
    per_euro = _per_euro(quotes, existing)
    converted = []
    for number, (day, currency, base, rate) in enumerate(quotes):
        if currency == base and rate != 1:
            source.refuse(number, "rate", source.rows[number][2], f"the rate of {base} to itself is 1")
        if base not in {"EUR", currency} and currency != "EUR" and (day, base) not in per_euro:
            why = f"there is no rate of {base} to the euro on {day}; add it to the file or load it first"
            source.refuse(number, "base", base, why)
        if currency == base:
            converted.append(("EUR", Decimal(1)))
        elif base == "EUR":
            converted.append((currency, rate))
        elif currency == "EUR":
            converted.append((base, _divide(Decimal(1), rate)))
        else:
            converted.append((currency, _multiply(rate, per_euro[day, base])))
        if converted[-1][1] == 0:
            source.refuse(number, "rate", source.rows[number][2], "the rate to the euro is less than a billionth")
    return converted


def _per_euro(quotes: list[Quote], existing: pa.Table | None) -> dict[tuple[date, str], Decimal]:
    """(day, currency) → rate per euro, from the file, else from the existing rates."""
    per_euro: dict[tuple[date, str], Decimal] = {}
    if existing is not None:
        bases = sorted({quote.base for quote in quotes})
        rows = existing.filter(pc.is_in(existing["currency"], pa.array(bases, pa.string()))).to_pylist()
        per_euro = {(row["rate_date"], row["currency"]): row["per_euro"] for row in rows}
    for day, currency, base, rate in quotes:
        if base == "EUR":
            per_euro[day, currency] = rate
        elif currency == "EUR":
            per_euro[day, base] = _divide(Decimal(1), rate)
    return per_euro


def _multiply(left: Decimal, right: Decimal) -> Decimal:
    with localcontext(prec=60):
        return (left * right).quantize(_NINE_DECIMALS, ROUND_HALF_UP)


def _divide(left: Decimal, right: Decimal) -> Decimal:
    with localcontext(prec=60):
        return (left / right).quantize(_NINE_DECIMALS, ROUND_HALF_UP)
