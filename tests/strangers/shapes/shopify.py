"""Exports of Shopify, and of Squarespace, which writes as Shopify does."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, delimited, once, plain, strip
from tests.strangers.truth import truth_of

FAMILY = "web shops"


SHOPIFY_WORDS = {"completed": "paid", "pending": "pending", "cancelled": "voided"}


SHOPIFY_MEANS = {"paid": "completed", "pending": "pending", "voided": "cancelled", "refunded": "cancelled"}


def sums(lines: list[Line], amount: Callable[[Line], Decimal]) -> dict[int, Decimal]:
    """Return the amount of each sale."""
    totals: dict[int, Decimal] = {}
    for line in lines:
        totals[line.sale] = totals.get(line.sale, Decimal(0)) + amount(line)
    return totals


def shopify(lines: list[Line], currency: str, offset: str) -> Columns:
    """The orders export: a row for each line, and the columns of the order in its first row only."""
    subtotal, taxes = sums(lines, lambda line: line.total), sums(lines, lambda line: line.tax)
    taxed = lines[0].taxed
    discount = sums(lines, lambda line: line.discount)

    def of_order(value: Callable[[Line], object]) -> Callable[[Line], object]:
        return lambda line: once(line, value(line))

    at = lambda line: strip(line.at, f"%Y-%m-%d %H:%M:%S {offset}")  # noqa: E731
    empty = of_order(lambda line: "")
    return {
        "Name": lambda line: f"#{1000 + line.sale}",
        "Email": lambda line: f"{line.customer.split()[0].lower()}@example.com",
        "Financial Status": of_order(lambda line: SHOPIFY_WORDS[line.status]),
        "Paid at": of_order(lambda line: at(line) if line.status == "completed" else ""),
        "Fulfillment Status": of_order(lambda line: "fulfilled" if line.status == "completed" else "unfulfilled"),
        "Fulfilled at": of_order(lambda line: at(line) if line.status == "completed" else ""),
        "Accepts Marketing": of_order(lambda line: "yes" if line.sale % 3 else "no"),
        "Currency": of_order(lambda line: currency),
        "Subtotal": of_order(lambda line: plain(subtotal[line.sale])),
        "Shipping": of_order(lambda line: "5.90"),
        "Taxes": of_order(lambda line: plain(taxes[line.sale])),
        "Total": of_order(
            lambda line: plain(subtotal[line.sale] + Decimal("5.90") + (0 if taxed else taxes[line.sale]))
        ),
        "Discount Code": of_order(lambda line: "WELCOME" if discount[line.sale] else ""),
        "Discount Amount": of_order(lambda line: plain(discount[line.sale])),
        "Shipping Method": of_order(lambda line: "Standard"),
        "Created at": at,
        "Lineitem quantity": lambda line: line.quantity,
        "Lineitem name": lambda line: line.product,
        "Lineitem price": lambda line: plain(line.price),
        "Lineitem compare at price": lambda line: "",
        "Lineitem sku": lambda line: line.code,
        "Lineitem requires shipping": lambda line: "true",
        "Lineitem taxable": lambda line: "true",
        "Lineitem fulfillment status": lambda line: "fulfilled" if line.status == "completed" else "pending",
        "Billing Name": of_order(lambda line: line.customer),
        "Billing Zip": of_order(lambda line: f"'{10000 + line.sale}"),
        "Billing Country": of_order(lambda line: "US"),
        "Notes": empty,
        "Cancelled at": of_order(lambda line: at(line) if line.status == "cancelled" else ""),
        "Payment Method": of_order(lambda line: "Shopify Payments"),
        "Refunded Amount": of_order(lambda line: "0.00"),
        "Vendor": lambda line: "Hearth & Home",
        "Id": of_order(lambda line: 5_400_000_000_000 + line.sale * 32_768),
        "Risk Level": of_order(lambda line: "Low"),
        "Source": of_order(lambda line: "web"),
        "Lineitem discount": lambda line: plain(line.discount),
    }


SHOPIFY_COLUMNS = {
    "sale_id": "Name", "date": "Created at", "status": "Financial Status", "currency": "Currency",
    "quantity": "Lineitem quantity", "unit_price": "Lineitem price", "product_name": "Lineitem name",
    "product_id": "Lineitem sku", "discount": "Lineitem discount", "customer_name": "Billing Name",
}  # fmt: skip


def shopify_case(name: str, plan: Plan, clerk: Clerk, offset: str, *, file: str = "orders_export_1.csv") -> Case:
    lines = draw(plan)
    basis = "gross" if plan.taxed else "net"
    build = partial(delimited, lines, shopify(lines, clerk.currency, offset), end="\n")
    truth = truth_of(lines, clerk.currency, basis)
    return Case(name, FAMILY, file, build, clerk, truth, traps=("status blank on later lines",))


def shopify_clerk(region: str, country: str, currency: str, time_zone: str, prices: str) -> Clerk:
    answers = {"identity": "Name", "amount": prices, "prices": prices, "discount": "amount"}
    return Clerk(region, country, currency, time_zone, SHOPIFY_COLUMNS, SHOPIFY_MEANS, answers)


def shopify_cases() -> list[Case]:
    us = Plan(101, rate=Decimal("0.08"), cancelled=0.12, pending=0.08, discounted=0.3, hours=(9, 23), sales=110)
    late = Plan(102, sales=90, cancelled=0.05, start=us.start, days=60, hours=(17, 24))
    fr = Plan(103, rate=Decimal("0.2"), taxed=True, pending=0.05, discounted=0.2)
    lines = draw(Plan(104, sales=140, discounted=0.2, rate=Decimal("0.1")))
    report: Columns = {
        "Month": lambda line: f"{line.at:%Y-%m-01}",
        "Product title": lambda line: line.product,
        "Product variant SKU": lambda line: line.code,
        "Net items sold": lambda line: line.quantity,
        "Gross sales": lambda line: plain(line.full),
        "Discounts": lambda line: plain(-line.discount),
        "Returns": lambda line: "0.00",
        "Net sales": lambda line: plain(line.net),
        "Taxes": lambda line: plain(line.tax),
        "Total sales": lambda line: plain(line.gross),
    }
    months = [_monthly(line) for line in lines]
    columns = {
        "date": "Month", "product_name": "Product title", "product_id": "Product variant SKU",
        "quantity": "Net items sold", "net_amount": "Net sales", "tax": "Taxes", "gross_amount": "Total sales",
    }  # fmt: skip
    report_clerk = Clerk("Web", "Australia", "AUD", columns=columns, answers={"identity": "content", "amount": "net"})
    return [
        shopify_case("shopify-us", us, shopify_clerk("Web US", "US", "USD", "America/New_York", "net"), "-0500"),
        shopify_case(
            "shopify-evenings", late, shopify_clerk("Web LA", "US", "USD", "America/Los_Angeles", "net"), "-0800",
        ),
        shopify_case("shopify-fr", fr, shopify_clerk("Boutique", "FR", "EUR", "Europe/Paris", "gross"), "+0100"),
        Case(
            "shopify-sales-report", FAMILY, "Total sales by product - 2026-02-03 - 2026-04-18.csv",
            partial(delimited, months, report, quote="all", end="\n"), report_clerk,
            truth_of(months, "AUD", sales=False),
        ),
    ]  # fmt: skip


def _monthly(line: Line) -> Line:
    """The same sale on the first day of its month."""
    return replace(line, at=line.at.replace(day=1))


def cases() -> list[Case]:
    return shopify_cases()
