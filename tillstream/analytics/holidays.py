"""Public holidays of the countries that sales name, as rows of the table `holidays`.

The only owner of the library `holidays`. It knows countries by English names and ISO codes; what else a source may
write as its country has no holidays here.
"""

import warnings
from collections.abc import Iterable

import pyarrow as pa

import sql
from tillstream.ports import Ports

SCHEMA = pa.schema([("country", pa.string()), ("holiday_date", pa.date32()), ("name", pa.string())])
FIRST_YEAR, LAST_YEAR = 2000, 2039
"""Those of `dim_date`."""
AHEAD = 2
"""Years after this one, for whoever looks ahead."""
NEWEST = "SELECT COALESCE(MAX(settlement_no), 0) AS settlement_no FROM settlements"


def renew(ports: Ports, seen: int = -1) -> int:
    """Load the holidays of the countries that sales name, unless they are there; asks nothing else where `seen` is new.

    Gives the newest settlement, for the next call.
    """
    newest = int(ports.warehouse.query(NEWEST).column("settlement_no")[0].as_py())
    if newest == seen:
        return newest
    sold = ports.warehouse.query(sql.text("reference/sold_in")).column("country").to_pylist()
    spans = ports.warehouse.query(sql.text("reference/holiday_spans")).to_pylist()
    known = {row["country"]: row["last_year"] for row in spans}
    last = min(ports.clock.now().year + AHEAD, LAST_YEAR)
    wanted = {name for name in sold if name not in known and _code(name)}
    if wanted or (known and max(known.values()) < last):
        ports.warehouse.load("holidays", public_holidays(sorted({*known, *wanted}), FIRST_YEAR, last))
    return newest


def public_holidays(countries: Iterable[str], first_year: int, last_year: int) -> pa.Table:
    """Rows of `holidays`, in English; none for what is not the name or ISO code of a country."""
    from holidays import country_holidays

    years = range(first_year, last_year + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # some years of some countries are not known: those have none
        rows = [
            {"country": name, "holiday_date": day, "name": words}
            for name in dict.fromkeys(countries)
            if (code := _code(name))
            for day, words in sorted(country_holidays(code, years=years, language="en_US").items())
        ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _code(country: str) -> str | None:
    """ISO 3166 code of a country by its English name or its code."""
    from holidays.registry import COUNTRIES

    name = country.strip()
    for called, (_, code, *others) in COUNTRIES.items():
        if called.replace("_", "") == _letters(name) or name.upper() in {code, *others}:
            return str(code)
    return None


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalpha())
