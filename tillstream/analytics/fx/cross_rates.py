"""Rates against other bases than the euro, turned into rates for one euro."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.fx.cells import Source

_NINE = Decimal("1e-9")


class Quote(NamedTuple):
    """One unit of `base` costs `rate` units of `currency`."""

    day: date
    currency: str
    base: str
    rate: Decimal


def against_euro(source: Source, quotes: list[Quote], known: pa.Table | None) -> list[tuple[str, Decimal]]:
    """For each quote a currency and its rate for one euro, nine decimals.

    A quote that says how many euros one unit of its base costs gives the rate of the base; one of a currency against
    itself gives the euro's own 1. `Rejected` where a base has no rate on its day.
    """
    per_euro = _per_euro(quotes, known)
    found = []
    for number, (day, currency, base, rate) in enumerate(quotes):
        if currency == base and rate != 1:
            source.refuse(number, "rate", source.rows[number][2], f"one {base} costs one {base}")
        if base not in {"EUR", currency} and currency != "EUR" and (day, base) not in per_euro:
            why = f"no rate of {base} for one euro is known on {day}; give it in the file or load it first"
            source.refuse(number, "base", base, why)
        if currency == base:
            found.append(("EUR", Decimal(1)))
        elif base == "EUR":
            found.append((currency, rate))
        elif currency == "EUR":
            found.append((base, _divided(Decimal(1), rate)))
        else:
            found.append((currency, _times(rate, per_euro[day, base])))
        if found[-1][1] == 0:
            source.refuse(number, "rate", source.rows[number][2], "less than a billionth for one euro")
    return found


def _per_euro(quotes: list[Quote], known: pa.Table | None) -> dict[tuple[date, str], Decimal]:
    """What the file, and else the known table, says of bases on their days."""
    found: dict[tuple[date, str], Decimal] = {}
    if known is not None:
        bases = sorted({quote.base for quote in quotes})
        rows = known.filter(pc.is_in(known["currency"], pa.array(bases, pa.string()))).to_pylist()
        found = {(row["rate_date"], row["currency"]): row["per_euro"] for row in rows}
    for day, currency, base, rate in quotes:
        if base == "EUR":
            found[day, currency] = rate
        elif currency == "EUR":
            found[day, base] = _divided(Decimal(1), rate)
    return found


def _times(left: Decimal, right: Decimal) -> Decimal:
    with localcontext(prec=60):
        return (left * right).quantize(_NINE, ROUND_HALF_UP)


def _divided(left: Decimal, right: Decimal) -> Decimal:
    with localcontext(prec=60):
        return (left / right).quantize(_NINE, ROUND_HALF_UP)
