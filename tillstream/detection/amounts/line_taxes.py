"""Find the column of the tax and its kind: amounts or rates, and what a total without a tax column means."""

import numpy as np

from tillstream.detection.amounts.arithmetic import (
    MAX_COMPARED_ROWS,
    TOLERANCE,
    MoneyRow,
    NumberColumns,
    Numbers,
    are_equal,
    to_float,
)
from tillstream.detection.amounts.discounts import DISCOUNT_KINDS
from tillstream.detection.amounts.line_totals import is_discount_header
from tillstream.detection.evidence import LIKELY, NO_COLUMN, TOTAL_OF_LINE, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle

MIN_TAXED_ROWS = 5
"""Minimum number of taxed rows to detect a rate."""
_MIN_EVEN_SHARE, _MIN_NET = 0.9, 2
_MAX_TAXED_ROWS = 1_000
_TOTAL_ROLES = ("amount", "net_amount", "gross_amount")

_TAXED_ROLES = ("amount", "gross_amount", "net_amount", "unit_price")
_MAX_RATE, _MIN_HIGHEST, _MAX_FRACTION = 30.0, 4.0, 0.3
"""In percent: the highest rate, and what a column exceeds that is not one of codes. The last is a fraction."""
_STEPS_OF_A_RATE = 8
"""Rates in percent are multiples of an eighth."""
_MIN_RATE_SHARE, _MIN_SPREAD, _SALES_PER_RATE = 0.9, 1.5, 3


def is_even_rate(tax: float, net: float, tolerance: float = TOLERANCE) -> bool:
    """Whether tax / net is a multiple of 0.5%, up to 30%, within the rounding tolerance."""
    rate = 200 * tax / net if net else 0.0
    return 1 <= rate <= 60 and abs(rate - round(rate)) <= 200 * tolerance / abs(net)


def ask_for_tax(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, unmapped: tuple[str, ...], log: DetectionLog
) -> None:
    """Ask `column.tax` if a column may be the tax. unmapped: numeric columns with unknown names."""
    total_column = next((roles[role] for role in _TOTAL_ROLES if role in roles), "")
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
        if (
            total_column
            and not is_discount_header(name)
            and _looks_like_tax(_taxes_with_totals(sheet, name, total_column, style))
        ):
            evidence = f"{name} is a constant part of {total_column}, like a tax; its name is not known"
            log.add_question("column.tax", words, (name, "-"), evidence, sheet.columns[name].lines[:1])


def ask_for_net_total(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, unmapped: tuple[str, ...], log: DetectionLog
) -> None:
    """Ask `column.net_amount` if a total and another column differ by an even rate, as amounts with and without tax do.

    unmapped: numeric columns with unknown names.
    """
    if "amount" not in roles or {"tax", "tax_rate", "net_amount", "gross_amount"} & set(roles):
        return
    total = roles["amount"]
    for name in unmapped if "column.net_amount" not in log.answers else ():
        pairs = [(row["tax"], row["total"]) for row in _taxes_with_totals(sheet, name, total, style)]
        higher = sum(abs(other) > abs(amount) for other, amount in pairs) > len(pairs) / 2
        pairs = [(max(pair, key=abs), min(pair, key=abs)) for pair in pairs]
        even = sum(is_even_rate(gross - net, net) for gross, net in pairs if abs(net) >= _MIN_NET)
        if len({net for _, net in pairs}) >= MIN_TAXED_ROWS and even >= _MIN_EVEN_SHARE * len(pairs):
            gross_name, net_name = (name, total) if higher else (total, name)
            rates = sorted({f"{100 * (gross / net - 1):.0f}%" for gross, net in pairs if abs(net) >= _MIN_NET})
            evidence = f"{gross_name} is {net_name} plus {' or '.join(rates[:3])}, like a total with tax"
            log.add_question("column.net_amount", TOTAL_OF_LINE, (net_name, gross_name), evidence, default=net_name)
            return


def _taxes_with_totals(sheet: Sheet, name: str, total: str, style: DetectedNumberStyle) -> list[MoneyRow]:
    cells = zip(sheet.columns[name].cells[:_MAX_TAXED_ROWS], sheet.columns[total].cells[:_MAX_TAXED_ROWS], strict=True)
    pairs = ((to_float(tax, style), to_float(total_cell, style)) for tax, total_cell in cells)
    return [{"tax": tax, "total": whole} for tax, whole in pairs if tax and whole]


def _looks_like_tax(rows: list[MoneyRow]) -> bool:
    all_integers = all(row["tax"].is_integer() for row in rows)
    tolerance, minimum = (0.51, 20.0) if all_integers else (TOLERANCE, 1.0)
    rows = [row for row in rows if abs(row["tax"]) >= minimum]
    added = sum(is_even_rate(row["tax"], row["total"], tolerance) for row in rows)
    included = sum(is_even_rate(row["tax"], row["total"] - row["tax"], tolerance) for row in rows)
    return len(rows) >= MIN_TAXED_ROWS and max(added, included) >= _MIN_EVEN_SHARE * len(rows)


def detect_tax_kind(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, log: DetectionLog, *, percent: bool
) -> str:
    """The kind of the tax column: amount, rate or percent; empty without one. Asks `tax`.

    roles: a column of rates gets the role tax_rate instead of tax, in place. percent: its cells contain `%`.
    """
    if "tax" in roles:
        roles.pop("tax_rate", None)
    name = roles.get("tax") or roles.get("tax_rate", "")
    if not name:
        return ""
    columns = NumberColumns(
        sheet, dict.fromkeys(roles[role] for role in (*_TAXED_ROLES, "quantity") if role in roles), style
    )
    values = NumberColumns(sheet, [name], style)[name]
    kind = _kind_of_tax(sheet, roles, columns, values, log, percent=percent)
    roles.pop("tax", None)
    roles.pop("tax_rate", None)
    if kind:
        roles["tax" if kind == "amount" else "tax_rate"] = name
    return kind


def _kind_of_tax(
    sheet: Sheet, roles: dict[str, str], columns: NumberColumns, values: Numbers, log: DetectionLog, *, percent: bool
) -> str:
    answer = log.answer("tax")
    if answer in {*DISCOUNT_KINDS, NO_COLUMN}:
        return "" if answer == NO_COLUMN else str(answer)
    used = values[np.nan_to_num(values) != 0]
    unit = "rate" if len(used) and used.max() <= _MAX_FRACTION and not percent else "percent"
    if "tax_rate" in roles:
        return _named_rate(roles["tax_rate"], unit, log) if len(used) else ""
    proved = _proved_kind(roles, columns, values)
    if proved or not len(used) or not _may_be_tax_rates(used) or _is_part_of_total(roles, columns, values):
        return proved or "amount"
    name, base = roles["tax"], next((roles[role] for role in _TAXED_ROLES if role in roles), "")
    rates = ", ".join(f"{value:g}" for value in np.unique(used))
    evidence = f"{name} contains only {rates}"
    if base:
        money = np.abs(columns[base][np.nan_to_num(values) != 0])
        evidence += f", in rows whose {base} is from {np.nanmin(money):,.2f} to {np.nanmax(money):,.2f}"
    if base and _is_spread(sheet, roles, columns[base], values) and _percentages(used).max() >= _MIN_HIGHEST:
        log.add_finding(
            "tax", unit, f"{evidence}: these are rates, not amounts", LIKELY, _rate_lines(sheet, name, values)
        )
        return unit
    choices = (*DISCOUNT_KINDS, NO_COLUMN)
    words = f"What does {name} contain?"
    log.add_question("tax", words, choices, evidence, _rate_lines(sheet, name, values), default=unit, none="neither")
    return "amount"


def _named_rate(name: str, unit: str, log: DetectionLog) -> str:
    log.add_finding("tax", unit, f"{name} contains rates, by its name or its percent signs", LIKELY)
    return unit


def _proved_kind(roles: dict[str, str], columns: NumberColumns, values: Numbers) -> str:
    """The kind by which the tax is what a gross total adds to a net one."""
    if not {"net_amount", "gross_amount"} <= set(roles):
        return ""
    net, gross = (columns[roles[role]] for role in ("net_amount", "gross_amount"))
    taxes = {"amount": values, "rate": net * values, "percent": net * values / 100}
    used = (np.nan_to_num(values) != 0) & ~np.isnan(net) & ~np.isnan(gross)
    shares = {kind: are_equal(gross, net + tax)[used].mean() if used.any() else 0.0 for kind, tax in taxes.items()}
    return next((kind for kind, share in shares.items() if share >= _MIN_RATE_SHARE), "")


def _percentages(used: Numbers) -> Numbers:
    return used * 100 if used.max() <= _MAX_FRACTION else used


def may_contain_rates(values: Numbers) -> bool:
    """Whether a column has numbers other than 0, and all of them may be rates."""
    used = values[np.nan_to_num(values) != 0]
    return bool(len(used)) and _may_be_tax_rates(used)


def _may_be_tax_rates(used: Numbers) -> bool:
    """Whether all numbers other than 0 may be rates: fractions, or percentages that are multiples of an eighth."""
    percent = _percentages(used)
    eighths = percent * _STEPS_OF_A_RATE
    is_rate = (percent > 0) & (percent <= _MAX_RATE) & (np.abs(eighths - eighths.round()) < 1e-6)
    return bool(is_rate.all())


def _is_part_of_total(roles: dict[str, str], columns: NumberColumns, values: Numbers) -> bool:
    """Whether the numbers are an even part of an amount, added or included, or the same amount for each unit."""
    used = np.nan_to_num(values) != 0
    for role in ("amount", "gross_amount", "net_amount"):
        pairs = zip(values[used], columns[roles[role]][used], strict=True) if role in roles else ()
        even = [is_even_rate(tax, total) or is_even_rate(tax, total - tax) for tax, total in pairs]
        if even and sum(even) > len(even) / 2:
            return True
    quantities = columns[roles["quantity"]][used] if "quantity" in roles else np.ones(0)
    each = values[used] / np.where(quantities == 0, np.nan, quantities) if len(quantities) else quantities
    return bool(len(each) and np.ptp(np.nan_to_num(quantities)) and np.nanmax(each) == np.nanmin(each))


def _is_spread(sheet: Sheet, roles: dict[str, str], base: Numbers, values: Numbers) -> bool:
    """Whether few different numbers are in many sales, each in rows of very different amounts."""
    used = np.flatnonzero((np.nan_to_num(values) != 0) & (np.nan_to_num(base) != 0))
    rates = np.unique(values[used])
    cells = (
        sheet.columns[roles["sale_id"]].cells[:MAX_COMPARED_ROWS] if "sale_id" in roles else tuple(range(len(values)))
    )
    if len({cells[row] for row in used.tolist()}) < _SALES_PER_RATE * len(rates):
        return False
    money = np.abs(base[used])
    groups = [money[values[used] == rate] for rate in rates]
    return sum(len(group) for group in groups if group.max() >= _MIN_SPREAD * group.min()) >= _MIN_RATE_SHARE * len(
        used
    )


def _rate_lines(sheet: Sheet, name: str, values: Numbers) -> tuple[int, ...]:
    rows = np.flatnonzero(np.nan_to_num(values) != 0)[:1]
    return tuple(sheet.columns[name].lines[row] for row in rows.tolist() if sheet.columns[name].lines)
