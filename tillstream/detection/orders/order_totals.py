"""Recognise totals of a whole order that are repeated on each of its lines."""

from itertools import groupby

import numpy as np

from tillstream.detection.arithmetic.number_columns import MAX_ROWS, NumberColumns, Numbers, is_equal
from tillstream.detection.arithmetic.totals_by_content import TOTALS, Product
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet

_MIN_SALES, _MIN_SHARE = 3, 0.95
"""Sales with several lines that show a total, and the share of them; one is enough for the sum of quantity × price."""


def set_aside(sheet: Sheet, columns: NumberColumns, roles: dict[str, str], log: DetectionLog) -> frozenset[str]:
    """Remove the role of each total that is the total of an order, with a finding; return them. Answers are kept."""
    if "sale_id" not in roles:
        return frozenset()
    totals = set()
    sales = sales_with_lines(sheet.columns[roles["sale_id"]].cells[:MAX_ROWS])
    for role in TOTALS:
        name = roles.get(role, "")
        if name not in columns or f"column.{role}" in log.answers:
            continue
        for words, lines, least in _line_amounts(columns, roles, name):
            if evidence := _evidence(name, words, columns[name], lines, sales, least):
                del roles[role]
                totals.add(name)
                log.add_finding("order_total", name, evidence, _MIN_SHARE)
                break
    return frozenset(totals)


def is_of_order(sheet: Sheet, roles: dict[str, str], numbers: Numbers) -> bool:
    """Whether numbers are the same on all lines of each sale, so that they are those of the sale.

    numbers: shape (n,), of the first rows.
    """
    if "sale_id" not in roles:
        return False
    sales = [numbers[rows] for rows in sales_with_lines(sheet.columns[roles["sale_id"]].cells[:MAX_ROWS])]
    used = [values for values in sales if values.any()]
    return bool(used) and all(np.ptp(values) == 0 for values in used)


def sales_with_lines(cells: tuple[str, ...]) -> list[list[int]]:
    """Row indices of each sale with several lines."""
    ordered = sorted(range(len(cells)), key=lambda row: cells[row])
    groups = (list(rows) for _, rows in groupby(ordered, key=lambda row: cells[row]))
    return [rows for rows in groups if len(rows) > 1 and cells[rows[0]]]


def _line_amounts(columns: NumberColumns, roles: dict[str, str], name: str) -> list[tuple[str, Numbers, int]]:
    """What the lines of an order may add up to, and the number of orders that show it."""
    amounts = []
    if {"quantity", "unit_price"} <= set(roles) and roles["quantity"] in columns and roles["unit_price"] in columns:
        discounts = [roles[role] for role in ("discount",) if roles.get(role, "") in columns]
        for discount in (*discounts, ""):
            product = Product(roles["quantity"], roles["unit_price"], discount)
            amounts.append((str(product), product.values(columns), 1))
    return amounts + [(other, columns[other], _MIN_SALES) for other in columns.names if other != name]


def _evidence(name: str, words: str, total: Numbers, lines: Numbers, sales: list[list[int]], least: int) -> str:
    """Describe a total that is equal on all lines of a sale, and is their sum; empty if it is not."""
    checked = repeated = summed = 0
    for rows in sales:
        amounts, totals = lines[rows], total[rows]
        if np.isnan(amounts).any() or np.isnan(totals).any() or np.ptp(amounts) == 0 or not totals[0]:
            continue
        checked += 1
        is_repeated = bool(np.ptp(totals) == 0)
        repeated += is_repeated
        summed += is_repeated and bool(is_equal(np.array([totals[0]]), np.array([amounts.sum()]))[0])
    if checked < least or summed < _MIN_SHARE * checked:
        return ""
    return (
        f"{name} is the same on all lines of a sale, and is the sum of {words} over them in {summed:,} of {checked:,} "
        "sales with several lines: it is the total of the order, not of the line"
    )
