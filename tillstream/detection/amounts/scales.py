"""Numbers that are not in units of one: quantities with three decimals, and amounts in thousands."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tillstream.detection.arithmetic.money import MIN_SHARE, TOLERANCE, money_rows
from tillstream.detection.evidence import CERTAIN, DetectionLog, percentage
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle, pattern_of, shape_of

QUESTION, MULTIPLE = "quantity_decimals", "multiple"
_MONEY = ("unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost")
_TOTALS = ("net_amount", "gross_amount", "amount")
_MIN_PROVING = 3
_MULTIPLES = (
    (1_000_000, re.compile(r"\b(mio|mln|millions?|millionen|millones)\b|百万", re.IGNORECASE)),
    (10_000, re.compile(r"万(?=円|元|$|[)）])")),
    (1_000, re.compile(r"(?<![^\W\d_])[kT](?=[€£$¥]|(EUR|USD|GBP|CHF)\b)|千(?=円|元|원|$|[)）])")),
    (
        1_000,
        re.compile(r"'000|\(000|\b(000s|tsd|tys|tausend|milliers|miles de)\b|тыс|thousand", re.IGNORECASE),
    ),
)
"""(factor, pattern of a header)."""


@dataclass(frozen=True)
class QuantityStyle:
    """The sheet whose quantities are in the style of the other numbers, that style, and settings of the contract."""

    sheet: Sheet
    style: NumberStyle
    alternatives: tuple[str, ...] = ()
    """Other formats of the contract's `numbers`."""
    factors: dict[str, str] = field(default_factory=dict)
    """Role → factor."""


def quantities(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, others: Iterable[Column], log: DetectionLog
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
    answer = log.answer(QUESTION)
    if not answer and shares[0] < MIN_SHARE <= shares[1]:
        evidence = f"“{cell}” has three decimals: quantity × price is the total in {percentage(shares[1])} of the rows"
        log.add_finding(QUESTION, "yes", evidence, CERTAIN, column.first_lines(cell))
        answer = "yes"
    elif not answer and shares[0] < MIN_SHARE:
        evidence = f"all {column.filled:,} quantities look like “{cell}”; {style.decimal} is the decimal separator of "
        evidence += "the amounts"
        whole = cell.partition(style.thousands)[0]
        words = f"Does “{cell}” in {column.name} mean {whole}, with three decimals, and not thousands?"
        log.add_question(QUESTION, words, ("yes", "no"), evidence, column.first_lines(cell))
    if answer != "yes":
        return same
    if any(style.thousands in word for one in others for word in one.words):
        return QuantityStyle(read, style, factors={"quantity": "0.001"})
    log.findings[:] = [one for one in log.findings if one.about != "thousands"]
    return QuantityStyle(read, NumberStyle(style.decimal, ""), (f"1234{style.thousands}50",))


def multiples(roles: dict[str, str], log: DetectionLog) -> dict[str, str]:
    """Role → factor of amounts whose headers contain a unit such as k€ or 千円. Asks `multiple`."""
    units = {role: factor for role in _MONEY if role in roles and (factor := multiple_of_header(roles[role]))}
    if not units:
        return {}
    answer = log.answer(MULTIPLE)
    if answer is None:
        named = ", ".join(dict.fromkeys(f"{roles[role]} in units of {factor:,}" for role, factor in units.items()))
        log.add_question(MULTIPLE, f"Are the amounts of {named}?", ("yes", "no"), "the name contains such a unit")
    return {role: str(factor) for role, factor in units.items()} if answer == "yes" else {}


def product(factors: Mapping[str, object], others: Mapping[str, str]) -> dict[str, str]:
    """Role → the product of the factors that two rules give it."""
    return {
        role: str(Decimal(str(factors.get(role, 1))) * Decimal(others.get(role, "1"))) for role in {**factors, **others}
    }


def multiple_of_header(name: str) -> int:
    """The number of currency units that one of a column is by its name, such as 1,000 for k€; 0 if it has none."""
    return next((factor for factor, pattern in _MULTIPLES if pattern.search(name)), 0)


def _is_ambiguous(word: str, style: NumberStyle) -> bool:
    shape = shape_of(pattern_of(word))
    return bool(shape and style.thousands and shape.ambiguous == style.thousands != style.decimal)


def _proving_share(sheet: Sheet, roles: dict[str, str], style: NumberStyle) -> float:
    """Share of the rows in which quantity × price is a total."""
    total = next((role for role in _TOTALS if role in roles), "")
    rows = [row for row in money_rows(sheet, roles, style).rows if {"quantity", "unit_price", total} <= row.keys()]
    equal = sum(
        abs(row["quantity"] * row["unit_price"] - row.get("discount", 0.0) - row[total]) <= TOLERANCE for row in rows
    )
    return equal / len(rows) if len(rows) >= _MIN_PROVING else 0.0
