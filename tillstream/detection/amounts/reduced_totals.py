"""Ask for the total of a line if one column is quantity × price and another one is less, as after a discount."""

import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from tillstream.detection.arithmetic.number_columns import NumberColumns, is_equal
from tillstream.detection.evidence import TOTAL_OF_LINE, DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle, profile
from tillstream.detection.words.headers import is_irrelevant_header, match_header

_FEE = re.compile(
    r"\bfees?\b|commission|gebühr|gebuehr|\bprovision|\bfrais\b|comisi|comiss|avgift|gebyr|prowizj|poplat|手数料|手续费|수수료",
    re.IGNORECASE,
)
"""Names of what a payment provider or a marketplace keeps."""
_PAID_BY_BUYER = re.compile(
    r"ship|deliver|versand|liefer|livraison|env[ií]o|service|booking|buyer|customer", re.IGNORECASE
)
_MIN_ROWS, _MOST, _SOME, _LEAST, _ALL = 3, 0.95, 0.2, 0.3, 1.0001
"""Rows that are less; shares of rows that show a rule and that are equal; smallest and largest share
of the total that is left."""


def ask(sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: NumberStyle, log: DetectionLog) -> None:
    """Ask `column.net_amount`. unmapped: numeric columns without a role."""
    total = roles.get("net_amount", "")
    if not total or not {"quantity", "unit_price"} <= set(roles) or "discount" in roles:
        return
    if any(f"column.{role}" in log.answers for role in ("net_amount", "gross_amount", "amount", "discount")):
        return
    free = [name for name in unmapped if name and profile(sheet.columns[name]).decimal]
    named = [roles[role] for role in ("quantity", "unit_price", "tax") if role in roles]
    columns = NumberColumns(sheet, dict.fromkeys((*named, total, *free)), style)
    if np.nan_to_num(columns.or_zero(roles.get("tax", ""))).any():  # a total before tax is less than one with tax, too
        return
    for name in free:
        if not is_irrelevant_header(name) and (proof := _proof(columns, roles, name, total, free)):
            log.add_question("column.net_amount", TOTAL_OF_LINE, (name, total), proof)
            return


def ask_before_fees(
    sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: NumberStyle, log: DetectionLog
) -> None:
    """Ask `column.net_amount` if the net total is another column less fees.

    unmapped: numeric columns without a role.
    """
    net = roles.get("net_amount", "")
    if not net or "column.net_amount" in log.answers:
        return
    fees = [name for name in unmapped if is_fee(name)]
    taxes = [roles["tax"]] if "tax" in roles else []
    bases = [name for name in (roles.get("gross_amount", ""), *unmapped) if name and name not in fees]
    columns = NumberColumns(sheet, dict.fromkeys((net, *fees, *taxes, *bases)), style)
    terms = [(*fee, *tax) for count in (1, 2) for fee in combinations(fees, count) for tax in ((), taxes)]
    for base, less in ((base, less) for base in bases for less in terms):
        whole = columns[base]
        amount = columns.sum_of(less, of_sizes=True)
        used = amount != 0
        if used.sum() >= _MIN_ROWS and is_equal(columns[net], whole - np.sign(whole) * amount)[used].mean() >= _MOST:
            words = "Which column is the revenue before tax? Fees are a cost, and are not subtracted from it."
            evidence = f"{net} is {base} less {' and '.join(less)}"
            log.add_question("column.net_amount", words, (base, net), evidence, default=base)
            return


def _proof(columns: NumberColumns, roles: dict[str, str], name: str, total: str, free: Sequence[str]) -> str:
    """The evidence that a column is the total less a discount; empty if not."""
    used = ~np.isnan(columns[name]) & (np.nan_to_num(columns[total]) != 0)
    values, totals, prices = columns[name][used], columns[total][used], columns[roles["unit_price"]][used]
    full = columns[roles["quantity"]][used] * prices
    equal, left = is_equal(values, totals), values / totals
    if (~equal).sum() < _MIN_ROWS or is_equal(totals, full).mean() < _MOST or left.min() < _LEAST or left.max() > _ALL:
        return ""
    share = float(equal.mean())
    if share >= _SOME and equal.sum() > is_equal(values, prices).sum():
        return f"{name} is {total} in {percentage(share)} of {len(values):,} rows, and less in the others"
    discounts = [other for other in free if other != name and is_discount(other)]
    for terms in (terms for count in (1, 2) for terms in combinations(discounts, count)):
        less = columns.sum_of(terms, of_sizes=True)[used]
        if is_equal(values, totals - less).mean() >= _MOST:
            return f"{name} is {total} − {' − '.join(terms)}"
    return ""


def is_fee(name: str) -> bool:
    """Whether a header is that of a fee which the seller pays."""
    return bool(_FEE.search(name)) and not _PAID_BY_BUYER.search(name)


def is_discount(name: str) -> bool:
    """Whether a word of a name means a discount."""
    return any(match.role == "discount" for word in re.split(r"[\W_]+", name) for match in match_header(word))
