"""Numeric rows, compared by arithmetic rules to identify columns."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

_MAX_ROWS = 3_000
_QUARTERS = 4
MIN_SHARE = 0.95
"""Minimum share of rows for which a rule must hold."""
TOLERANCE = 0.011
"""Absolute tolerance for rounded cents."""
TERMS = (
    "quantity",
    "unit_price",
    "discount",
    "discount_rate",
    "tax",
    "tax_rate",
    "net_amount",
    "gross_amount",
    "amount",
)
_SEPARATORS = str.maketrans("٫٬△▲", ".,--")
_MINUS = ("-", "(", "−")
_NO_DECIMALS = re.compile(r"(?<=[0-9])[.,][-−‐-—]{1,2}(?=\D*$)")
"""Dashes instead of the decimals of a whole price, such as 39.- or 39,-- €."""
Row = dict[str, float]


def to_float(cell: str, style: NumberStyle) -> float | None:
    """Parse a cell as float, None if it is not a number; for comparison only, not exact."""
    cell = _NO_DECIMALS.sub("", cell.translate(_SEPARATORS))
    stripped = "".join(letter for letter in cell if letter.isdigit() or letter in ".,-(−")
    stripped = stripped.strip(".,") if not stripped[-1:].isdigit() else stripped
    stripped = stripped.lstrip(".,") if stripped.lstrip(".,")[:1] in _MINUS else stripped  # Fr. -39
    is_negative = stripped.startswith(_MINUS) or cell.rstrip().endswith(("-", "−"))
    digits = "".join(
        "." if letter == style.decimal else letter for letter in stripped if letter == style.decimal or letter.isdigit()
    )
    try:
        return (-1 if is_negative else 1) * float(digits)
    except ValueError:
        return None


@dataclass(frozen=True)
class MoneyRows:
    """Rows as role → number, with their physical lines."""

    rows: list[Row]
    lines: list[int]

    def agrees(self, *required: str, rule: Callable[[Row], float]) -> tuple[float, tuple[int, ...]]:
        """Share of rows with the required numbers for which `rule` is about 0, and example lines."""
        matching = total = 0
        example_lines: list[int] = []
        for row, line in zip(self.rows, self.lines, strict=True):
            if all(name in row for name in required):
                total += 1
                scale = max(abs(row[name]) for name in required)
                if abs(rule(row)) <= TOLERANCE + 1e-9 * scale:
                    matching += 1
                    if len(example_lines) < 3 and line and abs(row[required[-1]]) > 1:
                        example_lines.append(line)
        return (matching / total if total else 0.0), tuple(example_lines)


def money_rows(sheet: Sheet, roles: dict[str, str], style: NumberStyle) -> MoneyRows:
    """The numbers of the first rows."""
    columns = {role: sheet.columns[roles[role]] for role in TERMS if role in roles}
    count = min(sheet.rows, _MAX_ROWS)
    numbers = {role: _to_floats(column.cells[:count], style) for role, column in columns.items()}
    rows = [
        {role: value for role, values in numbers.items() if (value := values[index]) is not None}
        for index in range(count)
    ]
    lines = next(iter(columns.values())).lines[:count] if columns else [0] * count
    return MoneyRows(rows, [*lines])


def _to_floats(cells: Sequence[str], style: NumberStyle) -> list[float | None]:
    """The cells as by `to_float`; each distinct one is parsed once."""
    read = {cell: to_float(cell, style) for cell in set(cells)}
    return [read[cell] for cell in cells]


def use_fractions(money: MoneyRows) -> None:
    """Divide tax rates in percent by 100, in place."""
    for row in money.rows:
        if "tax_rate" in row:
            row["tax_rate"] /= 100


def tax_on(row: Row, net: float) -> float:
    """The tax of a net amount of the row, by its amount of tax or its rate."""
    return row["tax"] if "tax" in row else net * row["tax_rate"]


def discounted_price(row: Row) -> float:
    """Quantity × price less discount; the discount must be an amount."""
    return row["quantity"] * row["unit_price"] - row.get("discount", 0.0)


def all_fractions(values: list[float]) -> bool:
    """Whether there are values, and none is greater than 1."""
    return bool(values) and all(value <= 1 for value in values)


def may_be_rates(values: list[float]) -> bool:
    """Whether all values may be rates or percentages: fractions, or multiples of 0.25 up to 100."""
    return all_fractions(values) or all(value <= 100 and (value * _QUARTERS).is_integer() for value in values)
