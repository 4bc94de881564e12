"""Orders with refunds that contain tax and shipping, beside a revenue that does not."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, delimited, plain, stamp
from tests.strangers.truth import truth_of

FAMILY = "refunds"
POST = Decimal(5)
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
    ]
