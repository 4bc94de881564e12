"""Find tax columns with unknown names by an even ratio to the total."""

from tillstream.detection.amounts.reduced_totals import is_discount
from tillstream.detection.arithmetic.money import TOLERANCE, Row, to_float
from tillstream.detection.evidence import TOTAL_OF_LINE, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

MIN_TAXED_ROWS = 5
"""Minimum number of taxed rows to detect a rate."""
_MIN_SHARE, _MIN_NET = 0.9, 2
_MAX_ROWS = 1_000
_TOTALS = ("amount", "net_amount", "gross_amount")


def is_even_rate(tax: float, net: float, tolerance: float = TOLERANCE) -> bool:
    """Whether tax / net is a multiple of 0.5%, up to 30%, within the rounding tolerance."""
    rate = 200 * tax / net if net else 0.0
    return 1 <= rate <= 60 and abs(rate - round(rate)) <= 200 * tolerance / abs(net)


def ask_for_tax(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, unmapped: tuple[str, ...], log: DetectionLog
) -> None:
    """Ask `column.tax` if a column may be the tax. unmapped: numeric columns with unknown names."""
    total_column = next((roles[role] for role in _TOTALS if role in roles), "")
    if {"tax", "tax_rate"} & set(roles) or "column.tax" in log.answers:
        return
    words = "Which column is the tax?"
    if "gross_amount" in roles and not {"net_amount", "unit_price", "amount"} & set(roles) and unmapped:
        log.add_question(
            "column.tax",
            words,
            (*unmapped, "-"),
            f"{total_column} includes the tax, but no column name shows which column it is",
        )
        return
    for name in unmapped:
        if total_column and not is_discount(name) and _looks_like_tax(_pairs(sheet, name, total_column, style)):
            evidence = f"{name} is a constant part of {total_column}, like a tax; its name is not known"
            log.add_question("column.tax", words, (name, "-"), evidence, sheet.columns[name].lines[:1])


def ask_for_net(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, unmapped: tuple[str, ...], log: DetectionLog
) -> None:
    """Ask `column.net_amount` if a total and another column differ by an even rate, as amounts with and without tax do.

    unmapped: numeric columns with unknown names.
    """
    if "amount" not in roles or {"tax", "tax_rate", "net_amount", "gross_amount"} & set(roles):
        return
    total = roles["amount"]
    for name in unmapped if "column.net_amount" not in log.answers else ():
        pairs = [(row["tax"], row["total"]) for row in _pairs(sheet, name, total, style)]
        higher = sum(abs(other) > abs(amount) for other, amount in pairs) > len(pairs) / 2
        pairs = [(max(pair, key=abs), min(pair, key=abs)) for pair in pairs]
        even = sum(is_even_rate(gross - net, net) for gross, net in pairs if abs(net) >= _MIN_NET)
        if len({net for _, net in pairs}) >= MIN_TAXED_ROWS and even >= _MIN_SHARE * len(pairs):
            gross_name, net_name = (name, total) if higher else (total, name)
            rates = sorted({f"{100 * (gross / net - 1):.0f}%" for gross, net in pairs if abs(net) >= _MIN_NET})
            evidence = f"{gross_name} is {net_name} plus {' or '.join(rates[:3])}, like a total with tax"
            log.add_question("column.net_amount", TOTAL_OF_LINE, (net_name, gross_name), evidence, default=net_name)
            return


def _pairs(sheet: Sheet, name: str, total: str, style: NumberStyle) -> list[Row]:
    cells = zip(sheet.columns[name].cells[:_MAX_ROWS], sheet.columns[total].cells[:_MAX_ROWS], strict=True)
    pairs = ((to_float(tax, style), to_float(total_cell, style)) for tax, total_cell in cells)
    return [{"tax": tax, "total": whole} for tax, whole in pairs if tax and whole]


def _looks_like_tax(rows: list[Row]) -> bool:
    all_integers = all(row["tax"].is_integer() for row in rows)
    tolerance, minimum = (0.51, 20.0) if all_integers else (TOLERANCE, 1.0)
    rows = [row for row in rows if abs(row["tax"]) >= minimum]
    added = sum(is_even_rate(row["tax"], row["total"], tolerance) for row in rows)
    included = sum(is_even_rate(row["tax"], row["total"] - row["tax"], tolerance) for row in rows)
    return len(rows) >= MIN_TAXED_ROWS and max(added, included) >= _MIN_SHARE * len(rows)
