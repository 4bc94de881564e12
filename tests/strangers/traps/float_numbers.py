"""Numbers of sales and lines that a program wrote as decimal numbers."""

from decimal import Decimal

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.shapes.till import Till
from tests.strangers.tables import Columns, comma, plain, stamp

FAMILY = "float-numbers"


def case(name: str, seed: int, places: int, sign: str, *, has_lines: bool = True) -> Case:
    """Each number has decimal zeros, as quantities and amounts have decimals."""
    plan = Plan(seed)
    rows = {(line.sale, line.number): number for number, line in enumerate(draw(plan), 1)}

    def number(value: int) -> str:
        return f"{value}{sign}{'0' * places}"

    def money(value: Decimal) -> str:
        return comma(value) if sign == "," else plain(value)

    def line_number(line: Line) -> str:
        return number(rows[line.sale, line.number])

    columns: Columns = ({"line_id": line_number} if has_lines else {}) | {
        "order_id": lambda line: number(line.sale + 1),
        "quantity": lambda line: money(line.quantity),
        "order_date": stamp("%Y-%m-%d"),
        "unit_price": lambda line: money(line.price),
        "total_price": lambda line: money(line.total),
        "pizza_name": lambda line: line.product,
    }
    clerk = Clerk("North", "GB", "GBP", answers={"amount": "net"})
    return Till(f"float-numbers-{name}", "sales.csv", plan, columns, clerk, ";").case(FAMILY)


def cases() -> list[Case]:
    return [
        case("of-lines-and-sales", 1211, 2, "."),
        case("without-lines", 1212, 1, ".", has_lines=False),
        case("with-a-comma", 1213, 2, ","),
    ]
