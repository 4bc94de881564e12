"""Arithmetic over the numbers of sampled columns, by which rules identify columns and the decimal separator."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle, NumberProfile

_MAX_MONEY_ROWS = 3_000
_STEPS_OF_A_PERCENT = 4
MIN_SHARE = 0.95
"""Minimum share of rows for which a rule must hold."""
TOLERANCE = 0.011
"""Absolute tolerance for rounded cents."""
TERM_ROLES = (
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
_SEPARATOR_LETTERS = str.maketrans("٫٬△▲", ".,--")
_MINUS_SIGNS = ("-", "(", "−")
_NO_DECIMALS = re.compile(r"(?<=[0-9])[.,][-−‐-—]{1,2}(?=\D*$)")
"""Dashes instead of the decimals of a whole price, such as 39.- or 39,-- €."""
MoneyRow = dict[str, float]

Numbers = npt.NDArray[np.float64]
MAX_COMPARED_ROWS = 1_000
_MIN_ROWS, _MIN_PROVING_ROWS = 5, 3

_NUMBER_STYLES = (DetectedNumberStyle(".", ","), DetectedNumberStyle(",", "."))
_MIN_PROVING_TOTALS = 2
"""Number of different totals that only one of the readings explains."""


def to_float(cell: str, style: DetectedNumberStyle) -> float | None:
    """Parse a cell as float, None if it is not a number; for comparison only, not exact."""
    cell = _NO_DECIMALS.sub("", cell.translate(_SEPARATOR_LETTERS))
    stripped = "".join(letter for letter in cell if letter.isdigit() or letter in ".,-(−")
    stripped = stripped.strip(".,") if not stripped[-1:].isdigit() else stripped
    stripped = stripped.lstrip(".,") if stripped.lstrip(".,")[:1] in _MINUS_SIGNS else stripped  # Fr. -39
    is_negative = stripped.startswith(_MINUS_SIGNS) or cell.rstrip().endswith(("-", "−"))
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

    rows: list[MoneyRow]
    lines: list[int]

    def agrees(self, *required: str, rule: Callable[[MoneyRow], float]) -> tuple[float, tuple[int, ...]]:
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


def money_rows(sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle) -> MoneyRows:
    """The numbers of the first rows."""
    columns = {role: sheet.columns[roles[role]] for role in TERM_ROLES if role in roles}
    count = min(sheet.rows, _MAX_MONEY_ROWS)
    numbers = {role: _to_floats(column.cells[:count], style) for role, column in columns.items()}
    rows = [
        {role: value for role, values in numbers.items() if (value := values[index]) is not None}
        for index in range(count)
    ]
    lines = next(iter(columns.values())).lines[:count] if columns else [0] * count
    return MoneyRows(rows, [*lines])


def _to_floats(cells: Sequence[str], style: DetectedNumberStyle) -> list[float | None]:
    """The cells as by `to_float`; each distinct one is parsed once."""
    read = {cell: to_float(cell, style) for cell in set(cells)}
    return [read[cell] for cell in cells]


def use_fractions(money: MoneyRows) -> None:
    """Divide tax rates in percent by 100, in place."""
    for row in money.rows:
        if "tax_rate" in row:
            row["tax_rate"] /= 100


def tax_on_net(row: MoneyRow, net: float) -> float:
    """The tax of a net amount of the row, by its amount of tax or its rate."""
    return row["tax"] if "tax" in row else net * row["tax_rate"]


def discounted_price(row: MoneyRow) -> float:
    """Quantity × price less discount; the discount must be an amount."""
    return row["quantity"] * row["unit_price"] - row.get("discount", 0.0)


def are_fractions(values: list[float]) -> bool:
    """Whether there are values, and none is greater than 1."""
    return bool(values) and all(value <= 1 for value in values)


def may_be_rates(values: list[float]) -> bool:
    """Whether all values may be rates or percentages: fractions, or multiples of 0.25 up to 100."""
    return are_fractions(values) or all(value <= 100 and (value * _STEPS_OF_A_PERCENT).is_integer() for value in values)


@dataclass(frozen=True)
class Agreement:
    """How many rows a rule explains."""

    matching: int
    rows: int
    proving: int
    """Rows that the rule explains and that no simpler rule explains."""

    @property
    def share(self) -> float:
        return self.matching / self.rows if self.rows else 0.0

    def is_at_least(self, share: float) -> bool:
        return self.rows >= _MIN_ROWS and self.proving >= _MIN_PROVING_ROWS and self.share >= share


def role_of_total(roles: Collection[str]) -> str:
    """The role of the total: the net one, or else the gross one; empty without any."""
    return next((role for role in ("net_amount", "gross_amount") if role in roles), "")


class NumberColumns:
    """The first rows of numeric columns; cells that are no number are NaN."""

    def __init__(self, sheet: Sheet, names: Iterable[str], style: DetectedNumberStyle) -> None:
        self._values: dict[str, Numbers] = {}
        for name in names:
            cells = sheet.columns[name].cells[:MAX_COMPARED_ROWS]
            read = {cell: to_float(cell, style) for cell in set(cells)}
            self._values[name] = np.array([np.nan if read[cell] is None else read[cell] for cell in cells], np.float64)

    def __getitem__(self, name: str) -> Numbers:
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def names(self) -> list[str]:
        return list(self._values)

    def or_zero(self, name: str) -> Numbers | float:
        """The column with 0 for missing numbers; 0 without a name."""
        return np.nan_to_num(self._values[name]) if name in self._values else 0.0

    def sum_of(self, names: Iterable[str], *, of_sizes: bool = False) -> Numbers:
        """The sum (n,) of columns, with 0 for missing numbers; of_sizes: of the numbers without their signs."""
        numbers = (np.nan_to_num(self._values[name]) for name in names)
        length = len(next(iter(self._values.values())))
        return sum(map(np.abs, numbers) if of_sizes else numbers, np.zeros(length))


def compare_columns(total: Numbers, computed: Numbers, simpler: Numbers) -> Agreement:
    """Compare a column with what a rule computes. simpler: the column that the rule must differ from to be proved."""
    is_number = ~np.isnan(total) & ~np.isnan(computed)
    matches = is_number & are_equal(total, computed)
    proving = matches & ~are_equal(computed, simpler) & (np.abs(computed) > TOLERANCE)
    return Agreement(int(matches.sum()), int(is_number.sum()), len(np.unique(computed[proving].round(2))))


def are_equal(left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
    equal: npt.NDArray[np.bool_] = np.abs(left - right) <= TOLERANCE + 1e-9 * np.abs(left)
    return equal


def assume_decimal_separator(
    sheet: Sheet, roles: Mapping[str, str], profiles: Mapping[str, NumberProfile], log: DetectionLog
) -> None:
    """Answer `decimal` in the log if quantity × price is a total in all rows of one reading, and not in the other.

    profiles: by header, of the columns that show the number style; nothing is assumed if the cells of one prove it.
    """
    is_proved = any(one.decimal or {".", ","} & one.thousands.keys() for one in profiles.values())
    pair = [roles[role] for role in ("quantity", "unit_price") if role in roles]
    if is_proved or len(pair) < 2 or not any(one.ambiguous for one in profiles.values()):
        return
    for total in (name for name in profiles if name not in pair):
        explained = [_explained_rows(sheet, pair, total, style) for style in _NUMBER_STYLES]
        for style, (rows, all_rows), (others, _) in zip(_NUMBER_STYLES, explained, reversed(explained), strict=True):
            proving = rows - others
            if all_rows and len({sheet.columns[total].cells[row] for row in proving}) >= _MIN_PROVING_TOTALS:
                first = min(proving)
                quantity, price, amount = (sheet.columns[name].cells[first] for name in (*pair, total))
                evidence = (
                    f"{pair[0]} × {pair[1]} is {total} in all {len(rows):,} rows, as in {quantity} × {price} = {amount}"
                )
                log.assume({"decimal": style.decimal}, evidence)
                return


def _explained_rows(
    sheet: Sheet, pair: Collection[str], total: str, style: DetectedNumberStyle
) -> tuple[set[int], bool]:
    """The rows in which the product is the total, and whether these are all rows."""
    columns = NumberColumns(sheet, (*pair, total), style)
    quantity, price = (columns[name] for name in pair)
    computed = quantity * price
    equal = are_equal(computed, columns[total])
    is_empty = np.array(
        [not any(sheet.columns[name].cells[row] for name in (*pair, total)) for row in range(len(equal))]
    )
    return set(np.flatnonzero(equal).tolist()), bool((equal | is_empty).all())
