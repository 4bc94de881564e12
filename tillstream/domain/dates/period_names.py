"""Names of columns that contain the month, quarter or year of a sale, and their values."""

import re
import unicodedata
from functools import cache
from typing import Literal

from tillstream.domain.month_names import LANGUAGES, folded, names

Period = Literal["month", "quarter", "year"]
_HEADERS: dict[Period, str] = {
    "month": "month, month id, month no, month number, month name, sales month, sale month, order month, invoice month,"
    " monat, monatsname, verkaufsmonat, mois, nom du mois, mes, nombre del mes, mês, nome do mês, mese, maand, miesiąc,"
    " månad, ay, 月, 売上月, महीना",
    "quarter": "quarter, qtr, qtr id, quartal, trimestre, kwartaal, kwartał, kvartal, çeyrek, 四半期, तिमाही",
    "year": "year, year id, sales year, order year, jahr, année, año, ano, anno, jaar, rok, år, yıl, 年, वर्ष",
}
_MONTH = re.compile(r"^(?:m|[0-9]{4}[-/.]?)?(?P<month>0?[1-9]|1[0-2])(?:月|\.0)?$", re.IGNORECASE)
_QUARTER = re.compile(
    r"^(?:[0-9]{4}[-/ ]?)?(?:q|qtr|t|k)?\s?(?P<quarter>[1-4])(?:\.0)?(?:[-/ ]?[0-9]{4})?$", re.IGNORECASE
)
_YEAR = re.compile(r"^(?P<year>(?:19|20)[0-9]{2})(?:\.0|年)?$")


def period_of_header(name: str) -> Period | None:
    """The period that a column contains by its name; None for other columns."""
    return _periods().get(_plain(name))


def period_value(kind: Period, cell: str) -> int | None:
    """The number of the month, quarter or year in a cell; None if it is no such cell."""
    text = cell.strip()
    if kind == "month":
        match = _MONTH.match(text)
        return int(match["month"]) if match else _months().get(folded(text))
    match = (_QUARTER if kind == "quarter" else _YEAR).match(text)
    return int(match[kind]) if match else None


@cache
def _periods() -> dict[str, Period]:
    return {_plain(name): kind for kind, listed in _HEADERS.items() for name in listed.split(",")}


@cache
def _months() -> dict[str, int]:
    """Month name → number, without names that mean different months in two languages."""
    numbers: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for name, number in names(language).months.items():
            numbers.setdefault(name, set()).add(number)
    return {name: next(iter(months)) for name, months in numbers.items() if len(months) == 1}


def _plain(name: str) -> str:
    folded_name = unicodedata.normalize("NFKC", name.casefold())
    return "".join(letter for letter in folded_name if letter.isalnum())
