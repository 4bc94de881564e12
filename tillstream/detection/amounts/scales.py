"""Numbers that are not in units of one: quantities with three decimals, amounts in thousands or in cents."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from statistics import median, median_low

from tillstream.detection.amounts.arithmetic import MIN_SHARE, TOLERANCE, money_rows, to_float
from tillstream.detection.evidence import CERTAIN, DetectionLog, percentage
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle, pattern_of, shape_of
from tillstream.detection.words.headers import is_minor_header
from tillstream.model.money import FREQUENT_CURRENCIES, may_be_minor_units, minor_digits

QUANTITY_DECIMALS_KEY, MULTIPLE_KEY = "quantity_decimals", "multiple"
_AMOUNT_ROLES = ("unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost")
_TOTAL_ROLES = ("net_amount", "gross_amount", "amount")
_MIN_PROVING = 3
_MULTIPLE_WORDS = (
    (1_000_000, re.compile(r"\b(mio|mln|millions?|millionen|millones)\b|百万", re.IGNORECASE)),
    (10_000, re.compile(r"万(?=円|元|$|[)）])")),
    (1_000, re.compile(r"(?<![^\W\d_])[kT](?=[€£$¥]|(EUR|USD|GBP|CHF)\b)|千(?=円|元|원|$|[)）])")),
    (
        1_000,
        re.compile(r"'000|\(000|\b(000s|tsd|tys|tausend|milliers|miles de)\b|тыс|thousand", re.IGNORECASE),
    ),
)
"""(factor, pattern of a header)."""

_MIN_DISTINCT, _MIN_MEDIAN = 8, 100


@dataclass(frozen=True)
class QuantityStyle:
    """The sheet whose quantities are in the style of the other numbers, that style, and settings of the contract."""

    sheet: Sheet
    style: DetectedNumberStyle
    alternatives: tuple[str, ...] = ()
    """Other formats of the contract's `numbers`."""
    factors: dict[str, str] = field(default_factory=dict)
    """Role → factor."""


def detect_quantity_style(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, others: Iterable[SampleColumn], log: DetectionLog
) -> QuantityStyle:
    """Quantities such as 1.000 among amounts such as 59,00: one or a thousand? Asks `quantity_decimals`.

    others: columns of amounts.
    """
    same = QuantityStyle(sheet, style)
    is_open = any(question.key == "decimal" for question in log.questions)
    column = sheet.columns.get(roles.get("quantity", ""))
    if not column or not column.words or is_open or not all(_is_ambiguous(word, style) for word in column.words):
        return same
    cells = tuple(cell.replace(style.thousands, style.decimal) for cell in column.cells)
    read = replace(sheet, columns=sheet.columns | {column.name: replace(column, cells=cells)})
    cell = next(iter(column.words))
    shares = [_proving_share(one, roles, style) for one in (sheet, read)]
    answer = log.answer(QUANTITY_DECIMALS_KEY)
    if not answer and shares[0] < MIN_SHARE <= shares[1]:
        evidence = f"“{cell}” has three decimals: quantity × price is the total in {percentage(shares[1])} of the rows"
        log.add_finding(QUANTITY_DECIMALS_KEY, "yes", evidence, CERTAIN, column.first_lines(cell))
        answer = "yes"
    elif not answer and shares[0] < MIN_SHARE:
        evidence = f"all {column.filled:,} quantities look like “{cell}”; {style.decimal} is the decimal separator of "
        evidence += "the amounts"
        whole = cell.partition(style.thousands)[0]
        words = f"Does “{cell}” in {column.name} mean {whole}, with three decimals, and not thousands?"
        log.add_question(QUANTITY_DECIMALS_KEY, words, ("yes", "no"), evidence, column.first_lines(cell))
    if answer != "yes":
        return same
    if any(style.thousands in word for one in others for word in one.words):
        return QuantityStyle(read, style, factors={"quantity": "0.001"})
    log.findings[:] = [one for one in log.findings if one.about != "thousands"]
    return QuantityStyle(read, DetectedNumberStyle(style.decimal, ""), (f"1234{style.thousands}50",))


def detect_multiples(roles: dict[str, str], log: DetectionLog) -> dict[str, str]:
    """Role → factor of amounts whose headers contain a unit such as k€ or 千円. Asks `multiple`."""
    units = {role: factor for role in _AMOUNT_ROLES if role in roles and (factor := multiple_of_header(roles[role]))}
    if not units:
        return {}
    answer = log.answer(MULTIPLE_KEY)
    if answer is None:
        named = ", ".join(dict.fromkeys(f"{roles[role]} in units of {factor:,}" for role, factor in units.items()))
        log.add_question(MULTIPLE_KEY, f"Are the amounts of {named}?", ("yes", "no"), "the name contains such a unit")
    return {role: str(factor) for role, factor in units.items()} if answer == "yes" else {}


def combine_factors(factors: Mapping[str, object], others: Mapping[str, str]) -> dict[str, str]:
    """Role → the product of the factors that two rules give it."""
    return {
        role: str(Decimal(str(factors.get(role, 1))) * Decimal(others.get(role, "1"))) for role in {**factors, **others}
    }


def multiple_of_header(name: str) -> int:
    """The number of currency units that one of a column is by its name, such as 1,000 for k€; 0 if it has none."""
    return next((factor for factor, pattern in _MULTIPLE_WORDS if pattern.search(name)), 0)


def _is_ambiguous(word: str, style: DetectedNumberStyle) -> bool:
    shape = shape_of(pattern_of(word))
    return bool(shape and style.thousands and shape.ambiguous == style.thousands != style.decimal)


def _proving_share(sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle) -> float:
    """Share of the rows in which quantity × price is a total."""
    total = next((role for role in _TOTAL_ROLES if role in roles), "")
    rows = [row for row in money_rows(sheet, roles, style).rows if {"quantity", "unit_price", total} <= row.keys()]
    equal = sum(
        abs(row["quantity"] * row["unit_price"] - row.get("discount", 0.0) - row[total]) <= TOLERANCE for row in rows
    )
    return equal / len(rows) if len(rows) >= _MIN_PROVING else 0.0


def detect_minor_units(
    sheet: Sheet,
    roles: dict[str, str],
    currency: str,
    style: DetectedNumberStyle,
    log: DetectionLog,
    *,
    rates: Collection[str],
) -> tuple[str, ...]:
    """The roles whose columns are in minor units, for the contract. Asks `minor_units`.

    rates: roles whose columns contain rates, which have no unit.
    """
    money = {role: sheet.columns[roles[role]] for role in _AMOUNT_ROLES if role in roles and role not in rates}
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
        _ask_minor_units(chosen, currencies, style, log, codes, named=bool(named))
    return tuple(chosen) if answer == "yes" else ()


def _ask_minor_units(
    money: dict[str, SampleColumn],
    currencies: list[str],
    style: DetectedNumberStyle,
    log: DetectionLog,
    codes: SampleColumn | None,
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


def _currency_column(columns: Iterable[SampleColumn]) -> SampleColumn | None:
    return next(
        (one for one in columns if one.words and {word.upper() for word in one.words} <= FREQUENT_CURRENCIES), None
    )


def _looks_minor(money: dict[str, SampleColumn], style: DetectedNumberStyle, currencies: list[str] | None) -> bool:
    """Whether all amounts are whole, and many and large enough to be cents.

    currencies: those of a file without a column of them, where more is required; None: there is a column.
    """
    if not money or not _are_whole(money.values(), style):
        return False
    main = money.get("net_amount") or money.get("gross_amount") or money.get("unit_price") or next(iter(money.values()))
    if currencies is not None:
        amounts = [value for cell in (money.get("unit_price") or main).cells if (value := to_float(cell, style))]
        return may_be_minor_units(amounts, currencies, at_least=_MIN_DISTINCT)
    values = [abs(value) for cell in main.words if (value := to_float(cell, style))]
    return len(values) >= _MIN_DISTINCT and median(values) >= _MIN_MEDIAN


def _are_whole(columns: Iterable[SampleColumn], style: DetectedNumberStyle) -> bool:
    """Whether no cell has decimal places."""
    words = [word for column in columns for word in column.words]
    return bool(words) and all(
        style.decimal not in word and (value := to_float(word, style)) is not None and value.is_integer()
        for word in words
        if any(letter.isdigit() for letter in word)
    )
