"""Numbers and days as text, in plain English: 1,234.50, 12.3%, 3 Oct 2026."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from tillstream.model.compared_figure import ComparedFigure
from tillstream.model.money import minor_digits, round_amount, round_to_digits
from tillstream.reports.document import Part
from tillstream.reports.evidence import Number, Sentence

WHOLE_FROM = 1_000
"""Amounts from which on no minor units are shown."""
NONE = "–"


def money(value: Any, currency: str, like: Any = 0) -> str:
    """An amount without its currency. like: the largest amount of its column, which decides on minor units."""
    if value is None:
        return NONE
    amount = Decimal(value)
    return _grouped(amount, amount_digits(currency, amount, Decimal(like)))


def printed(value: Any, currency: str, like: Any = 0) -> Decimal:
    """An amount as `money` writes it; without a currency a count as `count` does."""
    number = Decimal(value)
    return round_to_digits(number, amount_digits(currency, number, Decimal(like)) if currency else 0)


def printed_figure(one: ComparedFigure, currency: str) -> ComparedFigure:
    """The figures as they are written, so that the change is that of what is written. currency: empty for counts."""
    figures = (one.whole, one.now, one.before)
    return ComparedFigure(*(None if figure is None else printed(figure, currency) for figure in figures))


def printed_share(one: Part, currency: str) -> Decimal | None:
    """The share on paper and on a page, where large amounts are whole."""
    return _ratio(printed(one.amount, currency, one.like), printed(one.whole, currency, one.like_whole))


def share_of_cells(one: Part, currency: str) -> Decimal | None:
    """The share in a workbook, which has amounts with all decimals of their currency."""
    return _ratio(round_amount(one.amount, currency), round_amount(one.whole, currency))


def amount_digits(currency: str, *amounts: Decimal) -> int:
    """The decimal digits of amounts that are shown together: none if one of them is large."""
    return 0 if max(map(abs, amounts)) >= WHOLE_FROM else minor_digits(currency)


def printed_changes(pairs: Sequence[tuple[Any, Any]], currency: str) -> list[Decimal]:
    """The change from each first amount to the second one, as the difference of what two columns print."""
    exact = [(Decimal(before or 0), Decimal(after or 0)) for before, after in pairs]
    largest = [max(map(abs, column)) for column in zip(*exact, strict=True)]
    both = [[printed(one, currency, like) for one, like in zip(pair, largest, strict=True)] for pair in exact]
    return [after - before for before, after in both]


def count(value: Any) -> str:
    return NONE if value is None else _grouped(Decimal(value), 0)


def share(value: Any) -> str:
    """0.1234 → 12.3%."""
    return NONE if value is None else f"{_grouped(Decimal(value) * 100, 1)}%"


def growth(value: Any) -> str:
    """0.1234 → +12.3%."""
    return NONE if value is None else f"{'+' if Decimal(value) > 0 else ''}{share(value)}"


def day(value: date | None) -> str:
    return NONE if value is None else f"{value.day} {value:%b} {value.year}"


def text_of(number: Number) -> str:
    """A number of a sentence, with its currency."""
    value = number.value if number.shown is None else number.shown
    if number.kind.endswith("money"):
        plus = "+" if number.kind == "signed money" and value > 0 else ""
        return f"{plus}{money(value, number.currency, number.like)} {number.currency}"
    return {"count": count, "share": share}[number.kind](value)


def sentence_text(sentence: Sentence) -> str:
    return "".join(one if isinstance(one, str) else text_of(one) for one in sentence.parts)


def rounded_parts(values: Sequence[Decimal], digits: int) -> list[Decimal]:
    """Round parts so that they add up to the rounded sum, by the largest remainder."""
    unit = Decimal(1).scaleb(-digits)
    total = round_to_digits(sum(values, Decimal(0)), digits)
    floors = [value.quantize(unit, ROUND_FLOOR) for value in values]
    missing = int((total - sum(floors, Decimal(0))) / unit)
    order = sorted(range(len(values)), key=lambda index: floors[index] - values[index])
    for index in order[:missing]:
        floors[index] += unit
    return floors


def _ratio(amount: Decimal, whole: Decimal) -> Decimal | None:
    return amount / whole if whole else None


def _grouped(value: Decimal, digits: int) -> str:
    rounded = round_to_digits(value, digits)
    return f"{abs(rounded):,.{digits}f}" if rounded >= 0 else f"−{abs(rounded):,.{digits}f}"
