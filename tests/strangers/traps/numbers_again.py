"""Sale numbers that start again: each day, each year, at each till; and columns that only look like a sale number."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date
from typing import Any

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, delimited, plain, stamp, whole
from tests.strangers.traps.traps import ANSWERS, trap
from tests.strangers.truth import truth_of

MAPPED = {"date": "Date", "product_name": "Product", "quantity": "Quantity", "unit_price": "Price"}
CLERK = Clerk("Shop", "IE", "EUR", columns=MAPPED, answers={**ANSWERS, "identity": "Ticket,Date"})


def numbered(lines: Iterable[Line], scope: Callable[[Line], Hashable]) -> dict[int, int]:
    """Sale → its number, from 1 in each scope."""
    numbers: dict[Hashable, dict[int, int]] = {}
    for line in lines:
        sales = numbers.setdefault(scope(line), {})
        sales.setdefault(line.sale, len(sales) + 1)
    return {sale: number for sales in numbers.values() for sale, number in sales.items()}


def case(
    name: str, lines: list[Line], number: Callable[[Line], Any], more: Mapping[str, Callable[[Line], Any]] = {},
    who: Clerk = CLERK, header: str = "Ticket", **rest: Any,
) -> Case:  # fmt: skip
    columns: Columns = {
        header: number, "Date": stamp("%Y-%m-%d"), "Product": lambda line: line.product,
        "Quantity": lambda line: line.quantity, "Price": lambda line: plain(line.price), **more,
    }  # fmt: skip
    return trap(f"3-{name}", lines, {}, who, build=lambda: delimited(lines, columns), **rest)


def contract(**settings: Any) -> Mapping[str, object]:
    columns = {**MAPPED, "sale_id": "Ticket"}
    return {"name": "again", "region": "Again", "currency": "EUR", "columns": columns,
            "identity": {"ids": "region-wide"}} | settings  # fmt: skip


def cases() -> list[Case]:
    days = draw(Plan(871, sales=90, days=15))
    years = draw(Plan(872, sales=60, start=date(2025, 11, 20), days=80))
    tills = draw(Plan(873, sales=80, stores=("1", "2")))
    daily = numbered(days, lambda line: line.at.date())
    yearly = numbered(years, lambda line: line.at.year)
    own = numbered(tills, lambda line: line.store)
    week = draw(Plan(874, sales=30, days=7))
    later = draw(Plan(875, sales=30, days=7, start=date(2026, 2, 10), first=1))
    again = numbered(later, lambda _: 0)
    before = case("earlier", week, lambda line: line.sale).build()
    moved = {"Till": lambda line: line.store}
    counter = {line: row for row, line in enumerate(days, 1)}
    bill = Clerk("Shop", "IE", "EUR", columns=MAPPED, answers={**ANSWERS, "identity": "Bill"})
    return [
        case("numbers-of-each-day", days, lambda line: daily[line.sale]),
        case("numbers-of-each-day-with-times", days, lambda line: daily[line.sale],
             {"Date": lambda line: f"{line.at:%d.%m.%Y %H:%M}:{line.number:02}"}),
        case("numbers-of-each-day-with-zeros", days, lambda line: f"{daily[line.sale]:04}"),
        case("numbers-of-each-day-latest-first", days[::-1], lambda line: daily[line.sale]),
        case("numbers-of-each-year", years, lambda line: f"{yearly[line.sale]:03}"),
        case("numbers-of-each-till", tills, lambda line: own[line.sale], moved),
        case("numbers-of-each-till-in-turn", sorted(tills, key=lambda line: line.store), lambda line: own[line.sale],
             moved),
        case("numbers-of-each-file", later, lambda line: again[line.sale], expected="held", contract=contract(),
             before=[(contract(), "week.csv", before)], truth=truth_of([*week, *later], "EUR")),
        case("rows-counted-beside-bills", days, lambda line: counter[line],
             {"Bill": lambda line: 1000 + line.sale}, bill, header="No"),
        case("words-beside-orders", days, lambda line: whole(1000 + line.sale),
             {"Transaction": lambda line: "Counter" if line.sale % 9 else "Phone"}, header="Order"),
    ]  # fmt: skip
