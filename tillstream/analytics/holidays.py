"""Public holidays of the countries in the sales data, as rows of the table `holidays`.

The only module that uses the library `holidays`. Countries match by ISO code or name, in English or another language.
"""

import warnings
from collections.abc import Iterable

import pyarrow as pa

import sql
from tillstream.model import countries
from tillstream.ports import Ports

HOLIDAYS_SCHEMA = pa.schema([("country", pa.string()), ("holiday_date", pa.date32()), ("name", pa.string())])
FIRST_YEAR, LAST_YEAR = 2000, 2039
"""As in `dim_date`."""
FUTURE_YEARS = 2
"""Number of future years to load."""
LAST_SETTLEMENT_QUERY = "SELECT COALESCE(MAX(settlement_no), 0) AS settlement_no FROM settlements"


def refresh_holidays(ports: Ports, last_settlement: int = -1) -> int:
    """Load missing holidays of the countries in the sales data; return the last settlement number.

    Pass the returned number to the next call, which then does nothing until another settlement commits.
    """
    newest = int(ports.warehouse.query(LAST_SETTLEMENT_QUERY).column("settlement_no")[0].as_py())
    if newest == last_settlement:
        return newest
    countries = ports.warehouse.query(sql.text("reference/sold_in")).column("country").to_pylist()
    loaded_spans = ports.warehouse.query(sql.text("reference/holiday_spans")).to_pylist()
    loaded = {row["country"]: row["last_year"] for row in loaded_spans}
    last_year = min(ports.clock.now().year + FUTURE_YEARS, LAST_YEAR)
    missing = {name for name in countries if name not in loaded and _country_code(name)}
    if missing or (loaded and max(loaded.values()) < last_year):
        ports.warehouse.replace_table("holidays", public_holidays(sorted({*loaded, *missing}), FIRST_YEAR, last_year))
    return newest


def public_holidays(countries: Iterable[str], first_year: int, last_year: int) -> pa.Table:
    """Return rows of `holidays`, in English; none for text that is not the name or ISO code of a country."""
    from holidays import country_holidays

    years = range(first_year, last_year + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # years without data get no holidays
        rows = [
            {"country": name, "holiday_date": day, "name": title}
            for name in dict.fromkeys(countries)
            if (code := _country_code(name))
            for day, title in sorted(country_holidays(code, years=years, language="en_US").items())
        ]
    return pa.Table.from_pylist(rows, schema=HOLIDAYS_SCHEMA)


def _country_code(country: str) -> str | None:
    """ISO 3166 code of a country, from its name or its code."""
    from holidays.registry import COUNTRIES

    name = country.strip()
    codes = {name.upper(), countries.country_code(name)}
    for registered, (_, code, *others) in COUNTRIES.items():
        if registered.replace("_", "") == _letters(name) or not codes.isdisjoint({code, *others}):
            return str(code)
    return None


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalpha())
