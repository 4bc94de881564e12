"""Determine whether a tax column contains amounts, or the rate of each row."""

import numpy as np

from tillstream.detection.amounts.discounts import KINDS
from tillstream.detection.amounts.taxes import is_even_rate
from tillstream.detection.arithmetic.number_columns import MAX_ROWS, NumberColumns, Numbers, is_equal
from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

_MONEY = ("amount", "gross_amount", "net_amount", "unit_price")
_MAX_RATE, _MIN_HIGHEST, _MAX_FRACTION = 30.0, 4.0, 0.3
"""In percent: the highest rate, and what a column exceeds that is not one of codes. The last is a fraction."""
_EIGHTHS = 8
"""Rates in percent are multiples of an eighth."""
_SHARE, _SPREAD, _SALES_PER_RATE = 0.9, 1.5, 3


def decide(sheet: Sheet, roles: dict[str, str], style: NumberStyle, log: DetectionLog, *, percent: bool) -> str:
    """The kind of the tax column: amount, rate or percent; empty without one. Asks `tax`.

    roles: a column of rates gets the role tax_rate instead of tax, in place. percent: its cells contain `%`.
    """
    if "tax" in roles:
        roles.pop("tax_rate", None)
    name = roles.get("tax") or roles.get("tax_rate", "")
    if not name:
        return ""
    columns = NumberColumns(sheet, dict.fromkeys(roles[role] for role in (*_MONEY, "quantity") if role in roles), style)
    values = NumberColumns(sheet, [name], style)[name]
    kind = _kind(sheet, roles, columns, values, log, percent=percent)
    roles.pop("tax", None)
    roles.pop("tax_rate", None)
    if kind:
        roles["tax" if kind == "amount" else "tax_rate"] = name
    return kind


def _kind(
    sheet: Sheet, roles: dict[str, str], columns: NumberColumns, values: Numbers, log: DetectionLog, *, percent: bool
) -> str:
    answer = log.answer("tax")
    if answer in {*KINDS, NO_COLUMN}:
        return "" if answer == NO_COLUMN else str(answer)
    used = values[np.nan_to_num(values) != 0]
    unit = "rate" if len(used) and used.max() <= _MAX_FRACTION and not percent else "percent"
    if "tax_rate" in roles:
        return _named_rate(roles["tax_rate"], unit, log) if len(used) else ""
    proved = _proved(roles, columns, values)
    if proved or not len(used) or not _may_be_rates(used) or _is_part(roles, columns, values):
        return proved or "amount"
    name, base = roles["tax"], next((roles[role] for role in _MONEY if role in roles), "")
    rates = ", ".join(f"{value:g}" for value in np.unique(used))
    evidence = f"{name} contains only {rates}"
    if base:
        money = np.abs(columns[base][np.nan_to_num(values) != 0])
        evidence += f", in rows whose {base} is from {np.nanmin(money):,.2f} to {np.nanmax(money):,.2f}"
    if base and _is_spread(sheet, roles, columns[base], values) and _percentages(used).max() >= _MIN_HIGHEST:
        log.add_finding("tax", unit, f"{evidence}: these are rates, not amounts", LIKELY, _lines(sheet, name, values))
        return unit
    choices = (*KINDS, NO_COLUMN)
    words = f"What does {name} contain?"
    log.add_question("tax", words, choices, evidence, _lines(sheet, name, values), default=unit, none="neither")
    return "amount"


def _named_rate(name: str, unit: str, log: DetectionLog) -> str:
    log.add_finding("tax", unit, f"{name} contains rates, by its name or its percent signs", LIKELY)
    return unit


def _proved(roles: dict[str, str], columns: NumberColumns, values: Numbers) -> str:
    """The kind by which the tax is what a gross total adds to a net one."""
    if not {"net_amount", "gross_amount"} <= set(roles):
        return ""
    net, gross = (columns[roles[role]] for role in ("net_amount", "gross_amount"))
    taxes = {"amount": values, "rate": net * values, "percent": net * values / 100}
    used = (np.nan_to_num(values) != 0) & ~np.isnan(net) & ~np.isnan(gross)
    shares = {kind: is_equal(gross, net + tax)[used].mean() if used.any() else 0.0 for kind, tax in taxes.items()}
    return next((kind for kind, share in shares.items() if share >= _SHARE), "")


def _percentages(used: Numbers) -> Numbers:
    return used * 100 if used.max() <= _MAX_FRACTION else used


def may_contain_rates(values: Numbers) -> bool:
    """Whether a column has numbers other than 0, and all of them may be rates."""
    used = values[np.nan_to_num(values) != 0]
    return bool(len(used)) and _may_be_rates(used)


def _may_be_rates(used: Numbers) -> bool:
    """Whether all numbers other than 0 may be rates: fractions, or percentages that are multiples of an eighth."""
    percent = _percentages(used)
    eighths = percent * _EIGHTHS
    is_rate = (percent > 0) & (percent <= _MAX_RATE) & (np.abs(eighths - eighths.round()) < 1e-6)
    return bool(is_rate.all())


def _is_part(roles: dict[str, str], columns: NumberColumns, values: Numbers) -> bool:
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
    cells = sheet.columns[roles["sale_id"]].cells[:MAX_ROWS] if "sale_id" in roles else tuple(range(len(values)))
    if len({cells[row] for row in used.tolist()}) < _SALES_PER_RATE * len(rates):
        return False
    money = np.abs(base[used])
    groups = [money[values[used] == rate] for rate in rates]
    return sum(len(group) for group in groups if group.max() >= _SPREAD * group.min()) >= _SHARE * len(used)


def _lines(sheet: Sheet, name: str, values: Numbers) -> tuple[int, ...]:
    rows = np.flatnonzero(np.nan_to_num(values) != 0)[:1]
    return tuple(sheet.columns[name].lines[row] for row in rows.tolist() if sheet.columns[name].lines)
