"""List every column of a file with its use and its plain sum, and the amounts of the words of a column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Literal

from tillstream.detection.amounts.arithmetic import to_float
from tillstream.detection.columns.column_roles import ColumnProfile
from tillstream.detection.evidence import WordUse
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.model.contract import ID_COLUMNS
from tillstream.model.document_json import JsonObject

_CENT = Decimal("0.01")

SHOWN_SAMPLES = 3
_MIN_NUMBERS = 0.9
"""Share of numbers from which a column has a sum."""
_SUM_DECIMALS = Decimal("0.000001")


def amounts_by_word(sheet: Sheet, roles: dict[str, str], name: str, style: DetectedNumberStyle) -> dict[str, str]:
    """Cell of a column → sum of the totals of its sampled rows, as decimal text; empty if no column has totals."""
    total = _row_total(sheet, roles, style)
    if total is None:
        return {}
    sums: dict[str, Decimal] = {}
    for index, word in enumerate(sheet.columns[name].cells):
        sums[word] = sums.get(word, Decimal(0)) + total(index)
    return {word: f"{value.quantize(_CENT).normalize():f}" for word, value in sums.items()}


def _row_total(sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle) -> Callable[[int], Decimal] | None:
    """The total of a row: its net or gross amount, else quantity × price."""
    for role in ("net_amount", "gross_amount"):
        if role in roles:
            return _totals_of_rows(sheet, roles[role], style)
    if not {"quantity", "unit_price"} <= roles.keys():
        return None
    quantity, price = (
        _totals_of_rows(sheet, roles["quantity"], style),
        _totals_of_rows(sheet, roles["unit_price"], style),
    )
    return lambda index: quantity(index) * price(index)


def _totals_of_rows(sheet: Sheet, name: str, style: DetectedNumberStyle) -> Callable[[int], Decimal]:
    """The numbers of a column; 0 where a cell is none."""
    cells, parsed = sheet.columns[name].cells, dict[str, Decimal]()

    def value(index: int) -> Decimal:
        cell = cells[index]
        if cell not in parsed:
            parsed[cell] = to_decimal(cell, style) or Decimal(0)
        return parsed[cell]

    return value


def to_decimal(cell: str, style: DetectedNumberStyle) -> Decimal | None:
    """Parse a cell as it is displayed, None if it is not a number."""
    number = to_float(cell, style)
    return None if number is None else Decimal(repr(number))


@dataclass(frozen=True)
class ColumnUse:
    """A column of the file and its use. Counts and sums are those of the sampled rows."""

    name: str
    use: Literal["mapped", "extra", "ignored"]
    roles: tuple[str, ...]
    """Columns of a sale line to which it is mapped; `identity` if it only helps to identify sales."""
    samples: tuple[str, ...]
    """The first distinct values."""
    filled: int
    """Number of cells that are not empty."""
    sum: str
    """Sum of its numbers as decimal text; empty unless it is numeric."""
    words: tuple[WordUse, ...] = ()
    """For the status column: each word with its rows, amount and meaning."""

    def to_dict(self) -> JsonObject:
        data: JsonObject = {
            "name": self.name,
            "use": self.use,
            "roles": list(self.roles),
            "samples": list(self.samples),
            "filled": self.filled,
            "sum": self.sum or None,
        }
        return data | ({"words": [use.to_dict() for use in self.words]} if self.words else {})


def column_uses(
    sheet: Sheet,
    profiles: Mapping[str, ColumnProfile],
    columns: Mapping[str, str],
    parts: Mapping[str, str],
    style: DetectedNumberStyle,
    status_words: tuple[WordUse, ...],
) -> tuple[ColumnUse, ...]:
    """Every column in the order of the file. columns: role → header. parts: headers that only help → role.

    A column without any value is ignored, and so is the second column of one name.
    """
    uses = []
    for name in sheet.names:
        column = sheet.columns[name]
        roles = tuple(role for role, header in columns.items() if header == name)
        roles = roles or ((parts[name],) if name in parts else ())
        uses.append(
            ColumnUse(
                name,
                "mapped" if roles else "extra" if column.filled else "ignored",
                roles,
                tuple(islice(column.words, SHOWN_SAMPLES)),
                column.filled,
                "" if ID_COLUMNS & set(roles) else _sum_of_column(profiles[name], style),
                status_words if "status" in roles else (),
            )
        )
    return (*uses, *(ColumnUse(name, "ignored", (), (), 0, "") for name in sheet.repeated))


def _sum_of_column(profile: ColumnProfile, style: DetectedNumberStyle) -> str:
    """The plain sum of a numeric column, as a spreadsheet shows it; empty for dates and texts."""
    column = profile.column
    if not column.filled or profile.numbers.share < _MIN_NUMBERS or profile.numbers.percent or profile.may_be_date:
        return ""
    numbers = (
        number * count for word, count in column.words.items() if (number := to_decimal(word, style)) is not None
    )
    return f"{sum(numbers, Decimal(0)).quantize(_SUM_DECIMALS).normalize():f}"
