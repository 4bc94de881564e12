"""Minor units of currencies (ISO 4217): how many decimal digits an amount has, and whether amounts look like them."""

from collections.abc import Collection
from statistics import median

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_USUAL = 2
_BY_CURRENCY = {currency: digits for digits, listed in _DIGITS.items() for currency in listed.split()}

_WITH_DECIMALS = "AUD BAM BBD BGN BMD BRL BSD BYN CAD CHF EUR FJD GBP GEL GIP ILS MYR NZD PEN PLN RON SGD USD"
"""Currencies in which few shops have whole prices only."""
_LEAST, _MIN_MEDIAN = 100, 300


def may_be_minor(amounts: Collection[float], currencies: Collection[str], *, at_least: int = 20) -> bool:
    """Whether amounts may be in the minor unit of their currencies, such as cents.

    They are at least `at_least` amounts, all whole and at least 100, not all multiples of 100, and the currencies are
    such that few shops have whole prices only.
    """
    if not currencies or not set(_WITH_DECIMALS.split()).issuperset(currencies) or len(amounts) < at_least:
        return False
    is_whole = all(amount.is_integer() for amount in amounts) and any(amount % 100 for amount in amounts)
    return is_whole and min(map(abs, amounts)) >= _LEAST and median(map(abs, amounts)) >= _MIN_MEDIAN


def minor_digits(currency: str) -> int:
    """The number of decimal digits of a currency: 2 for EUR, whose minor unit is the cent, and 0 for JPY."""
    return _BY_CURRENCY.get(currency, _USUAL)
