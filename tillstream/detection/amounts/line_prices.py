"""Ask whether a price is the amount of the whole line, if a sum or the prices of the same product show it."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from tillstream.detection.amounts.reduced_totals import is_fee
from tillstream.detection.arithmetic.number_columns import NumberColumns, Numbers, is_equal
from tillstream.detection.evidence import NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

_MIN_ROWS, _MOST = 3, 0.95
_MIN_PRODUCTS, _MOST_PRODUCTS = 3, 0.8
_MAX_COLUMNS = 14
_ROUNDING = 0.0051
"""How much the price of a unit may differ because the price of the line is rounded."""


def ask(sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: NumberStyle, log: DetectionLog) -> bool:
    """Ask `column.net_amount` if the price of a row of several units is that of all of them.

    roles: with a quantity and a price, and without a total. unmapped: numeric columns without a role. Returns whether
    it is asked.
    """
    price = roles["unit_price"]
    taxes = [roles["tax"]] if "tax" in roles else []
    names = dict.fromkeys((roles["quantity"], price, *taxes, *unmapped[:_MAX_COLUMNS]))
    columns = NumberColumns(sheet, names, style)
    evidence = _in_sum(columns, roles, [*taxes, *unmapped[:_MAX_COLUMNS]]) or _of_products(sheet, columns, roles)
    if evidence:
        words = f"Is {price} the amount of the whole line, and not that of one unit?"
        choices = (price, NO_COLUMN)
        log.add_question("column.net_amount", words, choices, evidence, default=price, none="the price of a unit")
    return bool(evidence)


def _in_sum(columns: NumberColumns, roles: dict[str, str], others: Sequence[str]) -> str:
    """The evidence that the price, less fees or plus charges, is another column also in rows of several units."""
    price = roles["unit_price"]
    several = np.nan_to_num(columns[roles["quantity"]]) > 1
    for rest in (name for name in others if not is_fee(name)):
        for terms, amount, words in _terms(columns, [name for name in others if name != rest]):
            used = several & (amount != 0)
            if used.sum() >= _MIN_ROWS and is_equal(columns[rest], columns[price] + amount)[used].mean() >= _MOST:
                rows = f"{int(used.sum()):,} rows of several units"
                return f"{rest} is {price} {words} {' and '.join(terms)}, also in {rows}"
    return ""


def _terms(columns: NumberColumns, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], Numbers, str]]:
    """One or two fees and their amount without a plus sign, or other columns and their sum."""
    fees = [name for name in names if is_fee(name)]
    for count in (1, 2):
        for terms in combinations(fees, count):
            yield terms, -columns.sum_of(terms, of_sizes=True), "less"
        for terms in combinations([name for name in names if name not in fees], count):
            yield terms, columns.sum_of(terms), "plus"


def _of_products(sheet: Sheet, columns: NumberColumns, roles: dict[str, str]) -> str:
    """The evidence that the prices of most products grow with their quantity."""
    product = next((roles[role] for role in ("product_id", "product_name") if role in roles), "")
    if not product:
        return ""
    quantities, prices = np.abs(columns[roles["quantity"]]), np.abs(columns[roles["unit_price"]])
    cells = np.array(sheet.columns[product].cells[: len(prices)])
    used = (cells != "") & (np.nan_to_num(quantities) > 0) & (np.nan_to_num(prices) > 0)
    growing, other = [], 0
    for name in np.unique(cells[used]):
        rows = used & (cells == name)
        several, amounts = quantities[rows], prices[rows]
        if len(np.unique(several)) < 2:
            continue
        if (np.abs(amounts - several * (amounts / several).min()) <= _ROUNDING * several).all():
            growing.append(str(name))
        else:
            other += 1
    if len(growing) < _MIN_PRODUCTS or len(growing) < _MOST_PRODUCTS * (len(growing) + other):
        return ""
    counted = f"{len(growing):,} of {len(growing) + other:,} products with several quantities, such as {growing[0]}"
    return f"{roles['unit_price']} grows with {roles['quantity']} for {counted}"
