"""Shipping and tips beside a total that may contain them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from tillstream.detection.amounts.arithmetic import NumberColumns, Numbers, are_equal
from tillstream.detection.amounts.line_taxes import is_even_rate
from tillstream.detection.amounts.order_totals import is_same_within_orders
from tillstream.detection.amounts.tax_columns import tax_word
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.detection.words.headers import match_header
from tillstream.detection.words.row_words import not_goods_kind

_HIGH_SHARE, _LOW_SHARE, _MIN_ROWS, _MIN_TAX = 0.95, 0.5, 3, 1.0
_SHIPPING = re.compile(
    r"shipping|delivery|freight|postage|handling|versand|porto\b|lieferkosten|livraison|frais de port|env[ií]o|"
    r"spedizion|verzend|frakt|\bfragt|frete|doprav|dostaw|wysyłk|szállít|доставк|送料|运费|運費|배송",
    re.IGNORECASE,
)
_NO_CHARGE = re.compile(
    r"tax|vat|gst|mwst|discount|rabatt|refund|weight|gewicht|date|datum|status|code|zip|\bids?\b|\bno\b|number|method|qty|"
    r"days|country|address",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"\b(?:amount|amt|total|sum|order|betrag|montant|importe|importo)\b", re.IGNORECASE)


def is_charge_header(name: str) -> bool:
    """Whether a header is that of an amount for shipping or of a tip."""
    return not _NO_CHARGE.search(name) and (bool(_SHIPPING.search(name)) or is_tip_header(name))


def is_tip_header(name: str) -> bool:
    return not_goods_kind(_AMOUNT.sub("", name).strip(" _-")) == "tips"


def doubtful_charges(
    sheet: Sheet, columns: NumberColumns, roles: dict[str, str], total_role: str, free: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Each charge that a total may contain, with the evidence, if no sum shows that it does not.

    free: numeric columns without a role.
    """
    name = roles[total_role]
    total = columns[name]
    named = {match.role for match in match_header(name)}
    charges = [other for other in free if is_charge_header(other) and _rows(columns[other]) >= _MIN_ROWS]
    if "net_amount" in named or not charges or _is_line(columns, roles, total):
        return
    for charge in charges:
        is_line = is_same_within_orders(sheet, roles, np.nan_to_num(columns[charge])) and not is_same_within_orders(
            sheet, roles, total
        )
        if not is_line and not _is_added(columns, total, name, charge):
            evidence = _taxed(columns, roles, total, name, charge)
            if evidence is not None:
                yield charge, evidence or f"no sum shows whether {name} contains {charge}"


def _rows(numbers: Numbers) -> int:
    return int((np.nan_to_num(numbers) != 0).sum())


def _is_line(columns: NumberColumns, roles: Mapping[str, str], total: Numbers) -> bool:
    """Whether a total is quantity × price, with a discount and a tax or without, in many rows."""
    if not all(roles.get(role, "") in columns for role in ("quantity", "unit_price")):
        return False
    full = columns[roles["quantity"]] * columns[roles["unit_price"]]
    discount, tax = (columns.or_zero(roles.get(role, "")) for role in ("discount", "tax"))
    return any(
        are_equal(total, full - less + plus).mean() >= _LOW_SHARE for less in (0.0, discount) for plus in (0.0, tax)
    )


def _is_added(columns: NumberColumns, total: Numbers, name: str, charge: str) -> bool:
    """Whether another column is the total plus the charge, and at most two more columns."""
    added = total + np.nan_to_num(columns[charge])
    others = [other for other in columns.names if other not in {name, charge}]
    used = np.nan_to_num(columns[charge]) != 0
    for target in others:
        rest = [other for other in others if other != target]
        for terms in (terms for count in range(3) for terms in combinations(rest, count)):
            values = added + columns.sum_of(terms)
            if are_equal(columns[target], values)[used].mean() >= _HIGH_SHARE:
                return True
    return False


def _taxed(columns: NumberColumns, roles: Mapping[str, str], total: Numbers, name: str, charge: str) -> str | None:
    """What the tax of a total shows about a charge: the evidence that it is contained, None if it is not, or empty."""
    if roles.get("tax", "") not in columns:
        return ""
    tax, amount = np.nan_to_num(columns[roles["tax"]]), np.nan_to_num(columns[charge])
    without, contained = (even_rate_share(tax, total - tax - part) for part in (np.zeros(len(tax)), amount))
    if contained >= _HIGH_SHARE > without:
        return f"{roles['tax']} has an even rate of {name} less {roles['tax']} and {charge}, so {name} contains both"
    return None if is_tip_header(charge) and without >= _HIGH_SHARE > contained else ""


def find_tax_with_charges(
    sheet: Sheet,
    roles: dict[str, str],
    style: DetectedNumberStyle,
    unmapped: Sequence[str],
    log: DetectionLog,
) -> None:
    """Find a tax by its name, such as Order Tax, and by an even rate of the total less charges; changes `roles`.

    unmapped: numeric columns with unknown names. A total that a person chose, and whose name does not mean net, may
    include the tax: it gets the role amount, and the answer to `amount` is assumed if the rate proves it.
    """
    role = next((role for role in ("amount", "net_amount") if role in roles), "")
    if not role or {"tax_rate", "gross_amount"} & set(roles) or "column.tax" in log.answers:
        return
    name = roles[role]
    columns = NumberColumns(sheet, dict.fromkeys((name, *unmapped, *filter(None, [roles.get("tax")]))), style)
    if "tax" not in roles:
        whole = np.nan_to_num(columns[name])
        taxes = [other for other in unmapped if tax_word(other) and _is_part(sheet, roles, columns[other], whole)]
        if len(taxes) != 1:
            return
        roles["tax"] = taxes[0]
        log.add_finding("column.tax", taxes[0], "it is a tax by its name", LIKELY)
    is_chosen = f"column.{role}" in log.answers and f"column.{role}" not in log.assumed
    if role == "net_amount" and is_chosen and not any(match.role == role for match in match_header(name)):
        roles["amount"] = roles.pop(role)
    if "amount" in roles and "amount" not in log.answers:
        _assume_gross(columns, name, roles["tax"], [other for other in unmapped if is_charge_header(other)], log)


def _is_part(sheet: Sheet, roles: dict[str, str], tax: Numbers, total: Numbers) -> bool:
    """Whether numbers may be a tax of the totals: they are less, and of the order only if the totals are."""
    tax = np.nan_to_num(tax)
    is_order = is_same_within_orders(sheet, roles, tax) and not is_same_within_orders(sheet, roles, total)
    return (
        _rows(tax) >= _MIN_ROWS
        and not is_order
        and bool((np.abs(tax) <= _LOW_SHARE * np.abs(total)).mean() >= _HIGH_SHARE)
    )


def _assume_gross(columns: NumberColumns, total: str, tax: str, charges: Sequence[str], log: DetectionLog) -> None:
    amount = np.nan_to_num(columns[tax])
    for count in (1, 2):
        for parts in combinations(charges, count):
            base = columns[total] - columns.sum_of(parts)
            if even_rate_share(amount, base - amount) >= _HIGH_SHARE and even_rate_share(amount, base) <= _LOW_SHARE:
                evidence = f"{tax} has an even rate of {total} less {' and '.join((tax, *parts))}"
                log.assume({"amount": "gross"}, evidence)
                return


def even_rate_share(tax: Numbers, net: Numbers) -> float:
    """Share of the taxed rows in which the tax has an even rate of a net amount; 0 for few of them."""
    used = (np.abs(tax) >= _MIN_TAX) & ~np.isnan(net)
    pairs = zip(tax[used].tolist(), net[used].tolist(), strict=True)
    even = [is_even_rate(one, base) for one, base in pairs]
    return sum(even) / len(even) if len(even) >= _MIN_ROWS else 0.0
