"""Ask whether amounts are in the minor unit of their currency, such as cents."""

from collections.abc import Collection, Iterable
from statistics import median, median_low

from tillstream.detection.arithmetic.money import to_float
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.minor_words import is_minor_header
from tillstream.domain.money.minor_units import may_be_minor, minor_digits
from tillstream.domain.money.signs import CODES

_MIN_DISTINCT, _MIN_MEDIAN = 8, 100
_MONEY = ("unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost")


def decide(
    sheet: Sheet, roles: dict[str, str], currency: str, style: NumberStyle, log: DetectionLog, *, rates: Collection[str]
) -> tuple[str, ...]:
    """The roles whose columns are in minor units, for the contract. Asks `minor_units`.

    rates: roles whose columns contain rates, which have no unit.
    """
    money = {role: sheet.columns[roles[role]] for role in _MONEY if role in roles and role not in rates}
    named = {role: column for role, column in money.items() if is_minor_header(column.name)}
    codes = _currency_column(sheet.columns.values())
    currencies = sorted({word.upper() for word in codes.words}) if codes else [currency] if currency else []
    if currencies and not any(map(minor_digits, currencies)):
        return ()
    chosen = named or (money if _looks_minor(money, style, None if codes else currencies) else {})
    if not chosen or not _are_whole(chosen.values(), style):
        return ()
    answer = log.answer("minor_units")
    if answer is None:
        _ask(chosen, currencies, style, log, codes, named=bool(named))
    return tuple(chosen) if answer == "yes" else ()


def _ask(
    money: dict[str, Column],
    currencies: list[str],
    style: NumberStyle,
    log: DetectionLog,
    codes: Column | None,
    *,
    named: bool,
) -> None:
    names = ", ".join(column.name for column in money.values())
    column = next(iter(money.values()))
    cell, row = next((cell, row) for row, cell in enumerate(column.cells) if to_float(cell, style))
    currency = codes.cells[row].upper() if codes and codes.cells[row] else next(iter(currencies), "")
    digits = minor_digits(currency)
    amount = f"{(to_float(cell, style) or 0.0) / 10**digits:.{digits}f} {currency}".strip()
    reason = "its name contains a minor unit" if named and len(money) == 1 else "their names contain a minor unit"
    neighbour = f", beside the currencies in {codes.name}" if codes else ""
    if not codes:
        numbers = [value for cell in column.cells if (value := to_float(cell, style)) is not None]
        neighbour = f", and half of those in {column.name} are at least {median_low(numbers):,.0f}"
    evidence = (
        f"all {sum(one.filled for one in money.values()):,} amounts in {names} are whole numbers"
        f"{f', and {reason}' if named else neighbour}; in minor units, “{cell}” is {amount}"
    )
    words = f"Are the amounts in {names} in a minor unit, such as cents?"
    log.add_question("minor_units", words, ("yes", "no"), evidence, column.first_lines(cell))


def _currency_column(columns: Iterable[Column]) -> Column | None:
    return next((one for one in columns if one.words and {word.upper() for word in one.words} <= CODES), None)


def _looks_minor(money: dict[str, Column], style: NumberStyle, currencies: list[str] | None) -> bool:
    """Whether all amounts are whole, and many and large enough to be cents.

    currencies: those of a file without a column of them, where more is required; None: there is a column.
    """
    if not money or not _are_whole(money.values(), style):
        return False
    main = money.get("net_amount") or money.get("gross_amount") or money.get("unit_price") or next(iter(money.values()))
    if currencies is not None:
        amounts = [value for cell in (money.get("unit_price") or main).cells if (value := to_float(cell, style))]
        return may_be_minor(amounts, currencies, at_least=_MIN_DISTINCT)
    values = [abs(value) for cell in main.words if (value := to_float(cell, style))]
    return len(values) >= _MIN_DISTINCT and median(values) >= _MIN_MEDIAN


def _are_whole(columns: Iterable[Column], style: NumberStyle) -> bool:
    """Whether no cell has decimal places."""
    words = [word for column in columns for word in column.words]
    return bool(words) and all(
        style.decimal not in word and (value := to_float(word, style)) is not None and value.is_integer()
        for word in words
        if any(letter.isdigit() for letter in word)
    )
