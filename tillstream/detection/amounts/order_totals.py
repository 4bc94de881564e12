"""Totals and amounts of a whole order that are repeated on each of its lines: count them once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby

import numpy as np

from tillstream.detection.amounts.arithmetic import (
    MAX_COMPARED_ROWS,
    NumberColumns,
    Numbers,
    are_equal,
    compare_columns,
    may_be_rates,
)
from tillstream.detection.amounts.totals_by_content import TOTAL_ROLES, PriceProduct
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle, profile_numbers
from tillstream.detection.words.headers import is_rate_header

_MIN_SALES, _MIN_SHARE = 3, 0.95
"""Sales with several lines that show a total, and the share of them; one is enough for the sum of quantity × price."""

_MIN_ORDERS, _MIN_ORDER_SHARE, _MAX_CHANCE, _MAX_TERMS = 2, 0.95, 0.001, 6
"""Orders with several lines, share of them with one amount, and the largest probability that this is by chance;
number of amounts of an order that are combined."""
_GOODS_ROLES = ("product_id", "product_name", "quantity", "unit_price")


def set_order_totals_aside(
    sheet: Sheet, columns: NumberColumns, roles: dict[str, str], log: DetectionLog
) -> frozenset[str]:
    """Remove the role of each total that is the total of an order, with a finding; return them. Answers are kept."""
    if "sale_id" not in roles:
        return frozenset()
    totals = set()
    sales = sales_with_lines(sheet.columns[roles["sale_id"]].cells[:MAX_COMPARED_ROWS])
    for role in TOTAL_ROLES:
        name = roles.get(role, "")
        if name not in columns or f"column.{role}" in log.answers:
            continue
        for words, lines, least in _line_amounts(columns, roles, name):
            if evidence := _order_total_evidence(name, words, columns[name], lines, sales, least):
                del roles[role]
                totals.add(name)
                log.add_finding("order_total", name, evidence, _MIN_SHARE)
                break
    return frozenset(totals)


def is_same_within_orders(sheet: Sheet, roles: dict[str, str], numbers: Numbers) -> bool:
    """Whether numbers are the same on all lines of each sale, so that they are those of the sale.

    numbers: shape (n,), of the first rows.
    """
    if "sale_id" not in roles:
        return False
    sales = [numbers[rows] for rows in sales_with_lines(sheet.columns[roles["sale_id"]].cells[:MAX_COMPARED_ROWS])]
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
            product = PriceProduct(roles["quantity"], roles["unit_price"], discount)
            amounts.append((str(product), product.values(columns), 1))
    return amounts + [(other, columns[other], _MIN_SALES) for other in columns.names if other != name]


def _order_total_evidence(
    name: str, words: str, total: Numbers, lines: Numbers, sales: list[list[int]], least: int
) -> str:
    """Describe a total that is equal on all lines of a sale, and is their sum; empty if it is not."""
    checked = repeated = summed = 0
    for rows in sales:
        amounts, totals = lines[rows], total[rows]
        if np.isnan(amounts).any() or np.isnan(totals).any() or np.ptp(amounts) == 0 or not totals[0]:
            continue
        checked += 1
        is_repeated = bool(np.ptp(totals) == 0)
        repeated += is_repeated
        summed += is_repeated and bool(are_equal(np.array([totals[0]]), np.array([amounts.sum()]))[0])
    if checked < least or summed < _MIN_SHARE * checked:
        return ""
    return (
        f"{name} is the same on all lines of a sale, and is the sum of {words} over them in {summed:,} of {checked:,} "
        "sales with several lines: it is the total of the order, not of the line"
    )


@dataclass(frozen=True)
class OrderAmounts:
    """sheet: with 0 for amounts that are repeated. names: their headers. within: the header of the order number."""

    sheet: Sheet
    names: tuple[str, ...] = ()
    within: str = ""
    repeated: frozenset[str] = frozenset()
    """Headers of all amounts of orders."""

    def with_names(self, names: Sequence[str], within: str) -> "OrderAmounts":
        """The same with further headers. within: the header of the order number."""
        return replace(self, names=(*self.names, *names), within=within) if names else self

    def settings(self, used: Collection[str]) -> dict[str, object]:
        """Settings of the contract's `file` for the columns that are used."""
        names = [name for name in self.names if name in used]
        return {"once": names, "once_within": self.within} if names else {}

    def restored(self, original: Sheet, used: Collection[str]) -> Sheet:
        """The sheet with the original values of the columns that are not used."""
        unused = {name: original.columns[name] for name in self.names if name not in used}
        return replace(self.sheet, columns=self.sheet.columns | unused)


def detect_order_amounts(
    sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: DetectedNumberStyle, log: DetectionLog
) -> OrderAmounts:
    """Find amounts of orders. A total is removed from `roles`, in place, if quantity × price is that of the line.

    unmapped: numeric columns without a role.
    """
    if "sale_id" not in roles:
        return OrderAmounts(sheet)
    mapped = [roles[role] for role in (*TOTAL_ROLES, "discount", "discount_rate", "tax") if role in roles]
    pair = [roles[role] for role in ("quantity", "unit_price") if role in roles]
    unmapped = [name for name in unmapped if name and profile_numbers(sheet.columns[name]).decimal]
    columns = NumberColumns(sheet, dict.fromkeys((*mapped, *pair, *unmapped)), style)
    totals = set_order_totals_aside(sheet, columns, roles, log)
    orders = _group_orders(sheet, roles)
    counts = {name: _count_repeated(columns[name], orders) for name in (*mapped, *unmapped)}
    repeated = {name: count for name, count in counts.items() if count}
    _set_repeated_totals_aside(columns, roles, repeated, orders, log)
    names = [roles[role] for role in (*TOTAL_ROLES, "tax") if roles.get(role, "") in repeated]
    if roles.get("discount", "") in repeated and _is_discount_amount(sheet, columns, roles, log):
        names.append(roles["discount"])
    of_orders = totals | repeated.keys()
    if not names or not _counts_once(sheet, roles, names[0], repeated[names[0]], orders, log):
        return OrderAmounts(sheet, repeated=of_orders)
    names += [name for name in unmapped if name not in names and _is_of_orders(columns[name], orders)]
    return _with_amounts_once(sheet, tuple(names), roles["sale_id"], of_orders)


def _with_amounts_once(sheet: Sheet, names: tuple[str, ...], within: str, of_orders: frozenset[str]) -> OrderAmounts:
    cells = sheet.columns[within].cells
    zeroed = {name: _counted_once(sheet.columns[name], cells) for name in names}
    return OrderAmounts(replace(sheet, columns=sheet.columns | zeroed), names, within, of_orders)


def _counts_once(
    sheet: Sheet, roles: Mapping[str, str], name: str, count: int, orders: "_Orders", log: DetectionLog
) -> bool:
    """Whether an amount that is repeated on the lines of `count` orders counts once; asks unless it is the tax."""
    if name != roles.get("tax"):
        return _ask_to_count_once(sheet, name, count, orders, log)
    evidence = f"{name} is the same on all lines of each of {count:,} orders with several lines"
    log.add_finding("once", name, f"{evidence}: it is the tax of the order, and counts once", LIKELY)
    return True


@dataclass(frozen=True)
class _Orders:
    several: list[list[int]]
    """Row indices of each order whose lines differ in their goods."""
    firsts: list[int]
    """The first row of each order."""
    is_contiguous: bool
    """Whether the lines of each order follow each other."""


def _group_orders(sheet: Sheet, roles: Mapping[str, str]) -> _Orders:
    cells = sheet.columns[roles["sale_id"]].cells[:MAX_COMPARED_ROWS]
    goods = [sheet.columns[roles[role]].cells for role in _GOODS_ROLES if role in roles]
    lines = list(zip(*(goods or [column.cells for column in sheet.columns.values()]), strict=True))
    sales = sales_with_lines(cells)
    several = [rows for rows in sales if len({lines[row] for row in rows}) == len(rows)]
    firsts = list({cell: row for row, cell in reversed(list(enumerate(cells))) if cell}.values())
    return _Orders(several, firsts, all(rows[-1] - rows[0] == len(rows) - 1 for rows in sales))


def _count_repeated(values: Numbers, orders: _Orders) -> int:
    """The number of orders with several lines that have one amount on all of them; 0 if that may be by chance."""
    values = np.nan_to_num(values)
    same = [rows for rows in orders.several if np.ptp(values[rows]) == 0]
    used = sum(bool(values[rows].any()) for rows in orders.several)
    repeated = sum(bool(values[rows[0]]) for rows in same)
    if repeated < max(_MIN_ORDERS, _MIN_ORDER_SHARE * used):
        return 0
    shares = np.unique(values[orders.firsts], return_counts=True)[1] / len(orders.firsts)
    chance = float((shares**2).sum()) ** sum(len(rows) - 1 for rows in same)
    return repeated if chance < _MAX_CHANCE else 0


def _is_of_orders(values: Numbers, orders: _Orders) -> bool:
    """Whether each order has one amount on all of its lines, which may be the same in all orders."""
    return all(np.ptp(np.nan_to_num(values[rows])) == 0 for rows in orders.several)


def _set_repeated_totals_aside(
    columns: NumberColumns, roles: dict[str, str], repeated: Mapping[str, int], orders: _Orders, log: DetectionLog
) -> None:
    """Remove the role of totals of orders if other columns have the amount of each line."""
    for role in TOTAL_ROLES:
        name = roles.get(role, "")
        if name not in repeated or f"column.{role}" in log.answers or f"once.{name}" in log.answers:
            continue
        proof, line = _price_evidence(columns, roles, orders), ""
        if not proof:
            proof, line = _sum_evidence(columns, name, repeated, orders)
        if proof:
            del roles[role]
            evidence = (
                f"{name} is the same on all lines of each of {repeated[name]:,} orders with several lines, and "
                f"{proof}: it is the total of the order, not of the line"
            )
            log.add_finding("order_total", name, evidence, LIKELY)
            if line and not set(TOTAL_ROLES) & set(roles):
                roles["amount"] = line


def _price_evidence(columns: NumberColumns, roles: Mapping[str, str], orders: _Orders) -> str:
    """The evidence that quantity × price differs between the lines of orders; empty if not."""
    if not all(roles.get(role, "") in columns for role in ("quantity", "unit_price")):
        return ""
    product = PriceProduct(roles["quantity"], roles["unit_price"])
    values = product.values(columns)
    differing = sum(bool(np.ptp(values[rows]) > 0) for rows in orders.several)
    return f"{product} differs" if differing >= _MIN_ORDERS else ""


def _sum_evidence(columns: NumberColumns, total: str, repeated: Mapping[str, int], orders: _Orders) -> tuple[str, str]:
    """The evidence that a total is the sum of the lines, with one or two amounts of the order, and the column of the
    lines; empty if not."""
    of_order = [name for name in columns.names if name in repeated and name != total]
    extras = [terms for count in (1, 2) for terms in combinations(of_order[:_MAX_TERMS], count)]
    firsts = [rows[0] for rows in orders.several]
    for name in columns.names:
        values = columns[name]
        sums = np.array([values[rows].sum() for rows in orders.several])
        if name in repeated or not any(np.ptp(values[rows]) > 0 for rows in orders.several):
            continue
        for terms in extras:
            added = sum(np.nan_to_num(columns[term][firsts]) for term in terms)
            if are_equal(columns[total][firsts], sums + added).mean() >= _MIN_ORDER_SHARE:
                return f"is the sum of {name} over them plus {' and '.join(terms)}", name
    return "", ""


def _is_discount_amount(sheet: Sheet, columns: NumberColumns, roles: Mapping[str, str], log: DetectionLog) -> bool:
    """Whether the discount is an amount, and no total of a line contains it."""
    name = roles["discount"]
    numbers = np.abs(np.nan_to_num(columns[name]))
    if is_rate_header(name) or profile_numbers(sheet.columns[name]).percent:
        return False
    if log.answers.get("discount") != "amount" and may_be_rates([number for number in numbers.tolist() if number]):
        return False
    total = next((roles[role] for role in TOTAL_ROLES if roles.get(role, "") in columns), "")
    if not total or not all(roles.get(role, "") in columns for role in ("quantity", "unit_price")):
        return True
    full = PriceProduct(roles["quantity"], roles["unit_price"])
    less = replace(full, discount=name)
    proof = compare_columns(columns[total], less.values(columns), full.values(columns))
    return not proof.is_at_least(_MIN_ORDER_SHARE)


def _ask_to_count_once(sheet: Sheet, name: str, count: int, orders: _Orders, log: DetectionLog) -> bool:
    """Whether an amount counts once for an order; False while that is not answered."""
    key = f"once.{name}"
    answer = log.answer(key)
    evidence = f"{name} is the same on all lines of each of {count:,} orders with several lines"
    if answer == "no" or (answer == "yes" and orders.is_contiguous):
        return answer == "yes"
    if not orders.is_contiguous:
        evidence += (
            "; to count it once, sort the file by its orders first, as the lines of some do not follow each other"
        )
    rows = next(rows for rows in orders.several if sheet.columns[name].cells[rows[0]])
    lines = tuple(filter(None, (sheet.columns[name].lines[row] for row in rows)))
    words = (
        f"Is {name} the amount of the whole order, so that it counts once and not for each line? It is counted on the "
        "first line of the order then."
    )
    log.add_question(key, words, ("yes", "no") if orders.is_contiguous else ("no",), evidence, lines)
    return False


def _counted_once(column: SampleColumn, orders: Sequence[str]) -> SampleColumn:
    """The column with 0 for each amount that repeats that of the row above, of the same order."""
    cells = [column.cells[0]]
    for row in range(1, len(column.cells)):
        is_repeated = orders[row] and orders[row] == orders[row - 1] and column.cells[row] == column.cells[row - 1]
        cells.append("0" if is_repeated and column.cells[row] else column.cells[row])
    return SampleColumn(column.name, tuple(cells), column.lines)
