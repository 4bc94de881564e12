"""Discounts of a whole order that are repeated on each of its lines, beside totals of the lines. Asks
`subtract.HEADER`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tillstream.detection.amounts.reduced_totals import is_discount
from tillstream.detection.arithmetic.number_columns import MAX_ROWS, NumberColumns, Numbers
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.orders.order_totals import is_of_order, sales_with_lines
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle, profile
from tillstream.detection.words.flag_words import reversed_column
from tillstream.detection.words.headers import is_rate_header

_MIN_ORDERS = 2
_NO_DISCOUNT = re.compile(
    r"\b(?:after|before|without|nach|vor|ohne|après|avant|después|antes|dopo|prima|na|voor)\b|"
    r"ship|deliver|freight|postage|versand|liefer|livraison|env[ií]o|spedizion|verzend",
    re.IGNORECASE,
)
"""Words of amounts before or after a discount, and of discounts on shipping."""


def decide(
    sheet: Sheet,
    roles: dict[str, str],
    names: Sequence[str],
    settings: Mapping[str, Any],
    style: NumberStyle,
    log: DetectionLog,
) -> list[str]:
    """The discounts that are subtracted once for each order; the first is added to `roles`, in place, if totals are
    computed and there is no discount.

    names: numeric columns with a value for each line. settings: of the contract's `amounts`.
    """
    total = next((roles[role] for role in ("net_amount", "gross_amount") if role in roles), "")
    if "sale_id" not in roles or not (total or {"quantity", "unit_price"} <= set(roles)):
        return []
    if not total and settings.get("discount", "amount") != "amount":
        return []
    free = [name for name in names if name not in roles.values() and _may_be_discount(name)]
    columns = NumberColumns(sheet, dict.fromkeys((*free, *filter(None, [total]))), style)
    if not free or (total and is_of_order(sheet, roles, np.nan_to_num(columns[total]))):
        return []
    return list(_subtracted(sheet, roles, total, columns, free, log))


def _may_be_discount(name: str) -> bool:
    return is_discount(name) and not reversed_column(name) and not _NO_DISCOUNT.search(name)


def _subtracted(
    sheet: Sheet, roles: dict[str, str], total: str, columns: NumberColumns, names: Sequence[str], log: DetectionLog
) -> Iterator[str]:
    sales = sales_with_lines(sheet.columns[roles["sale_id"]].cells[:MAX_ROWS])
    is_contiguous = all(rows[-1] - rows[0] == len(rows) - 1 for rows in sales)
    for name in names:
        numbers: Numbers = np.nan_to_num(columns[name])
        orders = sum(bool(numbers[rows[0]]) for rows in sales)
        if orders < _MIN_ORDERS or not is_of_order(sheet, roles, numbers):
            continue
        is_rate = is_rate_header(name) or profile(sheet.columns[name]).percent
        key = f"subtract.{name}"
        answer = log.answer(key)
        if answer == "yes" and is_contiguous and not is_rate:
            yield name
        elif answer is None:
            evidence = f"{name} is the same on all lines of each of {orders:,} orders with several lines"
            words = f"Is {name} an amount of the whole order that is subtracted once from the {total or 'lines'} of it?"
            words += " Answer no if it is a percentage, or if it is contained: the revenue is not reduced then."
            if not is_contiguous:
                evidence += "; to subtract it, sort the file by its orders first"
            elif is_rate:
                evidence += ", and a percentage, which cannot be subtracted: the revenue is before it"
            log.add_question(key, words, ("yes", "no") if is_contiguous and not is_rate else ("no",), evidence)
