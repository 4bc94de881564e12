"""Discounts of whole orders, on their first or on all lines, and discounts beside the one that is used.

Asks `subtract.HEADER`.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from tillstream.detection.amounts.arithmetic import MAX_COMPARED_ROWS, NumberColumns, Numbers, are_equal, role_of_total
from tillstream.detection.amounts.line_totals import is_discount_header
from tillstream.detection.amounts.order_totals import is_same_within_orders, sales_with_lines
from tillstream.detection.evidence import DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle, profile_numbers
from tillstream.detection.words.headers import is_rate_header, match_header
from tillstream.detection.words.status_words import reversed_column
from tillstream.model.document_json import JsonObject

_MIN_ROWS, _MIN_SUM_SHARE, _MAX_TERMS, _MAX_COLUMNS = 3, 0.95, 4, 8
_PRODUCT_ROLES = ("quantity", "unit_price")
LESS_DISCOUNT = {"less_discount": True}

_MIN_ORDER_SHARE = 0.95
AmountTerms = dict[str, dict[str, list[str]]]
"""`add` or `subtract` → role → headers."""

_MIN_ORDERS = 2
_NO_DOCUMENT_DISCOUNT = re.compile(
    r"\b(?:after|before|without|nach|vor|ohne|après|avant|después|antes|dopo|prima|na|voor)\b|"
    r"ship|deliver|freight|postage|versand|liefer|livraison|env[ií]o|spedizion|verzend",
    re.IGNORECASE,
)
"""Words of amounts before or after a discount, and of discounts on shipping."""

_MIN_CONTAINED_SHARE = 0.95
_NO_MORE_DISCOUNT = re.compile(
    r"after|before|without|less|excl|incl|price|total|net\b|tax|vat|\bcode|type|name|reason|\bids?\b|\bcount|qty|nach|vor\b|"
    r"ohne|preis|prix|après|avant|precio|prezzo|preço|prijs|per unit|each|unit|ship|deliver|freight|versand|liefer",
    re.IGNORECASE,
)
"""Words of columns that are prices or totals after a discount, or describe it, and of discounts on shipping."""
_PERCENT_OBSTACLE = "a percentage cannot be subtracted beside another discount: export it as an amount"


def detect_discount_before_total(
    sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: DetectedNumberStyle, log: DetectionLog
) -> JsonObject:
    """`LESS_DISCOUNT` if the discount is subtracted from the total. Asks `subtract.HEADER` if no sum shows it.

    unmapped: numeric columns without a role.
    """
    role = role_of_total(roles)
    if not role or "discount" not in roles:
        return {}
    name, discount = roles[role], roles["discount"]
    priced = [roles[part] for part in _PRODUCT_ROLES if part in roles]
    others = [roles[other] for other in ("gross_amount", "tax") if other in roles and other != role]
    columns = NumberColumns(sheet, dict.fromkeys((name, discount, *priced, *others, *filter(None, unmapped))), style)
    less = np.abs(np.nan_to_num(columns[discount]))
    used = (less != 0) & (np.nan_to_num(columns[name]) > 0)
    if not used.any():
        return {}
    if len(priced) == len(_PRODUCT_ROLES):
        is_full = (
            are_equal(columns[name][used], (columns[priced[0]] * columns[priced[1]])[used]).mean() >= _MIN_SUM_SHARE
        )
        return (
            _answered_discount(name, discount, f"{name} is {priced[0]} × {priced[1]} in the", used, log)
            if is_full
            else {}
        )
    proofs = chain(
        _discount_proofs(columns, name, (discount, *priced), less, used),
        _proofs_with_tax(columns, name, (discount, roles.get("tax", "")), less, used),
    )
    for words, is_before, share in proofs:
        evidence = f"{words} in {percentage(share)} of {int(used.sum()):,} rows with a discount"
        log.add_finding("discount", "subtracted" if is_before else "contained", evidence, share)
        return LESS_DISCOUNT if is_before else {}
    return _answered_discount(name, discount, "no sum shows its effect in the", used, log)


def _proofs_with_tax(
    columns: NumberColumns, name: str, parts: tuple[str, str], less: Numbers, used: npt.NDArray[np.bool_]
) -> Iterator[tuple[str, bool, float]]:
    """Each sum that shows that a total is after the discount and with the tax. parts: their headers."""
    discount, tax = parts
    if tax not in columns or int(used.sum()) < _MIN_ROWS:
        return
    for before in columns.names:
        values = columns[before] - less + columns.or_zero(tax)
        share = float(are_equal(columns[name][used], values[used]).mean())
        if before not in {name, *parts} and share >= _MIN_SUM_SHARE:
            yield f"{name} is {before} − {discount} + {tax}", False, share


def _answered_discount(
    name: str, discount: str, evidence: str, used: npt.NDArray[np.bool_], log: DetectionLog
) -> JsonObject:
    """`LESS_DISCOUNT` if a person answered that the discount is subtracted."""
    key = f"subtract.{discount}"
    answer = log.answer(key)
    if answer is None:
        words = f"Is {discount} subtracted from {name}, so that the revenue is after it?"
        log.add_question(key, words, ("yes", "no"), f"{evidence} {int(used.sum()):,} rows with a {discount}")
    return LESS_DISCOUNT if answer == "yes" else {}


def _discount_proofs(
    columns: NumberColumns, name: str, excluded: tuple[str, ...], less: Numbers, used: npt.NDArray[np.bool_]
) -> Iterator[tuple[str, bool, float]]:
    """Each sum that shows whether a total is before the discount, with its share of the rows with a discount.

    Such as Total = Subtotal − Discount + Tax, of a subtotal before it, or Total = Net + Tax, of a net after it.
    """
    total, discount = columns[name], excluded[0]
    terms = [other for other in columns.names if other not in {name, *excluded}]
    terms = [other for other in terms if np.nan_to_num(columns[other][used]).any()][:_MAX_COLUMNS]
    if int(used.sum()) < _MIN_ROWS:
        return
    for count in range(_MAX_TERMS + 1):
        for target in terms:
            for added in combinations([other for other in terms if other != target], count):
                extra = columns.sum_of(added)
                plus = "".join(f" + {other}" for other in added)
                for words, values, is_before in (
                    (f"{target} is {name} − {discount}{plus}", total - less + extra, True),
                    (f"{target} is {name}{plus}", total + extra, False),
                    (f"{target} is {name} + {discount}{plus}", total + less + extra, False),
                ):
                    share = float(are_equal(columns[target][used], values[used]).mean())
                    if share >= _MIN_SUM_SHARE:
                        yield words, is_before, share


def detect_first_line_amounts(
    sheet: Sheet, roles: dict[str, str], order_columns: Collection[str], style: DetectedNumberStyle, log: DetectionLog
) -> AmountTerms:
    """Settings `add` and `subtract` of the contract's `amounts`.

    roles: the discount is added, in place, if totals are computed and there is none.
    order_columns: numeric columns that only the first line of an order has.
    """
    total = role_of_total(roles)
    mapped = [roles[role] for role in (total, "quantity", "unit_price", "discount") if role in roles]
    columns = NumberColumns(sheet, dict.fromkeys((*mapped, *order_columns)), style)
    is_priced = all(roles.get(role, "") in columns for role in ("quantity", "unit_price"))
    if "sale_id" not in roles or not (total or is_priced):
        return {}
    lines = columns[roles[total]] if total else columns[roles["quantity"]] * columns[roles["unit_price"]]
    if not total:
        lines = lines - columns.or_zero(roles.get("discount", ""))
    cells = np.array(sheet.columns[roles["sale_id"]].cells[:MAX_COMPARED_ROWS])
    orders = np.unique(cells, return_inverse=True)[1]
    sums = {name: _sums_by_order(columns[name], orders) for name in order_columns}
    terms: AmountTerms = {}
    for name in _subtracted_first_line_amounts(sums, _sums_by_order(lines, orders), log):
        is_positive = bool(sums[name].sum() >= 0)
        if not total and "discount" not in roles and is_positive:
            roles["discount"] = name
            continue
        part = "subtract" if bool(total) == is_positive else "add"
        terms.setdefault(part, {}).setdefault(total or "discount", []).append(name)
    return terms


def _sums_by_order(numbers: Numbers, orders: npt.NDArray[np.int64]) -> Numbers:
    """The sums of each order. orders: the number of the order of each row, from 0."""
    return np.bincount(orders, np.nan_to_num(numbers)).astype(np.float64)


def _subtracted_first_line_amounts(sums: dict[str, Numbers], lines: Numbers, log: DetectionLog) -> Iterator[str]:
    """The amounts that are subtracted. sums: of the columns; lines: of the lines; both shape (orders,)."""
    for name, amounts in sums.items():
        is_discount = any(match.role == "discount" for match in match_header(name)) and not is_rate_header(name)
        used = amounts != 0
        if not used.any() or not (is_discount or reversed_column(name)):
            continue
        others = {other: values for other, values in sums.items() if other != name}
        if is_discount and (proof := _proof_of_order_discount(name, np.abs(amounts)[used], lines[used], others, used)):
            evidence, is_subtracted = proof
            log.add_finding("discount.order", name, evidence, _MIN_ORDER_SHARE)
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


def _proof_of_order_discount(
    name: str, less: Numbers, lines: Numbers, others: dict[str, Numbers], used: npt.NDArray[np.bool_]
) -> tuple[str, bool] | None:
    """Whether a total of the order is after its discount, with the evidence; None if none shows it."""
    for other, values in others.items():
        for words, expected, is_subtracted in (
            (f"the lines of the order less {name}", lines - less, True),
            (f"the lines of the order, which are after {name}", lines, False),
        ):
            share = float(are_equal(values[used], expected).mean())
            if share >= _MIN_ORDER_SHARE:
                return f"{other} is {words} in {percentage(share)} of {len(less):,} orders with it", is_subtracted
    return None


def detect_document_discounts(
    sheet: Sheet,
    roles: dict[str, str],
    names: Sequence[str],
    settings: Mapping[str, Any],
    style: DetectedNumberStyle,
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
    free = [name for name in names if name not in roles.values() and _may_be_document_discount(name)]
    columns = NumberColumns(sheet, dict.fromkeys((*free, *filter(None, [total]))), style)
    if not free or (total and is_same_within_orders(sheet, roles, np.nan_to_num(columns[total]))):
        return []
    return list(_subtracted_document_discounts(sheet, roles, total, columns, free, log))


def _may_be_document_discount(name: str) -> bool:
    return is_discount_header(name) and not reversed_column(name) and not _NO_DOCUMENT_DISCOUNT.search(name)


def _subtracted_document_discounts(
    sheet: Sheet, roles: dict[str, str], total: str, columns: NumberColumns, names: Sequence[str], log: DetectionLog
) -> Iterator[str]:
    sales = sales_with_lines(sheet.columns[roles["sale_id"]].cells[:MAX_COMPARED_ROWS])
    is_contiguous = all(rows[-1] - rows[0] == len(rows) - 1 for rows in sales)
    for name in names:
        numbers: Numbers = np.nan_to_num(columns[name])
        orders = sum(bool(numbers[rows[0]]) for rows in sales)
        if orders < _MIN_ORDERS or not is_same_within_orders(sheet, roles, numbers):
            continue
        is_rate = is_rate_header(name) or profile_numbers(sheet.columns[name]).percent
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


def ask_more_discounts(
    sheet: Sheet,
    roles: Mapping[str, str],
    names: Sequence[str],
    settings: Mapping[str, Any],
    style: DetectedNumberStyle,
    log: DetectionLog,
) -> dict[str, dict[str, list[str]]]:
    """Terms `add` or `subtract` of the contract's `amounts`, for discounts that a person chose to subtract.

    names: numeric columns without a role. settings: of `amounts` so far.
    """
    total = role_of_total(roles)
    computed = {"quantity", "unit_price"} <= set(roles)
    if "discount" not in roles or roles["discount"] not in sheet.columns or not (total or computed):
        return {}
    target = total if total and not settings.get("less_discount") else "discount"
    part = "add" if target == "discount" else "subtract"
    keeps_line_total = target != "discount" and computed and settings.get("discount", "amount") == "amount"
    mapped = [roles[role] for role in ("quantity", "unit_price", "discount", "tax", total) if role in roles]
    terms: dict[str, dict[str, list[str]]] = {}
    columns = NumberColumns(sheet, dict.fromkeys((*mapped, *names)), style)
    in_question = {question.key for question in log.questions}
    for name in _other_discounts(columns, roles, names, total, settings):
        key, values = f"subtract.{name}", np.nan_to_num(columns[name])
        if key in in_question or is_same_within_orders(sheet, dict(roles), values):
            continue
        obstacle = _obstacle_to_subtract(sheet, roles, columns, name, target, settings)
        answer = log.answer(key)
        if answer == "yes" and not obstacle:
            terms.setdefault(part, {}).setdefault(target, []).append(name)
            if keeps_line_total:
                terms.setdefault("add", {}).setdefault("discount", []).append(name)
        elif answer is None:
            _ask_to_subtract_too(log, key, name, roles["discount"], int((values != 0).sum()), obstacle)
    return terms


def _ask_to_subtract_too(log: DetectionLog, key: str, name: str, discount: str, rows: int, obstacle: str) -> None:
    words = f"Is {name} subtracted, too, besides {discount}?"
    evidence = f"{name} is not 0 in {rows:,} rows, and no sum shows whether it is contained"
    if obstacle:
        evidence += f"; {obstacle}"
    log.add_question(key, words, ("no",) if obstacle else ("yes", "no"), evidence)


def _obstacle_to_subtract(
    sheet: Sheet,
    roles: Mapping[str, str],
    columns: NumberColumns,
    name: str,
    target: str,
    settings: Mapping[str, Any],
) -> str:
    """Why a discount cannot be subtracted; empty if it can be."""
    is_added_to_rate = target == "discount" and settings.get("discount", "amount") != "amount"
    if is_added_to_rate or is_rate_header(name) or profile_numbers(sheet.columns[name]).percent:
        return _PERCENT_OBSTACLE
    if {"net_amount", "gross_amount"} <= set(roles):
        return "it would be subtracted from one of two totals: export totals that are less all discounts"
    signs = {sign for used in _nonzero_numbers(columns, name, roles["discount"]) for sign in np.sign(used).tolist()}
    if len(signs) > 1 or (signs == {-1.0} and target != "discount"):
        return f"its signs do not fit: export it and {roles['discount']} without minus signs"
    return ""


def _nonzero_numbers(columns: NumberColumns, *names: str) -> Iterator[Numbers]:
    """Of each column, the numbers that are not 0."""
    for name in names:
        values = np.nan_to_num(columns[name])
        yield values[values != 0]


def _other_discounts(
    columns: NumberColumns,
    roles: Mapping[str, str],
    names: Sequence[str],
    total: str,
    settings: Mapping[str, Any],
) -> Iterator[str]:
    """Further discounts that are used, and that no sum shows to be contained in the discount or in the total."""
    used = {name for part in ("add", "subtract") for terms in settings.get(part, {}).values() for name in terms}
    for name in names:
        if name in used or name not in columns or not _is_more_discount(name):
            continue
        values = np.abs(np.nan_to_num(columns[name]))
        if values.any() and not _is_contained_discount(columns, roles, total, values):
            yield name


def _is_more_discount(name: str) -> bool:
    is_named = any(match.role == "discount" for match in match_header(name))
    return is_named or (is_discount_header(name) and not _NO_MORE_DISCOUNT.search(name))


def _is_contained_discount(columns: NumberColumns, roles: Mapping[str, str], total: str, values: Numbers) -> bool:
    """Whether the discount in use is the other one in another form, or the total is already less by both."""
    rows = values != 0
    discount = np.abs(columns.or_zero(roles["discount"]))
    quantity, price = (np.abs(columns.or_zero(roles.get(role, ""))) for role in ("quantity", "unit_price"))
    forms = [values, values * quantity, *(values * part * scale for part in (quantity * price,) for scale in (1, 0.01))]
    if any(are_equal(discount, form)[rows].mean() >= _MIN_CONTAINED_SHARE for form in forms):
        return True
    if not total:
        return False
    amount, tax = np.abs(np.nan_to_num(columns[roles[total]])), np.abs(columns.or_zero(roles.get("tax", "")))
    full = quantity * price - discount - values
    return any(
        bool(are_equal(amount, whole)[rows].mean() >= _MIN_CONTAINED_SHARE) for whole in (full, full + tax, full - tax)
    )
