"""Discounts and refunds of a whole order that only its first line has. Asks `subtract.HEADER`."""

from collections.abc import Collection, Iterator

import numpy as np
import numpy.typing as npt

from tillstream.detection.arithmetic.number_columns import MAX_ROWS, NumberColumns, Numbers, is_equal
from tillstream.detection.evidence import DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.flag_words import reversed_column
from tillstream.detection.words.headers import is_rate_header, match_header

_MOST = 0.95
Terms = dict[str, dict[str, list[str]]]
"""`add` or `subtract` → role → headers."""


def decide(
    sheet: Sheet, roles: dict[str, str], order_columns: Collection[str], style: NumberStyle, log: DetectionLog
) -> Terms:
    """Settings `add` and `subtract` of the contract's `amounts`.

    roles: the discount is added, in place, if totals are computed and there is none.
    order_columns: numeric columns that only the first line of an order has.
    """
    total = next((role for role in ("net_amount", "gross_amount") if role in roles), "")
    mapped = [roles[role] for role in (total, "quantity", "unit_price", "discount") if role in roles]
    columns = NumberColumns(sheet, dict.fromkeys((*mapped, *order_columns)), style)
    is_priced = all(roles.get(role, "") in columns for role in ("quantity", "unit_price"))
    if "sale_id" not in roles or not (total or is_priced):
        return {}
    lines = columns[roles[total]] if total else columns[roles["quantity"]] * columns[roles["unit_price"]]
    if not total:
        lines = lines - columns.or_zero(roles.get("discount", ""))
    cells = np.array(sheet.columns[roles["sale_id"]].cells[:MAX_ROWS])
    orders = np.unique(cells, return_inverse=True)[1]
    sums = {name: _by_order(columns[name], orders) for name in order_columns}
    terms: Terms = {}
    for name in _subtracted(sums, _by_order(lines, orders), log):
        is_positive = bool(sums[name].sum() >= 0)
        if not total and "discount" not in roles and is_positive:
            roles["discount"] = name
            continue
        part = "subtract" if bool(total) == is_positive else "add"
        terms.setdefault(part, {}).setdefault(total or "discount", []).append(name)
    return terms


def _by_order(numbers: Numbers, orders: npt.NDArray[np.int64]) -> Numbers:
    """The sums of each order. orders: the number of the order of each row, from 0."""
    return np.bincount(orders, np.nan_to_num(numbers)).astype(np.float64)


def _subtracted(sums: dict[str, Numbers], lines: Numbers, log: DetectionLog) -> Iterator[str]:
    """The amounts that are subtracted. sums: of the columns; lines: of the lines; both shape (orders,)."""
    for name, amounts in sums.items():
        is_discount = any(match.role == "discount" for match in match_header(name)) and not is_rate_header(name)
        used = amounts != 0
        if not used.any() or not (is_discount or reversed_column(name)):
            continue
        others = {other: values for other, values in sums.items() if other != name}
        if is_discount and (proof := _proof(name, np.abs(amounts)[used], lines[used], others, used)):
            evidence, is_subtracted = proof
            log.add_finding("discount.order", name, evidence, _MOST)
            if is_subtracted:
                yield name
            continue
        key = f"subtract.{name}"
        answer = log.answer(key)
        if answer == "yes":
            yield name
        elif answer is None:
            evidence = f"only the first line of an order has it, and it is not 0 in {int(used.sum()):,} orders"
            words = f"Is {name} subtracted from the lines of its order, so that the revenue is after it?"
            log.add_question(key, words, ("yes", "no"), evidence)


def _proof(
    name: str, less: Numbers, lines: Numbers, others: dict[str, Numbers], used: npt.NDArray[np.bool_]
) -> tuple[str, bool] | None:
    """Whether a total of the order is after its discount, with the evidence; None if none shows it."""
    for other, values in others.items():
        for words, expected, is_subtracted in (
            (f"the lines of the order less {name}", lines - less, True),
            (f"the lines of the order, which are after {name}", lines, False),
        ):
            share = float(is_equal(values[used], expected).mean())
            if share >= _MOST:
                return f"{other} is {words} in {percentage(share)} of {len(less):,} orders with it", is_subtracted
    return None
