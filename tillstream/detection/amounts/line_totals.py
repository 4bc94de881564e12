"""Ask for the total of a line, its price or its quantity, if neither names nor arithmetic show it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from tillstream.detection.amounts import discounts
from tillstream.detection.amounts.arithmetic import TOLERANCE, NumberColumns, Numbers, are_equal, money_rows
from tillstream.detection.evidence import CERTAIN, LIKELY, NO_COLUMN, TOTAL_OF_LINE, DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle, looks_like_number, profile_numbers
from tillstream.detection.words.headers import is_irrelevant_header, match_header
from tillstream.detection.words.status_words import reversed_column
from tillstream.model.date_words import period_of_header
from tillstream.model.document_json import JsonObject
from tillstream.model.text import list_names

_FEE = re.compile(
    r"\bfees?\b|commission|gebühr|gebuehr|\bprovision|\bfrais\b|comisi|comiss|avgift|gebyr|prowizj|poplat|手数料|手续费|수수료",
    re.IGNORECASE,
)
"""Names of what a payment provider or a marketplace keeps."""
_PAID_BY_BUYER = re.compile(
    r"ship|deliver|versand|liefer|livraison|env[ií]o|service|booking|buyer|customer", re.IGNORECASE
)
_MIN_REDUCED_ROWS, _MIN_SHARE, _MIN_EQUAL_SHARE, _MIN_RATIO, _MAX_RATIO = 3, 0.95, 0.2, 0.3, 1.0001
"""Rows that are less; shares of rows that show a rule and that are equal; smallest and largest share
of the total that is left."""

_MIN_PRICED_ROWS, _MIN_SUM_SHARE = 3, 0.95
_MIN_PRODUCTS, _MIN_SHARE_OF_PRODUCTS = 3, 0.8
_MAX_COLUMNS = 14
_ROUNDING_OF_A_PRICE = 0.0051
"""How much the price of a line may differ because it is rounded."""
_UNIT_ROLES = frozenset({"unit_price", "unit_cost"})
_OTHER_UNIT_PRICES = frozenset({"list price", "msrp"})
"""Names of prices of one unit that are no column of a sale line."""

_PriceTerms = Iterable[tuple[tuple[str, ...], Numbers]]

_MIN_TOTAL_ROWS, _MIN_ALIKE_SHARE = 10, 0.5
UNITS_ONLY = {"units_only": True}
_NO_AMOUNTS_EVIDENCE = "the file has no amounts; only units are counted"
_PRICE_QUESTION = "Which column is the price of one unit?"

_MIN_WHOLE_SHARE, _CHECKED_WORDS = 0.95, 3
_USUAL_QUANTITY, _MAX_QUANTITY = 50, 100_000
"""Largest usual and largest single number of units in a line."""


def ask_for_reduced_total(
    sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: DetectedNumberStyle, log: DetectionLog
) -> None:
    """Ask `column.net_amount`. unmapped: numeric columns without a role."""
    total = roles.get("net_amount", "")
    if not total or not {"quantity", "unit_price"} <= set(roles) or "discount" in roles:
        return
    if any(f"column.{role}" in log.answers for role in ("net_amount", "gross_amount", "amount", "discount")):
        return
    free = [name for name in unmapped if name and profile_numbers(sheet.columns[name]).decimal]
    named = [roles[role] for role in ("quantity", "unit_price", "tax") if role in roles]
    columns = NumberColumns(sheet, dict.fromkeys((*named, total, *free)), style)
    if np.nan_to_num(columns.or_zero(roles.get("tax", ""))).any():  # a total before tax is less than one with tax, too
        return
    for name in free:
        if not is_irrelevant_header(name) and (proof := _reduction_proof(columns, roles, name, total, free)):
            log.add_question("column.net_amount", TOTAL_OF_LINE, (name, total), proof)
            return


def ask_before_fees(
    sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: DetectedNumberStyle, log: DetectionLog
) -> None:
    """Ask `column.net_amount` if the net total is another column less fees.

    unmapped: numeric columns without a role.
    """
    net = roles.get("net_amount", "")
    if not net or "column.net_amount" in log.answers:
        return
    fees = [name for name in unmapped if is_fee_header(name)]
    taxes = [roles["tax"]] if "tax" in roles else []
    bases = [name for name in (roles.get("gross_amount", ""), *unmapped) if name and name not in fees]
    columns = NumberColumns(sheet, dict.fromkeys((net, *fees, *taxes, *bases)), style)
    terms = [(*fee, *tax) for count in (1, 2) for fee in combinations(fees, count) for tax in ((), taxes)]
    for base, less in ((base, less) for base in bases for less in terms):
        whole = columns[base]
        amount = columns.sum_of(less, of_sizes=True)
        used = amount != 0
        if (
            used.sum() >= _MIN_REDUCED_ROWS
            and are_equal(columns[net], whole - np.sign(whole) * amount)[used].mean() >= _MIN_SHARE
        ):
            words = "Which column is the revenue before tax? Fees are a cost, and are not subtracted from it."
            evidence = f"{net} is {base} less {' and '.join(less)}"
            log.add_question("column.net_amount", words, (base, net), evidence, default=base)
            return


def _reduction_proof(columns: NumberColumns, roles: dict[str, str], name: str, total: str, free: Sequence[str]) -> str:
    """The evidence that a column is the total less a discount; empty if not."""
    used = ~np.isnan(columns[name]) & (np.nan_to_num(columns[total]) != 0)
    values, totals, prices = columns[name][used], columns[total][used], columns[roles["unit_price"]][used]
    full = columns[roles["quantity"]][used] * prices
    equal, left = are_equal(values, totals), values / totals
    if (
        (~equal).sum() < _MIN_REDUCED_ROWS
        or are_equal(totals, full).mean() < _MIN_SHARE
        or left.min() < _MIN_RATIO
        or left.max() > _MAX_RATIO
    ):
        return ""
    share = float(equal.mean())
    if share >= _MIN_EQUAL_SHARE and equal.sum() > are_equal(values, prices).sum():
        return f"{name} is {total} in {percentage(share)} of {len(values):,} rows, and less in the others"
    discounts = [other for other in free if other != name and is_discount_header(other)]
    for terms in (terms for count in (1, 2) for terms in combinations(discounts, count)):
        less = columns.sum_of(terms, of_sizes=True)[used]
        if are_equal(values, totals - less).mean() >= _MIN_SHARE:
            return f"{name} is {total} − {' − '.join(terms)}"
    return ""


def is_fee_header(name: str) -> bool:
    """Whether a header is that of a fee which the seller pays."""
    return bool(_FEE.search(name)) and not _PAID_BY_BUYER.search(name)


def is_discount_header(name: str) -> bool:
    """Whether a word of a name means a discount."""
    return any(match.role == "discount" for word in re.split(r"[\W_]+", name) for match in match_header(word))


@dataclass(frozen=True)
class _PricesOfProducts:
    """The products with several quantities, by how their prices depend on these."""

    growing: tuple[str, ...] = ()
    constant: int = 0
    other: int = 0

    @property
    def count(self) -> int:
        return len(self.growing) + self.constant + self.other


def ask_for_line_price(
    sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: DetectedNumberStyle, log: DetectionLog
) -> bool:
    """Ask `column.net_amount` if the price of a row of several units is that of all of them.

    roles: with a quantity and a price, and without a total. unmapped: numeric columns without a role. Returns whether
    it is asked.
    """
    price = roles["unit_price"]
    others = [*([roles["tax"]] if "tax" in roles else []), *unmapped[:_MAX_COLUMNS]]
    columns = NumberColumns(sheet, dict.fromkeys((roles["quantity"], price, *others)), style)
    products = _products_of(sheet, columns, roles)
    if products.constant and products.constant >= _MIN_SHARE_OF_PRODUCTS * products.count:
        return False
    fees = [name for name in others if is_fee_header(name)]
    rests = [name for name in others if name not in fees and not _is_unit_price(name)]
    clear = _less_fees(columns, roles, rests, fees) or _growing_products(products, roles)
    evidence = clear or _plus_charges(columns, roles, rests, [name for name in others if name not in fees])
    if evidence:
        words = f"Is {price} the amount of the whole line, and not that of one unit?"
        choices = (price, NO_COLUMN)
        default = price if clear else ""  # a sum with charges can also be that of one unit
        log.add_question("column.net_amount", words, choices, evidence, default=default, none="the price of a unit")
    return bool(evidence)


def _is_unit_price(name: str) -> bool:
    """Whether a header is that of a price or cost of one unit."""
    return any(match.role in _UNIT_ROLES or match.synonym in _OTHER_UNIT_PRICES for match in match_header(name))


def _less_fees(columns: NumberColumns, roles: dict[str, str], rests: Sequence[str], fees: Sequence[str]) -> str:
    """The evidence that the price less one or two fees is another column also in rows of several units.

    Fees are with or without a minus sign.
    """
    terms = _one_or_two_columns(fees)
    return _in_sum(columns, roles, rests, "less", ((names, -columns.sum_of(names, of_sizes=True)) for names in terms))


def _plus_charges(columns: NumberColumns, roles: dict[str, str], rests: Sequence[str], charges: Sequence[str]) -> str:
    """The evidence that the price plus one or two other columns is a third one also in rows of several units."""
    terms = _one_or_two_columns(charges)
    return _in_sum(columns, roles, rests, "plus", ((names, columns.sum_of(names)) for names in terms))


def _one_or_two_columns(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for count in (1, 2):
        yield from combinations(names, count)


def _in_sum(columns: NumberColumns, roles: dict[str, str], rests: Sequence[str], words: str, terms: _PriceTerms) -> str:
    """The evidence that the price and further terms are another column. terms: their names and the amount to add."""
    price = roles["unit_price"]
    several = np.nan_to_num(columns[roles["quantity"]]) > 1
    for names, amount in terms:
        for rest in (name for name in rests if name not in names):
            used = several & (amount != 0)
            if (
                used.sum() >= _MIN_PRICED_ROWS
                and are_equal(columns[rest], columns[price] + amount)[used].mean() >= _MIN_SUM_SHARE
            ):
                rows = f"{int(used.sum()):,} rows of several units"
                return f"{rest} is {price} {words} {' and '.join(names)}, also in {rows}"
    return ""


def _products_of(sheet: Sheet, columns: NumberColumns, roles: dict[str, str]) -> _PricesOfProducts:
    """The products that were sold in several quantities; none without a column of products."""
    product = next((roles[role] for role in ("product_id", "product_name") if role in roles), "")
    if not product:
        return _PricesOfProducts()
    quantities, prices = np.abs(columns[roles["quantity"]]), np.abs(columns[roles["unit_price"]])
    cells = np.array(sheet.columns[product].cells[: len(prices)])
    used = (cells != "") & (np.nan_to_num(quantities) > 0) & (np.nan_to_num(prices) > 0)
    growing, constant, other = [], 0, 0
    for name in np.unique(cells[used]):
        rows = used & (cells == name)
        several, amounts = quantities[rows], prices[rows]
        if len(np.unique(several)) < 2:
            continue
        if are_equal(amounts, amounts[:1]).all():
            constant += 1
        elif _prices_grow(several, amounts):
            growing.append(str(name))
        else:
            other += 1
    return _PricesOfProducts(tuple(growing), constant, other)


def _prices_grow(quantities: Numbers, amounts: Numbers) -> bool:
    """Whether amounts (n,) are the same price times the quantities, except for rounding."""
    most = quantities.argmax()
    shares = quantities / quantities[most]
    return bool((np.abs(amounts - shares * amounts[most]) <= _ROUNDING_OF_A_PRICE * (1 + shares)).all())


def _growing_products(products: _PricesOfProducts, roles: dict[str, str]) -> str:
    """The evidence that the prices of most products grow with their quantity."""
    growing = len(products.growing)
    if growing < _MIN_PRODUCTS or growing < _MIN_SHARE_OF_PRODUCTS * products.count:
        return ""
    counted = f"{growing:,} of {products.count:,} products with several quantities, such as {products.growing[0]}"
    return f"{roles['unit_price']} grows with {roles['quantity']} for {counted}"


def ask_for_line_total(
    sheet: Sheet, roles: dict[str, str], unmapped: tuple[str, ...], style: DetectedNumberStyle, log: DetectionLog
) -> JsonObject:
    """Settings of `amounts` for a file without a total: `UNITS_ONLY` once a person answered that it has no amounts.

    unmapped: numeric columns without a role. Asks `column.net_amount`, `column.unit_price`, `column.quantity` and
    `column.discount`.
    """
    if {"net_amount", "gross_amount"} & set(roles):
        ask_for_reduced_total(sheet, roles, unmapped, style, log)
        ask_before_fees(sheet, roles, unmapped, style, log)
        return {}
    if {"quantity", "unit_price"} <= set(roles):
        if not _ask_for_total_column(sheet, roles, unmapped, style, log):
            _ask_for_discount(sheet, roles, discounts.plausible_discounts(sheet, roles, unmapped, style), log)
        return {}
    if log.answers.get("column.net_amount") != NO_COLUMN:
        default = "" if unmapped else NO_COLUMN
        evidence = "" if unmapped else "no other column contains numbers"
        log.add_question(
            "column.net_amount",
            TOTAL_OF_LINE,
            (*unmapped, NO_COLUMN),
            evidence,
            default=default,
            none="no column is a total",
        )
        return {}
    has_no_price = log.answers.get("column.unit_price") == NO_COLUMN
    if "quantity" in roles and (has_no_price or not unmapped):
        _record_units_only(roles, log)
        return UNITS_ONLY
    if "quantity" not in roles:
        words = "Which column is the quantity? A file without a total needs one."
        log.add_question("column.quantity", words, unmapped, "no column is the total of a line")
    if "unit_price" not in roles and not has_no_price:
        evidence = "no column is the total of a line"
        log.add_question(
            "column.unit_price", _PRICE_QUESTION, (*unmapped, NO_COLUMN), evidence, none=_NO_AMOUNTS_EVIDENCE
        )
    return {}


def _ask_for_total_column(
    sheet: Sheet, roles: dict[str, str], unmapped: tuple[str, ...], style: DetectedNumberStyle, log: DetectionLog
) -> bool:
    """Whether a column may be the total of a line although no sum proves it, so that `column.net_amount` is asked."""
    if log.answers.get("column.net_amount") == NO_COLUMN:  # only the numbers contradict what is known about an export
        is_assumed = "column.net_amount" in log.assumed
        return is_assumed and ask_for_line_price(sheet, roles, unmapped, style, log)
    if totals := _partial_totals(sheet, roles, unmapped, style):
        names, evidence = tuple(totals), next(iter(totals.values()))
        log.add_question("column.net_amount", TOTAL_OF_LINE, (*names, NO_COLUMN), evidence, default=names[0])
        return True
    return ask_for_line_price(sheet, roles, unmapped, style, log)


def _partial_totals(
    sheet: Sheet, roles: dict[str, str], unmapped: tuple[str, ...], style: DetectedNumberStyle
) -> dict[str, str]:
    """Columns that are quantity × price in most rows and less in the others, each with the evidence."""
    totals = {}
    for name in unmapped:
        rows = [
            (row["quantity"] * row["unit_price"], row["net_amount"], row["unit_price"])
            for row in money_rows(sheet, roles | {"net_amount": name}, style).rows
            if {"quantity", "unit_price", "net_amount"} <= set(row)
        ]
        equal = sum(abs(full - total) <= TOLERANCE for full, total, _ in rows)
        higher = sum(abs(total) > abs(full) + TOLERANCE for full, total, _ in rows)
        prices = sum(abs(total - price) <= TOLERANCE for _, total, price in rows)
        if len(rows) >= _MIN_TOTAL_ROWS and equal > max(_MIN_ALIKE_SHARE * len(rows), prices) and not higher:
            share = percentage(equal / len(rows))
            totals[name] = (
                f"{name} is {roles['quantity']} × {roles['unit_price']} in {share} of {len(rows):,} rows, and less in "
                "the others"
            )
    return totals


def _record_units_only(roles: dict[str, str], log: DetectionLog) -> None:
    """Record that only units count, and drop the other amounts, which no price completes."""
    for role in ("unit_price", "discount", "discount_rate", "tax"):
        roles.pop(role, None)
    evidence = (
        f"you answered that no column is a total or a price, so only the units in {roles['quantity']} are counted: "
        "every line has an amount of 0, and its revenue is not known"
    )
    log.add_finding("amounts", "units only", evidence, CERTAIN)


def _ask_for_discount(sheet: Sheet, roles: dict[str, str], unmapped: tuple[str, ...], log: DetectionLog) -> None:
    """If the total is computed, ask whether a column with an unknown name is a discount."""
    if "discount" in roles or "column.discount" in log.answers:
        return
    unknown = [name for name in unmapped if not match_header(name) and not reversed_column(name)]
    candidates = [name for name in unknown if profile_numbers(sheet.columns[name]).decimal]
    if candidates:
        words = "Which column is a discount on the line?"
        evidence = "the total is computed, and the meaning of these columns is not known"
        log.add_question("column.discount", words, (*candidates, NO_COLUMN), evidence)


def ask_for_quantity(
    sheet: Sheet, roles: dict[str, str], unmapped: Iterable[str], style: DetectedNumberStyle, log: DetectionLog
) -> None:
    """Ask `column.quantity` if columns may be the quantity; a finding reports if units are not counted.

    unmapped: numeric columns without a role.
    """
    if "quantity" in roles or any(question.key == "column.quantity" for question in log.questions):
        return
    names = () if log.answers.get("column.quantity") == NO_COLUMN else quantity_candidates(sheet, unmapped, style)
    if names:
        words = "Which column is the quantity, the number of units in the row?"
        evidence = f"no name shows it, and the numbers of {list_names(names)} are whole and small"
        log.add_question("column.quantity", words, (*names, NO_COLUMN), evidence)
    else:
        has_products = bool({"product_id", "product_name"} & set(roles))
        what = "the units of these sales are" if has_products else "the units and the products of these sales are"
        evidence = f"no column is the quantity, so {what} not known"
        log.add_finding("units", "not counted", evidence, LIKELY)


def quantity_candidates(sheet: Sheet, unmapped: Iterable[str], style: DetectedNumberStyle) -> tuple[str, ...]:
    """Numeric columns that may be quantities: whole small numbers that repeat."""
    names = [name for name in unmapped if name and not is_irrelevant_header(name) and not period_of_header(name)]
    columns = NumberColumns(sheet, names, style)
    return tuple(name for name in names if _may_be_quantity(columns[name]) and not _is_code(sheet, name))


def _is_code(sheet: Sheet, name: str) -> bool:
    """Whether each number represents one word of another column, such as the number of a product group."""
    numbers = sheet.columns[name]
    return any(
        len(set(zip(numbers.cells, other.cells, strict=True))) == len(set(numbers.cells)) == len(set(other.cells)) > 1
        for other in sheet.columns.values()
        if other.name != name and not any(map(looks_like_number, islice(other.words, _CHECKED_WORDS)))
    )


def _may_be_quantity(values: Numbers) -> bool:
    filled = np.abs(values[~np.isnan(values)])
    if len(filled) < _MIN_WHOLE_SHARE * len(values) or not filled.any():
        return False
    is_whole = (filled == filled.round()).mean() >= _MIN_WHOLE_SHARE
    is_repeated = len(filled) < 3 or len(np.unique(filled)) < len(filled)
    return bool(is_whole and is_repeated and np.median(filled) <= _USUAL_QUANTITY and filled.max() <= _MAX_QUANTITY)
