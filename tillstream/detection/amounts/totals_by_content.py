"""Find the total of a line, its quantity, price and discount by arithmetic, whatever their names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from tillstream.detection.amounts.arithmetic import (
    TERM_ROLES,
    Agreement,
    NumberColumns,
    Numbers,
    are_equal,
    compare_columns,
)
from tillstream.detection.evidence import TOTAL_OF_LINE, DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.detection.words.headers import is_irrelevant_header

TOTAL_ROLES = ("amount", "net_amount", "gross_amount")
_PRODUCT_ROLES = ("quantity", "unit_price")
_MIN_SHARE, _CERTAIN_SHARE, _LOW_SHARE, _MIN_DISCOUNTS = 0.8, 0.95, 0.5, 3
_MAX_COLUMNS = 14
"""Number of numeric columns without a role that are combined."""


@dataclass(frozen=True)
class PriceProduct:
    """quantity × price, less a discount and plus a tax, by the names of the columns."""

    quantity: str
    unit_price: str
    discount: str = ""
    tax: str = ""
    kind: str = "amount"
    """What the discount contains: an amount, a rate or a percentage."""

    def values(self, columns: NumberColumns) -> Numbers:
        full: Numbers = columns[self.quantity] * columns[self.unit_price]
        discount = columns.or_zero(self.discount)
        less = discount if self.kind == "amount" else full * discount / (100 if self.kind == "percent" else 1)
        return full - less + columns.or_zero(self.tax)

    def __str__(self) -> str:
        discount, tax = (f" {sign} {name}" if name else "" for sign, name in (("−", self.discount), ("+", self.tax)))
        return f"{self.quantity} × {self.unit_price}{discount}{tax}"


@dataclass(frozen=True)
class _Proof:
    total: str
    product: PriceProduct
    agreement: Agreement

    def __str__(self) -> str:
        share, rows = self.agreement.share, self.agreement.rows
        return f"{self.total} is {self.product} in {percentage(share)} of {rows:,} rows"

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """A total before tax and after discount is the best one."""
        return not self.product.tax, bool(self.product.discount), self.agreement.matching


def assign_total_roles(
    columns: NumberColumns, roles: dict[str, str], unmapped: Sequence[str], log: DetectionLog
) -> None:
    """Add the roles quantity, unit_price, discount and amount, in place, where arithmetic proves them.

    columns: all numeric columns. unmapped: those without a role. Asks `column.net_amount` if several columns fit.
    """
    free = [name for name in unmapped[:_MAX_COLUMNS] if name in columns]
    named = next((roles[role] for role in TOTAL_ROLES if roles.get(role, "") in columns), "")
    if set(_PRODUCT_ROLES) <= set(roles):
        _find_total(columns, roles, named, free, log)
    elif not any(log.answers.get(f"column.{role}") == "-" for role in _PRODUCT_ROLES):
        _find_pair(columns, roles, named, free, log)
    _find_discount(columns, roles, [name for name in free if name not in roles.values()], log)
    _find_reduced(columns, roles, [name for name in free if name not in roles.values()], log)


def _find_total(columns: NumberColumns, roles: dict[str, str], named: str, free: list[str], log: DetectionLog) -> None:
    """Find the total of a known quantity and price; a named total is replaced if it contradicts them."""
    if {f"column.{role}" for role in TOTAL_ROLES} & set(log.answers) or not _are_numeric(
        columns, roles, *_PRODUCT_ROLES
    ):
        return
    if named and (roles.get("amount") != named or _explains(columns, roles, named, free)):
        return
    proofs = list(
        _proofs(
            columns, roles, free, [(roles["quantity"], roles["unit_price"])], _CERTAIN_SHARE if named else _MIN_SHARE
        )
    )
    best = _best_proof(proofs, columns, log)
    if best and named:
        log.add_finding("column.extra", named, f"{named} contradicts {best.product}, so {best.total} is the total", 0.9)
    if best:
        _take_roles(best, roles, log)


def _explains(columns: NumberColumns, roles: dict[str, str], named: str, free: list[str]) -> bool:
    """Whether a named total follows from quantity and price in half of the rows, or is a constant multiple of them."""
    pair = (roles["quantity"], roles["unit_price"])
    mapped = _possible_terms(roles)
    unmapped = [(name, "", kind) for name in free for kind in ("amount", "rate", "percent")]
    for less, plus, kind in (*mapped, *unmapped):
        values = PriceProduct(*pair, less, plus, kind).values(columns)
        if compare_columns(columns[named], values, columns[pair[1]]).share >= _LOW_SHARE:
            return True
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = columns[named] / PriceProduct(*pair).values(columns)
    ratio = ratio[np.isfinite(ratio)].round(2)
    return not len(ratio) or bool(np.unique(ratio, return_counts=True)[1].max() >= _LOW_SHARE * len(ratio))


def _find_pair(columns: NumberColumns, roles: dict[str, str], named: str, free: list[str], log: DetectionLog) -> None:
    """Find quantity and price, at least one of which has no known name, by the total."""
    if not _are_numeric(columns, roles, *(role for role in _PRODUCT_ROLES if role in roles)):
        return
    quantities = [roles["quantity"]] if "quantity" in roles else [name for name in free if _is_whole(columns[name])]
    prices = [roles["unit_price"]] if "unit_price" in roles else free
    pairs = [(quantity, price) for quantity in quantities for price in prices if quantity != price]
    best = _best_proof(list(_proofs(columns, roles, [named] if named else free, pairs, _CERTAIN_SHARE)), columns, log)
    if best is None and roles.get("amount") == named and "quantity" in roles:
        _ask_for_other_total(list(_proofs(columns, roles, free, pairs, _CERTAIN_SHARE)), named, log)
    if best is None:
        return
    product = best.product
    if not set(_PRODUCT_ROLES) & set(roles) and _is_whole(columns[product.unit_price]):
        words = "Which column is the quantity?"
        log.add_question("column.quantity", words, (product.quantity, product.unit_price), str(best))
    roles |= {"quantity": product.quantity, "unit_price": product.unit_price}
    for role in _PRODUCT_ROLES:
        log.add_finding(f"column.{role}", roles[role], str(best), best.agreement.share)
    if not named:
        _take_roles(best, roles, log)


def _ask_for_other_total(proofs: list[_Proof], named: str, log: DetectionLog) -> None:
    """Ask `column.net_amount` if another column than the one with the name of a total is quantity × price."""
    if proofs and not {f"column.{role}" for role in TOTAL_ROLES} & set(log.answers):
        best = max(proofs, key=lambda proof: proof.rank)
        log.add_question("column.net_amount", TOTAL_OF_LINE, (best.total, named), str(best))


def _find_discount(columns: NumberColumns, roles: dict[str, str], free: list[str], log: DetectionLog) -> None:
    """Find a discount whose name is not known, by the total that it explains."""
    total = next((roles[role] for role in TOTAL_ROLES if roles.get(role, "") in columns), "")
    if not total or {"discount", "discount_rate"} & set(roles) or "column.discount" in log.answers:
        return
    if not set(_PRODUCT_ROLES) <= set(roles) or not _are_numeric(columns, roles, *_PRODUCT_ROLES):
        return
    full = PriceProduct(roles["quantity"], roles["unit_price"])
    for name in free:
        for kind in ("amount", "rate", "percent"):
            for tax in dict.fromkeys(("", roles.get("tax", ""))):
                product = PriceProduct(full.quantity, full.unit_price, name, tax, kind)
                simpler = PriceProduct(full.quantity, full.unit_price, "", tax).values(columns)
                result = compare_columns(columns[total], product.values(columns), simpler)
                if result.is_at_least(_CERTAIN_SHARE):
                    roles["discount"] = name
                    log.add_finding("column.discount", name, str(_Proof(total, product, result)), result.share)
                    return


def _find_reduced(columns: NumberColumns, roles: dict[str, str], free: list[str], log: DetectionLog) -> None:
    """Find a total that is another column less the discount, best before tax; for files without prices."""
    discount = roles.get("discount", "")
    if discount not in columns or set(TOTAL_ROLES) & set(roles) or set(_PRODUCT_ROLES) <= set(roles):
        return
    if {f"column.{role}" for role in TOTAL_ROLES} & set(log.answers):
        return
    less = np.abs(columns.or_zero(discount))
    used = less != 0
    for tax in dict.fromkeys(("", roles.get("tax", ""))):
        for before, total in permutations(free, 2):
            values = columns[before] - np.sign(columns[before]) * less + columns.or_zero(tax)
            share = float(are_equal(columns[total], values)[used].mean()) if used.sum() >= _MIN_DISCOUNTS else 0.0
            if share >= _CERTAIN_SHARE:
                roles["gross_amount" if tax else "amount"] = total
                evidence = f"{total} is {before} − {discount}{f' + {tax}' if tax else ''}"
                log.add_finding("total", total, f"{evidence} in {percentage(share)} of the rows with a discount", share)
                return


def _proofs(
    columns: NumberColumns,
    roles: dict[str, str],
    totals: Iterable[str],
    pairs: Sequence[tuple[str, str]],
    share: float,
) -> Iterator[_Proof]:
    """The best proof of each total."""
    for total in totals:
        proofs = []
        for quantity, price in pairs:
            for less, plus, kind in _possible_terms(roles) if total not in {quantity, price} else ():
                product = PriceProduct(quantity, price, less, plus, kind)
                result = compare_columns(columns[total], product.values(columns), columns[price])
                if result.is_at_least(share):
                    proofs.append(_Proof(total, product, result))
        if proofs:
            yield max(proofs, key=lambda proof: proof.agreement.matching)


def _possible_terms(roles: dict[str, str]) -> list[tuple[str, str, str]]:
    """Combinations of the discount, the tax and the kind of the discount."""
    discount, tax = roles.get("discount", roles.get("discount_rate", "")), roles.get("tax", "")
    kinds = ("amount", "rate", "percent") if discount else ("amount",)
    return [
        *dict.fromkeys([("", "", "amount"), ("", tax, "amount")]),
        *((discount, plus, kind) for plus in dict.fromkeys(("", tax)) for kind in kinds if discount),
    ]


def _best_proof(proofs: list[_Proof], columns: NumberColumns, log: DetectionLog) -> _Proof | None:
    """The only best proof; None, with a question, if columns with different numbers are equally good."""
    if not proofs:
        return None
    best = max(proofs, key=lambda proof: proof.rank)
    rivals = [
        proof
        for proof in proofs
        if proof.rank[:2] == best.rank[:2]
        and proof.agreement.matching >= _CERTAIN_SHARE * best.agreement.matching
        and not np.array_equal(columns[proof.total], columns[best.total], equal_nan=True)
    ]
    if not rivals:
        return best
    choices = tuple(dict.fromkeys(proof.total for proof in (best, *rivals)))
    log.add_question("column.net_amount", TOTAL_OF_LINE, (*choices, "-"), "; ".join(map(str, (best, *rivals))))
    return None


def _take_roles(proof: _Proof, roles: dict[str, str], log: DetectionLog) -> None:
    roles["amount"] = proof.total
    log.add_finding("total", proof.total, str(proof), proof.agreement.share)


def _is_whole(values: Numbers) -> bool:
    filled = values[~np.isnan(values)]
    return len(np.unique(filled)) > 1 and bool((filled == filled.round()).mean() > _CERTAIN_SHARE)


def _are_numeric(columns: NumberColumns, roles: dict[str, str], *names: str) -> bool:
    return all(roles[name] in columns for name in names)


def assign_roles_by_content(
    sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: DetectedNumberStyle, log: DetectionLog
) -> None:
    """Find what arithmetic proves; changes `roles` in place.

    unmapped: numeric columns without a role.
    """
    free = [name for name in unmapped if name and not is_irrelevant_header(name)]
    named = [roles[role] for role in TERM_ROLES if role in roles]
    columns = NumberColumns(sheet, dict.fromkeys((*named, *free)), style)
    assign_total_roles(columns, roles, free, log)
