"""Parser of exchange rate files; rows of the table `fx_rates` (units of a currency per euro)."""

import re
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.fx.cells import RATE, Source, cells_of, days_of, rates_of
from tillstream.analytics.fx.cross_rates import Quote, against_euro
from tillstream.domain.errors import Rejected

SCHEMA = pa.schema([("rate_date", pa.date32()), ("currency", pa.string()), ("per_euro", RATE)])
_MISSING = ("", "N/A")


def parse(data: bytes | str, name: str = "rates", existing: pa.Table | None = None) -> pa.Table:
    """Parse a CSV file to rate_date, currency, per_euro, sorted by day and currency, without EUR.

    The header determines the format: the ECB's (a column per currency; empty or `N/A` means no rate), or
    `date,currency,rate[,base]`, where a rate is the number of units of the currency per unit of the base (default
    EUR); a base needs its own rate per euro on that day, in the file or in `existing` (rows of `fx_rates`).
    Dates are YYYY-MM-DD; lines starting with # are comments. Rates are rounded to nine decimals, half away from
    zero. Raises `Rejected` naming line, column and value.
    """
    header, source = cells_of(data, name)
    lowered = [title.lower() for title in header]
    if lowered[:3] == ["date", "currency", "rate"] and lowered[3:] in ([], ["base"]):
        return _deduplicate(source, *_long(source, existing))
    if lowered[:1] == ["date"] and len(header) > 1 and all(re.fullmatch("[A-Z]{3}", one) for one in header[1:]):
        if len(set(header)) < len(header):
            raise Rejected(f"{name}: a currency occurs twice in the header.")
        return _deduplicate(source, *_wide(source, header))
    raise Rejected(
        f"{name} is not a file of rates: its header must be date,currency,rate (and base if it is not EUR), "
        "or Date and a column for each currency, as in the European Central Bank's file."
    )


def shipped() -> pa.Table:
    """Return the bundled monthly rates, from January 2003 on; see docs/exchange-rates.md."""
    return parse((files(__package__) / "monthly.csv").read_bytes(), "monthly.csv")


def _wide(source: Source, header: list[str]) -> tuple[list[date], list[str], pa.Array, list[int]]:
    days = days_of(source)
    dates, currencies, rates, rows = [], [], [], []
    for column, currency in enumerate(header[1:], start=1):
        cells = [row[column] for row in source.rows]
        present = [number for number, cell in enumerate(cells) if cell not in _MISSING]
        dates += [days[number] for number in present]
        currencies += [currency] * len(present)
        rates.append(rates_of(source, [cells[number] for number in present], present, currency))
        rows += present
    return dates, currencies, pa.concat_arrays(rates), rows


def _long(source: Source, existing: pa.Table | None) -> tuple[list[date], list[str], pa.Array, list[int]]:
    days, rows = days_of(source), list(range(len(source.rows)))
    currencies = [row[1] for row in source.rows]
    bases = [(row[3] if len(row) > 3 else "") or "EUR" for row in source.rows]
    for title, codes in (("currency", currencies), ("base", bases)):
        for number, code in enumerate(codes):
            if not re.fullmatch("[A-Z]{3}", code):
                source.refuse(number, title, code, "a currency code has three capital letters, as in ISO 4217")
    rates = rates_of(source, [row[2] for row in source.rows], rows, "rate")
    if set(bases) <= {"EUR"}:
        return days, currencies, rates, rows
    quotes = [Quote(*quote) for quote in zip(days, currencies, bases, rates.to_pylist(), strict=True)]
    converted = against_euro(source, quotes, existing)
    return days, [currency for currency, _ in converted], pa.array([rate for _, rate in converted], RATE), rows


def _deduplicate(
    source: Source, dates: list[date], currencies: list[str], rates: pa.Array, rows: list[int]
) -> pa.Table:
    """Sort and deduplicate rates. Raises `Rejected` for two different rates of one currency on one day."""
    table = pa.table([pa.array(dates, pa.date32()), pa.array(currencies, pa.string()), rates], schema=SCHEMA)
    table = table.append_column("row", pa.array(rows, pa.int64()))
    euros = pc.and_(pc.equal(table["currency"], "EUR"), pc.not_equal(table["per_euro"], pa.scalar(Decimal(1), RATE)))
    wrong = table.filter(euros)["row"].to_pylist()
    if wrong:
        source.refuse(wrong[0], "currency", "EUR", "the rate of the euro to itself is 1")
    table = table.filter(pc.not_equal(table["currency"], "EUR"))
    grouped = table.group_by(["rate_date", "currency"]).aggregate(
        [("per_euro", "min"), ("per_euro", "max"), ("row", "max")]
    )
    conflicts = (
        grouped.filter(pc.not_equal(grouped["per_euro_min"], grouped["per_euro_max"])).sort_by("row_max").to_pylist()
    )
    if conflicts:
        first = conflicts[0]
        why = f"the file has another rate for {first['rate_date']} ({first['per_euro_min'].normalize():f})"
        source.refuse(first["row_max"], first["currency"], f"{first['per_euro_max'].normalize():f}", why)
    unique = grouped.select(["rate_date", "currency", "per_euro_min"]).rename_columns(SCHEMA.names)
    return unique.sort_by([("rate_date", "ascending"), ("currency", "ascending")]).cast(SCHEMA)
