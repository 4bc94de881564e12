"""Classify totals as net or gross, and determine whether prices include tax."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations, product

import numpy as np

from tillstream.detection.amounts import charges, discounts, line_taxes, tax_columns
from tillstream.detection.amounts.arithmetic import (
    MAX_COMPARED_ROWS,
    MIN_SHARE,
    MoneyRow,
    MoneyRows,
    NumberColumns,
    Numbers,
    are_equal,
    discounted_price,
    money_rows,
    tax_on_net,
    use_fractions,
)
from tillstream.detection.amounts.line_taxes import MIN_TAXED_ROWS, is_even_rate
from tillstream.detection.amounts.totals_by_content import TOTAL_ROLES
from tillstream.detection.evidence import ASSUMED, CERTAIN, LIKELY, DetectionLog, percentage
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle, profile_numbers
from tillstream.detection.words.headers import match_header, tax_words
from tillstream.model.document_json import JsonObject

_MIN_ORDERS, _MIN_ORDER_SHARE, _MIN_NUMERIC_SHARE = 3, 0.95, 0.9
_MAX_COLUMNS, _MAX_TERMS = 8, 2
_RATE_STEP = 0.005
"""Rates are multiples of this fraction."""

TotalProof = tuple[str, str, float, tuple[int, ...]]
"""Role, evidence, share of rows, and example lines."""


def detect_order_tax(sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, log: DetectionLog) -> str:
    """Name of a tax of orders that no sum explains; empty if there is none, or if a sum does.

    The answers to `prices` and `tax_rate` are assumed if the totals of the orders prove them.
    """
    if {"tax", "tax_rate", *TOTAL_ROLES} & set(roles) or not {"quantity", "unit_price", "sale_id"} <= set(roles):
        return ""
    unmapped = {name: column for name, column in sheet.columns.items() if name not in roles.values() and column.filled}
    taxes = [name for name in unmapped if _has_header_role(name, "tax")]
    for name in taxes:
        numeric = [
            other
            for other in unmapped
            if other not in taxes and profile_numbers(unmapped[other]).share > _MIN_NUMERIC_SHARE
        ]
        lines = [roles[role] for role in ("quantity", "unit_price", "discount") if role in roles]
        columns = NumberColumns(sheet, dict.fromkeys((name, *numeric, *lines)), style)
        orders = np.flatnonzero(np.nan_to_num(columns[name]) != 0)
        if len(orders) >= _MIN_ORDERS:
            return _explain_order_total(sheet, roles, columns, name, numeric, orders, log)
    return ""


def _has_header_role(name: str, *roles: str) -> bool:
    return any(match.role in roles for match in match_header(name))


def _explain_order_total(
    sheet: Sheet,
    roles: dict[str, str],
    columns: NumberColumns,
    tax: str,
    numeric: list[str],
    orders: np.ndarray[tuple[int], np.dtype[np.intp]],
    log: DetectionLog,
) -> str:
    """The name of the tax if no sum shows whether it is part of the prices."""
    values = {name: columns[name][orders] for name in numeric if not np.isnan(columns[name][orders]).all()}
    lines = f"{roles['quantity']} × {roles['unit_price']}"
    starts = {lines: _sum_of_lines(sheet, roles, columns)[orders]}
    starts |= {name: numbers for name, numbers in values.items() if _has_header_role(name, "net_amount")}
    totals = {name: numbers for name, numbers in values.items() if _has_header_role(name, "amount", "gross_amount")}
    amounts = columns[tax][orders]
    others = [
        name
        for name, numbers in values.items()
        if name not in starts and name not in totals and not are_equal(np.nan_to_num(numbers), amounts).all()
    ][:_MAX_COLUMNS]
    for added in (True, False):
        for (total, gross), (start, base) in product(totals.items(), starts.items()):
            for words, rest in _order_terms(others, values):
                share = are_equal(gross, base + rest + (amounts if added else 0)).mean()
                if share >= _MIN_ORDER_SHARE:
                    evidence = f"{total} is {start}{words}{f' + {tax}' if added else ''} in {percentage(share)} of the "
                    evidence += f"{len(orders):,} orders with a tax"
                    _assume_prices(added, f"{evidence}, so the prices {'do not ' if added else ''}include it", log)
                    if not added:
                        _assume_tax_rate(tax, amounts, _bases_of_tax(gross, base, others, values), log)
                    return ""
    return tax


def _assume_prices(added: bool, evidence: str, log: DetectionLog) -> None:  # noqa: FBT001 - a private step
    log.assume({"prices": "net" if added else "gross"}, evidence)


def _sum_of_lines(sheet: Sheet, roles: dict[str, str], columns: NumberColumns) -> Numbers:
    """Quantity × price less discount of all lines of the order, for each of its rows."""
    full = np.nan_to_num(columns[roles["quantity"]] * columns[roles["unit_price"]])
    amounts = full - columns.or_zero(roles.get("discount", ""))
    sale_ids = sheet.columns[roles["sale_id"]].cells[:MAX_COMPARED_ROWS]
    _, sales = np.unique(np.array(sale_ids), return_inverse=True)
    sums: Numbers = np.bincount(sales, weights=amounts).astype(np.float64)[sales]
    return sums


def _order_terms(names: list[str], values: dict[str, Numbers]) -> Iterator[tuple[str, Numbers | float]]:
    """What is added to the lines or subtracted, such as shipping and a discount, with its words."""
    for count in range(_MAX_TERMS + 1):
        for terms in combinations(names, count):
            for signs in product((1, -1), repeat=count):
                pairs = [*zip(terms, signs, strict=True)]
                words = "".join(f" {'+' if sign > 0 else '−'} {name}" for name, sign in pairs)
                yield words, sum(sign * np.nan_to_num(values[name]) for name, sign in pairs)


def _bases_of_tax(total: Numbers, lines: Numbers, others: list[str], values: dict[str, Numbers]) -> Iterator[Numbers]:
    """Sums that may include the tax: the total and the lines, also without one of the other amounts."""
    for gross in (total, lines):
        yield gross
        yield from (gross - np.nan_to_num(values[name]) for name in others)


def _assume_tax_rate(tax: str, amounts: Numbers, bases: Iterable[Numbers], log: DetectionLog) -> None:
    """Assume the rate that the tax has in nearly all orders, of one of their sums."""
    for gross in bases:
        net = gross - amounts
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = np.round(amounts / net / _RATE_STEP) * _RATE_STEP
        values, counts = np.unique(rates[np.isfinite(rates)], return_counts=True)
        if not len(values) or not 0 < (rate := float(values[counts.argmax()])) < 1:
            continue
        share = (np.abs(amounts - net * rate) <= np.maximum(0.011, 0.0006 * np.abs(net))).mean()
        if share >= _MIN_ORDER_SHARE:
            evidence = (
                f"{tax} is {100 * rate:g}% of an order before tax in {percentage(share)} of the orders with a tax"
            )
            log.assume({"tax_rate": f"{rate:.3f}".rstrip("0")}, evidence)
            return


class TaxColumns:
    """The kind of the tax column, the columns that are added to it, and a tax of orders that no sum explains."""

    def __init__(self, sheet: Sheet, columns: Mapping[str, SampleColumn], log: DetectionLog) -> None:
        """columns: those with a value for each line."""
        self._log = log
        self.parts = tax_columns.detect_tax_parts(sheet, columns, log)
        self.kind = self.order_tax = ""

    def read(self, sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle) -> None:
        """Decide whether the tax column contains amounts or rates, which get the role tax_rate, in place."""
        name = roles.get("tax") or roles.get("tax_rate", "")
        percent = bool(name) and profile_numbers(sheet.columns[name]).percent
        self.kind = line_taxes.detect_tax_kind(sheet, roles, style, self._log, percent=percent)

    def ask(self, sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, unknown: tuple[str, ...]) -> None:
        """Ask for a tax or a net total among the numeric columns with unknown names, and read the totals of orders."""
        charges.find_tax_with_charges(sheet, roles, style, unknown, self._log)
        line_taxes.ask_for_tax(sheet, roles, style, unknown, self._log)
        line_taxes.ask_for_net_total(sheet, roles, style, unknown, self._log)
        self.order_tax = detect_order_tax(sheet, roles, style, self._log)

    def words(self, roles: Mapping[str, str]) -> str:
        """The columns of the tax such as “CGST and SGST”; empty without one."""
        name = roles.get("tax") or roles.get("tax_rate", "")
        return " and ".join((name, *self.parts.added.get("tax", ()))) if "tax" in roles else name

    def add_parts(self, amounts: JsonObject, roles: Mapping[str, str]) -> None:
        """Add the other columns of a sum to the contract's `amounts`, in place."""
        added = {role: list(names) for role, names in self.parts.added.items() if role in roles}
        if added:
            amounts["add"] = added | amounts.get("add", {})


def classify_totals(
    sheet: Sheet,
    roles: dict[str, str],
    style: DetectedNumberStyle,
    log: DetectionLog,
    *,
    percent: bool,
    taxes: TaxColumns,
) -> JsonObject:
    """The contract's `amounts`. Replaces `amount` in `roles` with net_amount or gross_amount, in place.

    percent: the cells of the discount contain `%`. Asks `amount`, `prices`, `tax_rate` and `discount`.
    """
    money = money_rows(sheet, roles, style)
    tax_columns.add_parts_to_rows(money, sheet, taxes.parts, style)
    if taxes.kind == "percent":
        use_fractions(money)
    rule: JsonObject = {}
    kind, is_negative = discounts.detect_discount_kind(money, roles, log, percent=percent)
    discounts.confirm_discount(money, roles, log)
    if kind not in {"", "amount"} and "discount" in roles:
        rule["discount"] = kind
    if is_negative and "discount" in roles:
        rule["factors"] = {"discount": -1}
    priced = {"quantity", "unit_price"} <= set(roles)
    if "amount" in roles:
        _classify_total(money, roles, log, taxes.words(roles), priced=priced)
    if "net_amount" not in roles and (priced or "gross_amount" in roles):
        rule |= _tax_in_prices(money, roles, log, taxes, priced=priced)
    if "net_amount" in roles and priced:
        share, lines = money.agrees(
            "quantity", "unit_price", "net_amount", rule=lambda row: discounted_price(row) - row["net_amount"]
        )
        name = roles["net_amount"]
        if share:
            evidence = f"quantity × price less discount is the {name} in {percentage(share)} of the compared rows"
            log.add_finding("line_total", name, evidence, LIKELY if share < MIN_SHARE else CERTAIN, lines)
    if rule.get("include") and "tax_rate" in roles:
        roles["tax"], rule["tax"] = roles["tax_rate"], taxes.kind
    for role in ("tax_rate", "amount"):
        roles.pop(role, None)
    return rule


def _classify_total(money: MoneyRows, roles: dict[str, str], log: DetectionLog, tax_sum: str, *, priced: bool) -> None:
    """Classify a total that is named neither net nor gross. tax_sum: the columns of the tax."""
    name = roles["amount"]
    answer = log.answer("amount")
    if answer in {"net", "gross"}:
        _set_total_role(money, roles, f"{answer}_amount")
        return
    for role, evidence, share, lines in _total_proofs(money, roles, tax_sum, priced=priced):
        if share >= MIN_SHARE and role not in roles:
            _set_total_role(money, roles, role)
            log.add_finding(
                f"column.{role}", name, f"{evidence} in {percentage(share)} of the compared rows", share, lines
            )
            return
    if "net_amount" in roles:
        evidence = f"{roles['net_amount']} is the net total; what {name} adds is not known"
        log.add_finding("column.extra", name, evidence, LIKELY)
    elif named := tax_words(name):
        _set_total_role(money, roles, f"{named}_amount")
        words = "with tax" if named == "gross" else "before tax"
        log.add_finding(f"column.{named}_amount", name, f"its name is that of a total {words}", LIKELY)
    elif {"tax", "tax_rate", "gross_amount"} & set(roles):
        log.add_question("amount", f"Is {name} before tax or with tax?", ("net", "gross"), "no sum shows it")
        roles["net_amount"] = name
    else:
        _set_total_role(money, roles, "net_amount")
        log.add_finding("column.net_amount", name, "no other column is known as a total, and none as a tax", ASSUMED)


def _set_total_role(money: MoneyRows, roles: dict[str, str], role: str) -> None:
    roles[role] = roles["amount"]
    for row in money.rows:
        if "amount" in row:
            row[role] = row["amount"]


def _total_proofs(money: MoneyRows, roles: dict[str, str], tax_sum: str, *, priced: bool) -> Iterator[TotalProof]:
    """Yield each rule that would prove the total to be net or gross."""
    tax = _tax_role(money, roles)
    if tax and "net_amount" in roles:
        yield (
            "gross_amount",
            f"it is {roles['net_amount']} + {tax_sum}",
            *money.agrees(
                "net_amount",
                tax,
                "amount",
                rule=lambda row: row["net_amount"] + tax_on_net(row, row["net_amount"]) - row["amount"],
            ),
        )
    if tax and "gross_amount" in roles:
        yield (
            "net_amount",
            f"it is {roles['gross_amount']} − {tax_sum}",
            *money.agrees(
                "gross_amount",
                tax,
                "amount",
                rule=lambda row: row["gross_amount"] - tax_on_net(row, row["amount"]) - row["amount"],
            ),
        )
    if tax and priced:
        yield (
            "gross_amount",
            f"it is quantity × price less discount + {tax_sum}",
            *money.agrees(
                "quantity",
                "unit_price",
                tax,
                "amount",
                rule=lambda row: discounted_price(row) + tax_on_net(row, discounted_price(row)) - row["amount"],
            ),
        )
    if tax == "tax" and not {"net_amount", "gross_amount"} & set(roles):
        added, included = _even_rate_shares(money, lambda row: row.get("amount"))
        yield "net_amount", "the tax is added to it at a constant rate", added, ()
        yield "gross_amount", "the tax is included in it at a constant rate", included, ()
    if priced and not {"tax", "tax_rate", "gross_amount"} & set(roles):
        included = tax_words(roles["unit_price"]) == "gross"
        yield (
            "gross_amount" if included else "net_amount",
            f"it is quantity × price less discount{', and the prices include tax by their name' if included else ''}",
            *money.agrees("quantity", "unit_price", "amount", rule=lambda row: discounted_price(row) - row["amount"]),
        )


def _tax_role(money: MoneyRows, roles: dict[str, str]) -> str:
    """The role of the column that shows the tax: tax or tax_rate; empty if it is 0 in all rows."""
    return next(
        (role for role in ("tax", "tax_rate") if role in roles and any(row.get(role) for row in money.rows)), ""
    )


def _even_rate_shares(money: MoneyRows, total: Callable[[MoneyRow], float | None]) -> tuple[float, float]:
    """Shares of taxed rows with an even rate if tax is added to the total, and if it is included.

    25% added equals 20% included; if both are even, neither is proved.
    """
    added, included, rows = 0, 0, 0
    for row in money.rows:
        value = total(row)
        if value and abs(row.get("tax", 0.0)) >= 1:
            rows += 1
            added += is_even_rate(row["tax"], value)
            included += is_even_rate(row["tax"], value - row["tax"])
    if rows < MIN_TAXED_ROWS or min(added, included) >= rows / 2:
        return 0.0, 0.0
    return added / rows, included / rows


def _tax_in_prices(
    money: MoneyRows, roles: dict[str, str], log: DetectionLog, taxes: TaxColumns, *, priced: bool
) -> JsonObject:
    """Settings to compute the net total from prices or a gross total, depending on whether they include tax."""
    order_tax = taxes.order_tax
    answer = log.answer("prices")
    if answer == "net" and priced:
        return {}
    if answer == "gross" or not priced:
        return _settings_with_tax(roles, log)
    named = tax_words(roles["unit_price"])
    if not order_tax and not named and not {"tax", "tax_rate", "gross_amount"} & set(roles):
        log.add_finding("prices", "before tax", "no column is known as a tax", ASSUMED)
        return {}
    for price_type, evidence, share, lines in _price_proofs(money, roles, taxes.words(roles)):
        if share >= MIN_SHARE:
            log.add_finding(
                "prices", price_type, f"{evidence} in {percentage(share)} of the compared rows", share, lines
            )
            return {} if price_type == "before tax" else _settings_with_tax(roles, log)
    if named:
        words = "with tax" if named == "gross" else "before tax"
        log.add_finding("prices", words, f"{roles['unit_price']} is the name of prices {words}", LIKELY)
        return _settings_with_tax(roles, log) if named == "gross" else {}
    evidence = f"{order_tax} contains a tax, and no sum shows it" if order_tax else "no sum shows it"
    log.add_question("prices", "Are the prices before tax or with tax?", ("net", "gross"), evidence)
    return {}


def _price_proofs(money: MoneyRows, roles: dict[str, str], tax_sum: str) -> Iterator[TotalProof]:
    tax = _tax_role(money, roles)
    gross = roles.get("gross_amount", "")
    if tax and gross:
        yield (
            "before tax",
            f"quantity × price less discount + {tax_sum} is {gross}",
            *money.agrees(
                "quantity",
                "unit_price",
                tax,
                "gross_amount",
                rule=lambda row: discounted_price(row) + tax_on_net(row, discounted_price(row)) - row["gross_amount"],
            ),
        )
    if gross:
        yield (
            "with tax",
            f"quantity × price less discount is {gross}",
            *money.agrees(
                "quantity", "unit_price", "gross_amount", rule=lambda row: discounted_price(row) - row["gross_amount"]
            ),
        )
    if tax == "tax" and not gross:
        added, included = _even_rate_shares(
            money, lambda row: discounted_price(row) if {"quantity", "unit_price"} <= set(row) else None
        )
        yield "before tax", f"{tax_sum} is added to quantity × price at a constant rate", added, ()
        yield "with tax", f"{tax_sum} is included in quantity × price at a constant rate", included, ()


def _settings_with_tax(roles: dict[str, str], log: DetectionLog) -> JsonObject:
    """Settings for totals that include tax, taken from a tax column or a rate. Asks `tax_rate`."""
    if {"tax", "tax_rate"} & set(roles):
        return {"include": "tax"}
    answer = log.answer("tax_rate")
    if answer is None and any(question.key == "column.tax" for question in log.questions):
        return {"include": "tax", "tax_rate": "0"}  # it is not needed if that answer is a column
    if answer is None:
        name = roles.get("gross_amount", "the prices")
        words = f"Which part of the net amount is the tax in {name}, such as 0.19? Enter 0 if there is none."
        log.add_question("tax_rate", words, (), "no column contains it")
    return {"include": "tax", "tax_rate": answer or "0"}
