"""Amounts of whole orders beside the lines: totals, discounts and refunds that count once."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.shapes.shopify import sums
from tests.strangers.tables import Columns, delimited, once, plain, stamp
from tests.strangers.truth import truth_of

FAMILY = "orders"
BASE: Columns = {
    "Order": lambda line: f"A{1000 + line.sale}",
    "Date": stamp("%Y-%m-%d"),
    "Item": lambda line: line.product,
    "Qty": lambda line: line.quantity,
}
PRICED: Columns = {**BASE, "Price": lambda line: plain(line.price)}
MAPPED = {"sale_id": "Order", "date": "Date", "product_name": "Item", "quantity": "Qty", "unit_price": "Price"}
ANSWERS = {"identity": "Order", "amount": "net", "prices": "net", "discount": "amount"}


def case(
    name: str, lines: list[Line], columns: Columns, more: dict[str, str], means: dict[str, str] | None = None
) -> Case:
    who = Clerk("Web", "IE", "EUR", columns={**MAPPED, **more}, status=means or {}, answers=ANSWERS)
    return Case(f"orders-{name}", FAMILY, "orders.csv", partial(delimited, lines, columns), who, truth_of(lines, "EUR"))


def first_of_order(lines: list[Line], amounts: dict[int, Decimal]) -> list[Line]:
    """Lines with the amount of their order as the discount of its first line."""
    return [replace(line, discount=amounts[line.sale] if line.number == 1 else Decimal(0)) for line in lines]


def repeated() -> list[Case]:
    """Amounts of the order on each of its lines."""
    lines = draw(Plan(881, sales=60))
    total = sums(lines, lambda line: line.total)
    price: Columns = {"Order total": lambda line: plain(total[line.sale])}
    unnamed: Columns = {"Order value (EUR)": price["Order total"]}
    no_units = {key: cell for key, cell in BASE.items() if key != "Qty"}
    cut = {sale: round(amount / 10, 2) if sale % 3 == 0 else Decimal(0) for sale, amount in total.items()}
    discounts: Columns = {"Discount": lambda line: plain(cut[line.sale])}
    shipped: Columns = {
        "Order shipping": lambda line: plain(Decimal("4.90") + line.sale % 4),
        "Total": lambda line: plain(total[line.sale] + Decimal("4.90") + line.sale % 4),
    }
    without_units = case(
        "total-without-units", lines, {**no_units, "Total": price["Order total"]}, {"net_amount": "Total"}
    )
    return [
        case("total-repeated", lines, {**BASE, "Total": price["Order total"]}, {"net_amount": "Total"}),
        case("total-repeated-unnamed", lines, {**BASE, **unnamed}, {"net_amount": "Order value (EUR)"}),
        replace(without_units, truth=truth_of(lines, "EUR", units=False)),
        case("total-with-shipping", lines, {**PRICED, **shipped}, {}),
        case("discount-repeated", first_of_order(lines, cut), {**PRICED, **discounts}, {"discount": "Discount"}),
    ]


def few_orders() -> list[Case]:
    """The total of the order on each of its lines, where almost all orders have one line."""
    several = draw(Plan(888, sales=5, max_lines=2, first=500))
    lines = sorted([*draw(Plan(883, sales=120, max_lines=1)), *several], key=lambda line: (line.at, line.sale))
    total = sums(lines, lambda line: line.total)
    price: Columns = {"Total": lambda line: plain(total[line.sale])}
    return [
        case("total-of-few-orders", lines, {**PRICED, **price}, {}),
        case("total-of-few-orders-without-prices", lines, {**BASE, **price}, {"net_amount": "Total"}),
    ]


def after_discounts() -> list[Case]:
    """Totals before and after a discount, and with the tax, whose names do not show it."""
    lines = draw(Plan(885, discounted=0.3, rate=Decimal("0.0825")))
    amounts: Columns = {
        "Item Revenue": lambda line: plain(line.full),
        "Discounts": lambda line: plain(-line.discount),
        "Tax Amount": lambda line: plain(line.tax),
    }
    total: Columns = {"Item Total": lambda line: plain(line.gross)}
    net = case("revenue-before-discounts", lines, {**BASE, **amounts}, {"net_amount": "Item Revenue"})
    return [case("total-after-discounts-with-tax", lines, {**BASE, **amounts, **total}, {}), net]


def discounts() -> list[Case]:
    lines = draw(Plan(882, sales=60, discounted=0.4))
    whole = [replace(line, quantity=Decimal(1), price=line.full) for line in lines if line.number == 1]
    negative: Columns = {"Discount": lambda line: plain(-line.discount)}
    positive: Columns = {"Amount": lambda line: plain(line.full), "Discount": lambda line: plain(line.discount)}
    head = {key: BASE[key] for key in ("Order", "Date")}
    order: Columns = {
        **head,
        "Subtotal": lambda line: plain(line.full),
        "Discount": lambda line: plain(line.discount),
        "Shipping": lambda line: plain(Decimal("3.90") + line.sale % 3),
        "Total": lambda line: plain(line.total + Decimal("3.90") + line.sale % 3),
    }
    means = {"discount": "Discount", "net_amount": "Subtotal", "quantity": "-"}
    orders = case("subtotal-and-discount", whole, order, means)
    signed = case("subtotal-and-negative-discount", whole, {**order, **negative}, means)
    truth = truth_of(whole, "EUR", units=False)
    return [
        case("discount-negative", lines, {**PRICED, **negative}, {"discount": "Discount"}),
        case("total-before-discount", lines, {**PRICED, **positive}, {"discount": "Discount", "net_amount": "Amount"}),
        replace(orders, truth=truth),
        replace(signed, truth=truth),
    ]


def first_lines() -> list[Case]:
    """Amounts that only the first line of an order has, as web shops write them."""
    drawn = draw(Plan(883, sales=60))
    total = sums(drawn, lambda line: line.total)
    cut = {sale: round(amount / 10, 2) if sale % 4 == 0 else Decimal(0) for sale, amount in total.items()}
    lines = first_of_order(drawn, cut)

    def of_order(amount: dict[int, Decimal]) -> Columns:
        return {"Amount": lambda line: once(line, plain(amount[line.sale]))}

    customer: Columns = {"Customer": lambda line: once(line, line.customer)}
    less = {sale: total[sale] - cut[sale] for sale in total}
    amounts: Columns = {"Discount": of_order(cut)["Amount"], "Order subtotal": of_order(less)["Amount"]}
    refunds: Columns = {"Refunded": of_order(cut)["Amount"], "Order sum": of_order(total)["Amount"]}
    return [
        case("discount-on-first-line", lines, {**PRICED, **customer, **amounts}, {}),
        case("refund-on-first-line", lines, {**PRICED, **customer, **refunds}, {}),
    ]


def cases() -> list[Case]:
    return [*repeated(), *few_orders(), *discounts(), *after_discounts(), *first_lines()]
