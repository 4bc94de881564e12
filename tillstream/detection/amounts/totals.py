"""Classify totals as net or gross, and determine whether prices include tax."""

from collections.abc import Callable, Iterator
from typing import Any

from tillstream.detection.amounts import discount_guard, discounts, tax_parts
from tillstream.detection.amounts.tax_columns import TaxColumns
from tillstream.detection.amounts.taxes import MIN_TAXED_ROWS, is_even_rate
from tillstream.detection.arithmetic.money import (
    MIN_SHARE,
    MoneyRows,
    Row,
    discounted_price,
    money_rows,
    tax_on,
    use_fractions,
)
from tillstream.detection.evidence import ASSUMED, CERTAIN, LIKELY, DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.tax_words import tax_words

Proof = tuple[str, str, float, tuple[int, ...]]
"""Role, evidence, share of rows, and example lines."""


def decide(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, log: DetectionLog, *, percent: bool, taxes: TaxColumns
) -> dict[str, Any]:
    """The contract's `amounts`. Replaces `amount` in `roles` with net_amount or gross_amount, in place.

    percent: the cells of the discount contain `%`. Asks `amount`, `prices`, `tax_rate` and `discount`.
    """
    money = money_rows(sheet, roles, style)
    tax_parts.add_to_rows(money, sheet, taxes.parts, style)
    if taxes.kind == "percent":
        use_fractions(money)
    rule: dict[str, Any] = {}
    kind, is_negative = discounts.decide(money, roles, log, percent=percent)
    discount_guard.confirm(money, roles, log)
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


def _total_proofs(money: MoneyRows, roles: dict[str, str], tax_sum: str, *, priced: bool) -> Iterator[Proof]:
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
                rule=lambda row: row["net_amount"] + tax_on(row, row["net_amount"]) - row["amount"],
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
                rule=lambda row: row["gross_amount"] - tax_on(row, row["amount"]) - row["amount"],
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
                rule=lambda row: discounted_price(row) + tax_on(row, discounted_price(row)) - row["amount"],
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


def _even_rate_shares(money: MoneyRows, total: Callable[[Row], float | None]) -> tuple[float, float]:
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
) -> dict[str, Any]:
    """Settings to compute the net total from prices or a gross total, depending on whether they include tax."""
    order_tax = taxes.order_tax
    answer = log.answer("prices")
    if answer == "net" and priced:
        return {}
    if answer == "gross" or not priced:
        return _with_tax(roles, log)
    named = tax_words(roles["unit_price"])
    if not order_tax and not named and not {"tax", "tax_rate", "gross_amount"} & set(roles):
        log.add_finding("prices", "before tax", "no column is known as a tax", ASSUMED)
        return {}
    for price_type, evidence, share, lines in _price_proofs(money, roles, taxes.words(roles)):
        if share >= MIN_SHARE:
            log.add_finding(
                "prices", price_type, f"{evidence} in {percentage(share)} of the compared rows", share, lines
            )
            return {} if price_type == "before tax" else _with_tax(roles, log)
    if named:
        words = "with tax" if named == "gross" else "before tax"
        log.add_finding("prices", words, f"{roles['unit_price']} is the name of prices {words}", LIKELY)
        return _with_tax(roles, log) if named == "gross" else {}
    evidence = f"{order_tax} contains a tax, and no sum shows it" if order_tax else "no sum shows it"
    log.add_question("prices", "Are the prices before tax or with tax?", ("net", "gross"), evidence)
    return {}


def _price_proofs(money: MoneyRows, roles: dict[str, str], tax_sum: str) -> Iterator[Proof]:
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
                rule=lambda row: discounted_price(row) + tax_on(row, discounted_price(row)) - row["gross_amount"],
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


def _with_tax(roles: dict[str, str], log: DetectionLog) -> dict[str, Any]:
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
