"""Determine by the totals of whole orders whether the prices of their lines include the tax."""

from collections.abc import Iterable, Iterator
from itertools import combinations, product

import numpy as np

from tillstream.detection.arithmetic.number_columns import MAX_ROWS, NumberColumns, Numbers, is_equal
from tillstream.detection.arithmetic.totals_by_content import TOTALS
from tillstream.detection.evidence import DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle, profile
from tillstream.detection.words.headers import match_header

_MIN_ORDERS, _MOST, _NUMERIC = 3, 0.95, 0.9
_MAX_COLUMNS, _MAX_TERMS = 8, 2
_STEP = 0.005
"""Rates are multiples of this fraction."""


def decide(sheet: Sheet, roles: dict[str, str], style: NumberStyle, log: DetectionLog) -> str:
    """Name of a tax of orders that no sum explains; empty if there is none, or if a sum does.

    The answers to `prices` and `tax_rate` are assumed if the totals of the orders prove them.
    """
    if {"tax", "tax_rate", *TOTALS} & set(roles) or not {"quantity", "unit_price", "sale_id"} <= set(roles):
        return ""
    unmapped = {name: column for name, column in sheet.columns.items() if name not in roles.values() and column.filled}
    taxes = [name for name in unmapped if _means(name, "tax")]
    for name in taxes:
        numeric = [other for other in unmapped if other not in taxes and profile(unmapped[other]).share > _NUMERIC]
        lines = [roles[role] for role in ("quantity", "unit_price", "discount") if role in roles]
        columns = NumberColumns(sheet, dict.fromkeys((name, *numeric, *lines)), style)
        orders = np.flatnonzero(np.nan_to_num(columns[name]) != 0)
        if len(orders) >= _MIN_ORDERS:
            return _explain(sheet, roles, columns, name, numeric, orders, log)
    return ""


def _means(name: str, *roles: str) -> bool:
    return any(match.role in roles for match in match_header(name))


def _explain(
    sheet: Sheet,
    roles: dict[str, str],
    columns: NumberColumns,
    tax: str,
    numeric: list[str],
    orders: np.ndarray[tuple[int], np.dtype[np.intp]],
    log: DetectionLog,
) -> str:
    """The name of the tax if no sum shows whether it is part of the prices."""
    values = {name: columns[name][orders] for name in numeric if not np.isnan(columns[name][orders]).all()}
    lines = f"{roles['quantity']} × {roles['unit_price']}"
    starts = {lines: _sum_of_lines(sheet, roles, columns)[orders]}
    starts |= {name: numbers for name, numbers in values.items() if _means(name, "net_amount")}
    totals = {name: numbers for name, numbers in values.items() if _means(name, "amount", "gross_amount")}
    amounts = columns[tax][orders]
    others = [
        name
        for name, numbers in values.items()
        if name not in starts and name not in totals and not is_equal(np.nan_to_num(numbers), amounts).all()
    ][:_MAX_COLUMNS]
    for added in (True, False):
        for (total, gross), (start, base) in product(totals.items(), starts.items()):
            for words, rest in _terms(others, values):
                share = is_equal(gross, base + rest + (amounts if added else 0)).mean()
                if share >= _MOST:
                    evidence = f"{total} is {start}{words}{f' + {tax}' if added else ''} in {percentage(share)} of the "
                    evidence += f"{len(orders):,} orders with a tax"
                    _assume(added, f"{evidence}, so the prices {'do not ' if added else ''}include it", log)
                    if not added:
                        _assume_rate(tax, amounts, _bases(gross, base, others, values), log)
                    return ""
    return tax


def _assume(added: bool, evidence: str, log: DetectionLog) -> None:  # noqa: FBT001 - a private step
    log.assume({"prices": "net" if added else "gross"}, evidence)


def _sum_of_lines(sheet: Sheet, roles: dict[str, str], columns: NumberColumns) -> Numbers:
    """Quantity × price less discount of all lines of the order, for each of its rows."""
    full = np.nan_to_num(columns[roles["quantity"]] * columns[roles["unit_price"]])
    amounts = full - columns.or_zero(roles.get("discount", ""))
    sale_ids = sheet.columns[roles["sale_id"]].cells[:MAX_ROWS]
    _, sales = np.unique(np.array(sale_ids), return_inverse=True)
    sums: Numbers = np.bincount(sales, weights=amounts).astype(np.float64)[sales]
    return sums


def _terms(names: list[str], values: dict[str, Numbers]) -> Iterator[tuple[str, Numbers | float]]:
    """What is added to the lines or subtracted, such as shipping and a discount, with its words."""
    for count in range(_MAX_TERMS + 1):
        for terms in combinations(names, count):
            for signs in product((1, -1), repeat=count):
                pairs = [*zip(terms, signs, strict=True)]
                words = "".join(f" {'+' if sign > 0 else '−'} {name}" for name, sign in pairs)
                yield words, sum(sign * np.nan_to_num(values[name]) for name, sign in pairs)


def _bases(total: Numbers, lines: Numbers, others: list[str], values: dict[str, Numbers]) -> Iterator[Numbers]:
    """Sums that may include the tax: the total and the lines, also without one of the other amounts."""
    for gross in (total, lines):
        yield gross
        yield from (gross - np.nan_to_num(values[name]) for name in others)


def _assume_rate(tax: str, amounts: Numbers, bases: Iterable[Numbers], log: DetectionLog) -> None:
    """Assume the rate that the tax has in nearly all orders, of one of their sums."""
    for gross in bases:
        net = gross - amounts
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = np.round(amounts / net / _STEP) * _STEP
        values, counts = np.unique(rates[np.isfinite(rates)], return_counts=True)
        if not len(values) or not 0 < (rate := float(values[counts.argmax()])) < 1:
            continue
        share = (np.abs(amounts - net * rate) <= np.maximum(0.011, 0.0006 * np.abs(net))).mean()
        if share >= _MOST:
            evidence = (
                f"{tax} is {100 * rate:g}% of an order before tax in {percentage(share)} of the orders with a tax"
            )
            log.assume({"tax_rate": f"{rate:.3f}".rstrip("0")}, evidence)
            return
