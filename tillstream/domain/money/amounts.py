"""Amounts of money as people read them: rounded to the minor unit of their currency, half away from zero.

Warehouses round in the same way. JSON, Parquet and the API have all digits.
"""

from decimal import ROUND_HALF_UP, Context, Decimal

from tillstream.domain.money.minor_units import minor_digits

_ALL_DIGITS = Context(prec=400, rounding=ROUND_HALF_UP)
"""Enough for every decimal, which the default context is not."""
_PRICE_DIGITS = 4
"""Decimal digits of a price, at most: averages and converted prices have more."""


def rounded(amount: Decimal, currency: str) -> Decimal:
    """12.345 → 12.35 in EUR, 12 in JPY, and 12.345 in KWD."""
    return round_to(amount, minor_digits(currency))


def round_to(number: Decimal, digits: int) -> Decimal:
    """A number with so many decimal digits."""
    return number.quantize(Decimal(1).scaleb(-digits), context=_ALL_DIGITS)


def price_digits(price: Decimal, currency: str) -> int:
    """The decimal digits of a price or cost of one unit: those that it has, within limits. A screw may cost 0.0125."""
    least = minor_digits(currency)
    return min(max(_own_digits(price), least), max(_PRICE_DIGITS, least))


def amount_text(amount: Decimal, currency: str) -> str:
    """1,234.50, without the currency."""
    return f"{rounded(amount, currency):,f}"


def price_text(price: Decimal, currency: str) -> str:
    """As `amount_text`, of a price or cost of one unit."""
    return f"{round_to(price, price_digits(price, currency)):,f}"


def example_text(amount: Decimal, currency: str = "") -> str:
    """1234.50, as a file has it; of an unknown currency with two decimal digits, or with all that it has."""
    digits = minor_digits(currency) if currency else max(minor_digits(currency), _own_digits(amount))
    return f"{round_to(amount, digits):f}"


def _own_digits(number: Decimal) -> int:
    exponent = number.normalize(_ALL_DIGITS).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
