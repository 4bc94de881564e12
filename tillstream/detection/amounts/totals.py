"""Which total is net and which gross, and whether prices hold the tax: proved, or asked."""

from collections.abc import Callable, Iterator
from typing import Any

from tillstream.detection.amounts import discounts
from tillstream.detection.amounts.money import MOST, Money, Row, base, rows_of
from tillstream.detection.amounts.taxes import RATES, even
from tillstream.detection.evidence import ASSUMED, CERTAIN, LIKELY, Told
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import Style

Way = tuple[str, str, float, tuple[int, ...]]
"""A role, why, in how many rows, and lines."""


def decide(sheet: Sheet, roles: dict[str, str], style: Style, told: Told, *, percent: bool) -> dict[str, Any]:
    """The contract's `amounts`; makes of `amount` net_amount or gross_amount in `roles` itself.

    percent: the cells of the discount have the sign. Asks `amount`, `prices`, `tax_rate` and `discount`.
    """
    money = rows_of(sheet, roles, style)
    rule: dict[str, Any] = {}
    kind = discounts.decide(money, roles, told, percent=percent)
    if kind not in {"", "amount"}:
        rule["discount"] = kind
    priced = {"quantity", "unit_price"} <= set(roles)
    if "amount" in roles:
        _total(money, roles, told, priced=priced)
    if "net_amount" not in roles and (priced or "gross_amount" in roles):
        rule |= _inside(money, roles, told, priced=priced)
    if "net_amount" in roles and priced:
        share, lines = money.agrees("quantity", "unit_price", "net_amount", rule=lambda r: base(r) - r["net_amount"])
        name = roles["net_amount"]
        if share:
            evidence = f"quantity × price less discount is the {name} in {share:.0%} of the rows looked at"
            told.find("line_total", name, evidence, LIKELY if share < MOST else CERTAIN, lines)
    for role in ("tax_rate", "amount"):
        roles.pop(role, None)
    return rule


def _total(money: Money, roles: dict[str, str], told: Told, *, priced: bool) -> None:
    """A total whose name says neither net nor gross."""
    name = roles["amount"]
    said = told.answer("amount")
    if said in {"net", "gross"}:
        _is(money, roles, f"{said}_amount")
        return
    for role, evidence, share, lines in _ways(money, roles, priced=priced):
        if share >= MOST and role not in roles:
            _is(money, roles, role)
            told.find(f"column.{role}", name, f"{evidence} in {share:.0%} of the rows looked at", share, lines)
            return
    if "net_amount" in roles:
        evidence = f"{roles['net_amount']} is the net total; what {name} adds is not known"
        told.find("column.extra", name, evidence, LIKELY)
    elif "tax" in roles or "gross_amount" in roles:
        told.ask("amount", f"Is {name} before tax (net) or with tax (gross)?", ("net", "gross"), "no sum proves it")
        roles["net_amount"] = name
    else:
        _is(money, roles, "net_amount")
        told.find("column.net_amount", name, f"{name} is the only total, and no column tells a tax", ASSUMED)


def _is(money: Money, roles: dict[str, str], role: str) -> None:
    roles[role] = roles["amount"]
    for row in money.rows:
        if "amount" in row:
            row[role] = row["amount"]


def _ways(money: Money, roles: dict[str, str], *, priced: bool) -> Iterator[Way]:
    """Each sum that would prove what the total is."""
    taxed = "tax" in roles and any(row.get("tax") for row in money.rows)
    if taxed and "net_amount" in roles:
        yield (
            "gross_amount",
            f"it is {roles['net_amount']} + {roles['tax']}",
            *money.agrees("net_amount", "tax", "amount", rule=lambda r: r["net_amount"] + r["tax"] - r["amount"]),
        )
    if taxed and "gross_amount" in roles:
        yield (
            "net_amount",
            f"it is {roles['gross_amount']} − {roles['tax']}",
            *money.agrees("gross_amount", "tax", "amount", rule=lambda r: r["gross_amount"] - r["tax"] - r["amount"]),
        )
    if taxed and priced:
        yield (
            "gross_amount",
            f"it is quantity × price less discount + {roles['tax']}",
            *money.agrees("quantity", "unit_price", "tax", "amount", rule=lambda r: base(r) + r["tax"] - r["amount"]),
        )
    if taxed and not {"net_amount", "gross_amount"} & set(roles):
        above, inside = _rates(money, lambda r: r.get("amount"))
        yield "net_amount", "the tax comes on top of it at an even rate", above, ()
        yield "gross_amount", "the tax is a part of it at an even rate", inside, ()
    if priced and "tax" not in roles and "gross_amount" not in roles:
        yield (
            "net_amount",
            "it is quantity × price less discount",
            *money.agrees("quantity", "unit_price", "amount", rule=lambda r: base(r) - r["amount"]),
        )


def _rates(money: Money, total: Callable[[Row], float | None]) -> tuple[float, float]:
    """The part of the taxed rows whose rate is even where the tax is above the total, and inside of it.

    A fourth above is a fifth inside: where both are even, neither is proved.
    """
    above, inside, rows = 0, 0, 0
    for row in money.rows:
        value = total(row)
        if value and abs(row.get("tax", 0.0)) >= 1:
            rows += 1
            above += even(row["tax"], value)
            inside += even(row["tax"], value - row["tax"])
    if rows < RATES or min(above, inside) >= rows / 2:
        return 0.0, 0.0
    return above / rows, inside / rows


def _inside(money: Money, roles: dict[str, str], told: Told, *, priced: bool) -> dict[str, Any]:
    """Without a net total it is computed, from prices or from a gross total: whether these hold the tax decides."""
    said = told.answer("prices")
    if said == "net" and priced:
        return {}
    if said == "gross" or not priced:
        return _with_tax(roles, told)
    if "tax" not in roles and "gross_amount" not in roles:
        told.find("prices", "before tax", "no column tells a tax", ASSUMED)
        return {}
    for inside, evidence, share, lines in _proofs(money, roles):
        if share >= MOST:
            told.find("prices", inside, f"{evidence} in {share:.0%} of the rows looked at", share, lines)
            return {} if inside == "before tax" else _with_tax(roles, told)
    told.ask("prices", "Are the prices before tax (net) or with tax (gross)?", ("net", "gross"), "no sum proves it")
    return {}


def _proofs(money: Money, roles: dict[str, str]) -> Iterator[Way]:
    taxed = "tax" in roles and any(row.get("tax") for row in money.rows)
    gross = roles.get("gross_amount", "")
    if taxed and gross:
        yield (
            "before tax",
            f"quantity × price less discount + {roles['tax']} is {gross}",
            *money.agrees(
                "quantity", "unit_price", "tax", "gross_amount", rule=lambda r: base(r) + r["tax"] - r["gross_amount"]
            ),
        )
    if gross:
        yield (
            "with tax",
            f"quantity × price less discount is {gross}",
            *money.agrees("quantity", "unit_price", "gross_amount", rule=lambda r: base(r) - r["gross_amount"]),
        )
    if taxed and not gross:
        above, inside = _rates(money, lambda r: base(r) if {"quantity", "unit_price"} <= set(r) else None)
        yield "before tax", f"{roles['tax']} comes on top of quantity × price at an even rate", above, ()
        yield "with tax", f"{roles['tax']} is a part of quantity × price at an even rate", inside, ()


def _with_tax(roles: dict[str, str], told: Told) -> dict[str, Any]:
    """Totals include the tax, which a column tells or a person."""
    if "tax" in roles:
        return {"include": "tax"}
    said = told.answer("tax_rate")
    if said is None:
        name = roles.get("gross_amount", "the prices")
        words = f"Which part of the net amount is the tax in {name}, such as 0.19? 0 where there is none."
        told.ask("tax_rate", words, (), "no column tells it")
    return {"include": "tax", "tax_rate": said or "0"}
