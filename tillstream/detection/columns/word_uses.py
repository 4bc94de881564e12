"""Rows and amounts of the words of a column."""

from collections.abc import Callable
from decimal import Decimal

from tillstream.detection.arithmetic.money import to_float
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

_CENTS = Decimal("0.01")


def amounts_by_word(sheet: Sheet, roles: dict[str, str], name: str, style: NumberStyle) -> dict[str, str]:
    """Cell of a column → sum of the totals of its sampled rows, as decimal text; empty if no column has totals."""
    total = _row_total(sheet, roles, style)
    if total is None:
        return {}
    sums: dict[str, Decimal] = {}
    for index, word in enumerate(sheet.columns[name].cells):
        sums[word] = sums.get(word, Decimal(0)) + total(index)
    return {word: f"{value.quantize(_CENTS).normalize():f}" for word, value in sums.items()}


def _row_total(sheet: Sheet, roles: dict[str, str], style: NumberStyle) -> Callable[[int], Decimal] | None:
    """The total of a row: its net or gross amount, else quantity × price."""
    for role in ("net_amount", "gross_amount"):
        if role in roles:
            return _values(sheet, roles[role], style)
    if not {"quantity", "unit_price"} <= roles.keys():
        return None
    quantity, price = _values(sheet, roles["quantity"], style), _values(sheet, roles["unit_price"], style)
    return lambda index: quantity(index) * price(index)


def _values(sheet: Sheet, name: str, style: NumberStyle) -> Callable[[int], Decimal]:
    """The numbers of a column; 0 where a cell is none."""
    cells, parsed = sheet.columns[name].cells, dict[str, Decimal]()

    def value(index: int) -> Decimal:
        cell = cells[index]
        if cell not in parsed:
            parsed[cell] = to_decimal(cell, style) or Decimal(0)
        return parsed[cell]

    return value


def to_decimal(cell: str, style: NumberStyle) -> Decimal | None:
    """Parse a cell as it is displayed, None if it is not a number."""
    number = to_float(cell, style)
    return None if number is None else Decimal(repr(number))
