"""A column of an unknown name whose numbers are as even a part of the total as a tax is."""

from tillstream.detection.amounts.money import NEAR, Row, number
from tillstream.detection.evidence import Told
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import Style

RATES = 5
"""So many taxed rows show a rate."""
_LIKE = 0.9
_ROWS = 1_000
_TOTALS = ("amount", "net_amount", "gross_amount")


def even(tax: float, net: float, near: float = NEAR) -> bool:
    """Whether the rate is a multiple of a half per cent, rounded cents (or `near`) allowed for."""
    rate = 200 * tax / net if net else 0.0
    return 1 <= rate <= 60 and abs(rate - round(rate)) <= 200 * near / abs(net)


def suspect(sheet: Sheet, roles: dict[str, str], style: Style, unknown: tuple[str, ...], told: Told) -> None:
    """Asks `column.tax` where a column of an unknown name may be the tax. unknown: columns of numbers."""
    total = next((roles[role] for role in _TOTALS if role in roles), "")
    if "tax" in roles or "column.tax" in told.answers:
        return
    words = "Which column is the tax? `-` where none is."
    if "gross_amount" in roles and not {"net_amount", "unit_price", "amount"} & set(roles) and unknown:
        told.ask("column.tax", words, (*unknown, "-"), f"{total} holds the tax, and no name says which column it is")
        return
    for name in unknown:
        if total and _like_tax(_pairs(sheet, name, total, style)):
            evidence = f"{name} is an even part of {total}, as a tax is; its name is not known"
            told.ask("column.tax", words, (name, "-"), evidence, sheet.columns[name].lines[:1])


def _pairs(sheet: Sheet, name: str, total: str, style: Style) -> list[Row]:
    cells = zip(sheet.columns[name].cells[:_ROWS], sheet.columns[total].cells[:_ROWS], strict=True)
    read = ((number(tax, style), number(whole, style)) for tax, whole in cells)
    return [{"tax": tax, "total": whole} for tax, whole in read if tax and whole]


def _like_tax(rows: list[Row]) -> bool:
    whole = all(row["tax"].is_integer() for row in rows)
    near, least = (0.51, 20.0) if whole else (NEAR, 1.0)
    rows = [row for row in rows if abs(row["tax"]) >= least]
    above = sum(even(row["tax"], row["total"], near) for row in rows)
    inside = sum(even(row["tax"], row["total"] - row["tax"], near) for row in rows)
    return len(rows) >= RATES and max(above, inside) >= _LIKE * len(rows)
