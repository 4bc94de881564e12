"""Columns without a name: the index that pandas writes, a delimiter at the end of each line, or both."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, cells, encoded, plain, stamp, text, xlsx
from tests.strangers.truth import truth_of

FAMILY = "nameless"
PLAN = Plan(1201, max_lines=1)
COLUMNS: Columns = {
    "Order No": lambda line: 5000 + line.sale,
    "Date": stamp("%Y-%m-%d"),
    "Product": lambda line: line.product,
    "Qty": lambda line: line.quantity,
    "Sales": lambda line: plain(line.total),
    "Freight": lambda line: plain(line.price / 13),
}
CLERK = Clerk("North", "GB", "GBP", columns={"net_amount": "Sales"}, answers={"subtract.Freight": "no"})


def table(lines: Sequence[Line], before: bool, after: int) -> list[list[str]]:
    """Rows with numbers from 0 before them, and empty cells after them; the header has no names for either."""
    header, *rows = cells(lines, COLUMNS)
    first = [[""] if before else [], *([str(number)] if before else [] for number in range(len(rows)))]
    return [own + row + [""] * after for own, row in zip(first, [header, *rows], strict=True)]


def case(name: str, before: bool, after: int, *, delimiter: str = ",") -> Case:
    lines = draw(PLAN)

    def build() -> bytes:
        return encoded(text(table(lines, before, after), delimiter))

    return Case(f"nameless-{name}", FAMILY, "out.csv", build, CLERK, truth_of(lines, "GBP"), delimiter=delimiter)


def cases() -> list[Case]:
    index = case("index", before=True, after=0)
    workbook = replace(index, name="nameless-index-of-a-workbook", file="out.xlsx")
    return [
        index,
        replace(workbook, build=partial(xlsx, table(draw(PLAN), True, 0))),
        case("end-of-lines", before=False, after=1),
        case("index-and-ends-of-lines", before=True, after=2),
        case("index-and-tabs", before=True, after=0, delimiter="\t"),
    ]
