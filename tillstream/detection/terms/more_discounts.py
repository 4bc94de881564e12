"""Ask about discounts beside the one that is used, such as Promo Discount beside Discount. Asks `subtract.HEADER`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tillstream.detection.amounts.reduced_totals import is_discount
from tillstream.detection.arithmetic.number_columns import NumberColumns, Numbers, is_equal
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.orders.order_totals import is_of_order
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle, profile
from tillstream.detection.words.headers import is_rate_header, match_header

_MOST = 0.95
_NO_DISCOUNT = re.compile(
    r"after|before|without|less|excl|incl|price|total|net\b|tax|vat|\bcode|type|name|reason|\bids?\b|\bcount|qty|nach|vor\b|"
    r"ohne|preis|prix|après|avant|precio|prezzo|preço|prijs|per unit|each|unit|ship|deliver|freight|versand|liefer",
    re.IGNORECASE,
)
"""Words of columns that are prices or totals after a discount, or describe it, and of discounts on shipping."""
_PERCENT = "a percentage cannot be subtracted beside another discount: export it as an amount"


def decide(
    sheet: Sheet,
    roles: Mapping[str, str],
    names: Sequence[str],
    settings: Mapping[str, Any],
    style: NumberStyle,
    log: DetectionLog,
) -> dict[str, dict[str, list[str]]]:
    """Terms `add` or `subtract` of the contract's `amounts`, for discounts that a person chose to subtract.

    names: numeric columns without a role. settings: of `amounts` so far.
    """
    total = next((role for role in ("net_amount", "gross_amount") if role in roles), "")
    computed = {"quantity", "unit_price"} <= set(roles)
    if "discount" not in roles or roles["discount"] not in sheet.columns or not (total or computed):
        return {}
    target = total if total and not settings.get("less_discount") else "discount"
    part = "add" if target == "discount" else "subtract"
    mapped = [roles[role] for role in ("quantity", "unit_price", "discount", "tax", total) if role in roles]
    terms: dict[str, dict[str, list[str]]] = {}
    columns = NumberColumns(sheet, dict.fromkeys((*mapped, *names)), style)
    for name in _others(columns, roles, names, total, settings):
        key = f"subtract.{name}"
        if any(question.key == key for question in log.questions) or is_of_order(
            sheet, dict(roles), np.nan_to_num(columns[name])
        ):
            continue
        obstacle = _obstacle(sheet, roles, columns, name, target, settings)
        answer = log.answer(key)
        if answer == "yes" and not obstacle:
            terms.setdefault(part, {}).setdefault(target, []).append(name)
            if target != "discount" and computed and settings.get("discount", "amount") == "amount":
                terms.setdefault("add", {}).setdefault("discount", []).append(name)  # the line total stays right
        elif answer is None:
            rows = int((np.nan_to_num(columns[name]) != 0).sum())
            words = f"Is {name} subtracted, too, besides {roles['discount']}?"
            evidence = f"{name} is not 0 in {rows:,} rows, and no sum shows whether it is contained"
            if obstacle:
                evidence += f"; {obstacle}"
            log.add_question(key, words, ("no",) if obstacle else ("yes", "no"), evidence)
    return terms


def _obstacle(
    sheet: Sheet,
    roles: Mapping[str, str],
    columns: NumberColumns,
    name: str,
    target: str,
    settings: Mapping[str, Any],
) -> str:
    """Why a discount cannot be subtracted; empty if it can be."""
    is_added_to_rate = target == "discount" and settings.get("discount", "amount") != "amount"
    if is_added_to_rate or is_rate_header(name) or profile(sheet.columns[name]).percent:
        return _PERCENT
    if {"net_amount", "gross_amount"} <= set(roles):
        return "it would be subtracted from one of two totals: export totals that are less all discounts"
    signs = {sign for used in _used(columns, name, roles["discount"]) for sign in np.sign(used).tolist()}
    if len(signs) > 1 or (signs == {-1.0} and target != "discount"):
        return f"its signs do not fit: export it and {roles['discount']} without minus signs"
    return ""


def _used(columns: NumberColumns, *names: str) -> Iterator[Numbers]:
    """Of each column, the numbers that are not 0."""
    for name in names:
        values = np.nan_to_num(columns[name])
        yield values[values != 0]


def _others(
    columns: NumberColumns,
    roles: Mapping[str, str],
    names: Sequence[str],
    total: str,
    settings: Mapping[str, Any],
) -> Iterator[str]:
    """Further discounts that are used, and that no sum shows to be contained in the discount or in the total."""
    used = {name for part in ("add", "subtract") for terms in settings.get(part, {}).values() for name in terms}
    for name in names:
        if name in used or name not in columns or not _is_discount(name):
            continue
        values = np.abs(np.nan_to_num(columns[name]))
        if values.any() and not _is_contained(columns, roles, total, values):
            yield name


def _is_discount(name: str) -> bool:
    is_named = any(match.role == "discount" for match in match_header(name))
    return is_named or (is_discount(name) and not _NO_DISCOUNT.search(name))


def _is_contained(columns: NumberColumns, roles: Mapping[str, str], total: str, values: Numbers) -> bool:
    """Whether the discount in use is the other one in another form, or the total is already less by both."""
    rows = values != 0
    discount = np.abs(columns.or_zero(roles["discount"]))
    quantity, price = (np.abs(columns.or_zero(roles.get(role, ""))) for role in ("quantity", "unit_price"))
    forms = [values, values * quantity, *(values * part * scale for part in (quantity * price,) for scale in (1, 0.01))]
    if any(is_equal(discount, form)[rows].mean() >= _MOST for form in forms):
        return True
    if not total:
        return False
    amount, tax = np.abs(np.nan_to_num(columns[roles[total]])), np.abs(columns.or_zero(roles.get("tax", "")))
    full = quantity * price - discount - values
    return any(bool(is_equal(amount, whole)[rows].mean() >= _MOST) for whole in (full, full + tax, full - tax))
