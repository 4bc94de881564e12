"""Totals of orders that contain shipping, tips or tax, beside no amount of the goods."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import CENT, Line, Plan, draw
from tests.strangers.tables import Columns, delimited, once, plain, stamp
from tests.strangers.traps.taxes import BASE
from tests.strangers.truth import truth_of

FAMILY = "charges"


def post(line: Line) -> Decimal:
    return (Decimal(0), Decimal("4.90"), Decimal("7.50"))[line.sale % 3]


def kept(line: Line) -> Decimal:
    """What the payment provider keeps."""
    return (line.total * Decimal("0.029") + Decimal("0.30")).quantize(CENT)


def case(name: str, seed: int, columns: Mapping[str, Callable[[Line], str]], **more: str) -> Case:
    """One row for each order, whose tax of 20% has no fractions of cents."""
    lines = [replace(line, tax=line.total / 5) for line in draw(Plan(seed, max_lines=1))]
    base: Columns = {
        "Order ID": lambda line: 1000 + line.sale,
        "Order Date": stamp("%Y-%m-%d"),
        "Customer": lambda line: line.customer,
    }
    own = {key.removeprefix("column."): answer for key, answer in more.items() if key.startswith("column.")}
    clerk = Clerk("Web", columns=own, answers={"identity": "Order ID", "amount": "gross"} | more)
    build = partial(delimited, lines, {**base, **columns})
    return Case(f"charges-{name}", FAMILY, "orders.csv", build, clerk, truth_of(lines, "EUR", units=False))


def order_discount() -> Case:
    """Lines whose totals are before a discount of their order, which each of them repeats."""
    lines = draw(Plan(953))

    def discount(line: Line) -> Decimal:
        return Decimal("3.50") if line.sale % 3 == 0 else Decimal(0)

    columns = BASE | {
        "Price": lambda line: plain(line.price),
        "Total": lambda line: plain(line.full),
        "Order Discount": lambda line: plain(discount(line)),
    }
    reduced = [replace(line, discount=discount(line)) if line.number == 1 else line for line in lines]
    clerk = Clerk("North", answers={"identity": "Receipt"})
    build = partial(delimited, lines, columns)
    return Case("charges-order-discount", FAMILY, "sales.csv", build, clerk, truth_of(reduced, "EUR"))


def coupons() -> Case:
    """Lines with prices, and the coupon and the total of their order in its first row."""
    lines = draw(Plan(955))
    orders: dict[int, Decimal] = {}
    for line in lines:
        orders[line.sale] = orders.get(line.sale, Decimal(0)) + line.full

    def coupon(line: Line) -> Decimal:
        return Decimal("3.50") if line.sale % 3 == 0 else Decimal(0)

    columns = BASE | {
        "Price": lambda line: plain(line.price),
        "Coupon discount": lambda line: once(line, plain(coupon(line))),
        "Total": lambda line: once(line, plain(orders[line.sale] - coupon(line))),
    }
    reduced = [replace(line, discount=coupon(line)) if line.number == 1 else line for line in lines]
    clerk = Clerk("North", answers={"identity": "Receipt"})
    build = partial(delimited, lines, columns)
    return Case("charges-coupon-of-the-first-row", FAMILY, "sales.csv", build, clerk, truth_of(reduced, "EUR"))


def cases() -> list[Case]:
    def shipped(line: Line) -> str:
        return plain(line.gross + post(line), 3)

    taxed: Columns = {
        "Order Total": shipped,
        "Order Tax": lambda line: plain(line.tax, 3),
        "Order Shipping": lambda line: plain(post(line)),
    }
    tipped: Columns = {
        "Amount": shipped,
        "VAT": lambda line: plain(line.tax, 3),
        "Tip": lambda line: plain(post(line)),
    }
    payout: Columns = {
        "Gross": lambda line: plain(line.total),
        "Fee": lambda line: plain(-kept(line)),
        "Net": lambda line: plain(line.total - kept(line)),
    }
    return [
        case("of-an-order-total", 951, taxed, **{"column.net_amount": "Order Total"}),
        case("tip-in-an-amount", 952, tipped),
        order_discount(),
        coupons(),
        case("payouts", 954, payout, amount="net"),
    ]
