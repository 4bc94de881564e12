"""Orders with refunds that contain tax and shipping, beside a revenue that does not."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.shapes.shopify import shopify, shopify_clerk, sums
from tests.strangers.tables import Columns, delimited, once, plain, stamp
from tests.strangers.truth import truth_of

FAMILY = "refunds"
POST = Decimal(5)
SHIPPING = Decimal("5.90")
"""The shipping of each order of Shopify."""
FULL, PARTIAL = 7, 9
"""Each seventh order is refunded in full; of each ninth, a quarter is."""


def sold(seed: int) -> list[Line]:
    """Orders of one product, whose tax of 20% has no fractions of cents."""
    return [replace(line, tax=line.total / 5) for line in draw(Plan(seed, max_lines=1))]


def share(line: Line) -> Decimal:
    """The part of the order that was refunded."""
    return Decimal(1) if line.sale % FULL == 0 else Decimal("0.25") if line.sale % PARTIAL == 0 else Decimal(0)


def kept(line: Line) -> Line:
    left = 1 - share(line)
    return replace(line, price=line.price * left, tax=line.tax * left)


def case(name: str, lines: list[Line], columns: Columns, **answers: str) -> Case:
    base: Columns = {"Order ID": lambda line: 1000 + line.sale, "Order Date": stamp("%Y-%m-%d")}
    base |= {"Number of Items": lambda line: line.quantity}
    own = {"identity": "Order ID", "amount": "net"} | answers
    clerk = Clerk("Web", columns={"quantity": "Number of Items"}, answers=own)
    build = partial(delimited, lines, base | columns)
    return Case(f"refunds-{name}", FAMILY, "orders.csv", build, clerk, truth_of([*map(kept, lines)], "EUR"))


def total(line: Line) -> Decimal:
    return line.gross + POST


def shopify_orders() -> Case:
    """Orders of several lines, some refunded in full or in part, with tax and shipping; the first line has the sums."""
    lines = draw(Plan(932, rate=Decimal("0.2"), discounted=0.3, sales=90))
    who = shopify_clerk("Web", "US", "USD", "America/New_York", "net")
    columns = shopify(lines, "USD", "-0500")
    orders = sums(lines, lambda line: line.gross)
    words = {Decimal(1): "refunded", Decimal("0.25"): "partially_refunded", Decimal(0): "paid"}
    columns["Financial Status"] = lambda line: once(line, words[share(line)])
    columns["Refunded Amount"] = lambda line: once(line, plain((orders[line.sale] + SHIPPING) * share(line), 4))

    def left(line: Line) -> Line:
        status = "cancelled" if share(line) == 1 else "completed"
        return replace(kept(line), discount=line.discount * (1 - share(line)), status=status)

    build = partial(delimited, lines, columns, end="\n")
    truth = truth_of([left(line) for line in lines], "USD")
    return Case("refunds-of-shopify-orders", FAMILY, "orders_export_1.csv", build, who, truth)


def cases() -> list[Case]:
    lines = sold(931)
    net: Columns = {
        "Subtotal": lambda line: plain(line.total),
        "Shipping": lambda line: plain(POST),
        "Tax": lambda line: plain(line.tax, 3),
        "Order Total": lambda line: plain(total(line), 3),
    }
    gross: Columns = {
        "Tax Amount": lambda line: plain(line.tax, 3),
        "Amount": lambda line: plain(line.gross, 3),
        "Refund Amount": lambda line: plain(line.gross * share(line), 4) if share(line) else "",
    }
    refund: Columns = {"Refunded Amount": lambda line: plain(total(line) * share(line), 4) if share(line) else ""}
    adjusted: Columns = {
        "Adjusted Order Total": lambda line: plain(total(line) * (1 - share(line)), 4) if share(line) else ""
    }
    return [
        case("of-a-total-with-shipping", lines, net | refund),
        case("of-an-amount-with-tax", lines, gross, amount="gross"),
        case("in-an-adjusted-total", lines, net | adjusted),
        shopify_orders(),
    ]
