"""The numbers of the rows, compared with each other: sums that hold prove what a column is."""

from collections.abc import Callable
from dataclasses import dataclass

from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import Style

_ROWS = 3_000
MOST = 0.95
"""A rule holds where so many rows agree."""
NEAR = 0.011
"""Cents that rounding may cost."""
_TERMS = ("quantity", "unit_price", "discount", "discount_rate", "tax", "net_amount", "gross_amount", "amount")
Row = dict[str, float]


def number(cell: str, style: Style) -> float | None:
    """The number in a cell, None for none: near enough to compare, never to keep."""
    bare = "".join(letter for letter in cell if letter.isdigit() or letter in ".,-(−")
    bare = bare.strip(".,") if not bare[-1:].isdigit() else bare
    minus = bare.startswith(("-", "(", "−")) or cell.rstrip().endswith("-")
    digits = "".join(
        "." if letter == style.decimal else letter for letter in bare if letter == style.decimal or letter.isdigit()
    )
    try:
        return (-1 if minus else 1) * float(digits)
    except ValueError:
        return None


@dataclass(frozen=True)
class Money:
    """The rows with a number in each column that plays a role of money."""

    rows: list[Row]
    lines: list[int]

    def agrees(self, *needed: str, rule: Callable[[Row], float]) -> tuple[float, tuple[int, ...]]:
        """The part of the rows with these numbers for which the rule gives 0, and lines of some."""
        fits = total = 0
        proof: list[int] = []
        for row, line in zip(self.rows, self.lines, strict=True):
            if all(name in row for name in needed):
                total += 1
                scale = max(abs(row[name]) for name in needed)
                if abs(rule(row)) <= NEAR + 1e-9 * scale:
                    fits += 1
                    if len(proof) < 3 and line and abs(row[needed[-1]]) > 1:
                        proof.append(line)
        return (fits / total if total else 0.0), tuple(proof)


def rows_of(sheet: Sheet, roles: dict[str, str], style: Style) -> Money:
    """The first rows, and as many of the sample's end."""
    terms = [(role, sheet.columns[roles[role]]) for role in _TERMS if role in roles]
    places = [*range(min(sheet.rows, _ROWS))]
    lines = terms[0][1].lines if terms else ()
    found = [
        {role: value for role, column in terms if (value := number(column.cells[place], style)) is not None}
        for place in places
    ]
    return Money(found, [lines[place] if lines else 0 for place in places])


def base(row: Row) -> float:
    """Quantity × price less discount, which by then is an amount."""
    return row["quantity"] * row["unit_price"] - row.get("discount", 0.0)
